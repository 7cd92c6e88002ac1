#!/bin/sh
# Has the programs of this host judge compiled trees: judge.sh <folder>. Each folder below it is one host:
#   root/       its files, as they would be on the host
#   work        what is to be judged, a line each: <judge> TAB <path>
#   names       users and groups that the files name
#   programs    programs that units start; what is not installed here is stood in for
#   addresses   addresses of the host
# For each line of work it prints a record (RS, folder TAB judge TAB path, LF) and what is wrong, which is nothing for most. A tree
# is laid over the host's own files in a mount and network namespace of its own, so that every path is the real one.
set -u

scratch=/judge-postgres
server=$(find /usr/lib/postgresql -name bin | sort | tail -n 1)

start_server() {
  rm -rf "$scratch"
  install -d -o postgres "$scratch"
  as_postgres "$server/initdb" -D "$scratch/data" --auth=trust --no-sync >"$scratch/initdb.log" 2>&1
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=judge -keyout "$scratch/data/server.key" -out "$scratch/data/server.crt" 2>/dev/null
  chown postgres:postgres "$scratch/data/server.key" "$scratch/data/server.crt"
  as_postgres "$server/pg_ctl" -D "$scratch/data" -o "-c ssl=on -k $scratch -c listen_addresses= -c fsync=off" -l "$scratch/log" -w start >/dev/null
}

stop_server() {
  as_postgres "$server/pg_ctl" -D "$scratch/data" -m immediate stop >/dev/null
}

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups --reset-env "$@"; }

sql() { as_postgres psql --no-psqlrc --quiet --host="$scratch" --dbname=postgres --set=ON_ERROR_STOP=1 --tuples-only --no-align "$@"; }

# Lays the tree over the host's own files.
enter() {
  ip link set lo up
  while read -r address; do ip address add "$address" dev lo; done <addresses
  over=$(mktemp -d)
  mount -t tmpfs tmpfs "$over"
  for top in etc usr srv var; do
    mkdir -p "$over/$top/upper" "$over/$top/work"
    [ ! -d "root/$top" ] || cp -a "root/$top/." "$over/$top/upper/"
    mount -t overlay overlay -o "lowerdir=/$top,upperdir=$over/$top/upper,workdir=$over/$top/work" "/$top"
  done
  while read -r name; do
    getent group "$name" >/dev/null || groupadd --system "$name"
    getent passwd "$name" >/dev/null || useradd --system --gid "$name" "$name"
  done <names
  while read -r program; do stand_in "$program"; done <programs
  mkdir -p /run/sshd
}

