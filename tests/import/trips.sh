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
file=$folder/file
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

# again NAME FILE DRIVERS WANTED NEW REPLAYED: another file of trips that the market has, and how many
# of its trips are new
again() {
	send "$2" "$3"
	expect "$1: exit code" 0 $?
	expect "$1: new and replayed" "$5 new, $6 replayed, 0 refused; 0 bad lines" \
		"$(sed -n 's/.*: \([0-9]* new, .* bad lines\)$/\1/p' "$log")"
	expect "$1: money" "$4" "$(trips | cut -d, -f1-2)"
}

# saved_anew NAME FILE DRIVERS COUNT FARES: the same trips as other programs save them, and one more
saved_anew() {
	all="$4 trips, fares $5"
	sed 's/$/\r/' "$2" >"$file"
	again "$1 with CRLF" "$file" "$3" "$all" 0 "$4"
	{ printf '\357\273\277' && cat "$2"; } >"$file"
	again "$1 with a byte order mark" "$file" "$3" "$all" 0 "$4"
	tr '\n' '\r' <"$2" >"$file"
	again "$1 with CR alone" "$file" "$3" "$all" 0 "$4"
	{ head -n 1 "$2" && tail -n +2 "$2" | sort -r; } >"$file"
	again "$1 in another order" "$file" "$3" "$all" 0 "$4"
	awk -F, -v OFS=, 'NR == 1 { print "note", $0; next } { $5 = $5 "0"; print "x", $0 "  " }' "$2" >"$file"
	again "$1 with a column more and other spellings" "$file" "$3" "$all" 0 "$4"
	{ head -n 1 "$2" && echo '2019-03-30 10:00:00,2019-03-30 10:10:00,1,1.5,10.00,0.00,0.00,10.80,green,cash,,,,' &&
		tail -n +2 "$2"; } >"$file"
	again "$1 with a line more" "$file" "$3" "$(($4 + 1)) trips, fares $(($5 + 1000))" 1 "$4"
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
	"7 wallets, 107238, most 29545" \
	"7 payouts, 107238"

saved_anew small tests/data/trips.csv 7 49 139022

# A file that the first release imported: its trip has the id of the file's digest and the line.
market=old
sed -n '1,2p' tests/data/trips.csv >"$file"
sed -n '1p' tests/data/trips.csv >"$log.none"
./socius import trips "$log.none" --market old --currency USD --time-zone America/New_York >"$log" 2>&1
expect "a file without trips: exit code" 1 $?
expect "a file without trips: says so" 1 "$(grep -c 'there is no trip in it' "$log")"
rm -f "$log.none"
send tests/data/bad_trips.csv 3
id=$(echo "select encode(set_byte(set_byte(d, 6, get_byte(d, 6) & 15 | 128), 8,
	get_byte(d, 8) & 63 | 128), 'hex')::uuid from (select substr(sha256(decode('$(
	sha256sum "$file" | cut -d' ' -f1)', 'hex') || int8send(2)), 1, 16) as d) n;" | ask)
driver=$(echo "select encode(set_byte(set_byte(d, 6, get_byte(d, 6) & 15 | 128), 8,
	get_byte(d, 8) & 63 | 128), 'hex')::uuid from (select substr(
	sha256('socius imported driver 0 of old'), 1, 16) as d) n;" | ask)
expect "a file of the first release: its trip" 201 "$(curl -sS -o /dev/null -w '%{http_code}' \
	-X POST "$SOCIUS_URL/v1/trips" -H "Content-Type: application/json" \
	-H "Authorization: Bearer $(./socius token --role service --market old)" \
	-d "{\"trip_id\":\"$id\",\"partner_id\":\"$driver\",\"status\":\"completed\",
		\"payment\":\"unspecified\",\"started_at\":\"2024-03-21T08:45:00Z\",
		\"ended_at\":\"2024-03-21T09:03:22Z\",\"distance_m\":14742,\"currency\":\"USD\",
		\"fare_minor\":3410,\"tip_minor\":999,\"tolls_minor\":0,\"taxes_and_fees_minor\":30}")"
again "a file of the first release" "$file" 3 "3 trips, fares 6410" 0 1

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
if [ -r "$large" ]; then
	story nyc "$large" 200 \
		"6433 trips, fares 8421487, partners 6737189, platform 1684298, tips 1273232, tolls 209248, cash 1812 of 2659445" \
		"1000 9253052, 2000 -5560224, 2100 -2008530, 4000 -1684298" \
		"200 wallets, 5560224, most 54097" \
		"200 payouts, 5560224"
	saved_anew nyc "$large" 200 6433 8421487
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
