#!/bin/sh
# Prints how a host is, as far as a project is concerned: "<word> <text>", a line each. On standard input: the project, how many web
# instances it has here, its database if the server is here, the folder of the state of backups if they run here, and the units that should be
# active, a line each.
#   now <seconds> | up <seconds> | memory <KiB in all> <KiB available> | disk <percent of bytes> <percent of inodes> <mounted on>
#   unit <property=value…> | failed <unit> | next <timer> <seconds> | live <release> | switch <JSON> (the last one) | apply <JSON> (the last one) | unfinished <transaction>
#   kept <version> <seconds since when> <bytes> <path> (data of before an upgrade or a restore)
#   server <version of the package> <version that could be installed> | upgrade <JSON> (the last one)
#   database <JSON> | since <seconds> (the first backup could be taken) | backup <JSON> | drill <JSON> (the last ones)
#   certificate <JSON> | renewed <hours before its end> | serial <issued, installed, served or database> <serial> <seconds of its end>
set -u
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
read -r project
read -r instances
read -r database
read -r backups
home=/var/lib/fairlead/$project

printf 'now %s\n' "$(date +%s)"
read -r up _ </proc/uptime
printf 'up %s\n' "${up%.*}"
awk '$1 == "MemTotal:" { all = $2 } $1 == "MemAvailable:" { free = $2 } END { print "memory", all, free }' /proc/meminfo
df --output=pcent,ipcent,target / /var /srv /var/lib/postgresql /var/lib/pgbackrest 2>/dev/null | sed -n 's/^ *\([0-9-]*\)%\{0,1\} *\([0-9-]*\)%\{0,1\} */disk \1 \2 /p' | sort -u

live=$(readlink "/run/$project/live")
set --
instance=1
while [ -n "$live" ] && [ "$instance" -le "$instances" ]; do
	set -- "$@" "$project-$live@$instance.service"
	instance=$((instance + 1))
done
while read -r unit; do set -- "$@" "$unit"; done
if [ "$#" -gt 0 ]; then
	systemctl show --timestamp=unix --property=Id,LoadState,ActiveState,NRestarts,StateChangeTimestamp -- "$@" |
		awk 'NF { line = line " " $0 } !NF { print "unit" line; line = "" } END { if (line != "") print "unit" line }'
fi
# Others of the project that have failed, such as those that timers start.
systemctl list-units --state=failed --plain --no-legend --full -- "$project-*" 2>/dev/null | sed -n 's/^\([^ ]*\) .*/failed \1/p'
for unit; do
	case $unit in *.timer) ;; *) continue ;; esac
	# Not in seconds, whatever is asked for.
	next=$(systemctl show --property=NextElapseUSecRealtime --value -- "$unit")
	if [ -n "$next" ] && next=$(date -d "$next" +%s); then printf 'next %s %s\n' "$unit" "$next"; fi
done

if [ -n "$live" ]; then printf 'live %s\n' "$(readlink "/srv/$project/slots/$live" | sed 's|.*/||')"; fi
tail -n 1 "/srv/$project/history.jsonl" 2>/dev/null | sed -n 's/^{.*}$/switch &/p'
tail -n 1 "$home/audit.jsonl" 2>/dev/null | sed -n 's/^{.*}$/apply &/p'
if [ -L "$home/unfinished" ]; then printf 'unfinished %s\n' "$(readlink "$home/unfinished" | sed 's|.*/||')"; fi

as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --init-groups timeout 10 "$@"); }

if [ -n "$database" ]; then
	if told=$(as_postgres psql -XAtq -v ON_ERROR_STOP=1 -v name="$database" -d postgres 2>&1 <<'SQL'
SELECT json_build_object('name', :'name', 'bytes', pg_database_size(:'name'),
  'connections', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
  'limit', current_setting('max_connections')::int, 'replicas', (SELECT count(*) FROM pg_stat_replication),
  'archiving', current_setting('archive_mode') <> 'off', 'archived', extract(epoch FROM last_archived_time)::bigint,
  'failed', extract(epoch FROM last_failed_time)::bigint,
  'waiting', (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'))
  FROM pg_stat_archiver;
SQL
	); then
		printf 'database %s\n' "$told"
	else
		printf 'database {"name":"%s","problem":"%s"}\n' "$database" "$(printf '%s' "$told" | tail -n 1 | tr -d '\000-\037\042\134')"
	fi
fi
if [ -n "$backups" ] && [ -d "$backups" ]; then
	printf 'since %s\n' "$(stat -c %Y "/etc/systemd/system/$project-backup-full.timer")"
	for one in backup drill; do
		if [ -f "$backups/$one.json" ]; then printf '%s %s\n' "$one" "$(cat "$backups/$one.json")"; fi
	done
fi

setting() { # name, of the environment of the certificate's or another's unit
	sed -n "s/^$1=\"\(.*\)\"$/\1/p" "/etc/fairlead/$project/${2-certificate}.env" 2>/dev/null
}

package=$(setting PACKAGE upgrade)
if [ -n "$package" ]; then
	printf 'server %s %s\n' "$(dpkg-query --show --showformat='${Version}' "$package" 2>/dev/null)" \
		"$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')"
	if [ -f "/var/lib/$project-upgrade/last.json" ]; then printf 'upgrade %s\n' "$(cat "/var/lib/$project-upgrade/last.json")"; fi
fi

# Data that no server serves: of another version, or set aside by an upgrade or a restore.
for data in /var/lib/postgresql/[0-9]*/main /var/lib/postgresql/[0-9]*/main.before-*; do
	version=${data#/var/lib/postgresql/}
	version=${version%%/*}
	start=/etc/postgresql/$version/main/start.conf
	[ -f "$data/PG_VERSION" ] || continue
	case $data in */main) grep -qsx disabled "$start" || continue ;; *) start=$data ;; esac
	printf 'kept %s %s %s %s\n' "$version" "$(stat -c %Z "$start")" "$(du -sb "$data" | cut -f 1)" "$data"
done

serial() { # which, with the certificate on standard input
	openssl x509 -noout -serial -enddate 2>/dev/null | {
		read -r number && read -r end || exit 0
		printf 'serial %s %s %s\n' "$1" "${number#*=}" "$(date -d "${end#*=}" +%s)"
	}
}

database_certificate=/run/$project-database-tls/certificate.pem
if [ -f "$database_certificate" ]; then serial database <"$database_certificate"; fi

if [ -f "$home/certificate.json" ]; then
	printf 'certificate %s\n' "$(cat "$home/certificate.json")"
	hours=$(setting RENEW_HOURS)
	if [ -n "$hours" ]; then printf 'renewed %s\n' "$hours"; fi
	# A placeholder is none.
	if [ "$(readlink "/etc/fairlead/$project/tls")" != certificates/placeholder ]; then
		serial issued <"$(setting CERTIFICATE)" 2>/dev/null
		serial installed <"/etc/fairlead/$project/tls/fullchain.pem"
	fi
	if [ "$(setting PROVE)" = yes ]; then
		timeout 5 openssl s_client -connect "127.0.0.1:$(setting HTTPS_PORT)" -servername "$(setting SERVER_NAME)" </dev/null 2>/dev/null |
			serial served
	fi
fi
exit 0
