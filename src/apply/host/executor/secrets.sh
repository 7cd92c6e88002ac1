# --- secrets ---------------------------------------------------------------------------------------------------------------
# No value is ever an argument of a program or printed: values go from file to file.

load_key() { # the first secrets bring the key under which this host compares them
	if [ -f digest-key ] && [ ! -f "$home/digest-key" ]; then
		(umask 077 && cat digest-key >"$home/digest-key.new") && sync "$home/digest-key.new" &&
			mv -fT "$home/digest-key.new" "$home/digest-key" && settle "$home/digest-key" || return 1
	fi
	[ ! -f "$home/digest-key" ] || { read -r inner_key && read -r outer_key; } <"$home/digest-key"
}

keyed_digest() { # path: as DigestKey makes it (secrets/digest-key.ts)
	digest=$(sha256sum <"$1")
	digest=$(printf '%s%s' "$inner_key" "${digest%% *}" | sha256sum | cut -c 1-64)
	digest=$(printf '%s%s' "$outer_key" "$digest" | sha256sum | cut -c 1-32)
	printf 'keyed:%s' "$digest"
}

save_secret() { # as save_path, and what is kept goes when the transaction is over
	[ -n "$future" ] || { mkdir -p "undo/$number" && : >"undo/$number/secret" && save_path "$1"; }
}

op_secret() { # path mode owner group upload
	save_secret "$1" && write_path "$1" "$2" "$3" "$4" <"uploads/$5"
}
undo_secret() { restore_path; }

op_secret_generate() { # path mode owner group bytes: one that is there stays, because data may depend on it
	if [ -s "$1" ] && [ ! -L "$1" ]; then
		chown "$3:$4" "$1" && chmod "$2" "$1"
	else
		head -c "$5" /dev/urandom | od -An -v -tx1 | tr -d ' \n' | write_path "$1" "$2" "$3" "$4" &&
			[ "$(wc -c <"$1")" -eq $(($5 * 2)) ]
	fi
}
undo_secret_generate() { sweep "$1"; }

op_secret_remove() { # path
	save_secret "$1" && save_composition "$1" && remove_path "$1"
}
undo_secret_remove() { restore_path && restore_kept && restore_composition; }

op_secret_file() { # path mode owner group upload [digests of the secrets that the plan knew]
	save_secret "$1" && keep_pristine "$1" && save_composition "$1" && (umask 077 && compose "uploads/$5" >"uploads/composed$future") &&
		write_path "$1" "$2" "$3" "$4" <"uploads/composed$future" && note_composition "$1" "$5" "${6-}"
}
undo_secret_file() { restore_path && restore_composition; }

# Values are data to Perl. As they are they must fit any language, for a password file (libpq) with its two special characters
# escaped; as a hash (crypt(3), SHA-512) they may be anything on one line.
compose() { # text with @@NAME@@, @@NAME:pgpass@@ and @@NAME:crypt@@; prints it with the secrets in their places
	# shellcheck disable=SC2016 # Perl's own variables
	perl -e '
		my $folder = shift;
		$/ = undef;
		sub value {
			my ($name) = @_;
			open(my $file, "<", "$folder/$name") or die "the secret $name is not on this host\n";
			return scalar(<$file>) // "";
		}
		sub plain {
			my ($name) = @_;
			my $value = value($name);
			return $value if $value =~ m{\A[A-Za-z0-9_+/=.,:\@~-]{1,4096}\z};
			die "the secret $name has a character that its file cannot carry, or is too long\n";
		}
		sub escaped {
			my ($value) = map { plain($_) } @_;
			$value =~ s{([:\\])}{\\$1}g;
			return $value;
		}
		sub hashed {
			my ($name) = @_;
			my $value = value($name);
			$value =~ m{\A[^\0\r\n]{1,500}\z} or die "the secret $name has more than one line, or is too long\n";
			open(my $source, "<", "/dev/urandom") or die "no random numbers\n";
			read($source, my $random, 16) == 16 or die "no random numbers\n";
			my @letters = (".", "/", 0 .. 9, "A" .. "Z", "a" .. "z");
			my $salt = join("", map { $letters[ord($_) % 64] } split(//, $random));
			my $hash = crypt($value, q($6$) . $salt . q($)) // "";
			$hash =~ m{\A\$6\$} or die "the secret $name could not be hashed\n";
			return $hash;
		}
		my $text = <STDIN> // "";
		my %written = ("" => \&plain, ":pgpass" => \&escaped, ":crypt" => \&hashed);
		$text =~ s{\@\@([A-Z][A-Z0-9_]*)(:crypt|:pgpass|)\@\@}{$written{$2}->($1)}ge;
		print $text and close(STDOUT) or die "the text could not be written\n";
	' "$secrets" <"$1"
}

# What each file was composed from, one line a time: path|hash of the text|digest of the result|digests that the plan knew|
# digests of the secrets by their paths. The last line about a path counts; one with nothing behind the path says nothing.
compositions=$home/compositions

append_composition() { # line
	[ -z "$future" ] || return 0
	if [ -s "$compositions" ] && [ -n "$(tail -c 1 "$compositions")" ]; then printf '\n' >>"$compositions"; fi
	printf '%s\n' "$1" >>"$compositions" && sync -d "$compositions"
}

save_composition() { # path: until a new line is written, nothing is known about it
	[ -z "$future" ] && [ -f "$compositions" ] && [ ! -f "undo/$number/composition" ] || return 0
	path=$1 awk -F '|' '$1 == ENVIRON["path"] { line = $0 } END { if (line) print line }' "$compositions" >"undo/$number/composition"
	[ ! -s "undo/$number/composition" ] || append_composition "$1|"
}

restore_composition() {
	[ ! -s "undo/$number/composition" ] || append_composition "$(cat "undo/$number/composition")"
}

note_composition() { # path upload digests
	parts=
	# shellcheck disable=SC2013 # names are words
	for name in $(grep -o '@@[A-Z][A-Z0-9_]*' "uploads/$2" | sort -u); do
		parts="$parts $secrets/${name#@@}=$(keyed_digest "$secrets/${name#@@}")"
	done
	append_composition "$1|$(sha256sum <"uploads/$2" | cut -c 1-64)|$(keyed_digest "$1")|$3|${parts# }"
}
