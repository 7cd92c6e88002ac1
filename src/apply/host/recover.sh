# Ends a transaction that was cut off, as its executor says, and prints what that did. On standard input: the project and the id.
# The last line is "end <outcome> …".
# shellcheck shell=sh disable=SC2154 # base and follow come from follow.sh

read -r project && read -r id
unit=fairlead-$project-$id
folder=$base/$project/transactions/$id
if ! [ -f "$folder/executor.sh" ]; then
	printf 'end failed the transaction %s is not on this host\n' "$id"
	exit 0
fi
if [ "$(systemctl show --property=ActiveState --value -- "$unit")" = active ]; then
	printf 'end locked %s\n' "$(cat "$base/$project/holder" 2>/dev/null)"
	exit 0
fi
# One that systemd recovers already is only followed.
first=$(($(wc -l <"$folder/log") + 1))
if ! is_worked_on "$folder" "$unit"; then
	said=$(systemd-run --quiet --collect --unit="$unit" --property=KillMode=mixed /bin/sh "$folder/executor.sh" "$folder" recover 2>&1) || {
		printf 'end failed cannot start the executor: %s\n' "$said"
		exit 0
	}
fi
follow "$folder" "$unit" "$first"
exit 0