stand_in() {
  [ ! -e "$1" ] || return 0
  case $1 in
    /run/*)
      folder=$(echo "$1" | cut -d/ -f1-3)
      mkdir -p "$folder"
      mountpoint -q "$folder" || mount -t tmpfs tmpfs "$folder"
      ;;
  esac
  mkdir -p "${1%/*}"
  ln -s /bin/true "$1"
}

# Runs a program for its errors alone, and says so when it fails without a word.
errors_of() {
  # shellcheck disable=SC2069
  said_by=$("$@" 2>&1 >/dev/null)
  code=$?
  [ -z "$said_by" ] || printf '%s\n' "$said_by"
  [ "$code" -eq 0 ] || [ -n "$said_by" ] || echo "$1 ended with $code"
}

# Each judge prints what is wrong, and nothing else.

judge_nginx() {
  nginx -t 2>&1 | grep -v -e ' syntax is ok$' -e ' test is successful$'
}

judge_units() {
  for dropin in /etc/systemd/system/*-migrate.service.d; do
    [ ! -d "$dropin" ] || printf '[Service]\nExecStart=/bin/true\n' >"${dropin%.d}"
  done
  xargs --no-run-if-empty systemd-analyze verify --man=no --recursive-errors=no <units 2>&1
}

judge_exposure() {
  xargs --no-run-if-empty systemd-analyze security --offline=true --no-pager --threshold=15 <exposed >"$over/exposure" 2>&1 ||
    grep 'Overall exposure' "$over/exposure" || cat "$over/exposure"
}

judge_firewall() { errors_of nft --check --file "$1"; }

judge_sshd() { errors_of /usr/sbin/sshd -t; }

judge_keys() { ssh-keygen -l -f "$1" >/dev/null 2>&1 || echo 'holds a line that is no public key'; }

judge_sudoers() { errors_of visudo --check --file="$1"; }

judge_shell() { shellcheck --shell=sh "$1" 2>&1; }

judge_sysctl() {
  grep -vnE '^(#.*|;.*|-?[a-z0-9_-]+([./][A-Za-z0-9_*-]+)+ *= *[^ ].*|)$' "$1"
}

judge_journal() {
  install -D -m 644 "$1" /etc/systemd/journald@judge.conf.d/judge.conf
  SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=notice timeout 0.4 /lib/systemd/systemd-journald judge 2>&1 | grep journald@judge.conf.d
  rm -rf /run/log/journal/*.judge /run/systemd/journal.judge
}

judge_apt() { errors_of apt-config dump; }

judge_sources() { errors_of apt-get indextargets; }

judge_logrotate() { logrotate --debug --state /dev/null "$1" 2>&1 | grep -i -e '^error' -e ' error' -e unknown; }

judge_tmpfiles() {
  install -D /etc/passwd "$over/tmpfiles/etc/passwd"
  install -D /etc/group "$over/tmpfiles/etc/group"
  install -D "$1" "$over/tmpfiles/tmpfiles.conf"
  errors_of systemd-tmpfiles --create --root="$over/tmpfiles" "$over/tmpfiles/tmpfiles.conf"
}

judge_redis() {
  socket=$(sed -n 's/^unixsocket //p' "$1")
  password=$(sed -n -e 's/^requirepass //p' -e 's/^user default on >\([^ ]*\) .*/\1/p' "$1")
  folder=$(sed -n 's/^dir //p' "$1")
  mkdir -p "${folder:-$over}" "$(dirname "${socket:-$over/socket}")"
  redis-server "$1" --supervised no >"$over/redis.log" 2>&1 &
  redis=$!
  port=$(sed -n 's/^port //p' "$1")
  answered=no
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 "$redis" 2>/dev/null || break
    if [ -n "$socket" ]; then set -- "$1" -s "$socket"; else set -- "$1" -p "${port:-6379}"; fi
    if REDISCLI_AUTH=$password redis-cli "$2" "$3" ping 2>/dev/null | grep -qx PONG; then
      answered=yes
      break
    fi
    sleep 0.05
  done
  { kill "$redis" && wait "$redis"; } 2>/dev/null
  [ "$answered" = yes ] || { cat "$over/redis.log" && echo 'Redis did not answer'; }
}

judge_pgbouncer() {
  folder=$(sed -n 's/^unix_socket_dir = //p' "$1")
  install -d -o postgres "$folder"
  install -o postgres -m 600 "$1" "$over/pgbouncer.ini"
  chmod 755 "$over"
  as_postgres timeout --signal=INT 0.4 /usr/sbin/pgbouncer "$over/pgbouncer.ini" >"$over/pgbouncer.log" 2>&1
  grep -E ' (ERROR|FATAL|WARNING) ' "$over/pgbouncer.log"
  grep -q 'process up' "$over/pgbouncer.log" || cat "$over/pgbouncer.log"
}

judge_postgres() {
  version=$(echo "$1" | cut -d/ -f4)
  binary=/usr/lib/postgresql/$version/bin/postgres
  if [ ! -x "$binary" ]; then
    echo "@skipped PostgreSQL $version is not installed here"
    return 0
  fi
  find "/etc/postgresql/$version" -exec chown postgres:postgres {} +
  errors_of as_postgres "$binary" -C max_connections --config-file="/etc/postgresql/$version/main/postgresql.conf"
}

