# --- journal, log and record -------------------------------------------------------------------------------------------------

say() { printf '%s\n' "$*" >>log; }

now() { # hundredths of a second since the boot, without a process
	read -r uptime _ </proc/uptime
	printf '%s' "${uptime%.*}${uptime#*.}"
}

journal() {
	if printf '%s\n' "$*" >>journal && sync -d journal; then return 0; fi
	trim journal
	return 1
}

noted() { # line: whether the journal has it
	grep -qsx -e "$1" journal
}

wipe() { # folder of a transaction that is over: nothing in it may hold a secret any longer
	for mark in "$1"/undo/*/secret; do
		if [ -f "$mark" ]; then rm -rf "${mark%/secret}"; fi
	done
	rm -rf "$1/uploads" "$1/digest-key" "$1/sums"
}

# What a crash or a full disk cut off goes, because the next line would be appended to it; that needs no room. A file system may
# have given a file its length and not yet its bytes: then there are zeros.
trim() { # file of lines
	case $(tail -c 1 "$1" 2>/dev/null | od -An -tx1) in '' | *0a) ;; *) truncate -s "-$(tail -n 1 "$1" | wc -c)" "$1" ;; esac
}

append_record() { # number, part
	[ -f "record/$1.$2" ] || return 0
	trim "$record" && cat "record/$1.$2" >>"$record" && sync -d "$record"
}

# Every apply that got hold of this host has a line in the log of applies, and each line names the hash of the one before it: what
# somebody changes or takes out later shows (npm run audit). The serial shows a line that is missing at the end.
audit() { # outcome
	[ -s audit ] || return 0
	log_of_applies=$home/audit.jsonl
	trim "$log_of_applies"
	last=$(tail -n 1 "$log_of_applies" 2>/dev/null)
	case $last in *"\"transaction\":\"${here##*/}\""*) return 0 ;; esac
	previous=$(printf '%s' "$last" | sha256sum | cut -c 1-64)
	since=0
	if [ -s began ]; then read -r since <began; fi
	seconds=$(($(date +%s) - since))
	printf '{"previous":"%s","at":"%s","transaction":"%s","serial":%s,"outcome":"%s","seconds":%s,%s}\n' "$previous" \
		"$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${here##*/}" "$(serial_here)" "$1" "$seconds" "$(cat audit)" >>"$log_of_applies" &&
		chmod 600 "$log_of_applies" && sync "$log_of_applies"
}

end() { # outcome, text
	rm -f reserve
	audit "$1"
	close "$@"
}

close() { # as end, for one that never got hold of the host
	# What is not on disk is not over: the mark, and what it takes to go back, stay for the recovery.
	journal "end $*" || [ ! -s journal ] || exit 1
	forget_unfinished
	wipe .
	if [ "$mode" = recover ]; then rm -f "/run/systemd/system/$own_unit"; fi
	say "end $*"
	exit 0
}

forget_unfinished() {
	if [ "$(readlink "$home/unfinished")" = "transactions/${here##*/}" ]; then rm -f "$home/unfinished" && sync "$home"; fi
}
