# --- clusters of PostgreSQL --------------------------------------------------------------------------------------------------
# Names and paths are those of postgresql-common (pg_createcluster(1)). Programs of PostgreSQL are called by their full names, because
# those of Debian choose a version by themselves.

op_postgres_cluster() { # name version: unless the package has made it
	[ ! -f "/etc/postgresql/$2/$1/postgresql.conf" ] || return 0
	mkdir -p "undo/$number" && note_safely made "$2" && pg_createcluster --port=5432 "$2" "$1"
}
undo_postgres_cluster() { # name version
	[ ! -f "undo/$number/made" ] || [ ! -f "/etc/postgresql/$2/$1/postgresql.conf" ] || pg_dropcluster --stop "$2" "$1"
}

op_postgres_cluster_drop() { # name version: as all that holds data, only with a token from the plan
	[ ! -f "/etc/postgresql/$2/$1/postgresql.conf" ] || pg_dropcluster --stop "$2" "$1"
}

# An upgrade moves the data by copying (pg_upgrade(1)), so those of before stay as they were, and putting back means to start their server
# again. What would be lost by that is what was written meanwhile: so nobody but the superuser can write to the new server until the very last
# step of the transaction has lifted that (op_postgres_open), after which nothing can fail. Data of before are gone back to in the same way.
op_postgres_upgrade() { # name, version that serves, version that shall, configuration and stanza of pgBackRest or nothing
	name=$1 from=$2 to=$3 configuration=${4-} stanza=${5-}
	work=/var/lib/postgresql/fairlead-upgrade
	[ -x "/usr/lib/postgresql/$from/bin/postgres" ] || { printf 'the programs of PostgreSQL %s are not installed\n' "$from" && return 1; }
	[ -f "/var/lib/postgresql/$from/$name/PG_VERSION" ] || { printf 'the data of PostgreSQL %s are not in /var/lib/postgresql/%s/%s\n' "$from" "$from" "$name" && return 1; }
	remove_work && install -d -o postgres -g postgres -m 700 "$work" || return 1
	mkdir -p "undo/$number" && note_safely from "$from" || return 1
	if [ "$to" -gt "$from" ]; then make_successor || return 1; fi
	# It may have been told in this very apply how to hand over what it writes last.
	systemctl reload "postgresql@$from-$name.service" && systemctl stop "postgresql@$from-$name.service" && is_archived "$from" || return 1
	if [ "$to" -gt "$from" ]; then move_data || return 1; fi
	close_to_writers "$to" || return 1
	if [ -n "$stanza" ]; then { note_safely stanza "$stanza" && upgrade_stanza "$to"; } || return 1; fi
	serve_instead "$from" "$to" && remove_work
}

# Also after a power cut, and as often as it takes. The old server starts when its settings are back, too (put_back_clusters).
undo_postgres_upgrade() { # as above
	name=$1 from=$2 to=$3
	work=/var/lib/postgresql/fairlead-upgrade
	[ -f "undo/$number/from" ] || return 0
	systemctl stop "postgresql@$to-$name.service"
	end_private_server "$to"
	serve_instead "$to" "$from" || return 1
	if [ "$to" -gt "$from" ]; then remove_successor || return 1; fi
	remove_work
}

put_back_clusters() { # number of the step that failed; prints what does not run as before
	upgrades=$(awk -F '|' -v last="$1" '$1 <= last && $2 == "postgres_upgrade" { print $1, $5, $6, $8, $9 }' steps)
	while read -r step name from configuration stanza; do
		[ -f "undo/$step/from" ] || continue
		systemctl daemon-reload
		systemctl reset-failed "postgresql@$from-$name.service" 2>/dev/null
		systemctl start "postgresql@$from-$name.service" || printf 'postgresql@%s-%s.service did not take up its old state\n' "$from" "$name"
		if [ -f "undo/$step/stanza" ]; then upgrade_stanza "$from" || printf 'the stanza %s did not take up its old state\n' "$stanza"; fi
	done <<-UPGRADES
		$upgrades
	UPGRADES
}

remove_work() { rm -rf "$work"; }

# What pg_createcluster writes into the folder of the settings.
own_settings='postgresql.conf pg_hba.conf pg_ident.conf start.conf pg_ctl.conf environment'

