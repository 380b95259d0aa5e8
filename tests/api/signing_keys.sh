#!/bin/sh
# The keys of access tokens are rotated and removed while the instance works.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0

# expect NAME WANTED GOT
expect() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1: wanted \"$2\", got \"$3\""
	fi
}

token() {
	./socius token --role admin
}

# The status of a call with this token.
asked() {
	curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$SOCIUS_URL/v1/audit_records"
}

# until TOKEN STATUS: the last status, after a while at most; the workers look once a second, and twenty
# same replies in a row are of all of them.
until_is() {
	left=100
	in_a_row=0
	while [ "$in_a_row" -lt 20 ] && [ "$left" -gt 0 ]; do
		left=$((left - 1))
		if [ "$(asked "$1")" = "$2" ]; then
			in_a_row=$((in_a_row + 1))
		else
			in_a_row=0
			sleep 0.1
		fi
	done
	asked "$1"
}

# A stream of events in the background, begun when this returns; its text is in $stream.
stream=$(mktemp /tmp/socius-stream.XXXXXX)
begin_stream() {
	curl -sN -m 60 -o "$stream" -H "Authorization: Bearer $1" "$SOCIUS_URL/v1/events/stream" &
	streams=$!
	left=500
	while [ "$left" -gt 0 ] && ! grep -q '^retry' "$stream"; do
		left=$((left - 1))
		sleep 0.02
	done
}

# Whether it has ended by itself, within five seconds from now.
ends_soon() {
	begun=$(date +%s%N)
	wait "$streams"
	[ $(($(date +%s%N) - begun)) -lt 5000000000 ] && echo yes
}

market=$(curl -s -X POST "$SOCIUS_URL/v1/test/markets" | grep -o '"code":"test-[0-9a-f]*"' | cut -d '"' -f 4)
reader() {
	./socius token --role operator --market "$market"
}

old_kid=$(./socius keys list | sed -n 's/ .*signs$//p')
before=$(token)
reads=$(reader)
begin_stream "$reads"
kid=$(./socius keys rotate)
expect "a new key ends streams" yes "$(ends_soon)"
expect "the new key signs" "$kid" "$(./socius keys list | sed -n 's/ .*signs$//p')"
after=$(token)
expect "a token of the new key is taken at once, by all workers" "" \
	"$(for _ in 1 2 3 4 5 6 7 8 9 10; do asked "$after" | grep -v 200; done)"
expect "a token of before is still good" 200 "$(asked "$before")"
expect "the old key verifies on" 1 "$(./socius keys list | grep -c "^$old_kid .*verifies until")"
expect "the key that signs is kept" 1 "$(./socius keys remove "$kid" >/dev/null 2>&1; echo $?)"
expect "a key in use is kept" 1 "$(./socius keys remove "$old_kid" >/dev/null 2>&1; echo $?)"
expect "an unknown key is none" 1 "$(./socius keys remove nothing --force >/dev/null 2>&1; echo $?)"
begin_stream "$reads"
expect "a token of before opens a stream again" 1 "$(grep -c '^retry' "$stream")"
expect "it goes when told twice" 0 "$(./socius keys remove "$old_kid" --force >/dev/null 2>&1; echo $?)"
expect "its streams go with it" yes "$(ends_soon)"
expect "its tokens go with it" 401 "$(until_is "$before" 401)"
expect "others stay" 200 "$(asked "$after")"
expect "the last key is kept" 1 "$(./socius keys remove "$kid" --force >/dev/null 2>&1; echo $?)"
rm -f "$stream"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
