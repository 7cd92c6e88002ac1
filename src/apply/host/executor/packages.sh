# --- packages and accounts -------------------------------------------------------------------------------------------------

# A package's services start once their configuration is there, and not with the distribution's: while packages are installed,
# /usr/sbin/policy-rc.d says no (invoke-rc.d(8), deb-systemd-invoke(1p)) and notes what asked. A policy of somebody else stays.
policy=/usr/sbin/policy-rc.d

hold_starts() {
	[ ! -e "$policy" ] || is_our_policy || return 0
	# shellcheck disable=SC2016 # variables of the program that is written
	{
		printf '#!/bin/sh\n# Written by Fairlead while it installs packages, and removed by it: services wait for their configuration.\n'
		printf 'printf "%%s\\n" "$1" >>%s/waiting\nexit 101\n' "$here"
	} >"$policy.new" && chmod 755 "$policy.new" && sync "$policy.new" && mv -f "$policy.new" "$policy"
}

is_our_policy() { grep -qs 'Written by Fairlead' "$policy"; }

allow_starts() {
	rm -f "$policy.new"
	if is_our_policy; then rm -f "$policy"; fi
}

start_waiting() { # what no step has started and would run without the policy
	[ -f waiting ] || return 0
	sort -u waiting | while read -r unit; do
		case $unit in *.*) ;; *) unit=$unit.service ;; esac
		if systemctl is-enabled --quiet "$unit" 2>/dev/null && ! systemctl is-active --quiet "$unit"; then
			systemctl start "$unit" || printf '%s does not start\n' "$unit"
		fi
	done >>out.waiting 2>&1
	rm -f waiting
}

op_package_install() { # names…; what a power cut left half-way is finished first
	mkdir -p "undo/$number" && note_safely before "$(sha256sum </var/lib/dpkg/status)" && hold_starts || return 1
	install_packages "$@"
	installed=$?
	allow_starts
	systemctl daemon-reload && return "$installed"
}

unchanged_package_install() {
	[ ! -f "undo/$number/before" ] || [ "$(sha256sum </var/lib/dpkg/status)" = "$(cat "undo/$number/before")" ]
}

install_packages() { # names…
	# shellcheck disable=SC2086 # options are words
	patiently env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a &&
		patiently apt-get $apt_options -q update &&
		DEBIAN_FRONTEND=noninteractive apt-get $apt_options -q -y --no-install-recommends --fix-broken install "$@"
}

# On a young machine its own first update is at work; only apt-get install waits for a lock by itself (apt.conf(5), DPkg::Lock::Timeout).
patiently() { # command…
	tries=0
	until said=$("$@" 2>&1); do
		tries=$((tries + 1))
		case $said in *'locked by another process'* | *'Could not get lock'*) ;; *) tries=60 ;; esac
		if [ "$tries" -ge 60 ]; then printf '%s\n' "$said" && return 1; fi
		sleep 2
	done
	printf '%s\n' "$said"
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
op_user_remove() { # name
	if getent passwd "$1" >/dev/null; then userdel "$1"; fi
}

op_group_remove() { # name
	if getent group "$1" >/dev/null; then groupdel "$1"; fi
}

undo_user_create() { if getent passwd "$1" >/dev/null; then userdel "$1"; fi; }
