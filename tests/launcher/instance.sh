#!/bin/sh
# An instance from its first start to its end, by the launcher: what it says, what it refuses, what
# it heals, and that nothing is left. TESTS_PROGRAMS is the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-launcher.XXXXXX)
chmod 755 "$place"
said=$place/said
SOCIUS_VAR=$place/var
export SOCIUS_VAR

finish() {
	trap - EXIT
	for var in var other; do
		[ ! -e "$place/$var" ] || SOCIUS_VAR=$place/$var ./socius stop >/dev/null 2>&1
	done
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

# run NAME EXIT_CODE [WORDS...]: starts in the background of the launcher's own choosing
run() {
	name=$1
	wanted=$2
	shift 2
	code=0
	./socius run --detach --programs "$programs" --module "$programs/room/socius.so" \
		--seed tests/room/room.sql "$@" >"$said" 2>&1 || code=$?
	expect "$name: exit code" "$wanted" "$code"
}

# One line, and it holds the words.
expect_line() {
	expect "$1: one line" 1 "$(wc -l <"$said" | tr -d ' ')"
	expect "$1: says \"$2\"" 1 "$(grep -cF -- "$2" "$said")"
}

take_ports() {
	# shellcheck disable=SC2046 # the ports are words
	set -- $("$programs/socius-ctl" free-ports --count 3)
	SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2 SOCIUS_EDGE_PORT=$3
	export SOCIUS_PORT SOCIUS_METRICS_PORT SOCIUS_EDGE_PORT
}

status() {
	code=0
	./socius status >"$said" 2>&1 || code=$?
	echo "$code"
}

pid() {
	./socius status 2>/dev/null | awk -v name="$1" '$1 == name { print $2 }'
}

ready() {
	curl -s -o /dev/null -m 5 -w '%{http_code}' "http://127.0.0.1:$SOCIUS_PORT/readyz"
}

make_market() {
	curl -s -o /dev/null -m 60 -w '%{http_code}' -X POST "http://127.0.0.1:$SOCIUS_PORT/v1/test/markets"
}

# Asks until the answer is as wanted, at most so many times.
until_is() {
	wanted=$1
	times=$2
	shift 2
	got=''
	while [ "$times" -gt 0 ] && [ "$got" != "$wanted" ]; do
		got=$("$@")
		times=$((times - 1))
	done
	echo "$got"
}

# A process of the instance is killed; another one takes its place and the API is ready again.
healed() {
	now=$(pid "$1")
	[ -n "$now" ] && [ "$now" != "$2" ] && [ "$now" != down ] && [ "$(ready)" = 200 ] && echo yes
}

kill_and_heal() {
	old=$(pid "$1")
	kill -9 "$old"
	expect "$1 killed: healed" yes "$(until_is yes 500 healed "$1" "$old")"
}

# Processes that still have the folder in their command line.
left_over() {
	grep -lsF "$place" /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
		number=${file#/proc/}
		[ "${number%/cmdline}" = $$ ] || tr '\0' ' ' <"$file"
	done | grep -cE 'kore|postgres|nginx|socius-run|socius-ctl'
}

refuses_what_is_unusable() {
	SOCIUS_PORT=abc run "a port that is none" 1
	expect_line "a port that is none" 'SOCIUS_PORT is "abc"'
	SOCIUS_WORKERS=1000 run "too many workers" 1
	expect_line "too many workers" 'SOCIUS_WORKERS is "1000"'
	SOCIUS_ADDRESS=here run "an address that is none" 1
	expect_line "an address that is none" 'SOCIUS_ADDRESS is "here"'
	SOCIUS_EDGE_PORT=$SOCIUS_PORT run "the same port twice" 1
	expect_line "the same port twice" 'must differ'
}

starts_and_refuses_a_second() {
	expect "status before" 3 "$(status)"
	run "first start" 0 --edge
	expect "status while it runs" 0 "$(status)"
	expect "it answers" 200 "$(ready)"
	expect "with an edge strangers make no test markets" 403 "$(make_market)"
	./socius demo >"$said" 2>&1
	expect "a demo without test markets" 1 $?
	expect "a demo without test markets: why" 1 "$(grep -c 'this instance makes none' "$said")"
	run "second start in the same folder" 1
	expect_line "second start in the same folder" 'an instance runs already'
	SOCIUS_VAR=$place/other run "another folder, the same ports" 1
	expect_line "another folder, the same ports" "port $SOCIUS_PORT on 127.0.0.1 is taken"
}

# What a token opens: 200 or 403, of the list of programmes and of that of partners.
opens() {
	for list in programmes partners; do
		curl -s -o /dev/null -m 5 -w '%{http_code} ' -H "Authorization: Bearer $1" \
			"http://127.0.0.1:$SOCIUS_PORT/v1/$list"
	done
}

mints_tokens() {
	expect "a customer's token" "200 403 " "$(opens "$(./socius token --role customer --market killed)")"
	expect "a token of an account of its own" "200 403 " "$(opens "$(./socius token \
		--role customer --market killed --account 00000000-0000-7000-8000-0000000000aa)")"
	expect "an operator's token" "200 200 " "$(opens "$(./socius token --role operator --market killed)")"
	./socius token --role operator --market killed \
		--account 00000000-0000-7000-8000-0000000000aa >"$said" 2>&1 || true
	expect_line "an account for an operator" '--account ID is for --role customer'
}

stands_beside_another() {
	mine="$SOCIUS_PORT $SOCIUS_METRICS_PORT $SOCIUS_EDGE_PORT"
	take_ports
	SOCIUS_VAR=$place/other
	run "another instance beside it" 0
	expect "both answer: the other" 200 "$(ready)"
	expect "on loopback whoever develops makes one" 201 "$(make_market)"
	./socius stop >"$said" 2>&1
	expect "the other one is down" 3 "$(status)"
	SOCIUS_VAR=$place/var
	# shellcheck disable=SC2086 # the ports are words
	set -- $mine
	SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2 SOCIUS_EDGE_PORT=$3
	expect "both answer: the first one still" 200 "$(ready)"
}

heals_what_is_killed() {
	for service in api runner edge postgresql api postgresql; do
		kill_and_heal "$service"
	done
}

# Every trip is there once, though API and database were killed meanwhile.
imports_through_kills() {
	{
		echo pickup,dropoff,distance,fare,tip,tolls,total,payment
		seq 4000 | sed 's/.*/2024-03-01 10:00:00,2024-03-01 10:10:00,1.5,10.00,1.00,0,12.00,cash/'
	} >"$place/trips.csv"
	./socius import trips "$place/trips.csv" --market killed --currency USD \
		--time-zone America/New_York --drivers 20 >"$said" 2>&1 &
	import=$!
	for service in api postgresql api; do
		trips_begin
		kill -9 "$(pid "$service")" 2>/dev/null
	done
	wait "$import"
	expect "import through kills: exit code" 0 $?
	expect "import through kills: refused" 1 "$(grep -c ' 0 refused; 0 bad lines' "$said")"
	expect "import through kills: each trip once" "4000 4000000" "$(
		./socius psql -qAtF ' ' -c "select count(*), sum(fare_minor) from fulfilment.trip"
	)"
	./socius laws >"$said" 2>&1
	expect "import through kills: laws" 0 $?
}

trip_count() {
	./socius psql -qAt -c "select count(*) from fulfilment.trip" 2>/dev/null || echo 0
}

# Until more trips have come than there were.
trips_begin() {
	before=$(trip_count)
	tries=500
	while [ "$tries" -gt 0 ] && [ "$(trip_count)" -le "$before" ]; do
		tries=$((tries - 1))
	done
}

outlives_its_supervisor() {
	kill -9 "$(pid supervisor)"
	expect "supervisor killed: all others go" 0 "$(until_is 0 500 left_over)"
	expect "supervisor killed: status" 3 "$(status)"
	SOCIUS_ADDRESS=0.0.0.0 run "start after that" 0
	expect "at a public address strangers make no test markets" 403 "$(make_market)"
	./socius stop >"$said" 2>&1
	expect "stop: exit code" 0 $?
	expect "stop: nothing is left" 0 "$(left_over)"
}

says_what_is_broken() {
	mv "$SOCIUS_VAR/pg/PG_VERSION" "$place/"
	run "a cluster without its version" 1
	expect_line "a cluster without its version" 'is not a PostgreSQL cluster'
	mv "$place/PG_VERSION" "$SOCIUS_VAR/pg/"
	mv "$SOCIUS_VAR/pg/global/pg_control" "$place/"
	run "a broken cluster" 1
	expect_line "a broken cluster" 'postgresql does not start'
	mv "$place/pg_control" "$SOCIUS_VAR/pg/global/"
	expect "nothing is left of failed starts" 0 "$(left_over)"
}

stops_on_interrupt() {
	./socius run --programs "$programs" --module "$programs/room/socius.so" \
		--seed tests/room/room.sql >"$said" 2>&1 &
	launcher=$!
	expect "foreground: ready" 200 "$(until_is 200 2000 ready)"
	kill -TERM "$launcher"
	wait "$launcher"
	expect "foreground: exit code" 0 $?
	expect "foreground: nothing is left" 0 "$(left_over)"
}

unset SOCIUS_TEST_MARKETS SOCIUS_TEST_MARKETS_PER_NETWORK
take_ports
refuses_what_is_unusable
starts_and_refuses_a_second
stands_beside_another
heals_what_is_killed
imports_through_kills
mints_tokens
outlives_its_supervisor
says_what_is_broken
stops_on_interrupt
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
