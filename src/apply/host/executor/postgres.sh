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

op_postgres_role() { # name LOGIN or NOLOGIN
	wait_for_postgres && sql -v name="$1" -v login="$2" <<'SQL'
SELECT format('CREATE ROLE %I %s', :'name', :'login') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I %s', :'name', :'login') FROM pg_roles WHERE rolname = :'name' AND rolcanlogin <> (:'login' = 'LOGIN') \gexec
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

# What holds data goes only with a token from the plan (plan/removal.ts). Nobody is connected to a database that is dropped.
op_postgres_database_drop() { # name
	wait_for_postgres && sql -v name="$1" <<'SQL'
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'name' AND pid <> pg_backend_pid();
SELECT format('DROP DATABASE %I', :'name') WHERE EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SQL
}

op_postgres_role_drop() { # name
	wait_for_postgres && sql -v name="$1" <<'SQL'
SELECT format('DROP ROLE %I', :'name') WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SQL
}
