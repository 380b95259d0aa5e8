#!/bin/sh
# A person is erased after a backup was taken: the backup says nothing of her in clear, and what is
# restored of it knows her no more. TESTS_PROGRAMS is the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-erased.XXXXXX)
chmod 755 "$place"
said=$place/said
SOCIUS_VAR=$place/var
export SOCIUS_VAR
# shellcheck disable=SC2046 # the ports are words
set -- $("$programs/socius-ctl" free-ports --count 2)
SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2
export SOCIUS_PORT SOCIUS_METRICS_PORT
api=http://127.0.0.1:$SOCIUS_PORT

finish() {
	trap - EXIT
	[ ! -e "$SOCIUS_VAR" ] || ./socius stop >/dev/null 2>&1
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

field() {
	sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"
}

# send TOKEN METHOD PATH [BODY]; TOKEN may be empty
send() {
	curl -s -m 10 -X "$2" "$api$3" -H "Idempotency-Key: $3" ${1:+-H "Authorization: Bearer $1"} \
		${4:+-H "Content-Type: application/json" -d "$4"}
}

# The code of the one letter that there is.
code() {
	tries=3000
	until [ -n "$(ls "$SOCIUS_VAR/mail" 2>/dev/null)" ] || [ "$tries" = 0 ]; do
		tries=$((tries - 1))
		curl -s -o /dev/null -m 10 "$api/readyz"
	done
	sed -n 's/.*code is \([0-9]*\).*/\1/p' "$SOCIUS_VAR"/mail/*.eml
}

sign_in() {
	send '' POST /v1/auth/sessions '{"email":"zita.wren@example.com","device_name":"Zitas phone",
		"password":"seven loud geese fly","market_code":"demo"}'
}

name() {
	send "$operator" GET "/v1/partners/$partner" | field name
}

becomes_a_partner() {
	asked=$(send '' POST /v1/accounts '{"email":"zita.wren@example.com","name":"Zita Wren",
		"password":"seven loud geese fly"}' | field confirmation_id)
	send '' POST /v1/accounts/confirmations \
		"{\"confirmation_id\":\"$asked\",\"code\":\"$(code)\"}" >/dev/null
	programme=$(send "$operator" GET '/v1/programmes?kind=co_creator' | field programme_id)
	partner=$(send "$(sign_in | field access_token)" POST /v1/partners "{\"name\":\"Zita Wren\",
		\"enrolments\":[{\"kind\":\"co_creator\",\"programme_id\":\"$programme\"}]}" |
		field partner_id)
	token=$(sign_in | field access_token)
	send "$token" PUT "/v1/partners/$partner/bank_account" \
		'{"iban":"DE89370400440532013000","holder_name":"Zita Wren"}' >/dev/null
	expect "she has a name" "Zita Wren" "$(name)"
	expect "and a bank account" 3000 \
		"$(send "$token" GET "/v1/partners/$partner/bank_account" | field last_four)"
}

is_not_in_the_dump() {
	./socius backup "$place/before.tar" >"$said" 2>&1
	expect "a backup" 0 $?
	tar -C "$place" -xf "$place/before.tar" database.dump
	/usr/lib/postgresql/15/bin/pg_restore -f "$place/dump.sql" "$place/database.dump"
	expect "the dump has her, and what is sealed for her" 2 "$(grep -c "^[0-9]*.$partner.*sealed1:" "$place/dump.sql")"
	for word in Wren zita.wren@example.com DE89370400440532013000 'Zitas phone'; do
		expect "the dump does not say $word" 0 "$(grep -ciF "$word" "$place/dump.sql")"
	done
}

is_erased() {
	expect "she leaves" erased "$(send "$token" POST /v1/me/erasure \
		'{"password":"seven loud geese fly"}' | field state)"
	# until both workers have forgotten her: ten times in a row, on fresh connections
	tries=3000
	in_a_row=0
	while [ "$in_a_row" -lt 10 ] && [ "$tries" -gt 0 ]; do
		tries=$((tries - 1))
		[ "$(name)" = null ] && in_a_row=$((in_a_row + 1)) || in_a_row=0
	done
	expect "nobody knows her name" 10 "$in_a_row"
}

stays_erased() {
	./socius restore "$place/before.tar" >"$said" 2>&1
	expect "the backup of before, restored" 0 $?
	expect "her rows are there" "$partner" \
		"$(send "$operator" GET "/v1/partners/$partner" | field partner_id)"
	expect "her name is not" null "$(name)"
	expect "she is no partner" closed "$(./socius psql -qAt -c "select state
		from identity.partner where partner_id = '$partner'")"
	expect "nobody signs in as her" sign_in_wrong "$(sign_in | field code)"
	expect "nobody finds her bank account" "" "$(./socius psql -qAt -c "select iban_key
		from onboarding.bank_account where partner_id = '$partner'")"
}

./socius run --detach --programs "$programs" --module "$programs/socius.so" >"$said" 2>&1
expect "start" 0 $?
operator=$(./socius token --role operator --market demo --ttl 3600)
becomes_a_partner
is_not_in_the_dump
is_erased
stays_erased

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
