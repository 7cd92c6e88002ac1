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
names() { # names of one kind, one a line; in the shell itself, because each process costs more than the lines do
	while IFS= read -r line; do
		case $line in "$1 "*) printf '%s\n' "${line#"$1 "}" ;; esac
	done <<END
$want
END
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

errors=$(mktemp) || exit 1
trap 'rm -f "$errors"' EXIT

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

paths=$(names path)
find_paths() { find "$@" -maxdepth 0 -printf '%y|%m|%u|%g|%s|%p|%l\n'; }
frame paths each_line "$paths" find_paths

regular_of() { find "$@" -maxdepth 0 -type f -print 2>/dev/null; }
regular=$(each_line "$paths" regular_of)
hashes=$(each_line "$regular" sha256sum --)
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
keyed_digests() {
	for path; do
		if [ -L "$path" ] || [ ! -f "$path" ]; then continue; fi
		digest=$({ printf '%s' "$inner_key" && cat -- "$path"; } | sha256sum)
		digest=$(printf '%s%s' "$outer_key" "${digest%% *}" | sha256sum)
		printf 'keyed:%.32s %s\n' "$digest" "$path"
	done
}
not_composed() { # paths of which the host has noted nothing
	for path; do
		case $path in /etc/fairlead/*) continue ;; esac
		if [ ! -f "$path" ] || grep -qsF -e "$path|" "$compositions"; then continue; fi
		printf '%s\n' "$path"
	done
}
if [ -n "$secrets" ]; then
	frame secrets each_line "$secrets" find_paths
	if [ -f "$record/digest-key" ]; then
		{ read -r inner_key && read -r outer_key; } <"$record/digest-key"
		frame digests each_line "$secrets" keyed_digests
		frame digest-key cat "$record/digest-key"
	fi
	if [ -f "$compositions" ]; then frame compositions cat "$compositions"; fi
	differing=$(printf '%s\n' "$differing" && each_line "$secrets" not_composed)
fi

# Configuration files of packages that are as they were installed (deb-conffiles(5)) belong to nobody.
pristine_of() { # paths
	# shellcheck disable=SC2016 # dpkg's own variables
	dpkg-query -W -f='${Conffiles}\n' | while read -r path sum _; do
		case "$nl$1$nl" in *"$nl$path$nl"*) printf '%s  %s\n' "$sum" "$path" ;; esac
	done | md5sum --check 2>/dev/null | sed -n 's/: OK$//p'
}
if [ -n "$differing" ]; then frame pristine pristine_of "$differing"; fi

# shellcheck disable=SC2016 # dpkg's own variables
frame packages each_line "$(names package)" dpkg-query -W -f='${Package}|${db:Status-Abbrev}|${Version}\n'
frame users each_line "$(names user)" getent passwd
frame groups getent group
frame units each_line "$(names unit)" systemctl show --property=Id,LoadState,ActiveState,UnitFileState,NeedDaemonReload --

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
		frame postgres postgres
	else
		frame postgres printf 'none\n'
	fi
fi

# shellcheck disable=SC1091 # exists on every host
os() { . /etc/os-release && printf '%s-%s\n' "$ID" "$VERSION_ID"; }
frame os os
frame architecture dpkg --print-architecture
frame boot cat /proc/sys/kernel/random/boot_id
# What is not there yet has no row.
frame space df -k --output=avail,file / /etc /opt /opt/fairlead /srv "/srv/${record##*/}" /var/lib /var/lib/fairlead
if [ -f "$record/record.jsonl" ]; then frame record cat "$record/record.jsonl"; fi
if [ -f "$record/serial" ]; then frame serial cat "$record/serial"; fi
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
printf 'end 0 0 0\n\n'
