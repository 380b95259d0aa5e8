-- Laws of the exchange: what is counted happened, what is said follows from the counts, and nothing
-- follows from what is said.

-- Rule 1 said once more, the other way round: whether an archetype and its basis follow from the
-- sums. p_before: the archetype observed before, or null.
create or replace function exchange.follows(p_shared int, p_controlled int, p_events int,
	p_information int, p_declared text, p_before text, p_archetype text, p_basis text)
returns boolean
language sql immutable parallel safe as $$
	select p_basis = case when p_events < 5 then 'declared' else 'observed' end
		and p_archetype in ('host', 'companion') = case
			when p_events < 5 then p_declared in ('host', 'companion')
			when p_before in ('host', 'companion')
				then 100::bigint * p_shared >= 45::bigint * (p_shared + p_controlled)
			when p_before is not null
				then 100::bigint * p_shared >= 55::bigint * (p_shared + p_controlled)
			else p_shared >= p_controlled
		end
		and p_archetype in ('companion', 'advisor') = case
			when p_information is null then p_events < 5 and p_declared in ('companion', 'advisor')
			when p_before in ('companion', 'advisor') then p_information >= 45
			when p_before is not null then p_information >= 55
			else p_information >= 50
		end
$$;
comment on function exchange.follows is 'whether an archetype follows from the sums by rule 1; for laws';
grant execute on function exchange.follows to wall_law, socius_law;

create or replace view laws.exchange_counts_its_events as
select coalesce(h.market_id, d.market_id) as market_id,
	coalesce(h.partner_id, d.partner_id) as partner_id, coalesce(h.day, d.day) as day,
	coalesce(h.what, d.what) as what, h.events as happened, d.events as counted
from (
	select e.market_id, e.partner_id, (e.occurred_at at time zone m.time_zone)::date as day,
		v.what, count(*) as events
	from events.event e
	join exchange.fold f on f.market_id = e.market_id
		and (e.epoch, e.xid, e.event_id) <= (f.epoch, f.xid, f.event_id)
	join core.market m on m.market_id = e.market_id
	left join scheduling.booking b on e.kind = 'booking.confirmed'
		and b.market_id = e.market_id and b.booking_id = e.subject_id
	left join fulfilment.trip t on e.kind = 'trip.completed'
		and t.market_id = e.market_id and t.trip_id = e.subject_id
	join exchange.evidence v on v.event_kind = e.kind
		and v.origin = coalesce(b.origin::text, t.origin::text, '')
	where e.partner_id is not null
	group by 1, 2, 3, 4
) h
full join exchange.daily_count d on d.market_id = h.market_id and d.partner_id = h.partner_id
	and d.day = h.day and d.what = h.what
where h.events is distinct from d.events and not exists (
	select from events.archived k
	where k.market_id = coalesce(h.market_id, d.market_id)
		and k.occurred_until >= coalesce(h.day, d.day)::timestamptz - interval '1 day');
comment on view laws.exchange_counts_its_events is 'A partner''s counts are the events that the fold has passed, each once.';

create or replace view laws.exchange_counts_its_events_examined as
select count(*) as examined
from events.event e
where e.kind in (select v.event_kind from exchange.evidence v);

-- Who has no reading may have counts of days that were gone before they were counted.
create or replace view laws.exchange_sums_its_counts as
select coalesce(r.market_id, c.market_id) as market_id,
	coalesce(r.partner_id, c.partner_id) as partner_id, coalesce(r.part, c.part) as part,
	r.shared, c.shared as shared_counted, r.controlled, c.controlled as controlled_counted,
	r.events, c.events as events_counted
from exchange.reading r
full join (
	select d.market_id, d.partner_id, k.part,
		coalesce(sum(d.events * w.weight) filter (where w.side = 'shared'), 0) as shared,
		coalesce(sum(d.events * w.weight) filter (where w.side = 'controlled'), 0) as controlled,
		sum(d.events) as events
	from exchange.daily_count d
	join exchange.weight w on w.what = d.what and w.side is not null
	cross join lateral (values ('whole'), (w.enrolment_kind)) k (part)
	left join exchange.reading o on o.market_id = d.market_id and o.partner_id = d.partner_id
		and o.part = k.part
	left join exchange.fold f on f.market_id = d.market_id
	where k.part is not null and w.rule_version = coalesce(o.rule_version, 1)
		and d.day > coalesce(o.until_day - 90, f.swept_day, '-infinity')
	group by d.market_id, d.partner_id, k.part
) c on c.market_id = r.market_id and c.partner_id = r.partner_id and c.part = r.part
where r.partner_id is null
	or (r.shared, r.controlled, r.events) is distinct from
		(coalesce(c.shared, 0), coalesce(c.controlled, 0), coalesce(c.events, 0));
comment on view laws.exchange_sums_its_counts is 'Whoever has counts has a reading, and it sums those of its 90 days.';

create or replace view laws.exchange_sums_its_counts_examined as
select count(*) as examined from exchange.daily_count;

create or replace view laws.exchange_leaves_its_window as
select r.market_id, r.partner_id, r.part, r.until_day, d.day
from exchange.reading r
join exchange.fold f on f.market_id = r.market_id
join exchange.daily_count d on d.market_id = r.market_id and d.partner_id = r.partner_id
	and d.day > r.until_day - 90
	and (d.day, d.partner_id) <= (f.swept_day, f.swept_partner_id)
