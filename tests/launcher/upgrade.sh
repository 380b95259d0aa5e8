#!/bin/sh
# Upgrades: what an older commit has written, over its API, is there under the present one, on the
# same SOCIUS_VAR; the older one refuses a newer database; and one that runs is not disturbed.
# TESTS_PROGRAMS is the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

# The commits to come from: the first whole spine, as it was finished.
olds='95fe410'

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-upgrade.XXXXXX)
chmod 755 "$place"
said=$place/said
old=$place/old
SOCIUS_VAR=$place/var
export SOCIUS_VAR

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

ask() {
	./socius psql -qAt -c "$1" 2>&1
}

# send TOKEN METHOD PATH KEY [BODY]: the reply
send() {
	curl -s -m 20 -X "$2" "$api$3" -H "Authorization: Bearer $1" -H "Idempotency-Key: $4" \
		${5:+-H "Content-Type: application/json" -d "$5"}
}

field() {
	grep -oE "\"$1\":\"?[^\",}]*" | head -n 1 | sed 's/.*://; s/"//'
}

token() {
	"$1/socius" token --market demo --role "$2" ${3:+--partner "00000000-0000-7000-8000-000000000$3"}
}

# The old commit, built in a folder of its own; what it needs is here already.
build_old() {
	mkdir "$old"
	git archive "$1" | tar -C "$old" -xf -
	make -C "$old" -s -j"$(nproc)" build >"$said" 2>&1
	expect "$1 builds" 0 $?
}

makes_data() {
	courier=$(token "$old" partner 101)
	app=$(token "$old" service)
	slot=$(send "$courier" GET '/v1/slots?free=true&limit=1' '' | field slot_id)
	booking=$(send "$courier" POST "/v1/slots/$slot/bookings" upgrade-1 | field booking_id)
	for number in 1 2 3; do
		send "$app" POST /v1/trips "" '{"trip_id":"0193b3a0-0000-7000-8000-00000000000'$number'",
			"partner_id":"00000000-0000-7000-8000-000000000108",
			"started_at":"2026-11-20T18:00:00Z","ended_at":"2026-11-20T18:12:00Z",
			"distance_m":3400,"fare_minor":1003,"tip_minor":200,"tolls_minor":0,
			"taxes_and_fees_minor":0,"currency":"EUR","payment":"card","status":"completed"}' \
			>"$place/trip"
	done
	expect "the old one books" 36 "${#booking}"
	expect "the old one posts trips" 3006 "$(send "$(token "$old" partner 108)" GET \
		/v1/partners/00000000-0000-7000-8000-000000000108/balance '' | field balance_minor)"
	send "$(token "$old" operator)" POST /v1/payout_runs upgrade-2 '{}' >"$place/payout_run"
	tries=500
	while [ "$tries" -gt 0 ] && [ "$(paid_out "$old")" != 3006 ]; do
		tries=$((tries - 1))
	done
	expect "the old one pays out" 3006 "$(paid_out "$old")"
}

paid_out() {
	send "$(token "$1" partner 108)" GET /v1/payouts '' | field amount_minor
}

# One line a room, so that a difference says where.
contents() {
	ask "select 'bookings', count(*), md5(string_agg(b.booking_id || b.state::text, ' '
			order by b.booking_id)) from scheduling.booking b
		union all select 'slots', count(*), sum(s.booked)::text from scheduling.slot s
		union all select 'trips', count(*), sum(t.fare_minor)::text from fulfilment.trip t
		union all select 'wallets', count(*), sum(w.balance_minor)::text from ledger.wallet w
		union all select 'partners', count(*), md5(string_agg(p.partner_id || p.state, ' '
			order by p.partner_id)) from identity.partner p
		union all select 'enrolments', count(*), min(e.state::text) from onboarding.enrolment e
		union all select 'keys', count(*), md5(string_agg(k.key, ' ' order by k.key))
			from core.request_key k
		order by 1"
}

run_present() {
	code=0
	./socius run --detach --no-seed --programs "$programs" --module "$programs/socius.so" \
		>"$said" 2>&1 || code=$?
}

does_not_disturb() {
	run_present
	expect "the present one beside the running old one: exit code" 1 "$code"
	expect "the present one beside the running old one: one line" 1 "$(wc -l <"$said" | tr -d ' ')"
	expect "the present one beside the running old one: says so" 1 \
		"$(grep -c 'an instance runs already in' "$said")"
	expect "the old one still answers" 200 "$(ready)"
}

ready() {
	curl -s -o /dev/null -m 5 -w '%{http_code}' "$api/readyz"
}

takes_over() {
	contents >"$place/before"
	"$old/socius" stop >"$said" 2>&1
	expect "the old one stops" 0 $?
	run_present
	expect "upgrade: exit code" 0 "$code"
	expect "upgrade: ready" 200 "$(ready)"
	contents | diff "$place/before" - >"$said" 2>&1
	expect "upgrade: everything is there" 0 $?
	expect "upgrade: no name is in clear" 0 \
		"$(ask "select count(*) from identity.partner where name not like 'sealed1:%'")"
	expect "upgrade: but the API shows them" 12 "$(curl -s "$api/v1/partners" \
		-H "Authorization: Bearer $(./socius token --role operator --market demo)" |
		grep -o '"name":"[A-Z]' | wc -l | tr -d ' ')"
	./socius laws >"$said" 2>&1
	expect "upgrade: laws" 0 $?
	courier=$(token . partner 101)
	expect "upgrade: a key of before is still known" "$booking" \
		"$(send "$courier" POST "/v1/slots/$slot/bookings" upgrade-1 | field booking_id)"
	expect "upgrade: a payout of before" 3006 "$(paid_out .)"
	courier=$(token . partner 102)
	expect "upgrade: who was active still may book" 36 \
		"$(send "$courier" POST "/v1/slots/$slot/bookings" upgrade-3 | field booking_id | wc -c |
			awk '{ print $1 - 1 }')"
}

does_not_go_back() {
	./socius stop >"$said" 2>&1
	code=0
	"$old/socius" run --detach --no-seed >"$said" 2>&1 || code=$?
	expect "downgrade: exit code" 1 "$code"
	expect "downgrade: one line" 1 "$(grep -c '^socius: ' "$said")"
	# keys that are shared with the API's own user are the first that it does not know
	expect "downgrade: says why" 1 "$(grep -cE \
		'these files are older than the database|can be read by others than its owner' "$said")"
	run_present
	expect "after that: exit code" 0 "$code"
	./socius laws >"$said" 2>&1
	expect "after that: laws" 0 $?
}

for commit in $olds; do
	if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
		git fetch -q --unshallow >"$said" 2>&1
	fi
	build_old "$commit"
	# shellcheck disable=SC2046 # the ports are words
	set -- $("$programs/socius-ctl" free-ports --count 2)
	SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2
	export SOCIUS_PORT SOCIUS_METRICS_PORT
	api=http://127.0.0.1:$SOCIUS_PORT
	"$old/socius" run --detach >"$said" 2>&1
	expect "$commit starts" 0 $?
	makes_data
	does_not_disturb
	takes_over
	does_not_go_back
done
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
