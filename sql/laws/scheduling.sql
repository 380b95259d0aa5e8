-- What must hold of slots, bookings and partners' days. A row is a violation. Laws call none of the
-- functions that they watch.

-- The seconds of a time of at most a day on each local day. Where both ends show one local date they
-- are all of that day; otherwise the local date of each quarter of an hour says: no zone moves its
-- clocks, or its midnight, within one.
create or replace function scheduling.seconds_by_day(p_starts_at timestamptz,
	p_ends_at timestamptz, p_time_zone text) returns table (day date, seconds bigint)
language sql stable parallel safe as $$
	select (p_starts_at at time zone p_time_zone)::date,
		extract(epoch from p_ends_at - p_starts_at)::bigint
	where (p_starts_at at time zone p_time_zone)::date
		= ((p_ends_at - interval '1 microsecond') at time zone p_time_zone)::date
	union all
	select (q.at at time zone p_time_zone)::date,
		sum(extract(epoch from least(q.at + interval '900 seconds', p_ends_at)
			- greatest(q.at, p_starts_at)))::bigint
	from generate_series(date_bin('900 seconds', p_starts_at, '2000-01-01 00:00:00+00'),
		p_ends_at - interval '1 microsecond', interval '900 seconds') as q (at)
	where (p_starts_at at time zone p_time_zone)::date
		<> ((p_ends_at - interval '1 microsecond') at time zone p_time_zone)::date
	group by 1
$$;
comment on function scheduling.seconds_by_day is 'the seconds of a time on each local day; for laws';
-- who reads a view executes its functions
grant execute on function scheduling.seconds_by_day to wall_law, socius_law;

create or replace view laws.slots_not_oversold as
select s.market_id, s.slot_id, s.booked, s.capacity
from scheduling.slot s
where s.booked > s.capacity or s.booked < 0;
comment on view laws.slots_not_oversold is 'No slot has more seats taken than it has.';

create or replace view laws.slots_not_oversold_examined as
select count(*) as examined from scheduling.slot;

create or replace view laws.seats_match_bookings as
select s.market_id, s.slot_id, s.booked, coalesce(b.seats, 0) as seats
from scheduling.slot s
left join (
	select h.market_id, h.slot_id, count(*) as seats
	from scheduling.booking h
	where h.state in ('confirmed', 'checked_in', 'completed', 'missed', 'abandoned')
	group by h.market_id, h.slot_id
) b on b.market_id = s.market_id and b.slot_id = s.slot_id
where s.booked <> coalesce(b.seats, 0);
comment on view laws.seats_match_bookings is 'A slot has as many seats taken as it has bookings that hold one.';

create or replace view laws.seats_match_bookings_examined as
select count(*) as examined from scheduling.slot;

create or replace view laws.bookings_never_overlap as
select o.market_id, o.partner_id, o.booking_id, o.starts_at, o.taken_until
from (
	select b.market_id, b.partner_id, b.booking_id, b.starts_at,
		max(b.ends_at) over (
			partition by b.market_id, b.partner_id
			order by b.starts_at, b.booking_id
			rows between unbounded preceding and 1 preceding) as taken_until
	from scheduling.booking b
	where b.state in ('confirmed', 'checked_in', 'completed', 'missed', 'abandoned')
) o
where o.starts_at < o.taken_until;
comment on view laws.bookings_never_overlap is 'No partner has two bookings at the same time that hold a seat.';

create or replace view laws.bookings_never_overlap_examined as
select count(*) as examined from scheduling.booking;

create or replace view laws.days_within_12_hours as
select b.market_id, b.partner_id, d.day, sum(d.seconds) as seconds
from scheduling.booking b
join core.market m on m.market_id = b.market_id
cross join lateral scheduling.seconds_by_day(b.starts_at, b.ends_at, m.time_zone) d
where b.state in ('confirmed', 'checked_in', 'completed', 'missed', 'abandoned')
group by b.market_id, b.partner_id, d.day
having sum(d.seconds) > 43200;
comment on view laws.days_within_12_hours is 'No partner has more than 43,200 seconds booked on one local day.';

create or replace view laws.days_within_12_hours_examined as
select count(*) as examined from scheduling.booking;

create or replace view laws.partner_days_match_bookings as
select coalesce(d.market_id, e.market_id) as market_id,
	coalesce(d.partner_id, e.partner_id) as partner_id, coalesce(d.day, e.day) as day,
	d.seconds, e.seconds as seconds_booked, d.busy, e.busy as time_booked
