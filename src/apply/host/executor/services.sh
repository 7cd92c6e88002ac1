# --- services --------------------------------------------------------------------------------------------------------------

op_daemon_reload() { systemctl daemon-reload; }
undo_daemon_reload() { :; }

op_unit_activate() { # unit verb
	look_at "$1" || return 1
	[ -f "undo/$number/was" ] || { mkdir -p "undo/$number" && note_safely was "$state"; } || return 1
	# What it sets is there without it, too. One that ran has a former file, which sets it again.
	if [ "$1" = fairlead-timezone.service ] && ! did_run "$state"; then save_path /etc/localtime || return 1; fi
	# One that a hand has masked can neither be enabled nor started (systemctl(1)).
	case " $state" in
	*' masked '*) systemctl unmask --quiet "$1" || return 1 ;;
	*' masked-runtime '*) systemctl unmask --runtime --quiet "$1" || return 1 ;;
	esac
	# For a unit with an init script beside it, as Nginx has, systemctl asks update-rc.d and reads all units anew: over a second.
	case " $state" in *' enabled '*) ;; *) systemctl enable --quiet "$1" || return 1 ;; esac
	case " $state" in
	*' active '* | *' reloading '*)
		case $2 in
		reload) reload_unit "$1" || return 1 ;;
		# It was not active when the plan was made: whatever started it did so with what was there then.
		start) ask_systemd reload-or-restart "$1" || return 1 ;;
		restart) ask_systemd restart "$1" || return 1 ;;
		esac
		;;
	*)
		systemctl reset-failed "$1" 2>/dev/null
		ask_systemd start "$1" || return 1
		;;
	esac
	systemctl is-active "$1"
}

# What such a unit needs lies outside of this host, such as an answer of somebody else's server: that it fails keeps nothing back.
op_unit_attempt() { op_unit_activate "$@"; }
undo_unit_attempt() { undo_unit_activate "$@"; }

# What a unit has said since $since, without what systemd says of it, nor where in a program's code it was.
said_by() { # unit
	# The journal takes what it is told in its own time, and a unit that fails at once may be quicker.
	timeout 10 journalctl --sync >/dev/null 2>&1
	journalctl --unit="$1" --since="@$since" --lines=300 --no-pager --output=cat |
		grep -v -e '^ *at ' -e ': Scheduled restart job' -e '^Start' -e '^Stopp' -e '^Failed to start ' -e ': Main process exited' \
			-e ": Failed with result '" -e ': Deactivated successfully' -e ': Consumed ' | last_kinds_of_lines
}

# Lines that differ in numbers alone (times, durations, identifiers) count once: a request every 0.2 s must not hide what came before.
last_kinds_of_lines() {
	tac | perl -ne '(my $kind = $_) =~ s/[0-9a-f]{4,}|[0-9]+//g; print unless $seen{$kind}++' | head -n 15 | tac
}

# A unit that systemd starts again and again (RestartMode=direct) comes to no end by itself. A database may take long to recover. Of one that
# fails, its own words are told; systemctl only knows where those are.
ask_systemd() { # verb unit
	since=$(date +%s)
	told=$(timeout 900 systemctl "$1" "$2" 2>&1)
	case $? in
	0) return 0 ;;
	124) printf '%s of %s did not end within 15 minutes; look at: systemctl status %s\n' "$1" "$2" "$2" && return 1 ;;
	esac
	lines=$(said_by "$2")
	printf '%s\n' "${lines:-$told}"
	return 1
}

# Nginx takes up its configuration after the command has returned, or keeps the old one (nginx(8), -s reload); what asks the site
# next would be answered by the old workers. They have taken it up when none of those is left that still takes connections. The
# signal is what ExecReload= of Debian's unit comes to; systemd would first make a second sandbox for it, which takes ten times as long.
reload_unit() { # unit, as look_at saw it
	if [ "$1" != nginx.service ] || [ "${main:-0}" -eq 0 ]; then
		systemctl reload "$1"
		return
	fi
	before=$(cat "/proc/$main/task/$main/children" 2>/dev/null)
	kill -s HUP "$main" || return 1
	tries=0
	# shellcheck disable=SC2086 # process ids are words
	while still_serve $before; do
		tries=$((tries + 1))
		[ "$tries" -lt 1500 ] || { printf '%s did not take up its new configuration within 20 s\n' "$1" && return 1; }
		sleep 0.01
	done
}

