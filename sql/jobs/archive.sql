-- Months of events on their way into the archive, for the runner's thread of that name:
--
--	select jobs.take_month(now, months);                     counts an attempt; null: none is due
--	select ... from jobs.list_month(month, after..., limit); page by page, until there is none
--	(the file is written, read again and on disk)
--	select jobs.finish_month(month, lines, digest, now);     drops the month; raises if it has others
-- or
--	select jobs.fail_month(month, error, now);               it is tried again later
--
-- It holds the advisory lock (5051, -3) for all of that.

-- The oldest month that ended so many months ago and holds events. An attempt is counted as it begins, and
-- those that follow wait longer each time; no younger month goes before an older one, for the feed tells
-- readers of one place up to which it was archived.
create or replace function jobs.take_month(p_now timestamptz, p_months int) returns date
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_month constant date := (
		select m.month
		from core.months_of('events.event') m
		where m.month + make_interval(months => p_months + 1) <= p_now at time zone 'UTC'
			and exists (select from events.event e where e.recorded_month = m.month)
		order by m.month
		limit 1);
	v_taken date;
begin
	if v_month is null then
		return null;
	end if;
	insert into events.archive_attempt as a (month, attempts, began_at, retry_at)
	values (v_month, 1, p_now, jobs.back_off(1, p_now))
	on conflict (month) do update
	set attempts = a.attempts + 1, retry_at = jobs.back_off(a.attempts + 1, p_now)
	where a.retry_at <= p_now
	returning a.month into v_taken;
	return v_taken;
end
$$;
comment on function jobs.take_month is 'the oldest month of events that is due for the archive; null: none';

-- Events of a month in the order of the feed, market by market, as lines of JSON; those of test
-- markets are not kept.
create or replace function jobs.list_month(p_month date, p_after_market int, p_after_epoch int,
	p_after_xid bigint, p_after_event_id uuid, p_limit int)
returns table (market_id int, epoch int, xid bigint, event_id uuid, line text)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off as $$
begin
	return query
	select e.market_id, e.epoch, e.xid::text::bigint, e.event_id, to_jsonb(e)::text
	from events.event e
	where e.recorded_month = p_month
		and (e.market_id, e.epoch, e.xid, e.event_id)
			> (p_after_market, p_after_epoch, p_after_xid::text::xid8, p_after_event_id)
		and e.market_id in (select m.market_id from core.market m where not m.is_test)
	order by e.market_id, e.epoch, e.xid, e.event_id
	limit p_limit;
end
$$;
comment on function jobs.list_month is 'events of a month as lines of JSON, in the order of the feed';

-- A month stands in the archive, verified: notes for each market how far that reaches, and drops the
-- partition. Raises where the file does not hold as many events as the month.
create or replace function jobs.finish_month(p_month date, p_lines bigint, p_digest text,
	p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_kept bigint := 0;
	v_market record;
begin
	for v_market in
		select e.market_id, count(*) as events, max(e.occurred_at) as occurred_until
		from events.event e
		where e.recorded_month = p_month
		group by e.market_id
	loop
		if exists (select from core.market m
			where m.market_id = v_market.market_id and not m.is_test) then
			v_kept := v_kept + v_market.events;
		end if;
		perform core.enter(v_market.market_id, null);
		insert into events.archived as a (market_id, epoch, xid, event_id, occurred_until)
		select e.market_id, e.epoch, e.xid, e.event_id, v_market.occurred_until
		from events.event e
		where e.recorded_month = p_month and e.market_id = v_market.market_id
		order by e.epoch desc, e.xid desc, e.event_id desc
		limit 1
		on conflict (market_id) do update
		set epoch = excluded.epoch, xid = excluded.xid, event_id = excluded.event_id,
			occurred_until = greatest(a.occurred_until, excluded.occurred_until)
		where (a.epoch, a.xid, a.event_id) < (excluded.epoch, excluded.xid, excluded.event_id);
	end loop;
	if v_kept <> p_lines then
		raise exception 'the archive of % has % lines for % events', p_month, p_lines, v_kept;
	end if;
	insert into events.archived_month (month, events, digest, archived_at)
	values (p_month, p_lines, p_digest, p_now)
	on conflict (month) do update
	set events = excluded.events, digest = excluded.digest, archived_at = excluded.archived_at;
	delete from events.archive_attempt a where a.month = p_month;
	perform events.drop_month(p_month);
end
$$;
comment on function jobs.finish_month is 'a month of events is in the archive and no more in the feed';

-- An attempt failed: it is tried again.
create or replace function jobs.fail_month(p_month date, p_error text, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	update events.archive_attempt a
	set last_error = left(p_error, 1000), retry_at = jobs.back_off(a.attempts, p_now)
	where a.month = p_month;
end
$$;
comment on function jobs.fail_month is 'an attempt to archive a month failed';

grant usage on schema jobs to wall_purge;
grant select, insert, update, delete on events.archive_attempt to wall_purge;
alter function jobs.take_month owner to wall_purge;
alter function jobs.fail_month owner to wall_purge;
alter function jobs.list_month owner to wall_purge;
alter function jobs.finish_month owner to wall_purge;
grant execute on function jobs.take_month, jobs.list_month, jobs.finish_month, jobs.fail_month to socius_runner;
