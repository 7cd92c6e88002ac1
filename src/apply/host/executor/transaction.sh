# --- the transaction ---------------------------------------------------------------------------------------------------------

read_step() { # number: sets the line of a step
	step_line=$(sed -n "${1}p" steps)
}

perform() { # prefix, line of a step
	prefix=$1
	line=$2
	old_ifs=$IFS
	IFS='|'
	set -f
	# shellcheck disable=SC2086 # split at | on purpose
	set -- $line
	set +f
	IFS=$old_ifs
	operation=$2
	shift 4
	"${prefix}_$operation" "$@"
}

is_reversible() { case $1 in *'|'*'|reversible|'*) return 0 ;; *) return 1 ;; esac; }

failed_whole() { # a line of a step: whether it did nothing at all when it failed, as one statement of SQL does
	case $1 in *'|postgres_'*) return 0 ;; *) return 1 ;; esac
}

is_unchanged() { # a line of a step that cannot be undone: whether it has left everything as it was
	case ${1#*|} in
	release_migrate'|'* | package_install'|'*) perform unchanged "$1" >/dev/null 2>&1 ;;
	*) return 1 ;;
	esac
}

only_looks() { # a line of a step: whether it changes nothing
	case ${1#*|} in future'|'* | validate'|'* | http_check'|'* | confirm'|'* | hold'|'* | note'|'*) return 0 ;; *) return 1 ;; esac
}

# Goes back from a step that failed or was cut off, newest first. What is undone is on disk before the next, so that a second
# cut goes on where the first one left it. What cannot be undone, or was not, is told by the numbers of its steps.
roll_back() { # number of the step
	# A host that goes down takes systemd first. What cannot be stopped or started now is put back after the boot.
	systemd_answers || exit 1
	failed=$1
	stay=
	changed=
	rm -f reserve
	number=$failed
	while [ "$number" -ge 1 ]; do
		read_step "$number"
		if is_reversible "$step_line"; then
			only_looks "$step_line" || changed=yes
			noted "undone $number" || undo_step || stay="$stay $number"
		elif { [ "$mode" = run ] && [ "$number" = "$failed" ] && failed_whole "$step_line"; } || is_unchanged "$step_line"; then
			append_record "$number" undo
		else
			stay="$stay $number"
		fi
		number=$((number - 1))
	done
	told=$(put_back_clusters "$failed" 2>&1 && put_back_units "$failed" 2>&1)
	while IFS= read -r text; do
		case $text in *'did not take up its old state') say "out $failed $text" && stay="$stay $failed" ;; esac
	done <<-TOLD
		$told
	TOLD
	if [ -n "$stay" ]; then end "partial$stay"; fi
	# Of all that apt says, its error.
	if [ -z "$changed" ]; then end failed "$(grep -s -m 1 '^E: ' "out.$failed" || grep -s -m 1 . "out.$failed")"; fi
	end rolled-back
}

undo_step() {
	journal "undo $number"
	only_looks "$step_line" || say "undo $number"
	perform undo "$step_line" >>"out.$number" 2>&1 || { say "out $number could not be undone: $(tail -n 1 "out.$number")" && return 1; }
	append_record "$number" undo && journal "undone $number"
}

run_from() { # number of the first step
	count=$(wc -l <steps) && [ "$1" -gt 0 ] || exit 1
	number=$1
	while [ "$number" -le "$count" ]; do
		read_step "$number"
		say "step $number"
		started=$(now)
		if journal "begin $number" && append_record "$number" before && perform op "$step_line" >"out.$number" 2>&1 </dev/null && append_record "$number" after; then
			journal "done $number"
			say "done $number $(($(now) - started))"
		elif is_attempt "$step_line"; then
			postpone
		else
			# Should the disk be full, this makes room for the way back.
			rm -f reserve && trim journal && trim log
			journal "failed $number"
			say "failed $number"
			tell_output
			roll_back "$number"
		fi
		number=$((number + 1))
	done
	start_waiting
}

is_attempt() { case $1 in *'|unit_attempt|'*) return 0 ;; *) return 1 ;; esac; }

# What it waits for lies outside of this host, so all the rest stays. The next plan has it as long as it does not run, and when it
# runs, it has begun with what is written now: that is recorded.
postpone() {
	printf '%s\n' "$number" >>postponed
	append_record "$number" after
	journal "done $number"
	say "postponed $number"
	tell_output
}

tell_output() { # of the step that failed
	tail -n 20 "out.$number" | while IFS= read -r text; do say "out $number $text"; done
}

conclude() {
	if [ -s postponed ]; then end incomplete "$(paste -s -d ' ' postponed)"; fi
	end converged
}

still_expected() {
	while IFS='|' read -r was path; do
		[ "$(what_is "$path" "$was")" = "$was" ] || { printf '%s\n' "$path" && return 1; }
	done <expectations
}

serial_here() { # how many applies there were
	if [ -f "$home/serial" ]; then cat "$home/serial"; else printf 0; fi
}