# How new clusters are made: as the package's own programs read it, and as initdb would take it.
judge_cluster() {
  if ! options=$(perl -MPgCommon -e 'my %read = PgCommon::read_conf_file($ARGV[0]); print $read{initdb_options} // ""' "$1" 2>&1); then
    echo "$options"
    return 0
  fi
  [ -n "$options" ] || echo 'it sets no options of initdb'
  for option in $options; do
    "$server/initdb" --help | grep -q -e " ${option%%=*}\b" || echo "initdb does not know $option"
  done
}

judge_hba() {
  install -o postgres -m 600 "$1" "$scratch/data/pg_hba.conf"
  sql --command="SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL" 2>&1
}

judge_ident() {
  install -o postgres -m 600 "$1" "$scratch/data/pg_ident.conf"
  sql --command="SELECT line_number, error FROM pg_ident_file_mappings WHERE error IS NOT NULL" 2>&1
}

judge_sql() {
  install -o postgres -m 600 "$1" "$scratch/statements.sql"
  role=$(head -n 1 names)
  # What the statements are about is there; a database cannot be made in a transaction.
  database=$(sed -n 's/^REVOKE ALL ON DATABASE "\(.*\)" FROM PUBLIC;$/\1/p' "$1" | head -n 1)
  [ -z "$database" ] || sql --command="CREATE DATABASE \"$database\"" >/dev/null 2>&1
  sql --command=BEGIN --command="CREATE ROLE \"$role\" LOGIN" --command="CREATE ROLE \"$role-owner\"" \
    --command="CREATE ROLE \"$role-migrate\" LOGIN" --command="CREATE ROLE \"$role-read\" LOGIN" --command="CREATE ROLE \"$role-backup\" LOGIN" --file="$scratch/statements.sql" --command=ROLLBACK 2>&1 |
    grep -v NOTICE
}

judge_pgbackrest() {
  install -o postgres -m 600 "$1" "$over/pgbackrest.conf"
  chmod 755 "$over"
  stanza=$(sed -n 's/^\[\([^:]*\)\]$/\1/p' "$1" | grep -v '^global' | head -n 1)
  as_postgres timeout 5 pgbackrest --config="$over/pgbackrest.conf" --stanza="$stanza" --log-level-console=warn --log-level-file=off info >"$over/pgbackrest.log" 2>&1
  code=$?
  grep -e 'WARN: configuration file' "$over/pgbackrest.log"
  # 28 to 37 are about options (pgBackRest, src/build/error/error.yaml); a repository that cannot be reached is none of them.
  [ "$code" -lt 25 ] || [ "$code" -gt 37 ] || cat "$over/pgbackrest.log"
}

judge_compose() {
  # The image is named by an environment file of the unit.
  image=$(sed -n 's/^IMAGE="\(.*\)"$/\1/p' "${1%/*}/image.env")
  errors_of env IMAGE="${image:-stand-in/image:1}" docker-compose --file "$1" config
}

judge_cloudinit() { cloud-init schema --config-file "$1" 2>&1 | grep -v -i '^valid '; }

judge_certbot() {
  certbot certificates --config "$1" --config-dir "$over/letsencrypt" --work-dir "$over/work" --logs-dir "$over/logs" >"$over/certbot.log" 2>&1 ||
    cat "$over/certbot.log"
}

judge_environment() {
  # What systemd makes of the file; the caller compares it with what was meant.
  systemd-run --quiet --wait --pipe --collect -p "EnvironmentFile=$PWD/root$1" env --null 2>&1 | base64 --wrap=0
}

judge_tree() {
  cd "$1" || exit 1
  enter >enter.log 2>&1
  [ ! -s enter.log ] || cat enter.log
  while IFS='	' read -r judge path; do
    "judge_$judge" "$path" >said 2>&1 </dev/null
    printf '\036%s\t%s\t%s\n' "${1##*/}" "$judge" "$path"
    cat said
  done <work
}

case $1 in
  --tree) judge_tree "$2" ;;
  *)
    start_server
    for tree in "$1"/*; do
      [ ! -d "$tree" ] || unshare --mount --net --propagation private "$0" --tree "$tree"
    done
    stop_server
    ;;
esac
