#!/bin/sh
# Prints what a host knows of the releases of a project: "<word> <text>", a line each. On standard input: the project, and on a second
# line the name of a release whose stored resources are wanted, or nothing.
#   live <release> | other <release> (in the other slot) | release <JSON> (one that is kept) | switch <JSON> (one that went live, oldest
#   first) | stored <JSON>
set -u
read -r project
read -r wanted || wanted=
cd "/srv/$project" 2>/dev/null || exit 0
live=$(readlink "/run/$project/live")
for slot in blue green; do
	release=$(readlink "slots/$slot") || continue
	if [ "$slot" = "$live" ]; then word=live; else word=other; fi
	printf '%s %s\n' "$word" "${release##*/}"
done
for release in releases/*; do
	if [ -f "$release/.complete" ] && [ -f "$release/about.json" ]; then printf 'release %s\n' "$(cat "$release/about.json")"; fi
done
if [ -f history.jsonl ]; then sed -n 's/^{.*}$/switch &/p' history.jsonl; fi
case $wanted in '' | *[!0-9a-f]*) ;; *) if [ -f "releases/$wanted/stored.json" ]; then printf 'stored %s\n' "$(cat "releases/$wanted/stored.json")"; fi ;; esac
