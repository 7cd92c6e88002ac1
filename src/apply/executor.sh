#!/bin/sh
# Carries out one transaction on this host. The folder that it is given holds:
#   steps          one step a line: number|operation|reversible|title|arguments…
#   expectations   one path a line with what it must still be: hash|path
#   record/        N.before, N.after, N.undo: lines for the record around step N
#   uploads/       contents by name
#   serial, wanted what the record must be at, and what the next probe reads beside its request
# It writes a journal (what was begun and what is done, on disk before and after each step) and a log for people and the client:
#   step N | done N <hundredths of a second> | failed N | out N text | undo N | end <outcome> [text]
# Outcomes: converged, locked, stale, failed (nothing changed), rolled-back, partial.
# Needs sh, coreutils, util-linux, apt and systemd. Debian 12 and 13.
# shellcheck disable=SC2317 # the functions op_* and undo_* are called by name
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 022

here=$1
cd "$here" || exit 1
project=$(cat project)
home=/var/lib/fairlead/$project
record=$home/record.jsonl
apt_options='-o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'
activated=

say() { printf '%s\n' "$*" >>log; }

now() { # hundredths of a second since the boot, without a process
	read -r uptime _ </proc/uptime
	printf '%s' "${uptime%.*}${uptime#*.}"
}

journal() {
	printf '%s\n' "$*" >>journal && sync -d journal
}

end() {
	journal "end $*"
	rm -rf uploads reserve
	say "end $*"
	exit 0
}

append_record() { # number, part
	[ -f "record/$1.$2" ] || return 0
	cat "record/$1.$2" >>"$record" && sync -d "$record"
}

# --- paths -----------------------------------------------------------------------------------------------------------------

save_path() { # keeps what is at a path, for the way back
	mkdir -p "undo/$number"
	printf '%s\n' "$1" >"undo/$number/path"
	if [ -d "$1" ] && [ ! -L "$1" ]; then
		stat -c '%a %U:%G' "$1" >"undo/$number/directory"
	elif [ -e "$1" ] || [ -L "$1" ]; then
		cp -a --no-dereference "$1" "undo/$number/old"
	else
		: >"undo/$number/absent"
	fi
}

restore_path() {
	[ -f "undo/$number/path" ] || return 0
	path=$(cat "undo/$number/path")
	if [ -f "undo/$number/directory" ]; then
		read -r mode owner <"undo/$number/directory"
		mkdir -p "$path" && chown "$owner" "$path" && chmod "$mode" "$path"
	elif [ -f "undo/$number/absent" ]; then
		if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir "$path"; else rm -f "$path"; fi
	else
		cp -a --no-dereference "undo/$number/old" "$path.fairlead-undo" && mv -fT "$path.fairlead-undo" "$path"
	fi
}

settle() { # a rename is safe from a power cut once the folder is on disk
	sync "$(dirname "$1")"
}

op_file() { # path mode owner group upload
	save_path "$1" || return 1
	temporary=$(mktemp "$(dirname "$1")/.fairlead.XXXXXX") || return 1
	chown "$3:$4" "$temporary" && chmod "$2" "$temporary" && cat "uploads/$5" >"$temporary" &&
		sync "$temporary" && mv -fT "$temporary" "$1" && settle "$1" && return 0
	rm -f "$temporary"
	return 1
}
undo_file() { restore_path; }

op_symlink() { # path target
	save_path "$1" && link_to "$2" "$1"
}
undo_symlink() { restore_path; }

link_to() { # target, path: replaces a link by a rename
	rm -f "$2.fairlead-new" && ln -s "$1" "$2.fairlead-new" && mv -fT "$2.fairlead-new" "$2" && settle "$2"
}

op_directory() { # path mode owner group
	save_path "$1" && mkdir -p "$1" && chown "$3:$4" "$1" && chmod "$2" "$1"
}
undo_directory() { restore_path; }

op_directory_remove() { # path: only an empty one goes
	rmdir --ignore-fail-on-non-empty "$1"
}

op_path_remove() { # path
	save_path "$1" && rm -f "$1" && settle "$1"
}
undo_path_remove() { restore_path; }

# --- packages and accounts -------------------------------------------------------------------------------------------------

op_package_install() { # names…
	# shellcheck disable=SC2086 # options are words
	apt-get $apt_options -q update &&
		DEBIAN_FRONTEND=noninteractive apt-get $apt_options -q -y --no-install-recommends install "$@"
}