join exchange.weight w on w.rule_version = r.rule_version and w.what = d.what
	and (r.part = 'whole' or r.part = w.enrolment_kind);
comment on view laws.exchange_leaves_its_window is 'No reading holds a day that has left the window and was looked after.';

create or replace view laws.exchange_leaves_its_window_examined as
select count(*) as examined from exchange.reading;

create or replace view laws.exchange_reads_by_the_rule as
select r.market_id, r.partner_id, r.part, r.archetype, r.basis
from exchange.reading r
left join exchange.tag t on t.market_id = r.market_id and t.partner_id = r.partner_id
	and t.part = r.part and t.change_no = r.changes
where not exchange.follows(r.shared, r.controlled, r.events, r.information, r.declared,
		case r.basis when 'observed' then r.archetype end, r.archetype, r.basis)
	or (t.archetype, t.basis, t.changed_at) is distinct from (r.archetype, r.basis, r.changed_at);
comment on view laws.exchange_reads_by_the_rule is 'What is read now follows from its sums by the rule, and is the latest change on record.';

create or replace view laws.exchange_reads_by_the_rule_examined as
select count(*) as examined from exchange.reading;

create or replace view laws.exchange_changes_are_on_record as
select t.market_id, t.partner_id, t.part, t.change_no
from (
	select k.*, count(*) over w as number, first_value(k.changed_at) over w as since, lag(k.archetype) over w as lag_archetype,
		case lag(k.basis) over w when 'observed' then lag(k.archetype) over w end as observed
	from exchange.tag k
	window w as (partition by k.market_id, k.partner_id, k.part order by k.change_no)
) t
left join (
	select e.market_id, e.subject, e.subject_id, count(*) as events,
		count(*) filter (where e.from_state is null) as births
	from events.event e
	where e.kind = 'exchange.changed'
	group by e.market_id, e.subject, e.subject_id
) v on v.market_id = t.market_id and v.subject_id = t.partner_id
	and v.subject = case t.part when 'whole' then 'exchange' else t.part || '_exchange' end
left join exchange.reading r on r.market_id = t.market_id and r.partner_id = t.partner_id
	and r.part = t.part
where t.change_no <> t.number
	or t.archetype_before is distinct from t.lag_archetype
	or (v.events is distinct from r.changes or v.births is distinct from 1)
		and not exists (
			select from events.archived k
			where k.market_id = t.market_id and k.occurred_until >= t.since)
	or r.changes < t.change_no
	or not exchange.follows(t.shared, t.controlled, t.events, t.information, t.declared,
		t.observed, t.archetype, t.basis)
	or t.participation is distinct from case when t.events >= 5
		then 100::bigint * t.shared / (t.shared + t.controlled) end;
comment on view laws.exchange_changes_are_on_record is 'Changes are counted without a gap, each follows by the rule from the one before, and each is told by one event.';

create or replace view laws.exchange_changes_are_on_record_examined as
select count(*) as examined from exchange.tag;

-- By the catalog: what reads the exchange is the exchange itself, what shows a partner, what throws old
-- counts away, and laws; and
-- its tables are named where it is said what an export holds.
create or replace view laws.tags_decide_nothing as
select p.oid::regprocedure::text as reader
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^(pg_|information_schema$|exchange$)'
	and p.prosrc ~ '\mexchange\s*\.\s*[a-z"]'
	and p.oid::regproc::text not in ('api.get_archetype', 'jobs.fold_exchange', 'jobs.purge')
union all
select p.oid::regprocedure::text
from pg_catalog.pg_proc p
where p.prosrc ~ '\mpartner_shown\M'
	and (p.pronamespace <> 'api'::regnamespace
		or not array['api.partner'::regtype, 'api.me'::regtype]::oid[]
			&& (coalesce(p.proallargtypes, '{}') || p.prorettype))
union all
select c.oid::regclass::text
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm') and n.nspname !~ '^(pg_|information_schema$|exchange$|laws$)'
	and c.oid::regclass::text not in ('identity.partner_shown', 'identity.personal_data')
	and pg_catalog.pg_get_viewdef(c.oid) ~ '\mexchange\s*\.\s*[a-z"]'
union all
select format('%s on %s', l.polname, l.polrelid::regclass)
from pg_catalog.pg_policy l
where coalesce(pg_catalog.pg_get_expr(l.polqual, l.polrelid), '')
	|| coalesce(pg_catalog.pg_get_expr(l.polwithcheck, l.polrelid), '') ~ '\mexchange\s*\.';
comment on view laws.tags_decide_nothing is 'Nothing but the exchange itself and what shows a partner reads the exchange: no money, slot, standing or channel can follow from a tag.';

create or replace view laws.tags_decide_nothing_examined as
select count(*) as examined
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^(pg_|information_schema$)';

do $$
declare
	v_law text;
begin
	foreach v_law in array array['exchange_counts_its_events', 'exchange_sums_its_counts',
		'exchange_leaves_its_window', 'exchange_reads_by_the_rule',
		'exchange_changes_are_on_record', 'tags_decide_nothing'] loop
		execute format('alter view laws.%I owner to wall_law', v_law);
		execute format('alter view laws.%I owner to wall_law', v_law || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_law,
			v_law || '_examined');
	end loop;
end
$$;
