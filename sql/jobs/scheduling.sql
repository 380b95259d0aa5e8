-- Jobs of scheduling.

-- Job: bookings whose partner has not checked in 15 minutes after the start become missed, at most
-- a thousand a step. The seat and the day stay used. It goes on from where it came to last time, less
-- an hour: no booking is confirmed after its slot's start. The event's id follows from the booking's.
create or replace function jobs.mark_missed(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_until timestamptz;
	v_missed int;
	v_last timestamptz;
begin
	perform core.enter(p_market_id, null);
	v_until := core.clock(p_market_id, p_now) - interval '900 seconds';
	with due as materialized (
		select b.booking_id, b.starts_at
		from scheduling.booking b
		where b.market_id = p_market_id and b.state = 'confirmed' and b.starts_at <= v_until
			and b.starts_at > coalesce((
				select w.swept_until from scheduling.missed_sweep w
				where w.market_id = p_market_id), '-infinity') - interval '3600 seconds'
		order by b.starts_at, b.booking_id
		limit 1000
		for no key update
	),
	missed as (
		update scheduling.booking b
		set state = 'missed', version = b.version + 1
		from due d
		where b.market_id = p_market_id and b.booking_id = d.booking_id
		returning b.booking_id, b.partner_id, b.starts_at
	),
	told as (
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, occurred_at)
		select p_market_id, core.derived_id(uuid_send(m.booking_id) || 'missed'),
			'booking.missed', m.partner_id, 'booking', m.booking_id, 'confirmed', 'missed',
			'00000000-0000-0000-0000-000000000000', 'runner', v_until + interval '900 seconds'
		from missed m
	)
	select count(*), max(m.starts_at) into v_missed, v_last from missed m;
	insert into scheduling.missed_sweep as w (market_id, swept_until)
	values (p_market_id, case when v_missed = 1000 then v_last else v_until end)
	on conflict (market_id) do update
	set swept_until = greatest(w.swept_until, excluded.swept_until);
	return case when v_missed = 1000 then v_until + interval '900 seconds' end;
end
$$;
comment on function jobs.mark_missed is 'marks bookings as missed that were not checked in 15 minutes after the start';
alter function jobs.mark_missed owner to wall_runner;
grant execute on function jobs.mark_missed to socius_runner;
