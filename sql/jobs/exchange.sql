-- Jobs of the exchange: what happened is counted by day, and read by the rule.

-- Reads partners anew by the rule in force, as wholes and by enrolment, for the 90 days that end with
-- p_today, and tells what changed: a row of exchange.tag and an event each. p_trigger says why.
create or replace function exchange.read_again(p_market_id int, p_partner_id uuid[], p_today date,
	p_trigger text, p_now timestamptz) returns void
language sql as $$
	with
	counted as (
		select d.partner_id, k.part, w.what, w.side, w.weight, sum(d.events) as events
		from exchange.daily_count d
		join exchange.weight w
			on w.rule_version = exchange.rule_in_force() and w.what = d.what
		cross join lateral (values ('whole'), (w.enrolment_kind)) k (part)
		where d.market_id = p_market_id and d.partner_id = any (p_partner_id)
			and d.day > p_today - 90 and k.part is not null and w.side is not null
		group by d.partner_id, k.part, w.rule_version, w.what
	),
	summed as (
		select c.partner_id, c.part, sum(c.events)::int as events,
			coalesce(sum(c.events * c.weight) filter (where c.side = 'shared'), 0)::int as shared,
			coalesce(sum(c.events * c.weight) filter (where c.side = 'controlled'), 0)::int
				as controlled,
			string_agg(c.what || ' ' || c.events, e'\n' order by c.what) as evidence
		from counted c
		group by c.partner_id, c.part
	),
	before as (
		select r.partner_id, r.part, r.archetype, r.basis, r.changes, r.changed_at
		from exchange.reading r
		where r.market_id = p_market_id and r.partner_id = any (p_partner_id)
	),
	owed as (
		select coalesce(s.partner_id, b.partner_id) as partner_id,
			coalesce(s.part, b.part) as part, coalesce(s.shared, 0) as shared,
			coalesce(s.controlled, 0) as controlled, coalesce(s.events, 0) as events,
			sha256(convert_to(coalesce(s.evidence, ''), 'UTF8')) as evidence,
			b.archetype as archetype_before, b.basis as basis_before,
			coalesce(b.changes, 0) as changes_before, b.changed_at as changed_before
		from summed s
		full join before b on b.partner_id = s.partner_id and b.part = s.part
	),
	-- materialized: what is declared is looked up once, not wherever it is used
	known as materialized (
		select o.*, case when o.events < 5
			then exchange.declared_of(p_market_id, o.partner_id, o.part) end as declared
		from owed o
	),
	anew as materialized (
		select k.*, a.archetype, a.participation, a.basis,
			(a.archetype, a.basis) is distinct from (k.archetype_before, k.basis_before)
				as is_changed
		from known k
		cross join lateral exchange.archetype_of(k.shared, k.controlled, k.events, null,
			k.declared, case k.basis_before when 'observed' then k.archetype_before end) a
	),
	changed as (
		insert into exchange.tag (market_id, partner_id, part, change_no, rule_version, until_day,
			shared, controlled, events, participation, information, declared, archetype_before,
			archetype, basis, trigger, evidence, changed_at)
		select p_market_id, n.partner_id, n.part, n.changes_before + 1, exchange.rule_in_force(),
			p_today, n.shared, n.controlled, n.events, n.participation, null, n.declared,
			n.archetype_before, n.archetype, n.basis, p_trigger, n.evidence, p_now
		from anew n
		where n.is_changed
	),
	told as (
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, reason, occurred_at)
		select p_market_id,
			core.derived_id(uuid_send(n.partner_id)
				|| convert_to(format('exchange %s %s', n.part, n.changes_before + 1), 'UTF8')),
			'exchange.changed', n.partner_id,
			case n.part when 'whole' then 'exchange' else n.part || '_exchange' end, n.partner_id,
			n.archetype_before, n.archetype, '00000000-0000-0000-0000-000000000000', 'runner',
			format('%s: %s points shared, %s controlled, %s events in 90 days', n.basis, n.shared,
				n.controlled, n.events),
			p_now
		from anew n
		where n.is_changed
	)
	insert into exchange.reading as r (market_id, partner_id, part, rule_version, until_day, shared,
		controlled, events, information, declared, archetype, basis, changes, changed_at)
	select p_market_id, n.partner_id, n.part, exchange.rule_in_force(), p_today, n.shared,
		n.controlled, n.events, null, n.declared, n.archetype, n.basis,
		n.changes_before + n.is_changed::int,
		case when n.is_changed then p_now else n.changed_before end
	from anew n
	on conflict (market_id, partner_id, part) do update
	set rule_version = excluded.rule_version, until_day = excluded.until_day,
		shared = excluded.shared, controlled = excluded.controlled, events = excluded.events,
		information = excluded.information, declared = excluded.declared,
		archetype = excluded.archetype, basis = excluded.basis, changes = excluded.changes,
		changed_at = excluded.changed_at
