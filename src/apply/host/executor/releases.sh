# --- releases --------------------------------------------------------------------------------------------------------------

op_runtime_install() { # folder upload; another project may have brought it since the plan was made
	[ ! -f "$1/.complete" ] || return 0
	unpack "$1" "$2" && finish "$1"
}
undo_runtime_install() { rm -rf "$1.new"; }

op_bundle_unpack() { # name bundle upload: what a build made; releases that differ in other things alone have it in common
	if [ -f "/srv/$1/bundles/$2/.complete" ]; then mkdir -p "undo/$number" && note_safely there "$2" && return; fi
	newest=$(newest_bundle "$1")
	unpack "/srv/$1/bundles/$2" "$3" app && { [ -z "$newest" ] || share "/srv/$1/bundles/$2.new/app" "$newest/app"; } &&
		finish "/srv/$1/bundles/$2"
}
undo_bundle_unpack() { # name bundle
	[ -f "undo/$number/there" ] || rm -rf "/srv/$1/bundles/$2" "/srv/$1/bundles/$2.new"
}

newest_bundle() { # name
	# shellcheck disable=SC2012 # names are hexadecimal
	ls -t "/srv/$1/bundles" 2>/dev/null | while read -r bundle; do
		if [ -f "/srv/$1/bundles/$bundle/.complete" ]; then printf '%s' "/srv/$1/bundles/$bundle" && break; fi
	done
}

# From one release to the next nearly all dependencies stay as they are. A file that is the same in both, byte for byte and in its
# mode, becomes one file with two names (link(2)); nobody writes to files of releases.
share() { # folder, folder of before
	find "$1" -type f -size +0 -printf '%P\0' | perl -0 -ne '
		BEGIN { ($new, $old) = splice(@ARGV, 0, 2) }
		chomp;
		my ($mine, $theirs) = ("$new/$_", "$old/$_");
		my @mine = lstat($mine) or next;
		my @theirs = lstat($theirs) or next;
		next if !-f _ || $mine[7] != $theirs[7] || $mine[2] != $theirs[2] || $mine[4] != $theirs[4] || $mine[5] != $theirs[5];
		sub content { local $/; open(my $file, "<:raw", $_[0]) or return; scalar <$file> }
		my ($one, $other) = (content($mine), content($theirs));
		next if !defined($one) || !defined($other) || $one ne $other;
		# A file system may allow no further name: then there are two files.
		link($theirs, "$mine.fairlead-shared") and rename("$mine.fairlead-shared", $mine) || die "$mine: $!\n";
	' "$1" "$2"
}

op_release_stage() { # name release bundle runtime environment-file
	folder=/srv/$1/releases/$2
	rm -rf "$folder.new" && mkdir -p "$folder.new" && ln -s "../../bundles/$3/app" "$folder.new/app" &&
		cp "$5" "$folder.new/environment" && chmod 640 "$folder.new/environment" &&
		ln -s "$4" "$folder.new/runtime" && ln -s runtime/bin/node "$folder.new/node" &&
		about "$2" "\"bundle\":\"$3\"," >"$folder.new/about.json" && { [ ! -f stored.json ] || cp stored.json "$folder.new/stored.json"; } &&
		finish "$folder"
}

about() { # release, more of the line: what happened to a release, when, and who did it
	printf '{"release":"%s",%s"at":"%s","transaction":"%s",%s}\n' "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${here##*/}" "$(cat audit)"
}

# What goes back with a release besides the program (its units, the site) may change while it is live. Its way back is to what was last.
store_live() {
	[ -f stored.json ] && folder=$(readlink -f "/run/$project/release") && [ -f "$folder/.complete" ] || return 0
	cmp -s stored.json "$folder/stored.json" && return
	cp stored.json "$folder/stored.json.new" && sync "$folder/stored.json.new" && mv -f "$folder/stored.json.new" "$folder/stored.json" &&
		settle "$folder/stored.json"
}
undo_release_stage() { rm -rf "/srv/$1/releases/$2" "/srv/$1/releases/$2.new"; }

unpack() { # folder upload [inner]
	rm -rf "$1.new" && mkdir -p "$1.new/${3-}" && tar -xzf "uploads/$2" -C "$1.new/${3-}" --no-same-owner && chmod -R a+rX,go-w "$1.new"
}

finish() { # folder: it appears whole or not at all
	: >"$1.new/.complete" && sync -f "$1.new" && rm -rf "$1" && mv -T "$1.new" "$1" && settle "$1"
}

instance_units() { # name slot count
	instance=1
	while [ "$instance" -le "$3" ]; do
		printf '%s-%s@%s.service\n' "$1" "$2" "$instance"
		instance=$((instance + 1))
	done
}

