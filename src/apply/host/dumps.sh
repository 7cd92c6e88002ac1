#!/bin/sh
# Prints which dumps of a database are known on a host, oldest first: "dump <JSON>", a line each, as templates/dump/dump.sh.hbs writes them. On
# standard input: the folder that they are described in.
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
read -r folder
for entry in "$folder"/*.json; do
	if [ -f "$entry" ]; then printf 'dump %s\n' "$(cat "$entry")"; fi
done
exit 0
