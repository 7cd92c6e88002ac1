#!/bin/sh
# Reads the state of one host in one go and prints it in frames: "<name> <exit status> <bytes of stdout> <bytes of stderr>",
# a line break, the bytes. It changes nothing. Needs sh, coreutils, findutils, util-linux, dpkg and systemd.
#
# The request comes on standard input, a line each: "project <name>"; "<kind> <name>" of what to read; "known <sha256>  <path>"
# of a wanted file; "readable <path>" of a file whose content may be sent, because it holds no secret. Of files with secrets
# ("secret <path>") it takes a digest under the host's own key, so that nobody can try values against it.
set -u
LC_ALL=C
export LC_ALL
nl='
'
want=$(cat)
names() { # names of one kind, one a line; for a $(...), and without any process or read(2), because those cost more than the lines do
	IFS=$nl
	set -f
	for line in $want; do
		case $line in "$1 "*) printf '%s\n' "${line#"$1 "}" ;; esac
	done
}
record=/var/lib/fairlead/$(names project)
known=$(names known)
readable=$(names readable)

frame() { # name, then a command: prints what it says, and how it ended
	frame_name=$1
	shift
	frame_out=$("$@" 2>"$errors"; printf '%s' "/$?")
	frame_status=${frame_out##*/}
	frame_out=${frame_out%/*}
	frame_err=
	if [ -s "$errors" ]; then frame_err=$(cat "$errors"); fi
	printf '%s %s %s %s\n%s%s\n' "$frame_name" "$frame_status" "${#frame_out}" "${#frame_err}" "$frame_out" "$frame_err"
}

scratch=$(mktemp -d /run/fairlead.XXXXXX 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
errors=$scratch/errors

# What asks other programs for long (systemd, dpkg, PostgreSQL) does so while the rest is read.
behind() { # name, then a command: a frame that is printed by the end
	(
		errors=$scratch/$1.errors
		frame "$@" >"$scratch/$1.frame"
	) &
}

# The longest goes first: it travels while the rest is read.
if [ -f "$record/record.jsonl" ]; then frame record cat "$record/record.jsonl"; fi
if [ -f "$record/serial" ]; then frame serial cat "$record/serial"; fi

# What the record names is read too, so that what left the file can be found.
if [ -f "$record/wanted" ]; then
	want=$({
		printf '%s\n' "$want"
		cat "$record/wanted"
	} | sort -u)
fi

each_line() { # runs a command with the lines of a text as its arguments; a text without lines runs nothing
	lines=$1
	shift
	[ -n "$lines" ] || return 0
	old_ifs=$IFS
	IFS=$nl
	set -f
	# shellcheck disable=SC2086 # split at line breaks on purpose
	"$@" $lines
	each_status=$?
	set +f
	IFS=$old_ifs
	return $each_status
}

# shellcheck disable=SC2016 # dpkg's own variables
behind packages each_line "$(names package)" dpkg-query -W -f='${Package}|${db:Status-Abbrev}|${Version}\n'
behind users each_line "$(names user)" getent passwd
behind groups getent group
# Whether an instance starts at a boot is a link, which systemd reads then and not before (executor/releases.sh, enable_instances).
show_units() {
	shown=$(systemctl show --property=Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload -- "$@")
	shown_status=$?
	printf '%s\n' "$shown" | awk -v links=" $(find /etc/systemd/system/multi-user.target.wants -type l -printf '%f ' 2>/dev/null)" '
		/^Id=/ { id = substr($0, 4) }
		/^UnitFileState=/ && id ~ /@[0-9]+\.service$/ { $0 = "UnitFileState=" (index(links, " " id " ") ? "enabled" : "disabled") }
		{ print }'
	return "$shown_status"
}
behind units each_line "$(names unit)" show_units

# Clusters of PostgreSQL: name, version, whether it starts at boot, whether it has data, whether this project's settings are in it.
clusters() { # names
	set +f
	for cluster; do
		for settings in /etc/postgresql/*/"$cluster"; do
			[ -f "$settings/postgresql.conf" ] || continue
			version=${settings#/etc/postgresql/}
			version=${version%%/*}
			starts=no data=no ours=no
			if grep -qsx auto "$settings/start.conf"; then starts=yes; fi
			# Somebody may have moved them.
			folder=$(sed -n "s/^ *data_directory *=* *'\(.*\)'.*/\1/p" "$settings/postgresql.conf" | tail -n 1)
			if [ -f "${folder:-/var/lib/postgresql/$version/$cluster}/PG_VERSION" ]; then data=yes; fi
			if [ -f "$settings/conf.d/${record##*/}-restart.conf" ]; then ours=yes; fi
			printf '%s|%s|%s|%s|%s\n' "$cluster" "$version" "$starts" "$data" "$ours"
		done
	done
}
if [ -n "$(names cluster)" ]; then frame clusters each_line "$(names cluster)" clusters; fi

if [ -n "$(names role)$(names database)" ]; then
	if command -v psql >/dev/null; then
		# Debian's psql is a Perl program that finds the cluster and costs 40 ms; the newest binary serves the usual port.
		client=psql
		if [ -S /run/postgresql/.s.PGSQL.5432 ]; then
			for client in /usr/lib/postgresql/*/bin/psql; do :; done
			[ -x "$client" ] || client=psql
		fi
		postgres() {
			cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$client" -XAtq -F '|' -d postgres -c \
				"SELECT 'role', rolname, rolcanlogin::text FROM pg_roles
				UNION ALL SELECT 'database', datname, pg_get_userbyid(datdba) FROM pg_database"
		}
		behind postgres postgres
	else
		behind postgres printf 'none\n'
	fi
fi

paths=$(names path)
find_paths() { find "$@" -maxdepth 0 -printf '%y|%m|%u|%g|%s|%p|%l\n'; }
frame paths each_line "$paths" find_paths

regular_of() { # what find_paths printed: the paths of regular files
	IFS=$nl
	set -f
	for line in $1; do
		case $line in f\|*) line=${line#*|*|*|*|*|} && printf '%s\n' "${line%|}" ;; esac
	done
}
hashes=$(each_line "$(regular_of "$frame_out")" sha256sum --)
frame hashes printf '%s\n' "$hashes"

# Small text files whose hash is another than the wanted one: their content, for the difference that people read.
differing=$(printf '%s\n' "$hashes" | grep -vxF -e "$known" | sed 's/^[0-9a-f]*  //')
old_ifs=$IFS
IFS=$nl
set -f
for path in $differing; do
	case "$nl$readable$nl" in *"$nl$path$nl"*) ;; *) continue ;; esac
	if [ "$(wc -c <"$path")" -le 65536 ] && grep -qI '' -- "$path"; then frame "content:$path" cat -- "$path"; fi
done
set +f
IFS=$old_ifs

# Files with secrets in them are compared by digests under this host's own key (secrets/digest-key.ts).
secrets=$(names secret)
compositions=$record/compositions
keyed_with() { # a key; of lines "<digest> <path>" the digest of key and digest in place of each
	rm -rf "$scratch/keyed" && mkdir "$scratch/keyed" || return 1
	count=1000000
	while read -r digest path; do
		count=$((count + 1))
		printf '%s%s' "$1" "$digest" >"$scratch/keyed/$count"
		printf '%s\n' "$path" >&3
	done 3>"$scratch/paths"
	sha256sum "$scratch"/keyed/* | cut -c 1-64 | paste -d ' ' - "$scratch/paths"
}
keyed_digests() { # paths, a line each
	each_line "$1" sha256sum -- >"$scratch/plain"
	if [ ! -s "$scratch/plain" ]; then return; fi
	keyed_with "$inner_key" <"$scratch/plain" >"$scratch/inner"
	keyed_with "$outer_key" <"$scratch/inner" | sed 's/^\(.\{32\}\)[^ ]*/keyed:\1/'
}
not_composed() { # paths of which the host has noted nothing
	composed=
	if [ -f "$compositions" ]; then composed=$(cat "$compositions"); fi
	for path; do
		case $path in /etc/fairlead/*) continue ;; esac
		case $nl$composed in *"$nl$path|"*) continue ;; esac
		if [ -f "$path" ]; then printf '%s\n' "$path"; fi
	done
}
if [ -n "$secrets" ]; then
	frame secrets each_line "$secrets" find_paths
	stored=$(regular_of "$frame_out")
	if [ -f "$record/digest-key" ]; then
		{ read -r inner_key && read -r outer_key; } <"$record/digest-key"
		frame digests keyed_digests "$stored"
		frame digest-key cat "$record/digest-key"
	fi
	if [ -f "$compositions" ]; then frame compositions cat "$compositions"; fi
	differing=$(printf '%s\n' "$differing" && each_line "$secrets" not_composed)
fi

# Configuration files of packages that are as they were installed (deb-conffiles(5)) belong to nobody.
pristine_of() { # paths
	printf '%s\n' "$1" >"$scratch/differing"
	# shellcheck disable=SC2016 # variables of dpkg and awk
	dpkg-query -W -f='${Conffiles}\n' | awk 'NR == FNR { asked[$0]; next } $1 in asked { print $2 "  " $1 }' "$scratch/differing" - |
		md5sum --check 2>/dev/null | sed -n 's/: OK$//p'
}
if [ -n "$differing" ]; then frame pristine pristine_of "$differing"; fi

# shellcheck disable=SC1091 # exists on every host
os() { . /etc/os-release && printf '%s-%s\n' "$ID" "$VERSION_ID"; }
frame os os
frame architecture dpkg --print-architecture
frame boot cat /proc/sys/kernel/random/boot_id
# What is not there yet has no row.
frame space df -k --output=avail,file / /etc /opt /opt/fairlead /srv "/srv/${record##*/}" /var/lib /var/lib/fairlead
# What other projects on this host have, as the record of each says: no one takes a path from another.
neighbours() { # files
	grep -H -e '^path ' -e '^secret ' -- "$@" | sed 's|^/var/lib/fairlead/\([^/]*\)/wanted:[a-z]* |\1 |'
}
others=
for wanted in /var/lib/fairlead/*/wanted; do
	if [ -f "$wanted" ] && [ "$wanted" != "$record/wanted" ]; then others="$others$wanted$nl"; fi
done
if [ -n "$others" ]; then frame neighbours each_line "${others%"$nl"}" neighbours; fi
# The transaction that was begun and has not ended.
if [ -f "$record/unfinished/journal" ]; then frame unfinished readlink "$record/unfinished"; fi
wait
cat "$scratch"/*.frame
printf 'end 0 0 0\n\n'
