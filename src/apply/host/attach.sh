# Prints the log of an apply from its beginning, and goes on until it ends. On standard input: the project, and an id or nothing
# for the newest. First come its id and its steps, as
# "transaction <id> <steps>" and "plan <number>|<title>".
# shellcheck shell=sh disable=SC2154 # base and follow come from follow.sh

read -r project
read -r id
if [ -z "$id" ]; then
	# shellcheck disable=SC2012 # names are times and hexadecimal digits
	id=$(ls "$base/$project/transactions" 2>/dev/null | tail -n 1)
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
