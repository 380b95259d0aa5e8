#!/bin/sh
# From a trip file to audited payouts: imports a file through the API of the running instance, twice,
# and holds what the ledger, the statements and a payout run say against figures worked out beforehand.
# The small file is ours, and so is the long one, made of it: each of its trips in every month of 31
# days of some years. Where the trips of New York of March 2019 lie beside the clone, these as well.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
folder=$(mktemp -d)
log=$folder/log
trap 'rm -rf "$folder"' EXIT

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: wanted "%s", got "%s"\n' "$1" "$2" "$3"
	fi
}

ask() {
	./socius psql -qAt -v market="$market" -f - 2>&1
}

send() {
	./socius import trips "$1" --market "$market" --currency USD --time-zone America/New_York \
		--drivers "$2" >"$log" 2>&1
}

# The sums of the market's trips, by their rows.
trips() {
	ask <<'SQL'
select count(*) || ' trips, fares ' || sum(t.fare_minor) || ', partners '
	|| sum(t.partner_share_minor) || ', platform ' || sum(t.commission_minor) || ', tips '
	|| sum(t.tip_minor) || ', tolls ' || sum(t.tolls_minor) || ', cash '
	|| count(*) filter (where t.payment = 'cash') || ' of ' || coalesce(sum(t.fare_minor
	+ t.tip_minor + t.tolls_minor + t.taxes_and_fees_minor) filter (where t.payment = 'cash'), 0)
from fulfilment.trip t
join core.market m on m.market_id = t.market_id
where m.code = :'market'
SQL
}

# The ledger's own sums: what stands on each account.
ledger() {
	ask <<'SQL'
select string_agg(a.account || ' ' || a.sum, ', ' order by a.account)
from (
	select e.account, sum(e.amount) as sum
	from ledger.transaction t
	join core.market m on m.market_id = t.market_id,
	unnest(t.accounts, t.amounts) as e (account, amount)
	where m.code = :'market' and t.kind <> 'payout'
	group by e.account) a
SQL
}

wallets() {
	ask <<'SQL'
select count(*) || ' wallets, ' || sum(w.balance_minor) || ', most ' || max(w.balance_minor)
from ledger.wallet w
join core.market m on m.market_id = w.market_id
where m.code = :'market' and w.owner_kind = 'partner'
SQL
}

# Pays everybody through the API and waits for the runner on the stream of events.
pay() {
	token=$(./socius token --role operator --market "$market")
	curl -sS -X POST "$SOCIUS_URL/v1/payout_runs" -H "Authorization: Bearer $token" \
		-H "Idempotency-Key: import" -H "Content-Type: application/json" -d '{}' >"$log"
	timeout 30 curl -sN "$SOCIUS_URL/v1/events/stream" -H "Authorization: Bearer $token" |
		sed '/^event: payout_run.finished$/q' >/dev/null 2>&1
	curl -sS "$SOCIUS_URL/v1/payout_runs" -H "Authorization: Bearer $token" |
		sed 's/.*"payouts_count":\([0-9]*\),"total_minor":\([0-9]*\).*/\1 payouts, \2/'
}

# The statements of one driver, as the API shows them: each closes where the next one opens.
statements() {
	partner=$(echo "select p.partner_id from identity.partner p join core.market m
		on m.market_id = p.market_id where m.code = :'market' order by 1 limit 1;" | ask)
	token=$(./socius token --role partner --market "$market" --partner "$partner")
	curl -sS "$SOCIUS_URL/v1/partners/$partner/statements?limit=200" \
		-H "Authorization: Bearer $token" | tr '{' '\n' |
		sed -n 's/.*"opening_minor":\(-*[0-9]*\),.*"closing_minor":\(-*[0-9]*\).*/\1 \2/p' |
		awk 'NR > 1 && $2 != opened { bad = 1 } { opened = $1 }
			NR == 1 && $2 != 0 { bad = 1 } END { print bad || opened != 0 ? "broken" : "closed" }'
}

# story NAME FILE DRIVERS TRIPS LEDGER WALLETS PAYOUTS
story() {
	market=$1
	send "$2" "$3"
	expect "$1: import" 0 $?
	expect "$1: trips" "$4" "$(trips)"
	expect "$1: ledger" "$5" "$(ledger)"
	before=$(wallets)
	expect "$1: wallets" "$6" "$before"
	send "$2" "$3"
	expect "$1: import again" 0 $?
	expect "$1: the second time changes nothing" "$4 $5 $6" "$(trips) $(ledger) $(wallets)"
	expect "$1: payouts" "$7" "$(pay)"
	expect "$1: statements of a driver" closed "$(statements)"
}

story small tests/data/trips.csv 7 \
	"49 trips, fares 139022, partners 111219, platform 27803, tips 12637, tolls 10224, cash 10 of 26842" \
	"1000 141011, 2000 -107238, 2100 -5970, 4000 -27803" \
	"7 wallets, 107238, most 21734" \
	"7 payouts, 107238"

market=bad
send tests/data/bad_trips.csv 2
expect "bad lines: exit code" 1 $?
expect "bad lines: named" "line 3 line 4 line 5 line 6 line 7 line 8" \
	"$(grep -oE 'line [0-9]+' "$log" | sort | tr '\n' ' ' | sed 's/ $//')"
expect "bad lines: the others went on" 2 "$(trips | cut -d' ' -f1)"

long=$folder/long.csv
{
	head -n 1 tests/data/trips.csv
	for month in 2021-01 2021-05 2021-07 2021-08 2021-10 2021-12 2022-01 2022-05 2022-07 2022-08 \
		2022-10 2022-12 2023-01 2023-05 2023-07 2023-08 2023-10 2023-12 2025-01 2025-05; do
		sed -n "s/2024-03-/$month-/gp" tests/data/trips.csv
	done
} >"$long"
# twenty times the small one
story long "$long" 7 \
	"980 trips, fares 2780440, partners 2224380, platform 556060, tips 252740, tolls 204480, cash 200 of 536840" \
	"1000 2820220, 2000 -2144760, 2100 -119400, 4000 -556060" \
	"7 wallets, 2144760, most 434680" \
	"7 payouts, 2144760"

large=../shared/data/nyc-taxi-trips-2019-03.csv
[ ! -r "$large" ] ||
	story nyc "$large" 200 \
		"6433 trips, fares 8421487, partners 6737189, platform 1684298, tips 1273232, tolls 209248, cash 1812 of 2659445" \
		"1000 9253052, 2000 -5560224, 2100 -2008530, 4000 -1684298" \
		"200 wallets, 5560224, most 52562" \
		"200 payouts, 5560224"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
