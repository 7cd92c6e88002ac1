# --- paths -----------------------------------------------------------------------------------------------------------------

# What is at a path is kept, on disk, before anything there changes. Only a whole copy counts: the file `path` is written last.

save_path() { # path
	[ -z "$future" ] && [ ! -f "undo/$number/path" ] || return 0
	mkdir -p "undo/$number" && rm -rf "undo/$number/old" && is_expected "$1" || return 1
	case $was in keyed:*) : >"undo/$number/secret" ;; esac
	if [ -d "$1" ] && [ ! -L "$1" ]; then
		stat -c '0%04a %U:%G' "$1" >"undo/$number/directory" && sync "undo/$number/directory"
	elif [ -e "$1" ] || [ -L "$1" ]; then
		cp -a --no-dereference "$1" "undo/$number/old"
	else
		: >"undo/$number/absent"
	fi && note_safely path "$1"
}

note_safely() { # name, text: for the way back of this step
	if [ -f "undo/$number/old" ] && [ ! -L "undo/$number/old" ]; then sync "undo/$number/old" || return 1; fi
	printf '%s\n' "$2" >"undo/$number/$1.new" && sync "undo/$number/$1.new" "undo/$number" &&
		mv "undo/$number/$1.new" "undo/$number/$1" && sync "undo/$number" undo
}

restore_path() {
	[ -f "undo/$number/path" ] || return 0
	path=$(cat "undo/$number/path")
	sweep "$path"
	if [ -f "undo/$number/directory" ]; then
		read -r bits owner <"undo/$number/directory"
		mkdir -p "$path" && chown "$owner" "$path" && chmod "$bits" "$path"
	elif [ -f "undo/$number/absent" ]; then
		if [ -d "$path" ] && [ ! -L "$path" ]; then remove_made "$path"; else rm -f "$path"; fi && settle "$path"
	else
		cp -a --no-dereference "undo/$number/old" "$path.fairlead-undo" && sync_file "$path.fairlead-undo" &&
			mv -fT "$path.fairlead-undo" "$path" && settle "$path"
	fi
}

remove_made() { # folder that this transaction made; nginx -t, for one, makes empty logs in it. What has content stays, and is told
	find "$1" -mindepth 1 -type f -empty -delete && rmdir "$1"
}

sweep() { # path: what a write that was cut off left beside it
	rm -f "$1.fairlead-new" "$1.fairlead-undo" "$1.fairlead-kept" "$(dirname "$1")"/.fairlead.??????
}

sync_file() { # path of a file or a link; a link is on disk with its folder
	[ -L "$1" ] || sync "$1"
}

what_is() { # path: as the plan names what it saw there
	if [ -L "$1" ]; then
		printf symlink
	elif [ -f "$1" ] && [ "${2#keyed:}" != "$2" ]; then
		keyed_digest "$1"
	elif [ -f "$1" ]; then
		sha256sum <"$1" | cut -d ' ' -f 1
	elif [ -d "$1" ]; then
		printf directory
	else
		printf absent
	fi
}

# A hand may have changed a path after the transaction began. What only came while packages were installed is theirs.
is_expected() { # path
	was=$(path=$1 awk -F '|' '$2 == ENVIRON["path"] { print $1 }' expectations)
	if [ -z "$was" ] || [ "$(what_is "$1" "$was")" = "$was" ]; then return 0; fi
	if [ "$was" = absent ] && grep -q '^[0-9]*|package_install|' steps; then return 0; fi
	printf '%s changed on the host while this apply was at work\n' "$1"
	return 1
}

settle() { # a rename is safe from a power cut once the folder is on disk; one below /run is gone after it
	[ -n "$future" ] || [ ! -d "$(dirname "$1")" ] || sync "$(dirname "$1")"
}

# A package's configuration file that nobody had changed (deb-conffiles(5)) is kept before another takes its place, and comes
# back when that one goes.
originals=$home/distribution

keep_pristine() { # path
	[ -z "$future" ] && [ -f "$1" ] && [ ! -L "$1" ] && [ ! -e "$originals$1" ] || return 0
	# shellcheck disable=SC2016 # variables of dpkg and awk
	dpkg-query -W -f='${Conffiles}\n' 2>/dev/null | path=$1 awk '$1 == ENVIRON["path"] { print $2 "  " $1 }' |
		md5sum --check --status 2>/dev/null || return 0
	keep "$1"
}

keep() { # path: until what takes its place goes
	mkdir -p "$(dirname "$originals$1")" && cp -a --no-dereference "$1" "$originals$1.new" && sync_file "$originals$1.new" &&
		mv -fT "$originals$1.new" "$originals$1" && settle "$originals$1"
}

op_keep_original() { # path: what somebody else had there comes back when this project leaves it
	[ -z "$future" ] || return 0
	if [ ! -e "$originals$1" ] && [ ! -L "$originals$1" ]; then mkdir -p "undo/$number" && note_safely kept "$1" && keep "$1"; fi
}
undo_keep_original() {
	[ ! -f "undo/$number/kept" ] || rm -f "$originals$(cat "undo/$number/kept")"
}

write_path() { # path mode owner group: its content comes on standard input
	temporary=$(mktemp "$(dirname "$1")/.fairlead.XXXXXX") || return 1
	chown "$3:$4" "$temporary" && chmod "$2" "$temporary" && cat >"$temporary" &&
		{ [ -n "$future" ] || sync "$temporary"; } && mv -fT "$temporary" "$1" && settle "$1" && return 0
	rm -f "$temporary"
	return 1
}

remove_path() { # path: what the distribution or somebody else had there comes back
	if [ -e "$originals$1" ] || [ -L "$originals$1" ]; then
		cp -a --no-dereference "$originals$1" "$1.fairlead-kept" && sync_file "$1.fairlead-kept" && mv -fT "$1.fairlead-kept" "$1" &&
			settle "$1" && forget_kept "$1"
	else
		rm -f "$1" && settle "$1"
	fi
}

forget_kept() { # path: it stays until the transaction is over, for the way back
	[ -n "$future" ] || { mkdir -p "undo/$number" && mv -fT "$originals$1" "undo/$number/kept-there" && settle "$originals$1"; }
}

op_file() { # path mode owner group upload
	save_path "$1" && keep_pristine "$1" && write_path "$1" "$2" "$3" "$4" <"uploads/$5"
}
undo_file() { restore_path; }

op_symlink() { # path target
	save_path "$1" && link_to "$2" "$1"
}
undo_symlink() { restore_path; }

link_to() { # target, path: replaces a link by a rename
	rm -f "$2.fairlead-new" && ln -s "$1" "$2.fairlead-new" && mv -fT "$2.fairlead-new" "$2" && settle "$2"
}

op_directory() { # path mode owner group
	save_path "$1" && mkdir -p "$1" && chown "$3:$4" "$1" && chmod "$2" "$1"
}
undo_directory() { restore_path; }

op_directory_remove() { # path: only an empty one goes
	[ -d "$1" ] && [ ! -L "$1" ] || return 0
	save_path "$1" && rmdir --ignore-fail-on-non-empty "$1"
}
undo_directory_remove() { restore_path; }

op_path_remove() { # path
	save_path "$1" && remove_path "$1"
}
undo_path_remove() { restore_path && restore_kept; }

restore_kept() {
	if [ ! -e "undo/$number/kept-there" ] && [ ! -L "undo/$number/kept-there" ]; then return 0; fi
	path=$(cat "undo/$number/path")
	cp -a --no-dereference "undo/$number/kept-there" "$originals$path" && settle "$originals$path"
}
