#!/bin/sh
# The limit of requests, as a client meets it: what every reply says of it, the refusal, that others
# are not held up by it, and that waiting as asked is enough. TESTS_PROGRAMS is the folder of the
# built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-rate.XXXXXX)
chmod 755 "$place"
said=$place/said
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
		[ ! -s "$said" ] || tail -n 12 "$said"
	fi
}

# ask TOKEN [WORDS OF CURL...]: the status; headers and body are in $said
ask() {
	token=$1
	shift
	curl -s -m 30 -i -o "$said" -w '%{http_code}' "$@" -H "Authorization: Bearer $token" \
		"http://127.0.0.1:$SOCIUS_PORT/v1/stations"
}

header() {
	tr -d '\r' <"$said" | sed -n "s/^$1: //Ip"
}

# shellcheck disable=SC2046 # the ports are words
set -- $("$programs/socius-ctl" free-ports --count 2)
export SOCIUS_PORT="$1" SOCIUS_METRICS_PORT="$2" SOCIUS_WORKERS=2
# one a second, three at once: few enough for a slow machine to have too many
SOCIUS_RATE_PER_S=1 SOCIUS_RATE_BURST=3 ./socius run --detach --programs "$programs" \
	--module "$programs/socius.so" --seed sql/seed/demo.sql >"$said" 2>&1
expect "start" 0 $?
operator=$(./socius token --role operator --market demo)
auditor=$(./socius token --role auditor --market demo)

expect "the first one" 200 "$(ask "$operator")"
expect "the first one: says the policy" '"default";q=3;w=3' "$(header RateLimit-Policy)"
expect "the first one: says what is left" '"default";r=2' "$(header RateLimit | cut -d';' -f1,2)"
status=200
tries=50
while [ "$tries" -gt 0 ] && [ "$status" = 200 ]; do
	status=$(ask "$operator")
	tries=$((tries - 1))
done
expect "too many" 429 "$status"
expect "too many: a problem" application/problem+json "$(header Content-Type)"
expect "too many: its code" 1 "$(grep -c '"code":"quota_exceeded","retryable":true' "$said")"
expect "too many: nothing is left" '"default";r=0' "$(header RateLimit | cut -d';' -f1,2)"
expect "too many: the policy still" '"default";q=3;w=3' "$(header RateLimit-Policy)"
expect "too many: says how long to wait" 1 "$(header Retry-After)"
expect "another account has its own" 200 "$(ask "$auditor")"
expect "nobody's limit keeps the health from being asked" 200 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$SOCIUS_PORT/healthz")"
# curl waits as Retry-After asks
expect "after that wait" 200 "$(ask "$operator" --retry 5 | tail -c 3)"
expect "it is counted" 1 "$(curl -s "http://127.0.0.1:$SOCIUS_METRICS_PORT/metrics" |
	grep -c 'quota_exceeded.* [1-9]')"
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
