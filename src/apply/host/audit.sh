#!/bin/sh
# Prints the log of applies of a project, and behind it the serial that its last line must have. On standard input: the project.
set -u
read -r project
home=/var/lib/fairlead/$project
if [ -f "$home/audit.jsonl" ]; then cat "$home/audit.jsonl"; fi
printf 'serial %s\n' "$(cat "$home/serial" 2>/dev/null || printf 0)"
