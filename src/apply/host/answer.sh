#!/bin/sh
# Tells an executor that waits for other hosts whether to go on or back. On standard input: the project, the id, the point at which it
# waits, and `go` or `back <why>`.
set -u
read -r project && read -r id && read -r point && read -r answer
folder=/var/lib/fairlead/$project/transactions/$id
[ -d "$folder" ] && printf '%s\n' "$answer" >"$folder/answer-$point.new" && mv "$folder/answer-$point.new" "$folder/answer-$point"
