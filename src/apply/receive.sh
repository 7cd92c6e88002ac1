#!/bin/sh
# Takes one transaction as a tar on standard input, checks it by hash, starts its executor detached from this connection, and
# prints the executor's log until it ends. When the connection breaks, the executor goes on.
# The last line is "end <outcome> …". Needs sh, coreutils, tar, util-linux and systemd.
set -u
LC_ALL=C
export LC_ALL
umask 077
base=/var/lib/fairlead

refuse() {
	rm -rf "$incoming"
	printf 'end %s\n' "$*"
	exit 0
}

incoming=none
trap 'refuse failed interrupted' HUP INT TERM
# Others may pass through to the folders that are theirs; those of projects are for root alone.
{ mkdir -p "$base" && chmod 755 "$base"; } || refuse failed cannot make the folder "$base"
incoming=$(mktemp -d "$base/.incoming.XXXXXX") || refuse failed cannot make a folder in "$base"
said=$(tar -x -C "$incoming" 2>&1) || refuse failed cannot unpack the transaction: "$(printf '%s' "$said" | head -n 1)"
said=$(cd "$incoming" && sha256sum --check --quiet --strict sums 2>&1) || refuse failed the transaction arrived damaged: "$(printf '%s' "$said" | head -n 1)"
project=$(cat "$incoming/project")
id=$(cat "$incoming/id")
unit=fairlead-$project-$id
folder=$base/$project/transactions/$id
mkdir -p "$base/$project/transactions" || refuse failed cannot make the folder "$base/$project"
mv -T "$incoming" "$folder" || refuse failed cannot store the transaction
: >"$folder/log"
said=$(systemd-run --quiet --collect --unit="$unit" --property=KillMode=mixed /bin/sh "$folder/executor.sh" "$folder" 2>&1) ||
	refuse failed cannot start the executor: "$said"

# tail falls back to polling on overlay file systems; a second would be long. It ends with the executor, however that ends.
executor=$(systemctl show --property=MainPID --value "$unit")
if [ "${executor:-0}" -gt 0 ]; then follow="tail -n +1 -f -s 0.1 --pid=$executor"; else follow='cat'; fi
$follow "$folder/log" | while IFS= read -r line; do
	printf '%s\n' "$line"
	case $line in 'end '*) break ;; esac
done
# One that was killed, or that found the disk full, cannot say so.
while systemctl is-active --quiet "$unit"; do sleep 0.1; done
grep -q '^end ' "$folder/log" || printf 'end died\n'
exit 0
