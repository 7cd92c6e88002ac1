# --- the future --------------------------------------------------------------------------------------------------------------
# Nothing invalid is ever live: before anything is written below /etc, the very steps that will write it run once in a mount
# namespace of their own, on an overlay over /etc (mount_namespaces(7)), and the programs judge the whole configuration there.
# The overlay lies in memory and goes with the process, and with it every secret that was put together for it.

op_future() { # validators…
	unshare --mount --propagation private /bin/sh "$here/executor.sh" "$here" future "$number" "$@"
	judged=$?
	[ "$judged" -eq 77 ] || return "$judged"
	printf 'this host mounts no overlay; the configuration is judged when it is written, and put back if it is refused\n'
	: >deferred
}
undo_future() { :; }

look_ahead() { # number of the step, validators…: in the namespace
	first=$1
	shift
	mkdir -p future && mount -t tmpfs -o mode=700 tmpfs future 2>/dev/null && mkdir future/upper future/work &&
		mount -t overlay -o "lowerdir=/etc,upperdir=$here/future/upper,workdir=$here/future/work" overlay /etc 2>/dev/null || exit 77
	future=yes
	number=$((first + 1))
	while [ "$number" -le "$(wc -l <steps)" ]; do
		read_step "$number"
		if concerns_etc "$step_line"; then perform op "$step_line" || return 1; fi
		number=$((number + 1))
	done
	refused=0
	for validator; do
		judge "$validator" || refused=1
	done
	return "$refused"
}

concerns_etc() { # a line of a step
	rest=${1#*|}
	what=${rest%%|*}
	rest=${rest#*|*|*|}
	case $what:$rest in
	file:/etc/* | symlink:/etc/* | directory:/etc/* | path_remove:/etc/*) return 0 ;;
	secret:/etc/* | secret_generate:/etc/* | secret_file:/etc/* | secret_remove:/etc/*) return 0 ;;
	*) return 1 ;;
	esac
}

op_validate() { # validators…: again, now that it is written, because a hand may have come in between
	for validator; do
		# It takes long, and a hand on a unit shows when that is started.
		if [ "$validator" = systemd ] && [ ! -f deferred ]; then continue; fi
		judge "$validator" || return 1
	done
}
undo_validate() { :; }

judge() { # validator; what is not installed has nothing to judge
	case $1 in
	nginx) if command -v nginx >/dev/null; then nginx -t -q; fi ;;
	# Where a socket starts sshd, its folder is there only while it runs.
	sshd) if command -v sshd >/dev/null; then install -d -m 755 /run/sshd && sshd -t; fi ;;
	nftables) if [ -f /etc/fairlead/firewall.nft ]; then nft -c -f /etc/fairlead/firewall.nft; fi ;;
	sudoers) if command -v visudo >/dev/null; then judge_sudoers; fi ;;
	systemd) judge_units ;;
	*) printf 'no validator named %s\n' "$1" && return 1 ;;
	esac
}

judge_sudoers() { # with -q it would not say what is wrong
	said=$(visudo -c 2>&1) || { printf '%s\n' "$said" | grep -v ': parsed OK$'; return 1; }
}

# systemd-analyze ends with 0 on keys that it does not know (systemd 252), so every word about these units is a refusal. Programs
# that a release brings, and scripts outside of /etc, are not there yet.
judge_units() {
	units=$(units_ahead | sort -u)
	[ -n "$units" ] || return 0
	# shellcheck disable=SC2086 # unit names are words
	complaints=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no $units 2>&1 | grep -F -e "$(printf '%s\n' "$units" | sed 's|.*/||')" |
		grep -v -e 'Command /\(srv\|run\|opt\|usr/local/lib/fairlead\)/[^ ]* is not executable: No such file or directory')
	[ -z "$complaints" ] || { printf '%s\n' "$complaints" && return 1; }
}

units_ahead() { # files of units that the steps write, and units whose drop-ins they write
	awk -F '|' '$2 == "file" && $5 ~ "^/etc/systemd/system/[^/]+[.](service|socket|timer|path|mount|slice|target)(/|$|[.]d/)" {
		path = $5
		if (path ~ "[.]d/[^/]+$") { sub("[.]d/[^/]+$", "", path); sub(".*/", "", path) }
		print path
	}' steps | while read -r unit; do
		case $unit in
		/*) if [ -f "$unit" ]; then printf '%s\n' "$unit"; fi ;;
		*) if [ -n "$(systemctl show --property=FragmentPath --value -- "$unit")" ]; then printf '%s\n' "$unit"; fi ;;
		esac
	done
}
