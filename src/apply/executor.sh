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
# Needs sh, coreutils, util-linux, awk, perl-base, apt and systemd, which every Debian and Ubuntu has.
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
secrets=/etc/fairlead/$project/secrets
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
	rm -f reserve
	wipe .
	say "end $*"
	exit 0
}

wipe() { # folder of a transaction that is over: nothing in it may hold a secret any longer
	for mark in "$1"/undo/*/secret; do
		if [ -f "$mark" ]; then rm -rf "${mark%/secret}"; fi
	done
	rm -rf "$1/uploads" "$1/digest-key" "$1/sums"
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

# A package's configuration file that nobody had changed (deb-conffiles(5)) is kept before another takes its place, and comes
# back when that one goes.
kept=$home/distribution

keep_pristine() { # path
	[ -f "$1" ] && [ ! -L "$1" ] && [ ! -e "$kept$1" ] || return 0
	# shellcheck disable=SC2016 # dpkg's own variables
	dpkg-query -W -f='${Conffiles}\n' 2>/dev/null | while read -r conffile sum _; do
		if [ "$conffile" = "$1" ]; then printf '%s  %s\n' "$sum" "$1"; fi
	done | md5sum --check --status 2>/dev/null || return 0
	mkdir -p "$(dirname "$kept$1")" && cp -a "$1" "$kept$1"
}

write_path() { # path mode owner group: its content comes on standard input
	temporary=$(mktemp "$(dirname "$1")/.fairlead.XXXXXX") || return 1
	chown "$3:$4" "$temporary" && chmod "$2" "$temporary" && cat >"$temporary" &&
		sync "$temporary" && mv -fT "$temporary" "$1" && settle "$1" && return 0
	rm -f "$temporary"
	return 1
}

remove_path() { # path: what the distribution had there comes back
	if [ -e "$kept$1" ]; then
		cp -a "$kept$1" "$1.fairlead-kept" && mv -fT "$1.fairlead-kept" "$1" && settle "$1" && rm -f "$kept$1"
	else
		rm -f "$1" && settle "$1"
	fi
}

op_file() { # path mode owner group upload
	save_path "$1" && keep_pristine "$1" && write_path "$1" "$2" "$3" "$4" <"uploads/$5"
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
	save_path "$1" && remove_path "$1"
}
undo_path_remove() { restore_path; }

# --- secrets ---------------------------------------------------------------------------------------------------------------
# No value is ever an argument of a program or printed: values go from file to file.

load_key() { # the first secrets bring the key under which this host compares them
	if [ -f digest-key ] && [ ! -f "$home/digest-key" ]; then
		(umask 077 && cat digest-key >"$home/digest-key.new") && sync "$home/digest-key.new" &&
			mv -fT "$home/digest-key.new" "$home/digest-key" && settle "$home/digest-key" || return 1
	fi
	[ ! -f "$home/digest-key" ] || { read -r inner_key && read -r outer_key; } <"$home/digest-key"
}

keyed_digest() { # path: as DigestKey makes it (secrets/digest-key.ts)
	digest=$({ printf '%s' "$inner_key" && cat -- "$1"; } | sha256sum | cut -c 1-64)
	digest=$(printf '%s%s' "$outer_key" "$digest" | sha256sum | cut -c 1-32)
	printf 'keyed:%s' "$digest"
}

save_secret() { # as save_path, and what is kept goes when the transaction is over
	mkdir -p "undo/$number" && : >"undo/$number/secret" && save_path "$1"
}

op_secret() { # path mode owner group upload
	save_secret "$1" && write_path "$1" "$2" "$3" "$4" <"uploads/$5"
}
undo_secret() { restore_path; }

op_secret_generate() { # path mode owner group bytes: one that is there stays, because data may depend on it
	if [ -s "$1" ] && [ ! -L "$1" ]; then
		chown "$3:$4" "$1" && chmod "$2" "$1"
	else
		head -c "$5" /dev/urandom | od -An -v -tx1 | tr -d ' \n' | write_path "$1" "$2" "$3" "$4" &&
			[ "$(wc -c <"$1")" -eq $(($5 * 2)) ]
	fi
}
undo_secret_generate() { :; }

op_secret_remove() { # path
	save_secret "$1" && save_composition "$1" && remove_path "$1"
}
undo_secret_remove() { restore_path && restore_composition; }

op_secret_file() { # path mode owner group upload [digests of the secrets that the plan knew]
	save_secret "$1" && keep_pristine "$1" && save_composition "$1" && (umask 077 && compose "uploads/$5" >uploads/composed) &&
		write_path "$1" "$2" "$3" "$4" <uploads/composed && note_composition "$1" "$5" "${6-}"
}
undo_secret_file() { restore_path && restore_composition; }

# Values are data to Perl. As they are they must fit any language, for a password file (libpq) with its two special characters
# escaped; as a hash (crypt(3), SHA-512) they may be anything on one line.
compose() { # text with @@NAME@@, @@NAME:pgpass@@ and @@NAME:crypt@@; prints it with the secrets in their places
	# shellcheck disable=SC2016 # Perl's own variables
	perl -e '
		my $folder = shift;
		$/ = undef;
		sub value {
			my ($name) = @_;
			open(my $file, "<", "$folder/$name") or die "the secret $name is not on this host\n";
			return scalar(<$file>) // "";
		}
		sub plain {
			my ($name) = @_;
			my $value = value($name);
			return $value if $value =~ m{\A[A-Za-z0-9_+/=.,:\@~-]{1,4096}\z};
			die "the secret $name has a character that its file cannot carry, or is too long\n";
		}
		sub escaped {
			my ($value) = map { plain($_) } @_;
			$value =~ s{([:\\])}{\\$1}g;
			return $value;
		}
		sub hashed {
			my ($name) = @_;
			my $value = value($name);
			$value =~ m{\A[^\0\r\n]{1,500}\z} or die "the secret $name has more than one line, or is too long\n";
			open(my $source, "<", "/dev/urandom") or die "no random numbers\n";
			read($source, my $random, 16) == 16 or die "no random numbers\n";
			my @letters = (".", "/", 0 .. 9, "A" .. "Z", "a" .. "z");
			my $salt = join("", map { $letters[ord($_) % 64] } split(//, $random));
			my $hash = crypt($value, q($6$) . $salt . q($)) // "";
			$hash =~ m{\A\$6\$} or die "the secret $name could not be hashed\n";
			return $hash;
		}
		my $text = <STDIN> // "";
		my %written = ("" => \&plain, ":pgpass" => \&escaped, ":crypt" => \&hashed);
		$text =~ s{\@\@([A-Z][A-Z0-9_]*)(:crypt|:pgpass|)\@\@}{$written{$2}->($1)}ge;
		print $text and close(STDOUT) or die "the text could not be written\n";
	' "$secrets" <"$1"
}

# What each file was composed from, one line a time: path|hash of the text|digest of the result|digests that the plan knew|
# digests of the secrets by their paths. The last line about a path counts; one with nothing behind the path says nothing.
compositions=$home/compositions

append_composition() { # line
	if [ -s "$compositions" ] && [ -n "$(tail -c 1 "$compositions")" ]; then printf '\n' >>"$compositions"; fi
	printf '%s\n' "$1" >>"$compositions" && sync -d "$compositions"
}

save_composition() { # path: until a new line is written, nothing is known about it
	[ -f "$compositions" ] || return 0
	path=$1 awk -F '|' '$1 == ENVIRON["path"] { line = $0 } END { if (line) print line }' "$compositions" >"undo/$number/composition"
	[ ! -s "undo/$number/composition" ] || append_composition "$1|"
}

restore_composition() {
	[ ! -s "undo/$number/composition" ] || append_composition "$(cat "undo/$number/composition")"
}

note_composition() { # path upload digests
	parts=
	# shellcheck disable=SC2013 # names are words
	for name in $(grep -o '@@[A-Z][A-Z0-9_]*' "uploads/$2" | sort -u); do
		parts="$parts $secrets/${name#@@}=$(keyed_digest "$secrets/${name#@@}")"
	done
	append_composition "$1|$(sha256sum <"uploads/$2" | cut -c 1-64)|$(keyed_digest "$1")|$3|${parts# }"
}

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

op_validate() { # validator; what is not installed has nothing to judge
	case $1 in
	nginx) if command -v nginx >/dev/null; then nginx -t; fi ;;
	# Where a socket starts sshd, its folder is there only while it runs.
	sshd) if command -v sshd >/dev/null; then install -d -m 755 /run/sshd && sshd -t; fi ;;
	nftables) if [ -f /etc/fairlead/firewall.nft ]; then nft -c -f /etc/fairlead/firewall.nft; fi ;;
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

op_unit_leave() { # unit: one of the project's own ends; one of a package takes up that something left
	case $(systemctl show --property=FragmentPath --value -- "$1") in
	/etc/systemd/system/*) systemctl disable --quiet --now "$1" ;;
	# Its file went before it, and systemd knows it only as long as it runs.
	'') systemctl disable --quiet --now "$1" || ! systemctl is-active --quiet "$1" ;;
	*)
		systemctl is-active --quiet "$1" || return 0
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

migrate() { # command…; the limits of the program's role are for requests, not for migrations
	systemd-run --quiet --wait --pipe --collect --unit="fairlead-$name-migrate" \
		--property=User="$name" --property=Group="$name" --property=WorkingDirectory="$folder/app" \
		--property=EnvironmentFile="$folder/environment" --property=NoNewPrivileges=yes --property=PrivateTmp=yes \
		--property=ProtectSystem=strict --property=ProtectHome=yes \
		--setenv=PGOPTIONS='-c statement_timeout=0 -c idle_in_transaction_session_timeout=0' \
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
	{
		printf '# The live slot of %s and the release in it, written by Fairlead at each switch (tmpfiles.d(5)).\n' "$1"
		printf 'L+ /run/%s/live - - - - %s\nL+ /run/%s/release - - - - /srv/%s/slots/%s\n' "$1" "$2" "$1" "$1" "$2"
	} >"/etc/tmpfiles.d/.$1-live.new" && mv -f "/etc/tmpfiles.d/.$1-live.new" "/etc/tmpfiles.d/$1-live.conf" &&
		link_to "/srv/$1/slots/$2" "/run/$1/release" && link_to "$2" "/run/$1/live"
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
	start_instances $units && ready "$1" "$idle" "$3" "$4" "$5" && enable_instances $units && go_live "$1" "$idle"
}

# A host that only has workers runs no instance, and systemctl takes no empty list for one.

start_instances() { # units…
	[ "$#" -gt 0 ] || return 0
	systemctl reset-failed "$@" 2>/dev/null
	systemctl start "$@"
}

enable_instances() { # units…
	[ "$#" -eq 0 ] || systemctl enable --quiet "$@"
}

undo_release_switch() { # name release instances
	[ -f "undo/$number/idle" ] || return 0
	live=$(cat "undo/$number/live")
	idle=$(cat "undo/$number/idle")
	if [ -n "$live" ]; then
		go_live "$1" "$live"
	else
		rm -f "/run/$1/live" "/run/$1/release" "/etc/tmpfiles.d/$1-live.conf"
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
	start_instances $units && enable_instances $units && ready "$1" "$live" "$2" "$3" "$4" && go_live "$1" "$live"
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
		elif [ -f "$path" ] && [ "${was#keyed:}" != "$was" ]; then
			now=$(keyed_digest "$path")
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
# What a transaction left that was killed.
for left in "$home"/transactions/*/sums; do
	if [ -f "$left" ] && [ "${left%/sums}" != "$here" ]; then wipe "${left%/sums}"; fi
done
find "${home%/*}" -mindepth 1 -maxdepth 1 -name '.incoming.*' -mmin +60 -exec rm -rf {} +
load_key || end failed cannot keep the digest key in "$home"
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