# An empty cluster that fits the old one. One that is there already, by a package or from an earlier upgrade, is set aside with its data.
make_successor() {
	needed=$(du -sb "/var/lib/postgresql/$from/$name" | cut -f 1)
	free=$(df --output=avail -B1 /var/lib/postgresql | tail -n 1)
	if [ "$free" -le $((needed + needed / 10 + 67108864)) ]; then
		printf 'there is no room for the data twice: %s MB more are needed in /var/lib/postgresql\n' $((needed / 1048576))
		return 1
	fi
	cultural=$(sql -F ' ' -c "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = 'template1'") || return 1
	set_aside || return 1
	# shellcheck disable=SC2086 # words without spaces in them
	set -- $cultural
	checksums=
	case $("/usr/lib/postgresql/$from/bin/pg_controldata" -D "/var/lib/postgresql/$from/$name" | sed -n 's/^Data page checksum version: *//p') in
	0) if "/usr/lib/postgresql/$to/bin/initdb" --help | grep -q -e --no-data-checksums; then checksums=--no-data-checksums; fi ;;
	*) checksums=--data-checksums ;;
	esac
	note_safely made "$to" &&
		pg_createcluster --start-conf=manual --port=5432 --pgoption initdb_options= --encoding="$1" --lc-collate="$2" --lc-ctype="$3" \
			"$to" "$name" -- ${checksums:+"$checksums"}
}

set_aside() {
	[ -f "/etc/postgresql/$to/$name/postgresql.conf" ] || [ -d "/var/lib/postgresql/$to/$name" ] || return 0
	systemctl stop "postgresql@$to-$name.service"
	aside=/var/lib/postgresql/$to/$name.before-$(date -u +%Y%m%dT%H%M%SZ)
	mkdir -p "undo/$number/settings" || return 1
	for one in $own_settings; do
		if [ -f "/etc/postgresql/$to/$name/$one" ]; then cp -a "/etc/postgresql/$to/$name/$one" "undo/$number/settings/" || return 1; fi
	done
	note_safely aside "$aside" || return 1
	if [ -d "/var/lib/postgresql/$to/$name" ]; then mv "/var/lib/postgresql/$to/$name" "$aside" || return 1; fi
	for one in $own_settings; do rm -f "/etc/postgresql/$to/$name/$one"; done
	sync /var/lib/postgresql
}

remove_successor() {
	if [ -f "undo/$number/made" ]; then
		rm -rf "/var/lib/postgresql/$to/$name"
		for one in $own_settings; do rm -f "/etc/postgresql/$to/$name/$one"; done
	fi
	if [ -f "undo/$number/aside" ]; then
		aside=$(cat "undo/$number/aside")
		if [ -d "$aside" ]; then rm -rf "/var/lib/postgresql/$to/$name" && mv "$aside" "/var/lib/postgresql/$to/$name" || return 1; fi
		if [ -d "undo/$number/settings" ]; then cp -a "undo/$number/settings/." "/etc/postgresql/$to/$name/" || return 1; fi
	fi
	sync /var/lib/postgresql
}

# The server hands over its last piece when it stops. What it could not hand over would be missing from its backups.
is_archived() { # version
	[ -n "$stanza" ] || return 0
	left=$(find "/var/lib/postgresql/$1/$name/pg_wal/archive_status" -name '*.ready' | wc -l)
	[ "$left" -eq 0 ] || { printf '%s pieces of the write-ahead log of PostgreSQL %s could not be archived\n' "$left" "$1" && return 1; }
}

# Of its own settings a server needs none for this: nobody else gets in, and nothing is archived.
private_settings() { # version
	cat >"$work/$1.conf" <<-CONF
		data_directory = '/var/lib/postgresql/$1/$name'
		hba_file = '$work/hba.conf'
		ident_file = '$work/ident.conf'
		listen_addresses = ''
		unix_socket_directories = '$work'
		archive_mode = off
		max_locks_per_transaction = 1024
	CONF
	printf 'local all postgres peer\n' >"$work/hba.conf" && : >"$work/ident.conf" && chown -R postgres:postgres "$work"
}

