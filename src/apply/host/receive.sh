# Takes one transaction as a tar on standard input, checks it by hash, starts its executor detached from this connection, and
# prints the executor's log until it ends. When the connection breaks, the executor goes on.
# The last line is "end <outcome> …". Needs sh, coreutils, tar, util-linux and systemd.
# shellcheck shell=sh disable=SC2154 # base and follow come from follow.sh

incoming=
refuse() {
	[ -z "$incoming" ] || rm -rf "$incoming"
	printf 'end %s\n' "$*"
	exit 0
}

trap 'refuse failed interrupted' HUP INT TERM
# Others may pass through to the folders that are theirs; those of projects are for root alone.
{ mkdir -p "$base" && chmod 755 "$base"; } || refuse failed cannot make the folder "$base"
incoming=$(mktemp -d "$base/.incoming.XXXXXX") || refuse failed cannot make a folder in "$base"
said=$(tar -x -C "$incoming" 2>&1) || refuse failed cannot unpack the transaction: "$(printf '%s' "$said" | head -n 1)"
said=$(cd "$incoming" && sha256sum --check --quiet --strict sums 2>&1) || refuse failed the transaction arrived damaged: "$(printf '%s' "$said" | head -n 1)"
read -r project <"$incoming/project"
read -r id <"$incoming/id"
unit=fairlead-$project-$id
folder=$base/$project/transactions/$id
mkdir -p "$base/$project/transactions" || refuse failed cannot make the folder "$base/$project"
mv -T "$incoming" "$folder" || refuse failed cannot store the transaction
incoming=$folder
: >"$folder/log"
# From here on the host may be at work, whatever becomes of this script.
trap - HUP INT TERM
# Should the executor be killed, systemd lets it end what it began; that may take as long as packages take. What serves goes first (nice).
said=$(systemd-run --quiet --collect --unit="$unit" --nice=10 --property=KillMode=mixed --property=TimeoutStopSec=20min \
	--property="ExecStopPost=/bin/sh $folder/executor.sh $folder recover" /bin/sh "$folder/executor.sh" "$folder" 2>&1) ||
	lives "$unit" || [ -s "$folder/log" ] || refuse failed cannot start the executor: "$said"
follow "$folder" "$unit" 1
exit 0
