-- What all of scheduling shares: local time, pay by the hour, and the shapes of its replies.

-- The moments at which the clocks of a zone show this wall time, in order: none where clocks jump
-- over it, two where they go back over it. The offsets a day before and a day after bracket any
-- change; PostgreSQL's own `at time zone` picks one of the two, or invents one for none.
create or replace function scheduling.instants_of(p_local timestamp, p_time_zone text)
returns timestamptz[]
language plpgsql immutable parallel safe as $$
declare
	v_guess constant timestamptz := p_local at time zone 'UTC';
	v_before constant timestamptz := v_guess
		- ((v_guess - interval '1 day') at time zone p_time_zone
			- (v_guess - interval '1 day') at time zone 'UTC');
	v_after constant timestamptz := v_guess
		- ((v_guess + interval '1 day') at time zone p_time_zone
			- (v_guess + interval '1 day') at time zone 'UTC');
	v_instants timestamptz[] := '{}';
begin
	if v_before at time zone p_time_zone = p_local then
		v_instants := array[v_before];
	end if;
	if v_after <> v_before and v_after at time zone p_time_zone = p_local then
		v_instants := v_instants || v_after;
	end if;
	return v_instants;
end
$$;
comment on function scheduling.instants_of is 'the moments at which a zone''s clocks show a wall time: none, one or two';

-- When a local calendar day begins: its first midnight, or the moment of the jump over midnight.
create or replace function scheduling.day_begins(p_day date, p_time_zone text) returns timestamptz
language plpgsql immutable parallel safe as $$
begin
	return coalesce((scheduling.instants_of(p_day, p_time_zone))[1],
		p_day::timestamp at time zone p_time_zone);
end
$$;
comment on function scheduling.day_begins is 'the first moment of a local calendar day';

-- The one moment that a wall time means. p_fold says which of two: 0 the first, 1 the second.
-- Refuses: local_time_missing local_time_twice
create or replace function scheduling.instant_of(p_local timestamp, p_time_zone text, p_fold int)
returns timestamptz
language plpgsql as $$
declare
	v_instants constant timestamptz[] := scheduling.instants_of(p_local, p_time_zone);
	v_detail constant jsonb := jsonb_build_object('local_time', p_local, 'time_zone', p_time_zone);
begin
	if cardinality(v_instants) = 0 then
		perform core.refuse('local_time_missing', v_detail);
	elsif cardinality(v_instants) = 2 and p_fold is null then
		perform core.refuse('local_time_twice',
			v_detail || jsonb_build_object('choices', array[core.show_instant(v_instants[1]),
				core.show_instant(v_instants[2])]));
	end if;
	return v_instants[least(1 + coalesce(p_fold, 0), cardinality(v_instants))];
end
$$;
comment on function scheduling.instant_of is 'the one moment that a wall time means; fold says which of two';

-- Pay by elapsed seconds, in minor units, half a unit rounded up. 4 h at 18.00 are 72.00.
create or replace function scheduling.pay_of(p_rate_minor bigint, p_starts_at timestamptz,
	p_ends_at timestamptz) returns bigint
language sql immutable parallel safe as $$
	select (p_rate_minor * extract(epoch from p_ends_at - p_starts_at)::bigint + 1800) / 3600
$$;
comment on function scheduling.pay_of is 'pay per hour by elapsed seconds, half a minor unit rounded up';

-- 0 scheduled, 1 released, 2 in progress, 3 ended.
create or replace function scheduling.slot_phase(p_slot scheduling.slot, p_now timestamptz)
returns int
language sql immutable parallel safe as $$
	select case
		when p_now >= p_slot.ends_at then 3
		when p_now >= p_slot.starts_at then 2
		when p_now >= p_slot.released_at then 1
		else 0
	end
$$;
comment on function scheduling.slot_phase is 'how far a slot is: 0 scheduled, 1 released, 2 in progress, 3 ended';