ready() { # name slot count path seconds: every instance answers on its own socket
	instance=1
	deadline=$(($(now) + $5 * 100))
	# On a host that is never idle, it gets its share in the end.
	patience=$(($(now) + $5 * 33))
	while [ "$instance" -le "$3" ]; do
		if answers "$1" "$2" "$instance" "$4"; then
			instance=$((instance + 1))
		elif [ "$(restarts_of "$1-$2@$instance.service")" -ge 3 ]; then
			not_ready "$1" "$2" "ended three times before it was ready"
		elif [ "$(now)" -ge "$deadline" ]; then
			not_ready "$1" "$2" "was not ready within $5 s: $4 $(said)"
		elif [ "$patience" -gt 0 ] && [ "$(now)" -ge "$patience" ]; then
			patience=0
			# shellcheck disable=SC2046 # unit names are words
			yield other $(instance_units "$1" "$2" "$3")
		else
			sleep 0.2
		fi || return 1
	done
}

steady() { # name slot count path seconds: and goes on to, for so long
	[ "$3" -gt 0 ] && [ "$5" -gt 0 ] || return 0
	deadline=$(($(now) + $5 * 100))
	runs=$(runs_of "$1" "$2" "$3")
	while [ "$(now)" -lt "$deadline" ]; do
		sleep 0.5
		other=$(runs_of "$1" "$2" "$3" | grep -vxF -e "$runs" | sed -n '1s/.*@\([0-9]*\)\.service.*/\1/p')
		[ -z "$other" ] || { instance=$other && not_ready "$1" "$2" "was ready, and ended within $5 s after that" || return 1; }
	done
	ready "$1" "$2" "$3" "$4" 5
}

answers() { # name slot instance path
	status=$(curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' --unix-socket "/run/$1/$2/$3.sock" "http://localhost$4")
	case $status in 2??) ;; *) return 1 ;; esac
}

said() { # what the last one did
	case $status in '' | 000) printf 'was not answered' ;; *) printf 'was answered with %s' "$status" ;; esac
}

restarts_of() { # unit: how often systemd has started it again
	restarts=$(systemctl show --property=NRestarts --value -- "$1")
	printf '%s' "${restarts:-0}"
}

runs_of() { # name slot count: a line for each instance, another one when it was started again
	# shellcheck disable=SC2046 # unit names are words
	systemctl show --property=Id,InvocationID -- $(instance_units "$1" "$2" "$3") | paste - - -
}

not_ready() { # name slot text: what is wrong with the instance, and what it said last
	printf 'instance %s of %s %s; the last lines of its log:\n' "$instance" "$1" "$3"
	said_by "$1-$2@$instance.service"
	return 1
}

go_live() { # name slot: the switch, and its memory for the next boot
	{
		printf '# The live slot of %s and the release in it, written by Fairlead at each switch (tmpfiles.d(5)).\n' "$1"
		printf 'L+ /run/%s/live - - - - %s\nL+ /run/%s/release - - - - /srv/%s/slots/%s\n' "$1" "$2" "$1" "$1" "$2"
	} >"/etc/tmpfiles.d/.$1-live.new" && sync "/etc/tmpfiles.d/.$1-live.new" &&
		mv -f "/etc/tmpfiles.d/.$1-live.new" "/etc/tmpfiles.d/$1-live.conf" && settle "/etc/tmpfiles.d/$1-live.conf" &&
		link_to "/srv/$1/slots/$2" "/run/$1/release" && link_to "$2" "/run/$1/live"
}

op_release_ready() { # name release instances ready-path seconds steady-seconds: the slot that does not serve runs the release, and nobody is led there
	live=$(readlink "/run/$1/live")
	if [ "$live" = blue ]; then idle=green; else idle=blue; fi
	if [ ! -f "undo/$number/idle" ]; then
		mkdir -p "undo/$number" && readlink "/srv/$1/slots/$idle" >"undo/$number/slot"
		sync "undo/$number/slot" && note_safely idle "$idle" || return 1
	fi
	units=$(instance_units "$1" "$idle" "$3")
	systemctl stop "$1-$idle@*.service" || return 1
	# Whoever was about to come back there when the slot was stopped does not.
	rm -f "/run/$1/$idle/recycling"
	link_to "../releases/$2" "/srv/$1/slots/$idle" || return 1
	# shellcheck disable=SC2086 # unit names are words
	if systemctl show --property=NeedDaemonReload --value -- $units | grep -q yes; then systemctl daemon-reload; fi
	# shellcheck disable=SC2086 # unit names are words
	start_instances $units && yield idle $units && ready "$1" "$idle" "$3" "$4" "$5" &&
		steady "$1" "$idle" "$3" "$4" "$6" && yield other $units && enable_instances $units
}

# A program that starts takes a processor for a second or two, which those that serve would lack. Until it is ready it runs when
# nobody else wants to (sched(7), SCHED_IDLE). Where that may not be said, as in some containers, nothing changes.
yield() { # idle or other, units
	policy=$1
	shift
	for unit; do
		tries=0
		until pid=$(systemctl show --property=MainPID --value -- "$unit") && [ "${pid:-0}" -gt 0 ]; do
			tries=$((tries + 1))
			[ "$tries" -lt 25 ] || continue 2
			sleep 0.02
		done
		chrt --all-tasks "--$policy" --pid 0 "$pid" 2>/dev/null
	done
	return 0
}
undo_release_ready() { # name
	[ -f "undo/$number/idle" ] || return 0
	idle=$(cat "undo/$number/idle")
	# The slot that serves is not stopped before another does.
	[ "$(readlink "/run/$1/live")" != "$idle" ] && stop_slot "$1" "$idle" || return 1
	if [ -s "undo/$number/slot" ]; then
		link_to "$(cat "undo/$number/slot")" "/srv/$1/slots/$idle"
	else
		rm -f "/srv/$1/slots/$idle"
	fi
}

