#!/bin/sh
# The limits of requests, as a client meets them: what every reply says, the refusal, that others
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
unset SOCIUS_TEST_MARKETS SOCIUS_TEST_MARKETS_PER_NETWORK

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
SOCIUS_RATE_NETWORK_PER_S=4 SOCIUS_RATE_NETWORK_BURST=20 SOCIUS_RATE_PER_S=1 SOCIUS_RATE_BURST=3 \
	./socius run --detach --programs "$programs" \
	--module "$programs/socius.so" --seed sql/seed/demo.sql >"$said" 2>&1
expect "start" 0 $?
policy='"read";q=3;w=3, "network";q=20;w=5'
operator=$(./socius token --role operator --market demo)
auditor=$(./socius token --role auditor --market demo)

expect "the first one" 200 "$(ask "$operator")"
expect "the first one: says the policy" "$policy" "$(header RateLimit-Policy)"
expect "the first one: says what is left" '"read";r=2' "$(header RateLimit | cut -d';' -f1,2)"
status=200
tries=50
while [ "$tries" -gt 0 ] && [ "$status" = 200 ]; do
	status=$(ask "$operator")
	tries=$((tries - 1))
done
expect "too many" 429 "$status"
expect "too many: a problem" application/problem+json "$(header Content-Type)"
expect "too many: its code" 1 "$(grep -c '"code":"quota_exceeded","retryable":true' "$said")"
expect "too many: of which" 1 "$(grep -c '"violated_policies":\["read"\]' "$said")"
expect "too many: nothing is left" '"read";r=0' "$(header RateLimit | cut -d';' -f1,2)"
expect "too many: the policy still" "$policy" "$(header RateLimit-Policy)"
expect "too many: says how long to wait" 1 "$(header Retry-After)"
expect "another account has its own" 200 "$(ask "$auditor")"
expect "nobody's limit keeps the health from being asked" 200 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$SOCIUS_PORT/healthz")"
# curl waits as Retry-After asks
expect "after that wait" 200 "$(ask "$operator" --retry 5 | tail -c 3)"

# write KEY: the status of a write
write() {
	curl -s -m 30 -i -o "$said" -w '%{http_code}' -X POST -H "Authorization: Bearer $operator" \
		-H "Content-Type: application/json" -H "Idempotency-Key: $1" -d '{"name":"North"}' \
		"http://127.0.0.1:$SOCIUS_PORT/v1/zones"
}
status=201
tries=0
while [ "$tries" -lt 50 ] && [ "$status" = 201 ]; do
	tries=$((tries + 1))
	status=$(write "rate-$tries")
done
expect "writes have a bucket of their own" 429 "$status"
expect "writes: of which" 1 "$(grep -c '"violated_policies":\["write"\]' "$said")"
while [ "$status" = 429 ]; do
	status=$(write "rate-$tries")
done
expect "a 429 has not used up the key" 201 "$status"
expect "a 429 has not used up the key: not replayed" '' "$(header Idempotent-Replayed)"

# sign_in: the status of a guess; without a token all of the network share a bucket
sign_in() {
	curl -s -m 30 -i -o "$said" -w '%{http_code}' -X POST -H "Content-Type: application/json" \
		-d "{\"email\":\"a$1@example.com\",\"password\":\"what it is\",\"device_name\":\"a\"}" \
		"http://127.0.0.1:$SOCIUS_PORT/v1/auth/sessions"
}
tries=0
status=401
while [ "$tries" -lt 50 ] && [ "$status" = 401 ]; do
	tries=$((tries + 1))
	status=$(sign_in "$tries")
done
expect "sign-ins have a bucket of their own" 429 "$status"
expect "sign-ins: of which" 1 "$(grep -c '"violated_policies":\["auth"\]' "$said")"

# every account is within its own limit; the network is not
others=''
for account in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do
	others="$others $(./socius token --role customer --market demo \
		--account "00000000-0000-7000-8000-0000000009$account")"
done
status=200
for token in $others $others $others; do
	[ "$status" = 200 ] || break
	status=$(curl -s -m 30 -o "$said" -w '%{http_code}' -H "Authorization: Bearer $token" \
		"http://127.0.0.1:$SOCIUS_PORT/v1/me")
done
expect "a network of many accounts" 429 "$status"
expect "a network of many accounts: of which" 1 \
	"$(grep -c '"violated_policies":\["network"\]' "$said")"
expect "it is counted" 1 "$(curl -s "http://127.0.0.1:$SOCIUS_METRICS_PORT/metrics" |
	grep -c 'quota_exceeded.* [1-9]')"

# ask_own PATH: the status of a page of the API's own
ask_own() {
	curl -s -m 30 -i -o "$said" -w '%{http_code}' "http://127.0.0.1:$SOCIUS_PORT$1"
}
for own in /openapi.json /docs /oauth/authorize /readyz; do
	status=200
	tries=50
	while [ "$tries" -gt 0 ] && [ "$status" = 200 ]; do
		status=$(ask_own "$own")
		tries=$((tries - 1))
	done
	expect "$own takes from a bucket" 429 "$status"
	expect "$own takes from a bucket: a problem" 1 "$(grep -c '"code":"quota_exceeded"' "$said")"
done
expect "that the process lives is always said" 200 "$(ask_own /healthz)"

./socius stop >/dev/null 2>&1
# services: a bucket of their own, and never more guesses and new test markets than anyone; what a
# network may ask for is no matter here
SOCIUS_RATE_PER_S=1 SOCIUS_RATE_BURST=3 SOCIUS_RATE_SERVICE_PER_S=1 SOCIUS_RATE_SERVICE_BURST=20 \
	SOCIUS_RATE_NETWORK_PER_S=0 SOCIUS_RATE_AUTH_PER_S=0 SOCIUS_RATE_COSTLY_PER_HOUR=2 \
	./socius run --detach --programs "$programs" --module "$programs/socius.so" \
	--seed sql/seed/demo.sql >"$said" 2>&1
expect "start again" 0 $?

# spend TOKEN: which bucket is empty in the end
spend() {
	status=200
	tries=100
	while [ "$tries" -gt 0 ] && [ "$status" = 200 ]; do
		status=$(curl -s -m 30 -i -o "$said" -w '%{http_code}' -H "Authorization: Bearer $1" \
			"http://127.0.0.1:$SOCIUS_PORT/v1/trips")
		tries=$((tries - 1))
	done
	sed -n 's/.*"violated_policies":\["\([a-z]*\)"\].*/\1/p' "$said"
}
expect "a service has a bucket of its own" service "$(spend "$(./socius token --role service --market demo)")"
expect "its policy is said" '"service";q=20;w=20' "$(header RateLimit-Policy)"

# make_market: a test market of anyone; its status
make_market() {
	curl -s -m 60 -i -o "$said" -w '%{http_code}' -X POST "$@" \
		"http://127.0.0.1:$SOCIUS_PORT/v1/test/markets"
}
expect "anyone makes a test market" 201 "$(make_market)"
service=$(sed -n 's/.*"name":"service"[^}]*"token":"\([^"]*\)".*/\1/p' "$said")
courier=$(sed -n 's/.*"name":"courier"[^}]*"token":"\([^"]*\)".*/\1/p' "$said")
expect "anyone makes two" 201 "$(make_market)"
expect "nobody makes a third" 429 "$(make_market)"
expect "nobody makes a third: of which" 1 "$(grep -c '"violated_policies":\["costly"\]' "$said")"
expect "nor with a token" 429 "$(make_market -H "Authorization: Bearer $courier")"
expect "the service of a test market has what all have" read "$(spend "$service")"
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
