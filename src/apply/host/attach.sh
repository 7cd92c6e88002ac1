# Prints the log of an apply from its beginning, and goes on until it ends. On standard input: the project, and an id or nothing
# for the newest. First come its id and its steps, as
# "transaction <id> <steps>" and "plan <number>|<title>".
# shellcheck shell=sh disable=SC2154 # base and follow come from follow.sh

read -r project
read -r id
if [ -z "$id" ]; then
	# The one at work, or else the newest; one that found the host locked did nothing.
	id=$(basename "$(readlink "$base/$project/unfinished")")
	[ -n "$id" ] || id=$(cd "$base/$project/transactions" 2>/dev/null && grep -L '^end locked' -- */journal 2>/dev/null | sed 's|/.*||' | tail -n 1)
fi
folder=$base/$project/transactions/$id
if [ -z "$id" ] || ! [ -f "$folder/steps" ]; then
	printf 'end failed this host knows no apply %s of %s\n' "$id" "$project"
	exit 0
fi
printf 'transaction %s %s\n' "$id" "$(wc -l <"$folder/steps")"
cut -d '|' -f 1,4 "$folder/steps" | sed 's/^/plan /'
follow "$folder" "fairlead-$project-$id" 1
exit 0
