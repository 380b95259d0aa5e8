#!/bin/bash
# Connections and streams are held by nobody alone: those of a network and of an account are counted,
# and the API, its health and its metrics answer while it is full of connections that say nothing.
# TESTS_PROGRAMS is the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-connections.XXXXXX)
chmod 755 "$place"
said=$place/said
export SOCIUS_VAR="$place/var"
lines=()
pids=()
options=''

finish() {
	trap - EXIT
	[ "${#pids[@]}" = 0 ] || kill "${pids[@]}" 2>/dev/null
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
		[ ! -s "$said" ] || tail -n 12 "$said"
	fi
}

# start NAME [SETTING=VALUE...]
start() {
	name=$1
	shift
	# shellcheck disable=SC2086 # the options are words
	env "$@" ./socius run --detach $options --programs "$programs" --module "$programs/socius.so" \
		--seed sql/seed/demo.sql >"$said" 2>&1
	expect "$name" 0 $?
}

# hold PORT COUNT: connections that say nothing
hold() {
	for _ in $(seq "$2"); do
		exec {line}<>"/dev/tcp/127.0.0.1/$1" && lines+=("$line")
	done
}

let_go() {
	for line in "${lines[@]}"; do
		exec {line}>&-
	done
	lines=()
}

# How many of them the server has not closed.
held() {
	count=0
	for line in "${lines[@]}"; do
		read -r -t 0 -u "$line" || count=$((count + 1))
	done
	echo "$count"
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

status() {
	curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1"
}

gauge() {
	curl -s -m 5 "http://127.0.0.1:$SOCIUS_METRICS_PORT/metrics" |
		awk -v name="$1" 'index($1, name "{") == 1 { sum += $2 } END { print sum + 0 }'
}

streams() {
	gauge socius_streams
}

# shellcheck disable=SC2046 # the ports are words
set -- $("$programs/socius-ctl" free-ports --count 3)
export SOCIUS_PORT="$1" SOCIUS_METRICS_PORT="$2" SOCIUS_EDGE_PORT="$3" SOCIUS_WORKERS=2
api=http://127.0.0.1:$SOCIUS_PORT edge=https://127.0.0.1:$SOCIUS_EDGE_PORT
unset SOCIUS_CONNECTIONS SOCIUS_CONNECTIONS_PER_NETWORK SOCIUS_STREAMS_PER_ACCOUNT \
	SOCIUS_STREAMS_PER_NETWORK
ulimit -n "$(ulimit -Hn)"

start "an instance with few connections of a network" SOCIUS_CONNECTIONS_PER_NETWORK=50 \
	SOCIUS_STREAMS_PER_ACCOUNT=2 SOCIUS_STREAMS_PER_NETWORK=3
hold "$SOCIUS_PORT" 60
expect "a network holds as many as it may" 50 "$(until_is 50 200 held)"
expect "and no more" 000 "$(status "$SOCIUS_PORT/healthz")"
expect "metrics answer" 200 "$(status "$SOCIUS_METRICS_PORT/metrics")"
expect "what was refused is counted" yes \
	"$([ "$(gauge socius_connections_refused_total)" -ge 11 ] && echo yes)"
let_go
expect "when it has let go it comes back" 200 "$(until_is 200 200 status "$SOCIUS_PORT/healthz")"

# follow TOKEN [URL]: a stream of events in the background
follow() {
	curl -skN -m 60 -o /dev/null -H "Authorization: Bearer $1" "${2:-$api}/v1/events/stream" &
	pids+=($!)
}

# refused TOKEN: by which policy
refused() {
	curl -s -m 5 -H "Authorization: Bearer $1" "http://127.0.0.1:$SOCIUS_PORT/v1/events/stream" |
		sed -n 's/.*"code":"quota_exceeded".*"violated_policies":\["\([a-z_]*\)"\].*/\1/p'
}
operator=$(./socius token --role operator --market demo)
auditor=$(./socius token --role auditor --market demo)
partner=$(./socius token --role partner --market demo --partner 00000000-0000-7000-8000-000000000101)
follow "$operator"
follow "$operator"
expect "two streams of an account" 2 "$(until_is 2 200 streams)"
expect "and no third" account_streams "$(refused "$operator")"
follow "$auditor"
expect "three streams of a network" 3 "$(until_is 3 200 streams)"
expect "and no fourth" network_streams "$(refused "$partner")"
kill "${pids[@]}"
pids=()
expect "they are gone" 0 "$(until_is 0 200 streams)"
follow "$operator"
expect "and there is room again" 1 "$(until_is 1 200 streams)"

# a worker that dies holds nothing any more
follow "$operator"
expect "two again" 2 "$(until_is 2 200 streams)"
old=$(./socius status | awk '$1 == "api" { print $2 }')
for worker in $(pgrep -P "$old"); do
	kill -9 "$worker"
done
expect "workers killed: they are gone" 0 "$(until_is 0 2000 streams)"
pids=()
follow "$operator"
follow "$operator"
expect "workers killed: room for as many as before" 2 "$(until_is 2 2000 streams)"
kill "${pids[@]}" 2>/dev/null
pids=()
./socius stop >/dev/null 2>&1

start "an instance with few connections" SOCIUS_CONNECTIONS=512 SOCIUS_CONNECTIONS_PER_NETWORK=0
hold "$SOCIUS_PORT" 1500
for n in 1 2 3 4 5; do
	expect "full: health, $n" 200 "$(status "$SOCIUS_PORT/healthz")"
	expect "full: readiness, $n" 200 "$(status "$SOCIUS_PORT/readyz")"
	expect "full: metrics, $n" 200 "$(status "$SOCIUS_METRICS_PORT/metrics")"
done
expect "full: a call" 200 "$(curl -s -m 5 -o /dev/null -w '%{http_code}' \
	-H "Authorization: Bearer $operator" "http://127.0.0.1:$SOCIUS_PORT/v1/stations")"
hold "$SOCIUS_METRICS_PORT" 300
expect "full of those that want metrics: metrics" 200 \
	"$(until_is 200 200 status "$SOCIUS_METRICS_PORT/metrics")"
expect "full of those that want metrics: health" 200 "$(status "$SOCIUS_PORT/healthz")"
expect "silent ones gave way" yes "$([ "$(gauge socius_connections_evicted_total)" -gt 0 ] && echo yes)"
let_go
./socius stop >/dev/null 2>&1

# behind the edge all connections are its own: it counts those of a network, and no one else does
options=--edge
start "an instance with an edge" SOCIUS_CONNECTIONS_PER_NETWORK=2
follow "$operator" "$edge"
follow "$operator" "$edge"
expect "two streams by the edge" 2 "$(until_is 2 200 streams)"
expect "and nothing else" 429 "$(curl -sk -m 5 -o "$said" -D "$place/head" -w '%{http_code}' "$edge/healthz")"
expect "and nothing else: a problem" 1 "$(grep -c '"code":"quota_exceeded","retryable":true' "$said")"
expect "and nothing else: its type" application/problem+json \
	"$(tr -d '\r' <"$place/head" | sed -n 's/^content-type: //Ip')"
expect "and nothing else: how long to wait" 1 "$(tr -d '\r' <"$place/head" | sed -n 's/^retry-after: //Ip')"
hold "$SOCIUS_PORT" 20
expect "the API itself does not count what the edge does" 20 "$(held)"
expect "the API itself answers" 200 "$(status "$SOCIUS_PORT/healthz")"
let_go
kill "${pids[@]}"
pids=()
expect "there is room again" 200 "$(until_is 200 500 curl -sk -m 5 -o /dev/null -w '%{http_code}' "$edge/healthz")"
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
