#!/bin/sh
# Prints the log of a transaction until it ends. Put before the scripts that start or find one.
set -u
LC_ALL=C
export LC_ALL
umask 077
base=/var/lib/fairlead

lives() { # unit; that systemd does not answer is no sign of its end
	active=$(systemctl show --property=ActiveState --value -- "$1") || return 0
	case $active in active | activating | reloading | deactivating) return 0 ;; *) return 1 ;; esac
}

# After a boot a unit of the project's own ends what was cut off.
is_worked_on() { # folder, unit
	lives "$2" || { [ "$(readlink "${1%/transactions/*}/unfinished")" = "transactions/${1##*/}" ] && lives "${2%-*-*}-recover.service"; }
}

# tail falls back to polling on overlay file systems; a second would be long. It ends with the executor, however that ends. One
# that was killed is followed by the recovery that systemd starts, in the same unit, so the log goes on.
follow() { # folder, unit, first line
	printed=$1/printed.$$
	executor=$(systemctl show --property=MainPID --value -- "$2")
	if [ "${executor:-0}" -gt 0 ]; then read_log="tail -n +$3 -f -s 0.02 --pid=$executor"; else read_log="tail -n +$3"; fi
	$read_log "$1/log" | print_lines "$3"
	leave_if_gone $?
	until ended; do
		alive=yes
		is_worked_on "$1" "$2" || alive=
		# Where a full disk did not take the number, the rest cannot be told from what was printed.
		if next=$(cat "$printed" 2>/dev/null); then
			tail -n "+$next" "$1/log" | print_lines "$next"
			leave_if_gone $?
		fi
		if [ -z "$alive" ]; then break; fi
		sleep 0.2
	done
	# Neither could say how: the disk is full, or both were killed.
	ended || printf 'end died\n'
	rm -f "$printed"
}

print_lines() { # number of the first; keeps the number of the next
	next=$1
	while IFS= read -r line; do
		next=$((next + 1))
		printf '%s\n' "$line" 2>/dev/null || exit 3
		case $line in 'end '*) next=end && break ;; esac
	done
	printf '%s\n' "$next" >"$printed"
}

# Whoever read this is gone (it could not be written, or was ended by SIGPIPE), and nobody waits for the rest.
leave_if_gone() { # status of print_lines
	if [ "$1" -eq 3 ] || [ "$1" -gt 128 ]; then rm -f "$printed" && exit 0; fi
}

ended() { [ "$(cat "$printed" 2>/dev/null)" = end ]; }
