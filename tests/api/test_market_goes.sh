#!/bin/sh
# A test market goes: when its day is over the runner takes it away whole. The day is put back in
# the database, because no test waits for one.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0

check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: "%s" instead of "%s"\n' "$1" "$3" "$2"
	fi
}

[ -n "${SOCIUS_URL:-}" ] || {
	echo "0 passed, 0 failed"
	exit
}

# sql STATEMENT: its first cell.
sql() {
	./socius psql -X -q -A -t -c "$1" | head -n 1
}

# keys STATEMENT: likewise, in the keys' database.
keys() {
	psql -X -q -A -t "$("$SOCIUS_CTL" conninfo) dbname=socius_keys" -c "$1" | head -n 1
}

# call METHOD PATH [BODY], as the operator
call() {
	curl -s -X "$1" "$SOCIUS_URL$2" -H "Authorization: Bearer $token" -H "Idempotency-Key: goes-$number" \
		${3:+-H "Content-Type: application/json" -d "$3"}
}

# The status of the market, as its operator sees it.
look() {
	curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" \
		"$SOCIUS_URL/v1/markets/$code"
}

made=$(curl -s -X POST "$SOCIUS_URL/v1/test/markets")
token=$(echo "$made" | sed 's/.*"name":"operator"[^}]*"token":"\([^"]*\)".*/\1/')
code=$(echo "$made" | grep -o '"code":"test-[0-9a-f]*"' | cut -d '"' -f 4)
number=$(echo "$made" | sed 's/^{"market_id":\([0-9]*\).*/\1/')

check "it is there" 200 "$(look)"
programme=$(call GET '/v1/programmes?kind=co_creator' | sed -n 's/.*"programme_id":"\([^"]*\)".*/\1/p')
partner=$(call POST /v1/partners "{\"name\":\"Zita Wren\",
	\"enrolments\":[{\"kind\":\"co_creator\",\"programme_id\":\"$programme\"}]}" |
	sed -n 's/.*"partner_id":"\([^"]*\)".*/\1/p')
check "its partner has a key" 1 "$(keys "select count(*) from keys.person_key where person_id = '$partner'")"
sql "update testing.market set expires_at = now() - interval '5 minutes' where market_id = $number"
sql "update core.job set due_at = now() where kind = 'sweep_test_markets'"
tries=0
while [ "$(look)" = 200 ] && [ $tries -lt 2000 ]; do
	tries=$((tries + 1))
done
check "it has gone" 404 "$(look)"
check "nobody is left" 0 "$(sql "select count(*) from identity.account where test_market_id = $number")"
check "nothing is left" 0 "$(sql "select count(*) from laws.rows_have_their_market")"
tries=0
while [ "$(sql "select count(*) from identity.removed_person")" != 0 ] && [ $tries -lt 500 ]; do
	tries=$((tries + 1))
done
check "no key is left" 0 "$(keys "select count(*) from keys.person_key where person_id = '$partner'")"
check "its people see nothing" 200 "$(curl -s -o /dev/null -w '%{http_code}' \
	-H "Authorization: Bearer $token" "$SOCIUS_URL/v1/partners")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
