#!/bin/sh
# Retention on tables of so many rows (BENCH_ROWS, 10000000), seeded by sets: how long steps of the
# purge take, what bookings beside it notice, what reads of the feed take over thirteen months, and how
# long a month takes into the archive. A throw-away cluster that syncs nothing; prints its figures.
set -eu
cd "$(dirname "$0")/../.."

rows=${BENCH_ROWS:-10000000}
seconds=${BENCH_SECONDS:-10}
place=$(mktemp -d /tmp/socius-retention-bench.XXXXXX)
chmod 755 "$place"
bin=${PG_BIN:-/usr/lib/postgresql/15/bin}
conninfo=$(cd / && "$OLDPWD/tests/support/scratch" "$place/scratch")
clone=$PWD
trap 'cd / && "$clone/tests/support/scratch" "$place/scratch" stop >/dev/null 2>&1; rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM

sql() { "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -v rows="$rows" -d "$conninfo" "$@"; }

# bench NAME SCRIPT CLIENTS: rate, p50 and p99 of one transaction each
bench() {
	rm -f "$place"/log.*
	rate=$("$bin/pgbench" -n -M prepared -c "$3" -j 1 -T "$seconds" -l --log-prefix="$place/log" \
		-D markets=4 -D partners=5000 -D slots=20000 -D rows="$rows" -f "$2" \
		"$conninfo user=socius_gate" 2>&1 | sed -n 's/^tps = \([0-9]*\).*/\1/p')
	cat "$place"/log.* | awk '{ print $3 }' | sort -n | awk -v name="$1" -v rate="$rate" '{ us[NR] = $1 }
		END { printf "%-34s %6d/s  p50 %.2f ms  p99 %.2f ms\n", name, rate,
			us[int(NR * 0.5) + 1] / 1000, us[int(NR * 0.99) + 1] / 1000 }'
}

echo "filling $rows events of 13 months and $rows keys"
sql -v partners=5000 -v slots=20000 -f tests/bench/market.sql
sql <<'SQL'
alter database socius set socius.epoch = 2;
select format('alter table events.event detach partition %s', m.partition) from core.months_of('events.event') m where m.month = core.month_now() \gexec
select format('drop table %s', c.oid::regclass) from pg_catalog.pg_class c where c.oid in (select to_regclass(to_char(core.month_now(), '"events.event_"YYYY_MM'))) \gexec
select core.make_months('events.event', (core.month_now() - interval '12 months')::date, 16);
insert into events.event (market_id, epoch, xid, event_id, recorded_month, kind, partner_id, subject,
	subject_id, to_state, actor_id, actor_role, occurred_at)
select 9001 + n % 4, 1, n::text::xid8, gen_random_uuid(),
	date_trunc('month', at at time zone 'UTC')::date, 'booking.confirmed',
	lpad(to_hex(1 + n * 7 % 5000), 32, '0')::uuid, 'booking', gen_random_uuid(), 'confirmed',
	lpad(to_hex(1 + n * 7 % 5000), 32, '0')::uuid, 'partner', at
from generate_series(1, :rows) n,
	lateral (select now() - interval '390 days' + n * (interval '389 days' / :rows)) t (at);
insert into core.request_key (market_id, account_id, operation, key, digest, resource_id, created_at,
	recorded_at)
select 9001 + n % 4, lpad(to_hex(1 + n * 7 % 5000), 32, '0')::uuid, 'forfeit_booking', n::text,
	sha256('bench'), gen_random_uuid(), now(), now() - interval '100 days' * n / :rows
from generate_series(1, :rows) n;
vacuum analyze;
SQL

cat >"$place/head.sql" <<'SQL'
\set m random(9001, 9004)
\set x :rows - random(1, 1000)
select count(*) from api.list_events(:m, null, 51, 1, :x, '00000000-0000-0000-0000-000000000000');
SQL
cat >"$place/behind.sql" <<'SQL'
\set m random(9001, 9004)
\set x random(1, :rows)
select count(*) from api.list_events(:m, null, 51, 1, :x, '00000000-0000-0000-0000-000000000000');
SQL
cat >"$place/partner.sql" <<'SQL'
\set m random(9001, 9004)
\set p random(1, 5000)
select count(*) from api.list_events(:m, lpad(to_hex(:p::int), 32, '0')::uuid, 51, null, null, null);
SQL
bench "the end of the feed" "$place/head.sql" 1
bench "anywhere in the feed" "$place/behind.sql" 1
bench "a partner's feed from its start" "$place/partner.sql" 1
bench "bookings alone" tests/bench/book.pgbench.sql 8

cat >"$place/purge.sql" <<'SQL'
\set ON_ERROR_STOP on
create temp table step (ms numeric);
create procedure pg_temp.purge() language plpgsql as $$
declare
	v_began timestamptz;
	v_more boolean := true;
begin
	while v_more loop
		v_began := clock_timestamp();
		v_more := jobs.purge(0, gen_random_uuid(), now()) is not null;
		commit;
		insert into step values (extract(epoch from clock_timestamp() - v_began) * 1000);
	end loop;
end
$$;
call pg_temp.purge();
select format('purge: %s steps, %s s, p50 %s ms, p99 %s ms, longest %s ms; %s keys left', count(*),
	round(sum(ms) / 1000), round(percentile_disc(0.5) within group (order by ms), 1),
	round(percentile_disc(0.99) within group (order by ms), 1), round(max(ms), 1),
	(select count(*) from core.request_key)) from step;
SQL
sql -f "$place/purge.sql" &
purge=$!
bench "bookings beside the purge" tests/bench/book.pgbench.sql 8
wait "$purge"

month=$(sql -c "select (core.month_now() - interval '6 months')::date")
began=$(date +%s%N)
sql -c "create procedure pg_temp.list(p_month date) language plpgsql as \$\$
declare
	v_last record;
	v_row record;
	v_lines bigint := 0;
	v_count int;
begin
	select 0 as market_id, 0 as epoch, 0::bigint as xid,
		'00000000-0000-0000-0000-000000000000'::uuid as event_id into v_last;
	loop
		v_count := 0;
		for v_row in
			select * from jobs.list_month(p_month, v_last.market_id, v_last.epoch, v_last.xid,
				v_last.event_id, 1000)
		loop
			v_count := v_count + 1;
			v_last := v_row;
		end loop;
		exit when v_count = 0;
		v_lines := v_lines + v_count;
	end loop;
	raise notice '% lines', v_lines;
	perform jobs.finish_month(p_month, v_lines, 'digest', now());
end
\$\$" -c "call pg_temp.list('$month')"
echo "a month into the archive: $((($(date +%s%N) - began) / 1000000)) ms"