op_release_switch() { # name
	live=$(readlink "/run/$1/live")
	[ -f "undo/$number/live" ] || { mkdir -p "undo/$number" && note_safely live "$live"; } || return 1
	if [ "$(cat "undo/$number/live")" = blue ]; then idle=green; else idle=blue; fi
	go_live "$1" "$idle" && remember "$1" "$idle"
}
undo_release_switch() { # name
	[ -f "undo/$number/live" ] || return 0
	live=$(cat "undo/$number/live")
	if [ -n "$live" ]; then
		# That it is not remembered keeps nobody from being served.
		go_live "$1" "$live" && { remember "$1" "$live" || :; }
	else
		rm -f "/run/$1/live" "/run/$1/release" "/etc/tmpfiles.d/$1-live.conf"
	fi
}

# A host that only has workers runs no instance, and systemctl takes no empty list for one.

# One that systemd starts again and again (RestartMode=direct) never comes to an end for systemctl, which would wait for ever. Whether
# they are there is asked of themselves.
start_instances() { # units…
	since=$(date +%s)
	[ "$#" -gt 0 ] || return 0
	systemctl reset-failed "$@" 2>/dev/null
	systemctl start --no-block "$@"
}

# What systemctl enable and disable do to files, without reading all units anew afterwards: that takes a processor from those that
# serve, just when one release takes over from another, and nobody asks before the next boot (systemd.unit(5), [Install]).
boot_links=/etc/systemd/system/multi-user.target.wants

enable_instances() { # units…
	for unit; do
		if [ ! -L "$boot_links/$unit" ]; then link_to "/etc/systemd/system/${unit%%@*}@.service" "$boot_links/$unit" || return 1; fi
	done
}

disable_instance() { # unit
	rm -f "$boot_links/$1" && settle "$boot_links/$1"
}

remember() { # name slot: which release went live, for whoever wants to go back; one that only takes up its secrets was live already
	went_live=$(readlink "/srv/$1/slots/$2" | sed 's|.*/||')
	trim "/srv/$1/history.jsonl"
	if tail -n 1 "/srv/$1/history.jsonl" 2>/dev/null | grep -qF "{\"release\":\"$went_live\","; then return 0; fi
	about "$went_live" '' >>"/srv/$1/history.jsonl" && sync "/srv/$1/history.jsonl"
}

stop_slot() { # name slot
	systemctl stop "$1-$2@*.service" || return 1
	for link in "$boot_links/$1-$2@"*.service; do
		if [ -L "$link" ]; then disable_instance "${link##*/}"; fi
	done
}

op_release_start() { # name instances ready-path seconds
	live=$(readlink "/run/$1/live") || return 1
	units=$(instance_units "$1" "$live" "$2")
	# shellcheck disable=SC2086 # unit names are words
	start_instances $units && enable_instances $units && ready "$1" "$live" "$2" "$3" "$4" && go_live "$1" "$live"
}

# The last step: the new release serves already. What does not stop here shows in the next plan; it is no reason to go back.
op_release_drain() { # name instances: the other slot stops, and so do instances of the live one that are too many
	live=$(readlink "/run/$1/live") || return 0
	if [ "$live" = blue ]; then stop_slot "$1" green; else stop_slot "$1" blue; fi
	for unit in $(systemctl list-units --plain --no-legend "$1-$live@*.service" | cut -d ' ' -f 1); do
		instance=${unit##*@}
		if [ "${instance%.service}" -gt "$2" ]; then disable_instance "$unit" && systemctl stop "$unit"; fi
	done
	forget_old_releases "$1"
	return 0
}

forget_old_releases() { # name: the five newest stay, and those that a slot names
	kept=$(readlink "/srv/$1/slots/blue" "/srv/$1/slots/green" | sed 's|.*/||')
	# shellcheck disable=SC2012 # names are hexadecimal
	ls -t "/srv/$1/releases" | tail -n +6 | while read -r old; do
		case "$kept" in *"$old"*) ;; *) rm -rf "/srv/$1/releases/${old:?}" ;; esac
	done
	used=$(readlink "/srv/$1/releases/"*/app)
	for bundle in "/srv/$1/bundles/"*; do
		case $used in *"/${bundle##*/}/"*) ;; *) rm -rf "$bundle" ;; esac
	done
}

op_release_remove() { # name: its processes end, then all that belongs to its releases goes
	for slot in blue green; do stop_slot "$1" "$slot"; done
	rm -rf "/srv/${1:?}/releases" "/srv/$1/bundles" "/srv/$1/history.jsonl" "/srv/$1/migrations.jsonl" \
		"/srv/$1/slots" "/run/$1/live" "/run/$1/release" "/etc/tmpfiles.d/$1-live.conf"
}
