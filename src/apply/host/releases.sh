#!/bin/sh
# Prints what a host knows of the releases of a project: "<word> <text>", a line each. On standard input: the project, and on a second
# line the name of a release whose stored resources are wanted, with those of the live one, or nothing.
#   live <release> | other <release> (in the other slot) | release <JSON> (one that is kept) | switch <JSON> (one that went live, oldest
#   first) | migration <JSON> (one that ran) | stored <release> <JSON>
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
if [ -f migrations.jsonl ]; then sed -n 's/^{.*}$/migration &/p' migrations.jsonl; fi
[ -n "$wanted" ] || exit 0
for release in "$(readlink "slots/$live" | sed 's|.*/||')" "$wanted"; do
	case $release in '' | *[!0-9a-f]*) continue ;; esac
	if [ -f "releases/$release/stored.json" ]; then printf 'stored %s %s\n' "$release" "$(cat "releases/$release/stored.json")"; fi
done
exit 0
