# --- waiting for the client ------------------------------------------------------------------------------------------------------------
# After a change to how this host is reached, somebody must get in by a new connection and say so. Otherwise everything is put
# back: by this executor, by systemd when it is gone, or after a boot.

op_confirm() { # seconds
	say "confirm $1"
	deadline=$(($(now) + $1 * 100))
	until [ -f confirmed ]; do
		if [ "$(now)" -ge "$deadline" ]; then
			printf 'nobody came in by a new connection within %s s\n' "$1"
			return 1
		fi
		sleep 0.1
	done
}
undo_confirm() { :; }

# Hosts that change their release together go on together, or back together: the client says which, when all have come this far or
# one has failed, and until then that it is still there. A host that hears nothing for a minute goes back, as the others then do.
op_hold() { # point, seconds at most
	say "hold $1 $2"
	deadline=$(($(now) + $2 * 100))
	heard=
	silent=$(($(now) + 6000))
	until [ -f "answer-$1" ]; do
		if [ -f "waiting-$1" ] && [ "$(cat "waiting-$1")" != "$heard" ]; then
			heard=$(cat "waiting-$1")
			silent=$(($(now) + 6000))
		fi
		if [ "$(now)" -ge "$silent" ] || [ "$(now)" -ge "$deadline" ]; then
			printf 'nobody said what becomes of the other hosts (was the command ended?), so this one goes back\n'
			return 1
		fi
		sleep 0.1
	done
	read -r answer because <"answer-$1"
	[ "$answer" = go ] || { printf '%s\n' "$because" && return 1; }
}
undo_hold() { :; }