still_serve() { # process ids of workers
	for process; do
		case $(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline") in *'shutting down'*) ;; 'nginx: worker'*) return 0 ;; esac
	done 2>/dev/null
	return 1
}

# Fails when systemd does not answer, as in the moment in which a host goes down: that is not the state of a unit.
look_at() { # unit: sets state (active or not, and whether it starts by itself) and main (its process)
	shown=$(systemctl show --property=ActiveState,UnitFileState,MainPID -- "$1") || return 1
	state=
	main=
	while IFS='=' read -r property value; do
		case $property in MainPID) main=$value ;; *) state="$state$value " ;; esac
	done <<-SHOWN
		$shown
	SHOWN
}

did_run() { # a state; one that was just starting or reloading ran too
	case " $1 " in *' inactive '* | *' failed '* | *' deactivating '*) return 1 ;; esac
}

# One that did not run ends at once, before its files go; one that ran takes up its old inputs when all of them are back.
undo_unit_activate() { # unit
	[ -f "undo/$number/was" ] || return 0
	if ! did_run "$(cat "undo/$number/was")"; then
		systemctl stop "$1" || return 1
		# A packet filter outlives its unit, so that a stop opens nothing; before this one there was none.
		if [ "$1" = fairlead-firewall.service ]; then nft delete table inet fairlead; fi
		restore_path || return 1
	fi
	case " $(cat "undo/$number/was")" in
	*' disabled '*) systemctl disable --quiet "$1" ;;
	*' masked '*) systemctl mask --quiet "$1" ;;
	*' masked-runtime '*) systemctl mask --runtime --quiet "$1" ;;
	esac
}

has_booted_since() {
	[ -f boot ] && [ "$(cat boot)" != "$(cat /proc/sys/kernel/random/boot_id)" ]
}

put_back_units() { # number of the step that failed; prints what does not run as before
	systemctl daemon-reload
	last=$1
	# A boot in between has started units with what was written by then, whether or not it was their turn.
	if has_booted_since; then last=$(wc -l <steps); fi
	awk -F '|' -v last="$last" '$1 <= last && $2 == "unit_activate" { print $1, $5, $6 }' steps | while read -r step unit verb; do
		was=$(cat "undo/$step/was" 2>/dev/null) || was=$(as_it_was "$unit") || was=unknown
		did_run "$was" || continue
		systemctl reset-failed "$unit" 2>/dev/null
		case $verb in reload) how=reload-or-restart ;; *) how=restart ;; esac
		if systemctl "$how" "$unit" && systemctl is-active --quiet "$unit"; then continue; fi
		printf '%s did not take up its old state\n' "$unit"
	done
}

as_it_was() { # unit whose step has not begun; one that a boot started with what was written by then may have failed at that
	look_at "$1" || return 1
	case " $state" in *' failed '*) if has_booted_since && systemctl is-enabled --quiet "$1"; then state=active; fi ;; esac
	printf '%s' "$state"
}

op_unit_leave() { # unit: one of the project's own ends; one of a package takes up that something left
	fragment=$(systemctl show --property=FragmentPath --value -- "$1") || return 1
	case $fragment in
	/etc/systemd/system/*) systemctl disable --quiet --now "$1" ;;
	# Its file went before it, and systemd knows it only as long as it runs.
	'')
		systemctl disable --quiet --now "$1" || { look_at "$1" && ! did_run "$state"; } || return 1
		# A timer whose service has left fails; that it was there is over.
		systemctl reset-failed "$1" 2>/dev/null || :
		;;
	*)
		look_at "$1" || return 1
		did_run "$state" || return 0
		systemctl reload-or-restart "$1"
		;;
	esac
}

op_http_check() { # port host path scheme; whose certificate it is does not matter to whether it answers
	tries=0
	until curl --silent --show-error --fail --insecure --max-time 5 --output /dev/null --resolve "$2:$1:127.0.0.1" "$4://$2:$1$3"; do
		tries=$((tries + 1))
		[ "$tries" -lt 10 ] || return 1
		sleep 0.5
	done
}

undo_http_check() { :; }

op_note() { :; }
undo_note() { :; }
