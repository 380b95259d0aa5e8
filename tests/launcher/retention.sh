#!/bin/sh
# Retention, as an operator meets it: a month of events that is past its time becomes a file of JSON
# lines, verified, and leaves the feed; who reads from before is told so; laws hold. TESTS_PROGRAMS is
# the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-retention.XXXXXX)
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

ask() {
	./socius psql -qAt -v ON_ERROR_STOP=1 -c "$1" 2>&1
}

# feed QUERY [WORDS OF CURL...]: the status; the body is in $said
feed() {
	query=$1
	shift
	curl -s -m 30 -o "$said" -w '%{http_code}' "$@" -H "Authorization: Bearer $operator" \
		"http://127.0.0.1:$SOCIUS_PORT/v1/events$query"
}

# Waits for a file, at most a minute.
wait_for() {
	tries=600
	while [ ! -e "$1" ] && [ "$tries" -gt 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
}

# shellcheck disable=SC2046 # the ports are words
set -- $("$programs/socius-ctl" free-ports --count 2)
export SOCIUS_PORT="$1" SOCIUS_METRICS_PORT="$2" SOCIUS_WORKERS=1
SOCIUS_EVENTS_MONTHS=1 ./socius run --detach --programs "$programs" \
	--module "$programs/socius.so" --seed sql/seed/demo.sql >"$said" 2>&1
expect "start" 0 $?
operator=$(./socius token --role operator --market demo)

# Where the feed's first reader stands.
expect "the first page" 200 "$(feed '?limit=1')"
cursor=$(sed -n 's/.*"next_cursor":"\([^"]*\)".*/\1/p' "$said")
expect "the first page: says where it goes on" 1 "$([ -n "$cursor" ] && echo 1)"
expect "the second page" 200 "$(feed "?limit=1&after=$cursor")"

# A turn that ended in the middle left its file.
mkdir -p "$SOCIUS_VAR/archive"
echo 'half a li' >"$SOCIUS_VAR/archive/events-2020-01.jsonl.part"

# All but the newest transaction of the demo market was written in January of 2020. Not a test market.
ask "begin;
update core.market set is_test = false;
create table public.cut as select max(xid) as xid from events.event;
alter table events.event detach partition events.$(date -u +event_%Y_%m);
alter table events.event attach partition events.$(date -u +event_%Y_%m)
	for values from ('$(date -u +%Y-%m-01)') to ('$(date -u -d "$(date -u +%Y-%m-01) +1 month" +%Y-%m-01)');
select core.make_months('events.event', '2020-01-01', 1);
insert into events.event (market_id, event_id, kind, subject, subject_id, to_state, actor_id,
	actor_role, occurred_at) select market_id, gen_random_uuid(), 'thing.made', 'thing',
	gen_random_uuid(), 'there', gen_random_uuid(), 'operator', now() from core.market;
update events.event set recorded_month = '2020-01-01' where xid <= (select xid from public.cut);
drop table public.cut;
create table public.written as select e.market_id, e.event_id from events.event e
	where e.recorded_month = '2020-01-01';
commit" >"$said"
expect "events of long ago" 0 "$(grep -c ERROR "$said")"
count=$(ask "select count(*) from public.written")
file=$SOCIUS_VAR/archive/events-2020-01.jsonl
wait_for "$file"

expect "the file: has every event" "$count" "$(wc -l <"$file")"
expect "the file: none is left on its way" 0 "$(find "$SOCIUS_VAR/archive" -name '*.part' | wc -l)"
expect "the file: is nobody else's" 600 "$(stat -c %a "$file")"
expect "the folder: is nobody else's" 0 "$(stat -c %a "$SOCIUS_VAR/archive" | tail -c 2)"
tries=600
while [ "$(ask "select to_regclass('events.event_2020_01') is null")" != t ] && [ "$tries" -gt 0 ]; do
	tries=$((tries - 1))
done
expect "the month: is no partition any more" t "$(ask "select to_regclass('events.event_2020_01') is null")"
expect "the month: is noted with the digest" "2020-01-01 $count $(sha256sum "$file" | cut -d' ' -f1)" \
	"$(ask "select concat_ws(' ', month, events, digest) from events.archived_month")"
# every line is an object of JSON, and they are the events that there were
expect "the file: holds the events that there were" 0 "$(ask "create temp table line (l jsonb);
copy line from stdin with (format csv, delimiter e'\x01', quote e'\x02');" <"$file" | grep -c ERROR)"
ids=$(sed -n 's/.*"event_id": "\([^"]*\)".*/\1/p' "$file" | LC_ALL=C sort | sha256sum)
expect "the file: names them all" "$ids" \
	"$(ask "select event_id from public.written" | LC_ALL=C sort | sha256sum)"
ask "drop table public.written" >/dev/null

expect "a reader from before" 410 "$(feed "?limit=1&after=$cursor")"
expect "a reader from before: is told why" 1 "$(grep -c '"code":"cursor_expired","retryable":false' "$said")"
expect "a stream from before" 410 "$(feed /stream -H "Last-Event-ID: $cursor")"
expect "a reader anew" 200 "$(feed '?limit=50')"
expect "a reader anew: begins with what is kept" 1 "$(grep -c '"thing.made"' "$said")"
./socius laws >"$said" 2>&1
expect "laws" 0 $?

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
