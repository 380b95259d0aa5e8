#!/bin/bash
# More connections that say nothing than there are places for, all of one address: to the edge, and
# straight to the API. Whoever comes then is served, and the metrics say what happens.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
lines=()

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}

[ -n "${SOCIUS_EDGE_URL:-}" ] || {
	echo "0 passed, 0 failed"
	exit
}
at_edge=$((4096 * $(nproc) + 500))
at_api=$((8192 * SOCIUS_WORKERS + 500))
most=$((at_api > at_edge ? at_api : at_edge))
ulimit -n $((most + 100)) || {
	echo "FAIL: it needs a limit of $((most + 100)) open files"
	echo "0 passed, 1 failed"
	exit 1
}

# hold URL COUNT: connections that say nothing
hold() {
	# more than can be held may be refused
	for _ in $(seq "$2"); do
		exec {line}<>"/dev/tcp/127.0.0.1/${1##*:}" && lines+=("$line")
	done
}

let_go() {
	for line in "${lines[@]}"; do
		exec {line}>&-
	done
	lines=()
}

status() {
	curl -sk -m 5 -o /dev/null -w '%{http_code}' "$1"
}

# serves NAME: whoever comes now
serves() {
	for n in 1 2 3; do
		expect "$1: health by the edge, $n" 200 "$(status "$SOCIUS_EDGE_URL/healthz")"
		expect "$1: readiness, $n" 200 "$(status "$SOCIUS_URL/readyz")"
		expect "$1: metrics, $n" 200 "$(status "$SOCIUS_METRICS_URL/metrics")"
	done
}

hold "$SOCIUS_EDGE_URL" "$at_edge"
serves "$at_edge silent connections to the edge"
let_go
hold "$SOCIUS_URL" "$at_api"
serves "$at_api silent connections to the API"
let_go
serves "afterwards"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
