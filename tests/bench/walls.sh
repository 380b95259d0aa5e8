#!/bin/sh
# What row-level security costs in CPU time of the server, an operation with and without it in turn on
# a throw-away cluster, and what the check of an access token costs. Writes their part of
# docs/BENCH.md. Settings: BENCH_WALL_ROUNDS (5).
set -eu
cd "$(dirname "$0")/../.."

rounds=${BENCH_WALL_ROUNDS:-5}
folder=$(mktemp -d /tmp/socius-walls.XXXXXX)
chmod 755 "$folder"
trap 'tests/support/scratch "$folder/scratch" stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
clone=$PWD
conninfo=$(cd / && "$clone/tests/support/scratch" "$folder/scratch")

say() { printf '%s\n' "$*" >&2; }

sql() { "${PG_BIN:-/usr/lib/postgresql/15/bin}/psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# The same database once more, with row security off for every table that has it. The grants stay.
make_without() {
	sql "$conninfo dbname=postgres" -c "create database without template socius"
	# settings of a database are not copied with it
	sql "$conninfo" -c "select format('alter database without set %s = %L;', split_part(c, '=', 1),
		trim('\"' from split_part(c, '=', 2))) from pg_catalog.pg_db_role_setting s
		join pg_catalog.pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) c
		where d.datname = current_database()" | sql "$conninfo dbname=without"
	sql "$conninfo dbname=without" -c "select format('alter table %s disable row level security,
		no force row level security;', c.oid::regclass) from pg_catalog.pg_class c
		where c.relrowsecurity" | sql "$conninfo dbname=without"
	for database in socius without; do
		sql "$conninfo dbname=$database" -c 'vacuum analyze'
	done
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# compare CASE COUNT: appends "with without" to the case's file. Rounds book slots of their own.
compare() {
	round=0
	while [ $round -lt "$rounds" ]; do
		build/tests/bench/walls "$conninfo user=socius_gate" \
			"$conninfo user=socius_gate dbname=without" "$1" 9001 $round "$2" >>"$folder/$1"
		say "$1: $(tail -n 1 "$folder/$1") us with and without"
		round=$((round + 1))
	done
}

# row CASE TITLE GOAL
row() {
	awk '{ printf "%.1f\n", ($1 / $2 - 1) * 100 }' "$folder/$1" | sort -n >"$folder/percent"
	echo "| $2 | $(awk '{ print $1 }' "$folder/$1" | median) | $(awk '{ print $2 }' "$folder/$1" |
		median) | **$(median <"$folder/percent") %** ($(head -n 1 "$folder/percent") to $(tail -n 1 \
		"$folder/percent")) | $3 % |"
}

write_part() {
	cat tests/bench/walls.md
	echo
	echo "Measured on $(date -u +%Y-%m-%d), $(nproc) cores ($(sed -n 's/^model name.*: //p' \
		/proc/cpuinfo | head -1)), median of $rounds rounds."
	echo
	echo "| operation | us with | us without | row security costs (least to most) | goal |"
	echo "|---|---|---|---|---|"
	row book "book, in batches of 64" 25
	row read "read one slot" 40
	echo
	echo "| check of an access token | ns |"
	echo "|---|---|"
	echo "| first time: signature and claims | $(awk '{ print $1 }' "$folder/tokens" | median) |"
	echo "| later: remembered by the worker | $(awk '{ print $2 }' "$folder/tokens" | median) |"
}

say "filling the bench's markets"
sql "$conninfo" -v partners=5000 -v slots=20000 -f - <tests/bench/market.sql >/dev/null
# what it does beside would be counted for whom it meets
sql "$conninfo" -c 'alter system set autovacuum = off' -c 'select pg_reload_conf()' >/dev/null
make_without
compare book 25600
compare read 40000
round=0
while [ $round -lt "$rounds" ]; do
	build/tests/bench/tokens 5000 >>"$folder/tokens"
	round=$((round + 1))
done
write_part >"$folder/part"
awk '/^## What the walls cost/ { skip = 1; next } /^## / { skip = 0 } !skip' docs/BENCH.md |
	sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$folder/page"
{
	cat "$folder/page"
	echo
	cat "$folder/part"
} >docs/BENCH.md
say "wrote their part of docs/BENCH.md"
