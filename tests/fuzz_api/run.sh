#!/bin/sh
# A foreign fuzzer (schemathesis) over the served document of an instance of its own, as every role, with
# all checks; judge.py says what is a finding, hooks.py makes patterns cheap to draw from. Only 127.0.0.1 is asked. FUZZ_API_SECONDS for each role
# (150), FUZZ_API_CASES for each operation and phase (6), FUZZ_API_SEED (1), FUZZ_API_ROLES.
set -u
cd "$(dirname "$0")/../.." || exit 2

seconds=${FUZZ_API_SECONDS:-150}
cases=${FUZZ_API_CASES:-6}
seed=${FUZZ_API_SEED:-1}
roles=${FUZZ_API_ROLES:-anonymous customer partner operator auditor service admin}
out=$PWD/build/fuzz-api
place=$(mktemp -d /tmp/socius-fuzz-api.XXXXXX)
chmod 755 "$place"

finish() {
	trap - EXIT
	./socius stop >/dev/null 2>&1
	rm -rf "$place"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# The versions that requirements.txt pins, in an environment of their own.
make_environment() {
	cmp -s tests/fuzz_api/requirements.txt "$out/requirements.txt" && return
	rm -rf "$out/venv"
	python3 -m venv "$out/venv" &&
		"$out/venv/bin/pip" install -q --no-deps -r tests/fuzz_api/requirements.txt &&
		cp tests/fuzz_api/requirements.txt "$out/"
}

token() {
	case $1 in
	anonymous) ;;
	admin) ./socius token --role admin ;;
	*)
		curl -s -X POST "$url/v1/test/markets" -H 'Content-Type: application/json' -d '{}' |
			tr '{' '\n' | sed -n "s/.*\"role\":\"$1\".*\"token\":\"\([^\"]*\)\".*/\1/p" | head -n 1
		;;
	esac
}

# A stream does not end: tests/api/feed.c reads it.
fuzz() {
	bearer=$(token "$1")
	[ "$1" = anonymous ] || [ -n "$bearer" ] || { echo "no token of a $1" && return 1; }
	# it leaves what it remembers where it runs
	(cd "$out" && SCHEMATHESIS_HOOKS=$OLDPWD/tests/fuzz_api/hooks.py \
		"$out/venv/bin/schemathesis" run "$url/openapi.json" --workers 1 --max-examples "$cases" \
		--max-time "$seconds" --seed "$seed" --checks all --continue-on-failure --no-color \
		--phases coverage,fuzzing,stateful \
		--exclude-path /v1/events/stream --request-timeout 10 --generation-database none \
		--no-shrink --report ndjson --report-ndjson-path "$out/$1.ndjson" \
		${bearer:+-H "Authorization: Bearer $bearer"}) >"$out/$1.log" 2>&1
	[ -s "$out/$1.ndjson" ] || { tail -n 20 "$out/$1.log" && return 1; }
	"$out/venv/bin/python3" tests/fuzz_api/judge.py "$out/$1.ndjson" >"$out/$1.judged"
	code=$?
	echo "== $1: $(grep -c . "$out/$1.ndjson") events"
	cat "$out/$1.judged"
	return $code
}

mkdir -p "$out"
make_environment || { echo "the fuzzer cannot be installed" && exit 1; }
# shellcheck disable=SC2046 # the ports are words
set -- $(build/socius-ctl free-ports --count 2)
SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2 SOCIUS_VAR=$place/var SOCIUS_PG_SHARED_MIB=64
SOCIUS_RATE_PER_S=100000 SOCIUS_RATE_BURST=100000 SOCIUS_TEST_MARKETS=40 \
	SOCIUS_TEST_MARKETS_PER_NETWORK=40
export SOCIUS_PORT SOCIUS_METRICS_PORT SOCIUS_VAR SOCIUS_PG_SHARED_MIB SOCIUS_RATE_PER_S \
	SOCIUS_RATE_BURST SOCIUS_TEST_MARKETS SOCIUS_TEST_MARKETS_PER_NETWORK
url=http://127.0.0.1:$SOCIUS_PORT
./socius run --detach >"$out/start.log" 2>&1 || { cat "$out/start.log" && exit 1; }
passed=0
failed=0
for role in $roles; do
	if fuzz "$role"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done
if ./socius laws >"$out/laws.log" 2>&1; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	grep -v '^holds' "$out/laws.log"
fi
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