from scheduling.partner_day d
full join (
	select b.market_id, b.partner_id, l.day, sum(l.seconds) as seconds,
		range_agg(tstzrange(b.starts_at, b.ends_at)) as busy
	from scheduling.booking b
	join core.market m on m.market_id = b.market_id
	cross join lateral scheduling.seconds_by_day(b.starts_at, b.ends_at, m.time_zone) l
	where b.state in ('confirmed', 'checked_in', 'completed', 'missed', 'abandoned')
	group by b.market_id, b.partner_id, l.day
) e on e.market_id = d.market_id and e.partner_id = d.partner_id and e.day = d.day
where coalesce(d.seconds, 0) <> coalesce(e.seconds, 0)
	or coalesce(d.busy, '{}') <> coalesce(e.busy, '{}');
comment on view laws.partner_days_match_bookings is 'A partner''s day holds exactly the bookings of that day that hold a seat.';

create or replace view laws.partner_days_match_bookings_examined as
select count(*) as examined from scheduling.partner_day;

create or replace view laws.slots_know_their_days as
select s.market_id, s.slot_id, s.day, s.day_seconds, s.next_day_seconds
from scheduling.slot s
join core.market m on m.market_id = s.market_id
where s.ends_at <= s.starts_at or s.ends_at > s.starts_at + interval '86400 seconds'
	or (
		select array_agg(l.day - s.day order by l.day) || array_agg(l.seconds::int order by l.day)
		from scheduling.seconds_by_day(s.starts_at, s.ends_at, m.time_zone) l
	) is distinct from case
		when s.next_day_seconds = 0 then array[0, s.day_seconds]
		else array[0, 1, s.day_seconds, s.next_day_seconds]
	end;
comment on view laws.slots_know_their_days is 'A slot lasts at most 24 hours and knows its seconds on each local day.';

create or replace view laws.slots_know_their_days_examined as
select count(*) as examined from scheduling.slot;

create or replace view laws.completed_bookings_paid_once as
select coalesce(b.market_id, x.market_id) as market_id,
	coalesce(b.booking_id, x.cause_id) as booking_id, b.pay_minor, x.payments, x.paid_minor
from (
	select c.market_id, c.booking_id, c.partner_id, c.pay_minor,
		round(s.rate_minor * extract(epoch from c.ends_at - c.starts_at) / 3600) as due_minor
	from scheduling.booking c
	left join scheduling.slot s on s.market_id = c.market_id and s.slot_id = c.slot_id
	where c.state = 'completed'
) b
full join (
	select t.market_id, t.cause_id, t.owner_id, count(*) as payments,
		sum(t.wallet_minor) as paid_minor
	from ledger.transaction t
	where t.kind = 'slot_pay'
	group by t.market_id, t.cause_id, t.owner_id
) x on x.market_id = b.market_id and x.cause_id = b.booking_id and x.owner_id = b.partner_id
where b.booking_id is null
	or b.pay_minor is distinct from b.due_minor
	or coalesce(x.paid_minor, 0) <> b.due_minor
	or coalesce(x.payments, 0) <> (b.due_minor > 0)::int;
comment on view laws.completed_bookings_paid_once is 'A completed booking has exactly one payment, of its slot''s elapsed seconds; nothing else is paid for slots.';

create or replace view laws.completed_bookings_paid_once_examined as
select count(*) as examined from scheduling.booking b where b.state = 'completed';

create or replace view laws.bookings_tell_each_transition as
select b.market_id, b.booking_id, b.state, e.told
from scheduling.booking b
left join (
	select v.market_id, v.subject_id, array_agg(v.to_state order by v.to_state) as told
	from events.event v
	where v.subject = 'booking'
	group by v.market_id, v.subject_id
) e on e.market_id = b.market_id and e.subject_id = b.booking_id
where e.told is distinct from (
	select array_agg(w.to_state order by w.to_state)
	from unnest(case
		when b.state = 'confirmed' then array['confirmed']
		when b.state in ('completed', 'abandoned') then array['confirmed', 'checked_in', b.state]
		else array['confirmed', b.state]
	end) as w (to_state))
	and not exists (
		select from events.archived k
		where k.market_id = b.market_id and k.occurred_until >= b.booked_at);
comment on view laws.bookings_tell_each_transition is 'A booking has one event for each of its transitions.';

create or replace view laws.bookings_tell_each_transition_examined as
select count(*) as examined from scheduling.booking;

