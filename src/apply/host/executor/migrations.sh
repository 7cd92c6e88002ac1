# --- migrations --------------------------------------------------------------------------------------------------------------
# The gate (gate/) looks at what is pending, refuses what must not run, and runs the rest once, under a lock. It runs in a unit of its
# own, as the program's user, and writes to a file: whatever becomes of this executor, a migration is not cut off in the middle.

op_release_migrate() { # name release database command…
	name=$1 folder=/srv/$1/releases/$2 release=$2 database=$3
	shift 3
	mkdir -p "undo/$number"
	[ -z "$database" ] || wait_for_postgres || return 1
	gate look "$@"
	case $? in
	0) ;;
	3) say "note no migration is pending" && remember_migrations && return 0 ;;
	*) show_gate && return 1 ;;
	esac
	tell_notes
	if [ -n "$database" ]; then
		known=$(fingerprint "$database") || return 1
		recovery_point "$database" || return 1
	fi
	note_safely before "${known:-nothing is known}" || return 1
	gate run "$@"
	case $? in
	0 | 3) remember_migrations ;;
	*) remember_migrations && show_gate && return 1 ;;
	esac
}
unchanged_release_migrate() { # name release database
	[ -f "undo/$number/before" ] || return 0
	# Whoever waited for it may be gone, and it goes on.
	wait_for_migration
	name=$1 release=$2 database=$3
	remember_migrations
	# After a power cut the server is still starting.
	[ -n "$3" ] && { [ "$mode" = run ] || wait_for_postgres; } && [ "$(fingerprint "$3")" = "$(cat "undo/$number/before")" ]
}

gate() { # look or run, command…; the limits of the program's role are for requests, not for migrations
	what=$1
	shift
	rm -f gate.out
	systemd-run --quiet --wait --collect --unit="fairlead-$name-migrate" \
		--property=StandardInput="file:$here/gate.cjs" --property=StandardOutput="append:$here/gate.out" \
		--property=StandardError="append:$here/gate.out" \
		--property=User="$name" --property=Group="$name" --property=WorkingDirectory="$folder/app" \
		--property=EnvironmentFile="$folder/environment" --property=NoNewPrivileges=yes --property=PrivateTmp=yes \
		--property=ProtectSystem=strict --property=ProtectHome=yes \
		--setenv=PGOPTIONS='-c statement_timeout=0 -c idle_in_transaction_session_timeout=0' \
		"$folder/node" - "$what" 60 "/srv/$name/migrations.jsonl" "$@"
}

show_gate() { # what the migrations printed, and why the gate is shut
	grep -v '^fairlead:' gate.out
	sed -n 's/^fairlead:\(refused\|failed\) //p' gate.out
}

tell_notes() {
	sed -n 's/^fairlead:note //p' gate.out | while IFS= read -r text; do say "note $text"; done
}

# Which migrations ran, with what in them: a later change of one shows, and a rollback knows what it would go back across.
remember_migrations() {
	[ -f gate.out ] || return 0
	trim "/srv/$name/migrations.jsonl"
	about "$release" '' | sed 's/^{\|}$//g' >gate.about
	sed -n 's/^fairlead:known {\(.*\)}$/\1/p' gate.out | while IFS= read -r known; do
		case $known in *'"name":"*"'*) [ "$(fingerprint "$database" 2>/dev/null)" != "$(cat "undo/$number/before")" ] || continue ;; esac
		printf '{%s,%s}\n' "$known" "$(cat gate.about)"
	done >>"/srv/$name/migrations.jsonl" && sync "/srv/$name/migrations.jsonl"
}

# Where the database is archived, a restore can go back to right before the migrations.
recovery_point() { # database
	point=$(as_postgres psql -XAtq -v ON_ERROR_STOP=1 -v name="fairlead-${here##*/}" -d "$1" <<-'SQL'
		SELECT :'name' FROM (SELECT pg_create_restore_point(:'name') WHERE current_setting('archive_mode') <> 'off') AS made
	SQL
	) || return 1
	if [ -n "$point" ]; then say "note recovery point: $point"; else say "note no recovery point: the database is not archived"; fi
}

# Migrations cannot be undone. Whether they changed anything decides what a later failure comes to: the schema, and the rows of
# the table in which the migration tool keeps what it ran.
fingerprint() { # database
	schema=$(as_postgres pg_dump --schema-only --no-owner "$1") || return 1
	printf '%s\n' "$schema" | grep -v '^\\\(un\)\?restrict' | sha256sum
	as_postgres psql -XAtq -d "$1" <<'SQL'
SELECT format('SELECT %L, count(*) FROM %I.%I', relname, nspname, relname)
  FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
 WHERE relkind = 'r' AND relname ~* 'meta|migration' AND nspname !~ '^(pg_|information_schema)' ORDER BY 1 \gexec
SQL
}
