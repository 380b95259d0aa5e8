#!/bin/sh
# The keys of persons: backed up, wrapped anew under a running API, restored but not resurrected.
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
file=$(mktemp)
trap 'rm -f "$file"' EXIT

keys() {
	(cd / && /usr/lib/postgresql/15/bin/psql -X -q -A -t \
		"$("$SOCIUS_CTL" conninfo) dbname=socius_keys" -c "$1")
}

call() {
	method=$1 path=$2
	shift 2
	curl -s -X "$method" -H "Authorization: Bearer $token" -H "Content-Type: application/json" \
		"$SOCIUS_URL$path" "$@"
}

wrapped_with() {
	keys "select encode(substr(wrapped, 1, 4), 'hex') from keys.person_key
		where person_id = '$partner'"
}

made=$(curl -s -X POST "$SOCIUS_URL/v1/test/markets")
token=$(echo "$made" | sed 's/.*"name":"operator"[^}]*"token":"\([^"]*\)".*/\1/')
programme=$(call GET '/v1/programmes?kind=co_creator' | sed 's/.*"programme_id":"\([^"]*\)".*/\1/')
partner=$(call POST /v1/partners -H 'Idempotency-Key: keys' -d "{\"name\":\"Zita Key\",
	\"enrolments\":[{\"kind\":\"co_creator\",\"programme_id\":\"$programme\"}]}" |
	sed 's/.*"partner_id":"\([^"]*\)".*/\1/')
name() {
	call GET "/v1/partners/$partner" | grep -o '"name":"Zita Key"'
}

check "she has a name" '"name":"Zita Key"' "$(name)"
./socius backup --keys "$file" >/dev/null
check "her key is in the file" 1 "$(grep -c "^$partner" "$file")"
before=$(wrapped_with)
./socius rotate-kek --forget-old >/dev/null
check "all goes on under a new key" 0 $?
check "hers is wrapped anew" 1 "$([ "$(wrapped_with)" = "$before" ] || echo 1)"
check "nobody's is as before" 0 "$(keys "select count(*) from keys.person_key
	where encode(substr(wrapped, 1, 4), 'hex') <= '$before'")"
check "and she has it still" '"name":"Zita Key"' "$(name)"

# await STATUS: until it is that ten times in a row, on fresh connections: both workers have their say.
await() {
	tries=0
	in_a_row=0
	while [ "$in_a_row" -lt 10 ] && [ $tries -lt 3000 ]; do
		tries=$((tries + 1))
		got=$(call GET "/v1/partners/$partner" -o /dev/null -w '%{http_code}')
		[ "$got" = "$1" ] && in_a_row=$((in_a_row + 1)) || in_a_row=0
	done
	echo "$got"
}

# Only what needs a key waits for the keys' database.
./socius psql -q -c 'alter database socius_keys with allow_connections false' >/dev/null
./socius psql -q -c "select pg_terminate_backend(pid) from pg_stat_activity
	where datname = 'socius_keys'" >/dev/null
check "keys away: unavailable" 503 "$(await 503)"
check "keys away: all else goes on" 200 \
	"$(call GET /v1/slots -o /dev/null -w '%{http_code}')"
./socius psql -q -c 'alter database socius_keys with allow_connections true' >/dev/null
check "keys there again" 200 "$(await 200)"

keys "select keys.destroy_key('$partner')" >/dev/null
./socius restore --keys "$file" >/dev/null
check "a restore" 0 $?
check "brings no key back that was destroyed" t \
	"$(keys "select wrapped is null from keys.person_key where person_id = '$partner'")"
keys "delete from keys.person_key where person_id = '$partner'"
./socius restore --keys "$file" >/dev/null
check "but those that are missing" "$before" "$(wrapped_with)"
keys "select keys.destroy_key('$partner')" >/dev/null
./socius backup --keys "$file" >/dev/null
keys "delete from keys.person_key where person_id = '$partner'"
./socius restore --keys "$file" >/dev/null
check "and that they were destroyed" t \
	"$(keys "select wrapped is null from keys.person_key where person_id = '$partner'")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