-- A slot as the API shows it. Its version is the row's plus the phase: both only grow, so that the
-- ETag changes when the clock alone changes the reply.
create or replace function scheduling.show_slot(p_slot scheduling.slot,
	p_station scheduling.station, p_now timestamptz) returns api.slot
language sql stable parallel safe as $$
	select row(
		p_slot.slot_id,
		p_slot.station_id,
		p_station.zone_id,
		p_slot.programme_id,
		p_station.name,
		p_slot.kind,
		(array['scheduled', 'released', 'in_progress', 'ended'])[
			1 + scheduling.slot_phase(p_slot, p_now)],
		p_slot.starts_at,
		p_slot.ends_at,
		p_slot.time_zone,
		p_slot.starts_at at time zone p_slot.time_zone,
		p_slot.ends_at at time zone p_slot.time_zone,
		p_slot.capacity,
		p_slot.capacity - p_slot.booked,
		p_slot.rate_minor,
		scheduling.pay_of(p_slot.rate_minor, p_slot.starts_at, p_slot.ends_at),
		p_slot.currency,
		p_slot.released_at,
		p_slot.version + scheduling.slot_phase(p_slot, p_now)
	)::api.slot
$$;
comment on function scheduling.show_slot is 'a slot as the API shows it';

-- A booking as the API shows it, from the values that it is made of. Stable, as taking minutes from
-- an instant is: declared otherwise it would not be inlined, and run once per column.
create or replace function scheduling.shape_booking(p_booking_id uuid, p_slot_id uuid,
	p_partner_id uuid, p_state text, p_origin text, p_station_id uuid, p_station_name text,
	p_starts_at timestamptz, p_ends_at timestamptz, p_time_zone text, p_rate_minor bigint,
	p_pay_minor bigint, p_currency text, p_booked_at timestamptz, p_checked_in_at timestamptz,
	p_completed_at timestamptz, p_version bigint, p_reason text) returns api.booking
language sql stable parallel safe as $$
	select row(p_booking_id, p_slot_id, p_partner_id, p_state, p_origin, p_station_id,
		p_station_name, p_starts_at, p_ends_at, p_time_zone, p_rate_minor, p_pay_minor, p_currency,
		p_booked_at, p_starts_at - interval '2700 seconds', p_starts_at - interval '900 seconds',
		p_starts_at + interval '300 seconds', p_checked_in_at, p_completed_at,
		p_version, p_reason)::api.booking
$$;
comment on function scheduling.shape_booking is 'a booking as the API shows it, from its values';

-- A booking as the API shows it, from its rows.
create or replace function scheduling.show_booking(p_booking scheduling.booking,
	p_slot scheduling.slot, p_station scheduling.station) returns api.booking
language sql stable parallel safe as $$
	select scheduling.shape_booking(p_booking.booking_id, p_booking.slot_id, p_booking.partner_id,
		p_booking.state, p_booking.origin, p_slot.station_id, p_station.name, p_booking.starts_at,
		p_booking.ends_at, p_slot.time_zone, p_slot.rate_minor, p_booking.pay_minor,
		p_slot.currency, p_booking.booked_at, p_booking.checked_in_at, p_booking.completed_at,
		p_booking.version, p_booking.reason)
$$;
comment on function scheduling.show_booking is 'a booking as the API shows it, from its rows';

-- A booking as it is now.
create or replace function scheduling.booking_now(p_market_id int, p_booking_id uuid)
returns api.booking
language plpgsql stable as $$
declare
	v_row api.booking;
begin
	select (scheduling.show_booking(b, s, t)).* into v_row
	from scheduling.booking b
	join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where b.market_id = p_market_id and b.booking_id = p_booking_id;
	return v_row;
end
$$;
comment on function scheduling.booking_now is 'a booking as it is now; null where there is none';

grant execute on function scheduling.instants_of, scheduling.day_begins, scheduling.instant_of,
	scheduling.pay_of, scheduling.slot_phase, scheduling.show_slot,
	scheduling.shape_booking, scheduling.show_booking,
	scheduling.booking_now
	to wall_partner, wall_member, wall_operator, wall_runner, wall_law;
