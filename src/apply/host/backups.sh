#!/bin/sh
# Prints which backups a host's repository holds: "info <JSON>" as pgBackRest tells it (info --output=json), on one line, and "archived
# <seconds>", when the last piece of the log arrived there. On standard input, a line each: configuration and name (stanza) of the backups.
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
read -r configuration
read -r stanza
as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups timeout 60 "$@"); }
info=$(as_postgres pgbackrest --config="$configuration" --stanza="$stanza" --output=json info) || exit 1
printf 'info %s\n' "$(printf '%s' "$info" | tr -d '\n')"
archived=$(as_postgres psql -XAtq -d postgres -c 'SELECT extract(epoch FROM last_archived_time)::bigint FROM pg_stat_archiver' 2>/dev/null)
if [ -n "$archived" ]; then printf 'archived %s\n' "$archived"; fi
exit 0