private_server() { # start or stop, version
	case $1 in
	start)
		private_settings "$2" || return 1
		as_postgres "/usr/lib/postgresql/$2/bin/pg_ctl" -D "/var/lib/postgresql/$2/$name" -w -t 3600 -s -l "$work/$2.log" \
			-o "-c config_file=$work/$2.conf" start && return 0
		tail -n 5 "$work/$2.log"
		return 1
		;;
	stop) as_postgres "/usr/lib/postgresql/$2/bin/pg_ctl" -D "/var/lib/postgresql/$2/$name" -w -t 3600 -s -m fast stop ;;
	esac
}

# One that an executor that was killed has left. After a boot its number may be another process's.
end_private_server() { # version
	read -r process 2>/dev/null <"/var/lib/postgresql/$1/$name/postmaster.pid" || return 0
	[ "$(readlink "/proc/$process/cwd")" = "/var/lib/postgresql/$1/$name" ] || return 0
	private_server stop "$1" >/dev/null 2>&1
}

private_sql() { as_postgres "/usr/lib/postgresql/$1/bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$work" -d postgres; }

move_data() {
	private_settings "$from" && private_settings "$to" || return 1
	for how in --check --copy; do
		# Before PostgreSQL 16, copying has no name of its own.
		if [ "$how" = --copy ]; then how=; fi
		(cd "$work" && setpriv --reuid=postgres --regid=postgres --init-groups "/usr/lib/postgresql/$to/bin/pg_upgrade" ${how:+"$how"} \
			--old-bindir="/usr/lib/postgresql/$from/bin" --new-bindir="/usr/lib/postgresql/$to/bin" \
			--old-datadir="/var/lib/postgresql/$from/$name" --new-datadir="/var/lib/postgresql/$to/$name" \
			--old-options="-c config_file=$work/$from.conf" --new-options="-c config_file=$work/$to.conf" \
			--socketdir="$work" --username=postgres --jobs="$(nproc)") || return 1
	done
}

# The rights of roles stay as they are; a transaction is read-only unless it says otherwise, and the superuser's are not.
close_to_writers() { # version
	private_server start "$1" && private_sql "$1" <<-'SQL' && private_server stop "$1"
		ALTER ROLE postgres SET default_transaction_read_only = off;
		SET default_transaction_read_only = off;
		ALTER SYSTEM SET default_transaction_read_only = on;
	SQL
}

# To pgBackRest the data of a version are a database of their own within the stanza; backups of the other one can still be restored.
upgrade_stanza() { # version
	as_postgres pgbackrest --config="$configuration" --stanza="$stanza" --pg1-path="/var/lib/postgresql/$1/$name" --no-online stanza-upgrade
}

# Which of the two starts at a boot (pg_createcluster(1), start.conf).
serve_instead() { # version that does not, version that does
	start_mode "$1" disabled && start_mode "$2" auto || return 1
	systemctl disable --quiet "postgresql@$1-$name.service" 2>/dev/null
	systemctl enable --quiet "postgresql@$2-$name.service" && systemctl daemon-reload && sync /etc/postgresql
}

start_mode() { # version mode
	[ -f "/etc/postgresql/$1/$name/start.conf" ] || return 0
	sed -i "s/^[a-z]*\$/$2/" "/etc/postgresql/$1/$name/start.conf"
}

# The last step of an upgrade. A planner that knows nothing of the data makes slow plans, so it learns the most important before anybody writes,
# and the rest afterwards; then comes a full backup, because those of the other version do not lead here.
op_postgres_open() { # name, version of before, version, unit of a full backup or nothing
	programs=/usr/lib/postgresql/$3/bin
	wait_for_postgres || return 1
	(cd / && PGOPTIONS='-c default_statistics_target=1' setpriv --reuid=postgres --regid=postgres --init-groups \
		"$programs/vacuumdb" --all --analyze-only --quiet) || return 1
	sql <<-'SQL' || return 1
		ALTER ROLE postgres RESET default_transaction_read_only;
		ALTER SYSTEM RESET default_transaction_read_only;
		SELECT FROM pg_reload_conf();
	SQL
	# shellcheck disable=SC2016 # variables of the shell that is started
	systemd-run --quiet --collect --unit="$project-database-statistics" --description="statistics and first backup of $project after an upgrade" \
		--property=Nice=10 --property=CPUWeight=20 --property=TimeoutStartSec=infinity --property=Type=oneshot --no-block \
		/bin/sh -c 'cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$1" --all --analyze-only --quiet
			[ -z "$2" ] || systemctl start --no-block "$2"' sh "$programs/vacuumdb" "${4-}" || :
}