$$;
comment on function exchange.read_again is 'reads partners anew by the rule in force and tells what changed';

-- Counts the next events of the feed, at most so many, and moves the place in it: both in one
-- transaction, so that no event counts twice. A transaction that still runs hides itself and all
-- behind it, as in api.list_events, whose remarks hold here too.
-- is_more: go on at once; is_hidden: there are events that a running transaction hides.
create or replace function exchange.count_events(p_market_id int, p_time_zone text, p_limit int,
	out counted uuid[], out enrolled uuid[], out is_more boolean, out is_hidden boolean)
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
	v_xmin constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
	v_epoch_now constant int := current_setting('socius.epoch')::int;
	v_before xid8 := '18446744073709551615';
	v_fold exchange.fold;
	v_page record;
begin
	select f.* into strict v_fold from exchange.fold f
	where f.market_id = p_market_id for no key update;
	if v_fold.epoch >= v_epoch_now then
		v_before := v_xmin;
	end if;
	with page as materialized (
		select e.xid, e.event_id, e.kind, e.partner_id, e.subject_id, e.occurred_at
		from events.event e
		where e.market_id = p_market_id and e.epoch = v_fold.epoch
			and (e.xid, e.event_id) > (v_fold.xid, v_fold.event_id) and e.xid < v_before
		order by e.xid, e.event_id
		limit p_limit
	),
	things as (
		select p.partner_id, (p.occurred_at at time zone p_time_zone)::date as day, v.what,
			count(*)::int as events
		from page p
		join exchange.evidence v on v.event_kind = p.kind and v.origin = case p.kind
			when 'booking.confirmed' then (
				select b.origin::text from scheduling.booking b
				where b.market_id = p_market_id and b.booking_id = p.subject_id)
			when 'trip.completed' then (
				select t.origin::text from fulfilment.trip t
				where t.market_id = p_market_id and t.trip_id = p.subject_id)
			else '' end
		where p.partner_id is not null
		group by 1, 2, 3
	),
	kept as (
		insert into exchange.daily_count as d (market_id, partner_id, day, what, events)
		select p_market_id, t.partner_id, t.day, t.what, t.events
		from things t
		on conflict (market_id, partner_id, day, what) do update
		set events = d.events + excluded.events
		returning d.partner_id
	)
	select count(*) as events,
		(select l.xid from page l order by l.xid desc, l.event_id desc limit 1) as xid,
		(select l.event_id from page l order by l.xid desc, l.event_id desc limit 1) as event_id,
		array(select distinct k.partner_id from kept k) as counted,
		array(select distinct m.partner_id from page m
			where m.kind like 'enrolment.%' and m.partner_id is not null) as enrolled
	into v_page
	from page p;
	counted := v_page.counted;
	enrolled := v_page.enrolled;
	is_more := v_page.events = p_limit or v_fold.epoch < v_epoch_now;
	if v_page.events > 0 then
		v_fold.xid := v_page.xid;
		v_fold.event_id := v_page.event_id;
	end if;
	if v_page.events < p_limit and v_fold.epoch < v_epoch_now then
		v_fold.epoch := v_fold.epoch + 1;
		v_fold.xid := '0';
		v_fold.event_id := '00000000-0000-0000-0000-000000000000';
	end if;
	update exchange.fold f
	set epoch = v_fold.epoch, xid = v_fold.xid, event_id = v_fold.event_id
	where f.market_id = p_market_id
		and (f.epoch, f.xid, f.event_id) <> (v_fold.epoch, v_fold.xid, v_fold.event_id);
	is_hidden := exists (
		select from events.event e
		where e.market_id = p_market_id and e.epoch = v_epoch_now and e.xid >= v_xmin);
