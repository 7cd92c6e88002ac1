#!/bin/sh
# Tells an executor that waits for other hosts whether to go on or back, or to wait on. On standard input: the project, the id, the point
# at which it waits, and `go`, `back <why>` or `wait <number>` (another one each time).
set -u
read -r project && read -r id && read -r point && read -r answer
folder=/var/lib/fairlead/$project/transactions/$id
case $answer in wait*) name=waiting ;; *) name=answer ;; esac
[ -d "$folder" ] && printf '%s\n' "$answer" >"$folder/$name-$point.new" && mv "$folder/$name-$point.new" "$folder/$name-$point"