create or replace view laws.bookings_moved_in_time as
select b.market_id, b.booking_id, v.kind, v.occurred_at
from scheduling.booking b
join events.event v on v.market_id = b.market_id and v.subject = 'booking'
	and v.subject_id = b.booking_id
where not case v.to_state
	when 'confirmed' then v.occurred_at < b.starts_at
	when 'forfeited' then v.occurred_at <= b.starts_at - interval '2700 seconds'
	when 'late_forfeited' then v.occurred_at > b.starts_at - interval '2700 seconds'
		and v.occurred_at < b.starts_at
	when 'declined' then v.occurred_at < b.starts_at
	when 'checked_in' then v.occurred_at >= b.starts_at - interval '900 seconds'
		and v.occurred_at <= b.starts_at + interval '300 seconds'
		and v.occurred_at = b.checked_in_at
	when 'missed' then v.occurred_at >= b.starts_at + interval '900 seconds'
	when 'completed' then v.occurred_at >= b.ends_at and v.occurred_at = b.completed_at
	else true
end;
comment on view laws.bookings_moved_in_time is 'Each transition of a booking fell into its window: free forfeits to 45 minutes before, check-in from 15 minutes before to 5 minutes after.';

create or replace view laws.bookings_moved_in_time_examined as
select count(*) as examined from events.event v where v.subject = 'booking';

create or replace view laws.bookings_are_whole as
select b.market_id, b.booking_id
from scheduling.booking b
left join scheduling.slot s on s.market_id = b.market_id and s.slot_id = b.slot_id
left join identity.partner p on p.market_id = b.market_id and p.partner_id = b.partner_id
where s.slot_id is null or p.partner_id is null
	or b.starts_at <> s.starts_at or b.ends_at <> s.ends_at
	or (b.checked_in_at is not null) <> (b.state in ('checked_in', 'completed', 'abandoned'))
	or (b.completed_at is not null) <> (b.state = 'completed')
	or (b.pay_minor is not null) <> (b.state = 'completed')
	or (b.reason is not null) <> (b.state = 'cancelled_by_operator');
comment on view laws.bookings_are_whole is 'A booking has its partner and its slot, the slot''s times, and the marks of its state.';

create or replace view laws.bookings_are_whole_examined as
select count(*) as examined from scheduling.booking;

create or replace view laws.bookings_come_from_whom_they_say as
select b.market_id, b.booking_id, b.origin, v.kind, v.actor_role
from scheduling.booking b
join events.event v on v.market_id = b.market_id and v.subject = 'booking'
	and v.subject_id = b.booking_id
where case v.to_state
	when 'confirmed' then (b.origin = 'assigned') <> (v.actor_role = 'operator')
	when 'declined' then b.origin <> 'assigned' or v.actor_role <> 'partner'
	when 'cancelled_by_operator' then v.actor_role <> 'operator'
		or v.reason is distinct from b.reason
	else false
end;
comment on view laws.bookings_come_from_whom_they_say is 'Operators assign, and only what is assigned is declined, by its partner; operators cancel, for the reason that the booking shows.';

create or replace view laws.bookings_come_from_whom_they_say_examined as
select count(*) as examined from scheduling.booking;

create or replace view laws.slots_are_whole as
select s.market_id, s.slot_id
from scheduling.slot s
join core.market m on m.market_id = s.market_id
left join scheduling.station t on t.market_id = s.market_id and t.station_id = s.station_id
left join onboarding.programme p on p.market_id = s.market_id and p.programme_id = s.programme_id
where t.station_id is null or s.currency <> m.currency or s.time_zone <> m.time_zone
	or (s.programme_id is not null and p.kind is distinct from 'courier');
comment on view laws.slots_are_whole is 'A slot has its station, the market''s currency and clock, and a programme of couriers if any.';

create or replace view laws.slots_are_whole_examined as
select count(*) as examined from scheduling.slot;

do $$
declare
	v_law text;
begin
	foreach v_law in array array['slots_not_oversold', 'seats_match_bookings',
		'bookings_never_overlap', 'days_within_12_hours', 'partner_days_match_bookings',
		'slots_know_their_days', 'completed_bookings_paid_once', 'bookings_tell_each_transition',
		'bookings_moved_in_time', 'bookings_are_whole', 'bookings_come_from_whom_they_say',
		'slots_are_whole'] loop
		execute format('alter view laws.%I owner to wall_law', v_law);
		execute format('alter view laws.%I owner to wall_law', v_law || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_law,
			v_law || '_examined');
	end loop;
end
$$;