end
$$;
comment on function exchange.count_events is 'counts the next events of the feed and moves the place in it';

-- The next partners of whom a day has left the window since they were last looked after, at most so
-- many. What is counted later for a day that is gone already never was in a reading.
create or replace function exchange.leave_window(p_market_id int, p_today date, p_limit int,
	out gone uuid[], out is_more boolean)
language plpgsql set enable_seqscan = off set enable_bitmapscan = off as $$
declare
	v_gone constant date := p_today - 90;
	v_last record;
begin
	with leaving as materialized (
		select distinct d.day, d.partner_id
		from exchange.fold f
		join exchange.daily_count d on d.market_id = p_market_id
			and (d.day, d.partner_id) > (f.swept_day, f.swept_partner_id) and d.day <= v_gone
		where f.market_id = p_market_id
		order by d.day, d.partner_id
		limit p_limit
	)
	select count(*) as days, max(l.day) as day,
		(select k.partner_id from leaving k order by k.day desc, k.partner_id desc limit 1)
			as partner_id,
		array(select distinct k.partner_id from leaving k) as gone
	into v_last
	from leaving l;
	gone := v_last.gone;
	is_more := v_last.days = p_limit;
	update exchange.fold f
	set swept_day = case when is_more then v_last.day else v_gone end,
		swept_partner_id = case when is_more then v_last.partner_id
			else 'ffffffff-ffff-ffff-ffff-ffffffffffff' end
	where f.market_id = p_market_id and (is_more or f.swept_day <> v_gone);
end
$$;
comment on function exchange.leave_window is 'the next partners of whom a day has left the window';

-- Job: counts what happened, at most 1,000 events a step, and reads anew whomever it concerns; then
-- those of whom a day has left the window. Nothing of this is on the way of a request; and who catches
-- up takes a step a second, which is a fifth of a processor where every event is another partner's
-- (200 us each), so that requests have the rest.
create or replace function jobs.fold_exchange(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_limit constant int := 1000;
	v_now timestamptz;
	v_time_zone text;
	v_today date;
	v_events record;
	v_days record;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	select m.time_zone into strict v_time_zone from core.market m where m.market_id = p_market_id;
	v_today := (v_now at time zone v_time_zone)::date;
	insert into exchange.fold (market_id) values (p_market_id) on conflict do nothing;
	v_events := exchange.count_events(p_market_id, v_time_zone, v_limit);
	perform exchange.read_again(p_market_id, v_events.counted, v_today, 'events', v_now)
	where v_events.counted <> '{}';
	perform exchange.read_again(p_market_id, w.partner_id, v_today, 'enrolment', v_now)
	from (
		select array_agg(e.partner_id) as partner_id
		from unnest(v_events.enrolled) e (partner_id)
		where e.partner_id <> all (v_events.counted)
	) w
	where w.partner_id is not null;
	v_days := exchange.leave_window(p_market_id, v_today, v_limit);
	perform exchange.read_again(p_market_id, v_days.gone, v_today, 'window', v_now)
	where v_days.gone <> '{}';
	if v_events.is_more or v_days.is_more then
		return v_now + make_interval(secs => (v_now = p_now)::int);
	end if;
	-- a clock that stands still does not bring the job back by itself
	if v_events.is_hidden and v_now <> p_now then
		update core.job j set retry_at = p_now + interval '1 second'
		where j.market_id = p_market_id and j.job_id = p_job_id;
		return v_now;
	end if;
	return null;
end
$$;
comment on function jobs.fold_exchange is 'counts what happened for the archetypes and reads anew whomever it concerns';
alter function jobs.fold_exchange owner to wall_runner;
grant execute on function exchange.read_again, exchange.count_events, exchange.leave_window
	to wall_runner;
grant execute on function jobs.fold_exchange to socius_runner;
