#!/bin/sh
# Tells the story of ./socius demo on an instance of its own: every reply is the one that the story
# tells, its amounts are those of the README, and no law is broken afterwards.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
place=$(mktemp -d /tmp/socius-demo.XXXXXX)
chmod 755 "$place"
trap './socius stop >/dev/null 2>&1; rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM

# expect NAME CONDITION...
expect() {
	name=$1
	shift
	if "$@" >/dev/null 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $name"
	fi
}

tells() {
	expect "$1" grep -q "$2" "$place/story"
}

SOCIUS_VAR=$place/var
# shellcheck disable=SC2046 # the ports are words
set -- $("${SOCIUS_CTL:-build/socius-ctl}" free-ports --count 2)
SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2
export SOCIUS_VAR SOCIUS_PORT SOCIUS_METRICS_PORT
unset SOCIUS_RATE_PER_S SOCIUS_RATE_BURST # within the limits that everyone has
./socius run --detach >"$place/start" 2>&1 || {
	cat "$place/start"
	echo "0 passed, 1 failed"
	exit 1
}

./socius demo >"$place/story" 2>&1
expect "the story ends well" test $? = 0
tells "she may not work yet" '"code":"requirements_due".*"requirement":"identity".*"requirement":"vehicle"'
tells "a van makes her active" '"kind":"courier",[^}]*"state":"active"'
tells "four hours at 18.00" '"state":"completed".*"pay_minor":7200'
tells "a day of the van is owed" '"owed_minor":3500,"withheld_minor":0,"left_minor":3500'
tells "a quarter of the next block is withheld" '"slot_pay_minor":14400.*"closing_minor":12600,"deductions_minor":-1800'
tells "a code of her own" '"code":"[0-9A-Z]\{4\}-[0-9A-Z]\{4\}-[0-9A-Z]\{4\}"'
tells "left out of the first run" '"reason":"bank_account_due"'
tells "paid to the cent by the second" '"amount_minor":12600'
tells "nothing is left on the wallet" '"balance_minor":0,.*"owed_minor":1700'
expect "no law is broken" sh -c './socius laws | tail -n 1 | grep -q ", 0 broken"'
[ "$failed" -eq 0 ] || cut -c1-400 "$place/story"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
