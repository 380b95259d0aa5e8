#!/bin/sh
# What of the runner's work fails, as whoever runs the instance sees it: ./socius jobs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0

check() {
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAIL %s: "%s" instead of "%s"\n' "$1" "$3" "$2"
	fi
}

[ -n "${SOCIUS_URL:-}" ] || {
	echo "0 passed, 0 failed"
	exit
}

sql() {
	./socius psql -X -q -A -t -c "$1" | head -n 1
}

id=$(sql "select gen_random_uuid()")
sql "insert into core.job (market_id, job_id, kind, state, attempts, last_error, due_at, created_at)
	values (0, '$id', 'none', 'failed', 10, 'it broke', now(), now())"
list=$(./socius jobs)
check "some have failed for good" 1 $?
check "it is listed" 1 "$(echo "$list" | grep -c "job none .*$id .*failed .*it broke")"
./socius jobs --try-again "$id" >/dev/null 2>&1
check "it is not tried again from here" 1 $?
sql "update core.job set state = 'queued', retry_at = now() + interval '1 day' where job_id = '$id'"
./socius jobs --try-again "$id"
check "it is tried again" 0 $?
./socius jobs --try-again none >/dev/null 2>&1
check "an id is needed" 1 $?
sql "delete from core.job where job_id = '$id'"
check "it is gone" 0 "$(./socius jobs | grep -c "$id")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
