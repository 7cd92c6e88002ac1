#!/bin/sh
# Has a backup taken, a drill run or data restored by its unit, and says how that goes. On standard input, a line each: the unit, the file with
# the state that it leaves, pgBackRest's configuration (or nothing) and the name (stanza) of the backups, the file that the unit takes its request from (or nothing),
# and the lines of that request.
#   joined (it was running already) | busy (and the request is another one) | phase <words> | progress <seconds> <percent, or -> | said <line of its journal> | ended <systemd's Result> | state <JSON>
# Whoever asked may go away: the unit goes on.
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
read -r unit
read -r state
read -r configuration
read -r stanza
read -r request

show() { systemctl show --property="$1" --value -- "$unit"; }

# What pgBackRest 2.45 and later tells of the backup that holds the lock; percent, or - for what it does not tell.
percent() {
	[ -n "$configuration" ] || {
		echo -
		return
	}
	(cd / && setpriv --reuid=postgres --regid=postgres --init-groups \
		timeout 10 pgbackrest --config="$configuration" --stanza="$stanza" --output=json --log-level-console=off info 2>/dev/null) |
		grep -o '"lock":{"backup":{[^}]*}' | sed 's/[{}]//g' | tr ',' '\n' |
		awk -F: '/"size-cplt"|"size-complete"/ { done = $NF } /"size"/ { all = $NF } END { if (all > 0) printf "%d\n", done * 100 / all; else print "-" }'
}

case $(show ActiveState) in
activating | active)
	if [ -n "$request" ]; then
		echo busy
		exit 1
	fi
	echo joined
	;;
*)
	if [ -n "$request" ]; then (umask 077 && cat >"$request") || exit 1; fi
	systemctl start --no-block -- "$unit" || exit 1
	;;
esac
run=$(show InvocationID)
began=$(date +%s)
while case $(show ActiveState) in activating | active | reloading | deactivating) true ;; *) false ;; esac do
	sleep 1
	new=$(cat "${state%.json}.phase" 2>/dev/null)
	if [ -n "$new" ] && [ "$new" != "${phase-}" ]; then
		phase=$new
		printf 'phase %s\n' "$phase"
	fi
	seconds=$(($(date +%s) - began))
	if [ $((seconds % 5)) = 1 ]; then printf 'progress %s %s\n' "$seconds" "$(percent)"; fi
done
if [ -n "$run" ]; then
	journalctl --quiet --output=cat --lines=20 _SYSTEMD_INVOCATION_ID="$run" 2>/dev/null | sed 's/^/said /'
fi
printf 'ended %s\n' "$(show Result)"
if [ -f "$state" ]; then printf 'state %s\n' "$(cat "$state")"; fi
exit 0