open_record() {
	[ -f "$record" ] || printf '{"format":1}\n' >"$record" || return 1
	trim "$record" && cp "$record" "$record.before" || return 1
	if [ -f record/compacted ]; then cp record/compacted "$record.new" && sync "$record.new" && mv -f "$record.new" "$record" || return 1; fi
	cp wanted "$home/wanted.new" && mv -f "$home/wanted.new" "$home/wanted" &&
		printf '%s\n' "$((expected + 1))" >"$home/serial.new" && mv -f "$home/serial.new" "$home/serial" &&
		date +%s >began && cat /proc/sys/kernel/random/boot_id >boot && sync -f "$home" && journal begin && sync . &&
		ln -sfn "transactions/${here##*/}" "$home/unfinished" && sync "$home"
}

lock() { # seconds to wait
	: 2>/dev/null >>"$home/lock" && exec 9>>"$home/lock" && flock --timeout "$1" 9 && lock_host
}

# Packages, runtimes and Nginx belong to all projects on a host: of them one changes at a time, and the others wait for it.
lock_host() {
	: 2>/dev/null >>"${home%/*}/lock" && exec 8>>"${home%/*}/lock" || return 1
	if ! flock --nonblock 8; then
		say "note another project is at work on this host ($(cat "${home%/*}/holder" 2>/dev/null)); waiting for it"
		flock --timeout 900 8 || return 1
	fi
	# A full disk does not hold the name, and the lock holds all the same.
	printf '%s: %s\n' "$project" "$(cat holder)" 2>/dev/null >"${home%/*}/holder" || :
}

run() {
	lock 1 || close locked "$(cat "$home/holder" 2>/dev/null)"
	cp holder "$home/holder"
	if [ -L "$home/unfinished" ] && [ -e "$home/unfinished" ]; then
		end stale "the apply $(basename "$(readlink "$home/unfinished")") was cut off and has to be ended first"
	fi
	# What a transaction left that was killed; one that has just come waits for the lock.
	for left in "$home"/transactions/*/sums; do
		left=${left%/sums}
		if [ -f "$left/sums" ] && [ "$left" != "$here" ] && ! systemctl is-active --quiet "fairlead-$project-${left##*/}"; then wipe "$left"; fi
	done
	load_key || end failed cannot keep the digest key in "$home"
	read -r expected <serial
	[ "$(serial_here)" = "$expected" ] || end stale another apply came in between
	changed=$(still_expected) || end stale "$changed changed since the plan was made"
	# Room for the journal, the log and the way back, should the disk fill up in between.
	head -c 262144 /dev/zero >reserve 2>/dev/null || { rm -f reserve && end failed No space left in "$home"; }
	open_record || end failed cannot write to "$home"
	run_from 1 8>&- 9>&-
	store_live || say "note what belongs to the live release could not be stored; the next apply tries again"
	find "${home%/*}" "$home/transactions" -mindepth 1 -maxdepth 1 -type d \
		\( -name '.incoming.*' -mmin +60 -o -path "$home/transactions/*" -mtime +30 \) -exec rm -rf {} +
	conclude
}

# --- recovery ----------------------------------------------------------------------------------------------------------------

recover() {
	is_over && exit 0
	# During a shutdown nothing can be started or stopped; the next boot does it.
	systemd_answers || exit 0
	lock 10 || exit 0
	is_over && exit 0
	[ -s journal ] || end failed "it was cut off before its first step"
	keep_own_unit
	allow_starts
	load_key
	trim "$record"
	trim journal
	trim log
	say recover
	begun=$(awk '$1 == "begin" && NF == 2 { number = $2 } END { print number + 0 }' journal) && [ -n "$begun" ] || exit 1
	if grep -q -e '^failed ' -e '^undo ' journal; then
		roll_back "$begun" 8>&- 9>&-
	elif [ "$begun" -eq 0 ]; then
		end failed "it was cut off before its first step"
	fi
	wait_for_migration
	if noted "done $begun"; then next=$((begun + 1)); else next=$begun; fi
	if only_finishing "$next"; then
		run_from "$next" 8>&- 9>&-
		conclude
	fi
	roll_back "$begun" 8>&- 9>&-
}

# The unit in which this runs after a boot may be among what goes. Once systemd has read all units anew, it would be without its file,
# and so without the time that it has.
keep_own_unit() {
	if [ -f "/etc/systemd/system/$own_unit" ]; then cp "/etc/systemd/system/$own_unit" "/run/systemd/system/$own_unit"; fi
}

systemd_answers() { # and is not about to end
	case $(systemctl is-system-running 2>/dev/null) in initializing | starting | running | degraded | maintenance) ;; *) return 1 ;; esac
}

is_over() {
	case $(tail -n 1 journal 2>/dev/null) in 'end '*) ;; *) return 1 ;; esac
	grep -qs '^end ' log || say "$(tail -n 1 journal)"
	forget_unfinished
	wipe .
}

only_finishing() { # number: from here on the new release serves already, and nothing is left whose failure is a reason to go back
	! tail -n "+$1" steps | grep -qv -e '^[0-9]*|release_drain|' -e '^[0-9]*|postgres_open|' -e '^[0-9]*|unit_attempt|'
}

wait_for_migration() { # it runs in a unit of its own, and stopping it half-way could leave half a change
	patience=900
	while systemctl is-active --quiet "fairlead-$project-migrate.service" && [ "$patience" -gt 0 ]; do
		sleep 1
		patience=$((patience - 1))
	done
	systemctl stop "fairlead-$project-migrate.service" 2>/dev/null
}

case $mode in
recover) recover ;;
future)
	shift 2
	look_ahead "$@"
	;;
*) run ;;
esac
