#!/bin/sh
# Migrations: forward only, whole or not at all, one at a time, and refused with one line.
# TESTS_PROGRAMS is the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-migrate.XXXXXX)
chmod 755 "$place"
said=$place/said
sql=$place/sql
export SOCIUS_VAR="$place/var"

finish() {
	trap - EXIT
	./socius stop >/dev/null 2>&1
	rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: wanted "%s", got "%s"\n' "$1" "$2" "$3"
		[ ! -s "$said" ] || tail -n 5 "$said"
	fi
}

migrate() {
	code=0
	"$programs/socius-ctl" migrate --sql "$sql" >"$said" 2>&1 || code=$?
	echo "$code"
}

# refused NAME WORDS: one line, which holds the words
refused() {
	expect "$1: refused" 1 "$(migrate)"
	expect "$1: one line" 1 "$(wc -l <"$said" | tr -d ' ')"
	expect "$1: says why" 1 "$(grep -cF "$2" "$said")"
}

fresh_sql() {
	rm -rf "$sql"
	cp -r sql "$sql"
}

ask() {
	./socius psql -qAt -c "$1" 2>&1
}

./socius run --database-only --detach --programs "$programs" >"$said" 2>&1
expect "a database alone: started" 0 $?
expect "a database alone: no api" "" "$(./socius status | grep -E '^(api|runner)')"

fresh_sql
expect "the same files" 0 "$(migrate)"
expect "the same files: nothing to do" "the database is up to date" "$(cat "$said")"

echo '-- a word more' >>"$sql/api/identity.sql"
expect "a changed function" 0 "$(migrate)"
expect "a changed function: it alone" "applied sql/api/identity.sql" "$(cat "$said")"

echo 'create table core.test_migrated ();' >"$sql/schema/9000_test.sql"
expect "a new schema file" 0 "$(migrate)"
expect "a new schema file: everything after it again" \
	"$(find "$sql/api" "$sql/jobs" "$sql/laws" -name '*.sql' | wc -l)" \
	"$(grep -cE 'applied sql/(api|jobs|laws)/' "$said")"

echo '-- a word more' >>"$sql/schema/9000_test.sql"
refused "a changed past file" "sql/schema/9000_test.sql has changed since it was applied"
rm "$sql/schema/9000_test.sql"
refused "a past file that is gone" "sql/schema/9000_test.sql was applied to this database but is gone"
echo 'create table core.test_migrated ();' >"$sql/schema/9000_test.sql"

echo 'select 1;' >"$sql/schema/8000_late.sql"
refused "a file before one that was applied" "sql/schema/8000_late.sql comes before"
rm "$sql/schema/8000_late.sql"

printf 'create table core.test_half ();\n\nselect * from core.nothing;\n' >"$sql/schema/9001_fails.sql"
refused "a file that fails" "sql/schema/9001_fails.sql:3: 42P01"
expect "a file that fails: none of it stays" "" "$(ask "select to_regclass('core.test_half')")"
rm "$sql/schema/9001_fails.sql"

echo 'commit;' >"$sql/schema/9001_ends.sql"
refused "a file that ends its transaction" "sql/schema/9001_ends.sql ends the transaction"
rm "$sql/schema/9001_ends.sql"

echo 'select 1;' >"$sql/schema/new.sql"
refused "a file without a number" "sql/schema/new.sql must be named"
rm "$sql/schema/new.sql"

for number in 1 2 3; do
	echo "create table core.test_twin_$number (); select pg_sleep(0.05);" \
		>"$sql/schema/910${number}_twin.sql"
done
"$programs/socius-ctl" migrate --sql "$sql" >"$place/twin" 2>&1 &
twin=$!
expect "two at once: one" 0 "$(migrate)"
wait "$twin"
expect "two at once: the other" 0 $?
expect "two at once: each file once" 3 "$(cat "$said" "$place/twin" | grep -c 'applied sql/schema/910')"

finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