op_package_remove() { # name: unless another project on this host needs it
	for other in /var/lib/fairlead/*/wanted; do
		if [ "$other" != "$home/wanted" ] && grep -qx "package $1" "$other"; then
			printf 'left in place, because %s needs it\n' "$(basename "$(dirname "$other")")"
			return 0
		fi
	done
	# shellcheck disable=SC2086 # options are words
	DEBIAN_FRONTEND=noninteractive apt-get $apt_options -q -y remove "$1"
}

op_group_create() { getent group "$1" >/dev/null || groupadd --system "$1"; }
undo_group_create() { if getent group "$1" >/dev/null; then groupdel "$1"; fi; }

op_user_create() { # name group home shell
	if getent passwd "$1" >/dev/null; then
		usermod --gid "$2" --home "$3" --shell "$4" "$1"
	else
		useradd --system --no-create-home --gid "$2" --home-dir "$3" --shell "$4" "$1"
	fi
}
undo_user_create() { if getent passwd "$1" >/dev/null; then userdel "$1"; fi; }

# --- services --------------------------------------------------------------------------------------------------------------

op_validate() { # nginx
	case $1 in
	nginx) if command -v nginx >/dev/null; then nginx -t; fi ;;
	*) printf 'no validator named %s\n' "$1" && return 1 ;;
	esac
}
undo_validate() { :; }

op_daemon_reload() { systemctl daemon-reload; }
undo_daemon_reload() { :; }

op_unit_activate() { # unit verb
	activated="$activated $1"
	systemctl enable --quiet "$1" || return 1
	if ! systemctl is-active --quiet "$1"; then
		systemctl reset-failed "$1" 2>/dev/null
		systemctl start "$1" || return 1
	else
		case $2 in
		reload) systemctl reload "$1" || return 1 ;;
		# It was not active when the plan was made: whatever started it did so with what was there then.
		start) systemctl reload-or-restart "$1" || return 1 ;;
		restart) systemctl restart "$1" || return 1 ;;
		esac
	fi
	systemctl is-active "$1"
}
undo_unit_activate() { :; } # done for all units together, once their inputs are back

op_unit_leave() { # unit: it takes up that something left
	systemctl is-active --quiet "$1" || return 0
	systemctl reload-or-restart "$1"
}

op_http_check() { # port host path
	tries=0
	until curl --silent --show-error --fail --max-time 5 --output /dev/null --resolve "$2:$1:127.0.0.1" "http://$2:$1$3"; do
		tries=$((tries + 1))
		[ "$tries" -lt 10 ] || return 1
		sleep 0.5
	done
}

undo_http_check() { :; }

op_note() { :; }
undo_note() { :; }

# --- PostgreSQL ------------------------------------------------------------------------------------------------------------

as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@"); }

wait_for_postgres() {
	seconds=0
	until as_postgres pg_isready --quiet; do
		seconds=$((seconds + 1))
		[ "$seconds" -lt 60 ] || { printf 'PostgreSQL did not answer within 60 s\n' && return 1; }
		sleep 1
	done
}

sql() { as_postgres psql -XAtq -v ON_ERROR_STOP=1 -d postgres "$@"; }

op_postgres_role() { # name
	wait_for_postgres && sql -v name="$1" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I LOGIN', :'name') FROM pg_roles WHERE rolname = :'name' AND NOT rolcanlogin \gexec
SQL
}

op_postgres_database() { # name owner
	wait_for_postgres && sql -v name="$1" -v owner="$2" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'name', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'name', :'owner')
  FROM pg_database WHERE datname = :'name' AND pg_get_userbyid(datdba) <> :'owner' \gexec
SQL
}

# --- releases --------------------------------------------------------------------------------------------------------------

op_runtime_install() { # folder upload
	unpack "$1" "$2" && finish "$1"
}
undo_runtime_install() { rm -rf "$1.new"; }

op_release_stage() { # name release upload runtime environment-file
	folder=/srv/$1/releases/$2
	unpack "$folder" "$3" app && cp "$5" "$folder.new/environment" && chmod 640 "$folder.new/environment" &&
		ln -s "$4" "$folder.new/runtime" && ln -s runtime/bin/node "$folder.new/node" && finish "$folder"
}
undo_release_stage() { rm -rf "/srv/$1/releases/$2" "/srv/$1/releases/$2.new"; }

unpack() { # folder upload [inner]
	rm -rf "$1.new" && mkdir -p "$1.new/${3-}" && tar -xzf "uploads/$2" -C "$1.new/${3-}" --no-same-owner && chmod -R a+rX,go-w "$1.new"
}

finish() { # folder: it appears whole or not at all
	: >"$1.new/.complete" && sync -f "$1.new" && rm -rf "$1" && mv -T "$1.new" "$1" && settle "$1"
}

# Migrations cannot be undone. Whether they changed anything decides what a later failure comes to: the schema, and the rows of
# the table in which the migration tool keeps what it ran.
fingerprint() { # database
	as_postgres pg_dump --schema-only --no-owner "$1" | grep -v '^\\\(un\)\?restrict' | sha256sum
	as_postgres psql -XAtq -d "$1" <<'SQL'
SELECT format('SELECT %L, count(*) FROM %I.%I', relname, nspname, relname)
  FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
 WHERE relkind = 'r' AND relname ~* 'meta|migration' AND nspname !~ '^(pg_|information_schema)' ORDER BY 1 \gexec
SQL
}

op_release_migrate() { # name release database command…
	name=$1 folder=/srv/$1/releases/$2 database=$3
	shift 3
	mkdir -p "undo/$number"
	if [ -n "$database" ]; then
		wait_for_postgres || return 1
		fingerprint "$database" >"undo/$number/before" || return 1
	fi
	migrate "$@"
	migrated=$?
	if [ -n "$database" ] && [ "$(fingerprint "$database")" = "$(cat "undo/$number/before")" ]; then : >"undo/$number/unchanged"; fi
	return "$migrated"
}

migrate() { # command…
	systemd-run --quiet --wait --pipe --collect --unit="fairlead-$name-migrate" \
		--property=User="$name" --property=Group="$name" --property=WorkingDirectory="$folder/app" \
		--property=EnvironmentFile="$folder/environment" --property=NoNewPrivileges=yes --property=PrivateTmp=yes \
		--property=ProtectSystem=strict --property=ProtectHome=yes \
		"$folder/node" "$@"
}

instance_units() { # name slot count
	instance=1
	while [ "$instance" -le "$3" ]; do
		printf '%s-%s@%s.service\n' "$1" "$2" "$instance"
		instance=$((instance + 1))
	done
}

ready() { # name slot count path seconds: every instance answers on its own socket
	instance=1
	deadline=$(($(date +%s) + $5))
	while [ "$instance" -le "$3" ]; do
		if curl --silent --fail --max-time 5 --output /dev/null --unix-socket "/run/$1/$2/$instance.sock" "http://localhost$4"; then
			instance=$((instance + 1))
		elif [ "$(date +%s)" -ge "$deadline" ]; then
			printf 'instance %s of %s did not answer %s with 2xx within %s s; the last lines of its log:\n' "$instance" "$1" "$4" "$5"
			journalctl --unit="$1-$2@$instance.service" --lines=15 --no-pager --output=cat
			return 1
		else
			sleep 0.2
		fi
	done
}

go_live() { # name slot: the switch, and its memory for the next boot
	printf '# The live slot of %s, written by Fairlead at each switch (tmpfiles.d(5)).\nL+ /run/%s/live - - - - %s\n' "$1" "$1" "$2" >"/etc/tmpfiles.d/.$1-live.new" &&
		mv -f "/etc/tmpfiles.d/.$1-live.new" "/etc/tmpfiles.d/$1-live.conf" && link_to "$2" "/run/$1/live"
}

op_release_switch() { # name release instances ready-path seconds
	live=$(readlink "/run/$1/live")
	if [ "$live" = blue ]; then idle=green; else idle=blue; fi
	mkdir -p "undo/$number" && printf '%s\n' "$live" >"undo/$number/live" && printf '%s\n' "$idle" >"undo/$number/idle"
	readlink "/srv/$1/slots/$idle" >"undo/$number/slot"
	units=$(instance_units "$1" "$idle" "$3")
	systemctl stop "$1-$idle@*.service"
	link_to "../releases/$2" "/srv/$1/slots/$idle" || return 1
	systemctl daemon-reload
	# shellcheck disable=SC2086 # unit names are words
	systemctl reset-failed $units 2>/dev/null
	# shellcheck disable=SC2086 # unit names are words
	systemctl start $units && ready "$1" "$idle" "$3" "$4" "$5" && systemctl enable --quiet $units && go_live "$1" "$idle"
}

undo_release_switch() { # name release instances
	[ -f "undo/$number/idle" ] || return 0
	live=$(cat "undo/$number/live")
	idle=$(cat "undo/$number/idle")
	if [ -n "$live" ]; then
		go_live "$1" "$live"
	else
		rm -f "/run/$1/live" "/etc/tmpfiles.d/$1-live.conf"
	fi
	stop_slot "$1" "$idle"
	if [ -s "undo/$number/slot" ]; then
		link_to "$(cat "undo/$number/slot")" "/srv/$1/slots/$idle"
	else
		rm -f "/srv/$1/slots/$idle"
	fi
}

stop_slot() { # name slot
	systemctl stop "$1-$2@*.service"
	for link in "/etc/systemd/system/multi-user.target.wants/$1-$2@"*.service; do
		if [ -L "$link" ]; then systemctl disable --quiet "$(basename "$link")"; fi
	done
}

op_release_start() { # name instances ready-path seconds
	live=$(readlink "/run/$1/live") || return 1
	units=$(instance_units "$1" "$live" "$2")
	# shellcheck disable=SC2086 # unit names are words
	systemctl reset-failed $units 2>/dev/null
	# shellcheck disable=SC2086 # unit names are words
	systemctl start $units && systemctl enable --quiet $units && ready "$1" "$live" "$2" "$3" "$4" && go_live "$1" "$live"
}

# The last step: the new release serves already. What does not stop here shows in the next plan; it is no reason to go back.
op_release_drain() { # name instances: the other slot stops, and so do instances of the live one that are too many
	live=$(readlink "/run/$1/live") || return 0
	if [ "$live" = blue ]; then stop_slot "$1" green; else stop_slot "$1" blue; fi
	for unit in $(systemctl list-units --plain --no-legend "$1-$live@*.service" | cut -d ' ' -f 1); do
		instance=${unit##*@}
		if [ "${instance%.service}" -gt "$2" ]; then systemctl disable --quiet --now "$unit"; fi
	done
	forget_old_releases "$1"
	return 0
}

forget_old_releases() { # name: the five newest stay, and those that a slot names
	kept=$(readlink "/srv/$1/slots/blue" "/srv/$1/slots/green" | sed 's|.*/||')
	# shellcheck disable=SC2012 # names are hexadecimal
	ls -t "/srv/$1/releases" | tail -n +6 | while read -r old; do
		case "$kept" in *"$old"*) ;; *) rm -rf "/srv/$1/releases/${old:?}" ;; esac
	done
}

