#!/bin/sh
# Backup and restore: taken while couriers book, restored elsewhere and here, refused when it is
# damaged, foreign or breaks a law. TESTS_PROGRAMS is the folder of the built programs.
set -u
cd "$(dirname "$0")/../.." || exit 2

passed=0
failed=0
programs=${TESTS_PROGRAMS:-build/sanitized}
place=$(mktemp -d /tmp/socius-backup.XXXXXX)
chmod 755 "$place"
said=$place/said
writer=''

finish() {
	trap - EXIT
	[ -z "$writer" ] || kill "$writer" 2>/dev/null
	for var in first second third; do
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

# use NAME: the instance that is meant from now on
use() {
	SOCIUS_VAR=$place/$1
	export SOCIUS_VAR
}

take_ports() {
	# shellcheck disable=SC2046 # the ports are words
	set -- $("$programs/socius-ctl" free-ports --count 2)
	SOCIUS_PORT=$1 SOCIUS_METRICS_PORT=$2
	export SOCIUS_PORT SOCIUS_METRICS_PORT
	api=http://127.0.0.1:$SOCIUS_PORT
}

run() {
	./socius run --detach --programs "$programs" --module "$programs/socius.so" "$@" \
		>"$said" 2>&1
	expect "start of $(basename "$SOCIUS_VAR")" 0 $?
}

token() {
	./socius token --market demo --ttl 3600 "$@"
}

ask() {
	./socius psql -qAt -c "$1" 2>&1
}

get() {
	curl -s -m 10 "$api$1" -H "Authorization: Bearer $operator"
}

ids() {
	grep -oE "\"$1\":\"[^\"]*\"" | cut -d'"' -f4
}

# Every event from the beginning, or behind a cursor: one id a line. What the runner reads out of the
# others, whenever it comes to it, is left out.
feed() {
	cursor=${1:-}
	pages=0
	while [ "$pages" -lt 100 ]; do
		page=$(get "/v1/events?limit=100${cursor:+&after=$cursor}")
		echo "$page" | grep -oE '"event_id":"[^"]*","kind":"[^"]*"' |
			grep -v '"kind":"exchange' | cut -d'"' -f4
		next=$(echo "$page" | ids next_cursor)
		[ -n "$next" ] && [ "$next" != "$cursor" ] &&
			[ "$(echo "$page" | ids event_id | wc -l)" -gt 0 ] || break
		cursor=$next
		pages=$((pages + 1))
	done
}

# Every courier books one slot after another; what was acknowledged is a line each.
book_on() {
	for slot in $(cat "$place/slots"); do
		for number in 101 102 103 104 105 106 107; do
			curl -s -m 10 -X POST "$api/v1/slots/$slot/bookings" -H "Idempotency-Key: $slot" \
				-H "Authorization: Bearer $(cat "$place/courier-$number")" |
				ids booking_id >>"$place/acknowledged"
		done
	done
}

# Waits until so many bookings are acknowledged.
until_booked() {
	tries=3000
	while [ "$tries" -gt 0 ] && [ "$(wc -l <"$place/acknowledged")" -lt "$1" ]; do
		kill -0 "$writer" 2>/dev/null || break
		tries=$((tries - 1))
	done
}

backs_up_while_they_book() {
	operator=$(token --role operator)
	for number in 101 102 103 104 105 106 107; do
		token --role partner --partner 00000000-0000-7000-8000-000000000$number \
			>"$place/courier-$number"
	done
	get '/v1/slots?limit=40' | ids slot_id >"$place/slots"
	: >"$place/acknowledged"
	book_on &
	writer=$!
	until_booked 20
	cp "$place/acknowledged" "$place/before"
	./socius backup "$place/backup" >"$said" 2>&1
	expect "backup: exit code" 0 $?
	taken=$(wc -l <"$place/acknowledged")
	until_booked $((taken + 5))
	expect "backup: they booked on meanwhile and after it" yes \
		"$([ "$(wc -l <"$place/acknowledged")" -ge $((taken + 5)) ] && echo yes)"
	expect "backup: mode" 600 "$(stat -c %a "$place/backup")"
	expect "backup: nothing beside it" "" "$(ls "$place/backup.part" 2>/dev/null)"
	expect "backup: a tar file of three" "database.dump cursor.secret manifest" \
		"$(tar tf "$place/backup" | tr '\n' ' ' | sed 's/ $//')"
	expect "backup: no key that signs tokens" 0 \
		"$(tar xOf "$place/backup" | grep -acFf "$(ls "$SOCIUS_VAR"/keys/*.key)")"
	wait "$writer"
	writer=''
	feed >"$place/feed"
	cursor=$(get '/v1/events?limit=10' | ids next_cursor)
	echo "$cursor" >"$place/cursor"
}

# What a dump of one database does not tell: settings, owners, grants.
outside() {
	ask "select replace(s::text, 'socius.epoch=' || current_setting('socius.epoch'), '')
		from pg_db_role_setting t, unnest(t.setconfig) s, pg_database d
		where d.oid = t.setdatabase and d.datname = current_database() order by 1"
	ask "select datacl, pg_encoding_to_char(encoding), datcollate, datdba::regrole
		from pg_database where datname = current_database()"
	ask "select p.oid::regprocedure, p.proowner::regrole,
		array(select a::text from unnest(p.proacl) a order by 1), p.proconfig
		from pg_proc p where p.pronamespace::regnamespace::text in ('api', 'core', 'jobs')
		order by p.oid::regprocedure::text"
	ask "select c.oid::regclass, c.relowner::regrole,
		array(select a::text from unnest(c.relacl) a order by 1), c.relrowsecurity,
		c.relforcerowsecurity from pg_class c
		where c.oid > 16384 and c.relkind in ('r', 'p', 'v', 'S') order by c.oid::regclass::text"
	ask "select defaclrole::regrole, defaclnamespace, defaclobjtype, defaclacl
		from pg_default_acl order by 1, 2, 3"
}

goes_on_elsewhere() {
	use first
	outside >"$place/outside"
	use second
	take_ports
	run --no-seed
	./socius restore "$place/backup" >"$said" 2>&1
	expect "elsewhere: exit code" 0 $?
	expect "elsewhere: nothing of an empty instance is kept" 0 \
		"$(ask "select count(*) from pg_database where datname like 'socius\\_%' and datname <> 'socius_keys'")"
	operator=$(token --role operator)
	ask 'select booking_id from scheduling.booking' | sort >"$place/restored"
	sort "$place/before" >"$place/wanted"
	expect "elsewhere: every booking acknowledged before is there" "" \
		"$(comm -23 "$place/wanted" "$place/restored")"
	./socius laws >"$said" 2>&1
	expect "elsewhere: laws" 0 $?
	expect "elsewhere: the next epoch" 2 "$(ask "select current_setting('socius.epoch')")"
	outside | diff "$place/outside" - >"$said" 2>&1
	expect "elsewhere: roles, grants and settings are as they were" 0 $?
	goes_on_in_order
}

# Readers of before go on where they were, and what happens now comes behind all of it.
goes_on_in_order() {
	feed >"$place/feed-restored"
	events=$(wc -l <"$place/feed-restored")
	# one that committed after the backup may stand between those before it
	expect "feed: every event is one that was, in the same order" "$(cat "$place/feed-restored")" \
		"$(grep -Fxf "$place/feed-restored" "$place/feed")"
	feed "$(cat "$place/cursor")" >"$place/feed-behind"
	expect "feed: an old cursor goes on behind its event" \
		"$(tail -n +11 "$place/feed-restored")" "$(cat "$place/feed-behind")"
	last=$(get '/v1/events?limit=100' | ids next_cursor)
	while :; do
		next=$(get "/v1/events?limit=100&after=$last" | ids next_cursor)
		[ -n "$next" ] && [ "$next" != "$last" ] || break
		last=$next
	done
	courier=$(token --role partner --partner 00000000-0000-7000-8000-000000000101)
	booking=$(ask "select booking_id from scheduling.booking where state = 'confirmed' and
		partner_id = '00000000-0000-7000-8000-000000000101' order by starts_at desc limit 1")
	expect "feed: something happens" 200 "$(curl -s -o /dev/null -w '%{http_code}' -X POST \
		"$api/v1/bookings/$booking/forfeit" -H "Authorization: Bearer $courier" \
		-H 'Idempotency-Key: after' -H 'If-Match: "1"' -H 'Content-Type: application/json' -d '{}')"
	feed >"$place/feed-after"
	expect "feed: what is new comes last" "$(cat "$place/feed-restored")" \
		"$(head -n "$events" "$place/feed-after")"
	expect "feed: and it came" "$((events + 1))" "$(wc -l <"$place/feed-after" | tr -d ' ')"
	expect "feed: behind the last cursor there is it alone" "$(tail -n 1 "$place/feed-after")" \
		"$(feed "$last")"
}

# The same instance, an hour later: what it was is kept under another name.
comes_back_here() {
	use second
	bookings=$(ask 'select count(*) from scheduling.booking')
	ask "update core.market set name = 'Changed since'" >/dev/null
	./socius restore "$place/backup" >"$said" 2>&1
	expect "here: exit code" 0 $?
	expect "here: ready again" 200 "$(curl -s -o /dev/null -w '%{http_code}' "$api/readyz")"
	expect "here: as it was" Torino "$(ask 'select name from core.market')"
	expect "here: an epoch behind all others" 3 "$(ask "select current_setting('socius.epoch')")"
	expect "here: the API serves it" Torino \
		"$(curl -s "$api/v1/markets/demo" -H "Authorization: Bearer $(token --role operator)" |
			ids name)"
	kept=$(sed -n 's/.*kept as the database \([a-z0-9_]*\);.*/\1/p' "$said")
	expect "here: what was is kept" "Changed since" \
		"$(ask "\\c $kept" >/dev/null; ./socius psql -qAt -c "\\c $kept" \
			-c 'select name from core.market' | tail -n 1)"
	drop=$(sed -n "s/.*psql -c '\(.*\)'/\1/p" "$said")
	expect "here: and can be dropped as it says" "DROP DATABASE" "$(./socius psql -At -c "$drop")"
	expect "here: bookings" "$bookings" "$(ask 'select count(*) from scheduling.booking')"
}

# refused NAME FILE WORDS: one line at the end says so, and nothing has changed
refused() {
	before=$(ask 'select name, (select count(*) from events.event) from core.market')
	code=0
	./socius restore "$2" >"$said" 2>&1 || code=$?
	expect "$1: exit code" 1 "$code"
	expect "$1: one line" 1 "$(grep -c '^socius: ' "$said")"
	expect "$1: says why" 1 "$(tail -n 1 "$said" | grep -cF "$3")"
	expect "$1: nothing has changed" "$before" \
		"$(ask 'select name, (select count(*) from events.event) from core.market')"
	expect "$1: nothing is left" 0 \
		"$(ask "select count(*) from pg_database where datname like 'socius\\_%' and datname <> 'socius_keys'")"
}

# with_byte AT: the backup with another byte there
with_byte() {
	cp "$place/backup" "$place/bad"
	printf '\377' | dd of="$place/bad" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

refuses_what_is_bad() {
	use second
	refused "a foreign file" README.md 'README.md is no backup of Socius'
	: >"$place/bad"
	refused "an empty file" "$place/bad" 'is no backup of Socius'
	tar -cf "$place/bad" README.md
	refused "another tar file" "$place/bad" 'is no backup of Socius'
	size=$(stat -c %s "$place/backup")
	head -c $((size / 2)) "$place/backup" >"$place/bad"
	refused "half of it" "$place/bad" 'is damaged: it ends too early'
	with_byte $((size / 2))
	refused "a byte of the dump" "$place/bad" 'is damaged: its dump is not what was written'
	with_byte $((size - 1300))
	refused "a byte of the manifest" "$place/bad" 'is damaged: its manifest is not what was written'
	use first
	ask 'update scheduling.slot set booked = booked + 1 where booked between 1 and capacity - 1' \
		>/dev/null
	ask 'create view laws.entries_raise as select 1 / (count(*) - count(*)) from core.market;
		create view laws.entries_raise_examined as select 1 as examined;
		grant select on laws.entries_raise, laws.entries_raise_examined to socius_law' >/dev/null
	./socius laws >"$said" 2>&1
	expect "a law that cannot be run: exit code" 1 $?
	expect "a law that cannot be run: is broken, and the others are looked at" "1 1 1" \
		"$(grep -cE '^BROKEN +entries_raise +cannot be run: .*division by zero' "$said") $(
			grep -cE '^BROKEN +seats_match_bookings' "$said") $(
			grep -cE '^[0-9]+ laws, 2 broken$' "$said")"
	./socius backup "$place/unlawful" >"$said" 2>&1
	expect "a state that breaks a law: backup" 0 $?
	ask 'drop view laws.entries_raise, laws.entries_raise_examined' >/dev/null
	use second
	refused "a state that breaks a law" "$place/unlawful" 'breaks 2 laws and is not taken'
	expect "a state that breaks a law: names it" 1 \
		"$(grep -cE '^BROKEN +seats_match_bookings' "$said")"
	expect "after all that: ready" 200 \
		"$(curl -s -o /dev/null -w '%{http_code}' "$api/readyz")"
}

needs_no_running_instance() {
	use second
	./socius stop >/dev/null 2>&1
	./socius backup "$place/stopped" >"$said" 2>&1
	expect "stopped: backup" 0 $?
	./socius status >/dev/null 2>&1
	expect "stopped: it is again" 3 $?
	use third
	./socius restore "$place/stopped" --programs "$programs" >"$said" 2>&1
	expect "a new folder: restore" 0 $?
	./socius status >/dev/null 2>&1
	expect "a new folder: nothing runs" 3 $?
	run --no-seed
	expect "a new folder: the data is there" Torino "$(ask 'select name from core.market')"
	expect "a new folder: the same secret of cursors" "$(cat "$place/second/keys/cursor.secret")" \
		"$(cat "$place/third/keys/cursor.secret")"
	./socius laws >"$said" 2>&1
	expect "a new folder: laws" 0 $?
	./socius backup "$place/no/such" >"$said" 2>&1
	expect "a folder that is not there" 1 $?
	expect "a folder that is not there: one line" 1 "$(wc -l <"$said" | tr -d ' ')"
}

use first
take_ports
run --seed sql/seed/demo.sql
backs_up_while_they_book
goes_on_elsewhere
comes_back_here
refuses_what_is_bad
needs_no_running_instance
finish
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