# --- the transaction -------------------------------------------------------------------------------------------------------

read_step() { # number: sets operation, reversible and the arguments as "$@" of the caller through step_line
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

roll_back() { # number of the step that failed
	failed=$1
	kept=
	rm -f reserve
	number=$failed
	while [ "$number" -ge 1 ]; do
		read_step "$number"
		if is_reversible "$step_line"; then
			journal "undo $number"
			say "undo $number"
			perform undo "$step_line" >>"out.$number" 2>&1 || say "out $number could not be undone completely"
			append_record "$number" undo
		elif [ "$number" = "$failed" ] && failed_whole "$step_line"; then
			append_record "$number" undo
		elif [ ! -f "undo/$number/unchanged" ]; then
			kept="$kept $number"
		fi
		number=$((number - 1))
	done
	if [ -n "$activated" ]; then
		systemctl daemon-reload
		# shellcheck disable=SC2086 # unit names are words
		systemctl try-reload-or-restart $activated >>"out.$failed" 2>&1 || say "out $failed not all of$activated took up their old state"
	fi
	if [ -n "$kept" ]; then end "partial$kept"; fi
	end rolled-back
}

run_all() {
	count=$(wc -l <steps)
	number=1
	while [ "$number" -le "$count" ]; do
		read_step "$number"
		say "step $number"
		started=$(now)
		if journal "begin $number" && append_record "$number" before && perform op "$step_line" >"out.$number" 2>&1 </dev/null && append_record "$number" after; then
			journal "done $number"
			say "done $number $(($(now) - started))"
		else
			journal "failed $number"
			say "failed $number"
			tail -n 20 "out.$number" | while IFS= read -r text; do say "out $number $text"; done
			roll_back "$number"
		fi
		number=$((number + 1))
	done
}

still_expected() {
	while IFS='|' read -r was path; do
		if [ -L "$path" ]; then
			now=symlink
		elif [ -f "$path" ]; then
			now=$(sha256sum <"$path" | cut -d ' ' -f 1)
		elif [ -d "$path" ]; then
			now=directory
		else
			now=absent
		fi
		[ "$now" = "$was" ] || { printf '%s\n' "$path" && return 1; }
	done <expectations
}

exec 9>>"$home/lock" || end failed cannot open the lock
flock --nonblock 9 || end locked "$(cat "$home/holder" 2>/dev/null)"
cp holder "$home/holder"
[ "$(cat "$home/serial" 2>/dev/null || printf 0)" = "$(cat serial)" ] || end stale another apply came in between
changed=$(still_expected) || end stale "$changed changed since the plan was made"

# Room for the journal, the log and the way back, should the disk fill up in between.
head -c 262144 /dev/zero >reserve 2>/dev/null || { rm -f reserve && end failed No space left in "$home"; }

open_record() {
	[ -f "$record" ] || printf '{"format":1}\n' >"$record" || return 1
	# A line that a crash cut off claims what had not begun; nothing may be appended to it.
	if [ -n "$(tail -c 1 "$record")" ]; then sed -i '$d' "$record" || return 1; fi
	cp "$record" "$record.before" && cp wanted "$home/wanted.new" && mv -f "$home/wanted.new" "$home/wanted" &&
		printf '%s\n' "$(($(cat serial) + 1))" >"$home/serial.new" && mv -f "$home/serial.new" "$home/serial" && sync -f "$home"
}
open_record || end failed cannot write to "$home"
journal begin
run_all 9>&-
find "$home/transactions" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
end converged
