-- Bookings: a partner takes a seat in a slot, or gives it back.
--
-- Order of locks: market (the batch takes it), the booking that is there already, partner_day, slot,
-- the booking that is made. The functions are sound without the market's lock too; it only spares
-- concurrent writers waiting.

-- Takes seconds of a partner's local day for the time p_busy. False: overlap, or more than 12 h.
create or replace function scheduling.take_day(p_market_id int, p_partner_id uuid, p_day date,
	p_seconds int, p_busy tstzmultirange) returns boolean
language plpgsql as $$
begin
	insert into scheduling.partner_day as d (market_id, partner_id, day, seconds, busy)
	values (p_market_id, p_partner_id, p_day, p_seconds, p_busy)
	on conflict (market_id, partner_id, day) do update
	set seconds = d.seconds + excluded.seconds, busy = d.busy + excluded.busy
	where not d.busy && excluded.busy
		and d.seconds + excluded.seconds <= 43200;
	return found;
end
$$;
comment on function scheduling.take_day is 'takes seconds of a partner''s local day; false: overlap, or more than 12 h';

-- Undoes take_day.
create or replace function scheduling.give_back_day(p_market_id int, p_partner_id uuid, p_day date,
	p_seconds int, p_busy tstzmultirange) returns void
language plpgsql as $$
begin
	update scheduling.partner_day d
	set seconds = d.seconds - p_seconds, busy = d.busy - p_busy
	where d.market_id = p_market_id and d.partner_id = p_partner_id and d.day = p_day;
end
$$;
comment on function scheduling.give_back_day is 'gives seconds of a partner''s local day back';

-- Takes a seat and its one or two local days for a partner, all or nothing. Null: taken; otherwise
-- the refusal (slots_overlap also where a day would pass 12 hours: explain_seat tells them apart).
create or replace function scheduling.take_seat(p_partner_id uuid, p_slot scheduling.slot)
returns text
language plpgsql as $$
declare
	v_busy constant tstzmultirange := tstzmultirange(tstzrange(p_slot.starts_at, p_slot.ends_at));
begin
	-- a day's first row meets no WHERE in take_day
	if greatest(p_slot.day_seconds, p_slot.next_day_seconds) > 43200
		or not scheduling.take_day(p_slot.market_id, p_partner_id, p_slot.day,
			p_slot.day_seconds, v_busy) then
		return 'slots_overlap';
	end if;
	if p_slot.next_day_seconds > 0
		and not scheduling.take_day(p_slot.market_id, p_partner_id, p_slot.day + 1,
			p_slot.next_day_seconds, v_busy) then
		perform scheduling.give_back_day(p_slot.market_id, p_partner_id, p_slot.day,
			p_slot.day_seconds, v_busy);
		return 'slots_overlap';
	end if;
	update scheduling.slot s
	set booked = s.booked + 1, version = s.version + 1
	where s.market_id = p_slot.market_id and s.slot_id = p_slot.slot_id and s.booked < s.capacity;
	if not found then
		perform scheduling.give_back_days(p_partner_id, p_slot);
		return 'slot_full';
	end if;
	return null;
end
$$;
comment on function scheduling.take_seat is 'takes a seat and its local days for a partner, all or nothing; null or the refusal';

-- Gives the one or two local days of a slot back.
create or replace function scheduling.give_back_days(p_partner_id uuid, p_slot scheduling.slot)
returns void
language plpgsql as $$
declare
	v_busy constant tstzmultirange := tstzmultirange(tstzrange(p_slot.starts_at, p_slot.ends_at));
begin
	perform scheduling.give_back_day(p_slot.market_id, p_partner_id, p_slot.day,
		p_slot.day_seconds, v_busy);
	if p_slot.next_day_seconds > 0 then
		perform scheduling.give_back_day(p_slot.market_id, p_partner_id, p_slot.day + 1,
			p_slot.next_day_seconds, v_busy);
	end if;
end
$$;
comment on function scheduling.give_back_days is 'gives the local days of a slot back';

-- Undoes take_seat.
create or replace function scheduling.give_back_seat(p_partner_id uuid, p_slot scheduling.slot)
returns void
language plpgsql as $$
begin
	perform scheduling.give_back_days(p_partner_id, p_slot);
	update scheduling.slot s
	set booked = s.booked - 1, version = s.version + 1
	where s.market_id = p_slot.market_id and s.slot_id = p_slot.slot_id;
end
$$;
comment on function scheduling.give_back_seat is 'gives a seat and its local days back';

-- Says more than slots_overlap or slot_full: slots_overlap where the partner has a booking at that
-- time (of this very slot, perhaps), day_limit_reached with what is left of each day, or slot_full.
create or replace function scheduling.explain_seat(p_partner_id uuid, p_slot scheduling.slot,
	inout refused text, out detail jsonb)
language plpgsql as $$
begin
	if exists (
		select from scheduling.partner_day d
		where d.market_id = p_slot.market_id and d.partner_id = p_partner_id
			and d.day between p_slot.day and p_slot.day + 1
			and d.busy && tstzrange(p_slot.starts_at, p_slot.ends_at)) then
		refused := 'slots_overlap';
	elsif refused = 'slots_overlap' then
		refused := 'day_limit_reached';
		select jsonb_build_object('days', jsonb_agg(jsonb_build_object('day', n.day,
			'seconds_needed', n.seconds, 'seconds_left', 43200 - coalesce(d.seconds, 0))))
		into detail
		from (values (p_slot.day, p_slot.day_seconds),
			(p_slot.day + 1, p_slot.next_day_seconds)) as n (day, seconds)
		left join scheduling.partner_day d on d.market_id = p_slot.market_id
			and d.partner_id = p_partner_id and d.day = n.day
		where n.seconds > 0;
	end if;
end
$$;
comment on function scheduling.explain_seat is 'why a seat could not be taken: overlap, the day''s limit with what is left, or full';

-- The slot to book instead of a full one: the next released one of its station within a week that
-- has a free seat, that the partner's enrolment is good for and that fits into its days. Null: none.
create or replace function scheduling.next_slot(p_partner_id uuid, p_slot scheduling.slot,
	p_now timestamptz) returns uuid
language plpgsql stable as $$
begin
	return (
		select s.slot_id
		from scheduling.slot s
		where s.market_id = p_slot.market_id and s.station_id = p_slot.station_id
			and s.starts_at >= p_slot.starts_at
			and s.starts_at < p_slot.starts_at + interval '7 days'
			and s.starts_at > p_now and s.released_at <= p_now and s.booked < s.capacity
			and greatest(s.day_seconds, s.next_day_seconds) <= 43200
			and exists (
				select from onboarding.enrolment e
				where e.market_id = s.market_id and e.partner_id = p_partner_id
					and e.kind = 'courier' and e.state = 'active'
					and (s.programme_id is null or e.programme_id = s.programme_id))
			and not exists (
				select from scheduling.partner_day d
				where d.market_id = s.market_id and d.partner_id = p_partner_id
					and d.day between s.day and s.day + 1
					and (d.busy && tstzrange(s.starts_at, s.ends_at)
						or d.seconds + case when d.day = s.day then s.day_seconds
							else s.next_day_seconds end > 43200))
		order by s.starts_at, s.slot_id
		limit 1);
end
$$;
comment on function scheduling.next_slot is 'the slot to book instead of a full one; null: none within a week';

-- What a refusal of a full slot says.
create or replace function scheduling.offer_next(p_partner_id uuid, p_slot scheduling.slot,
	p_now timestamptz) returns jsonb
language plpgsql stable as $$
begin
	return jsonb_strip_nulls(jsonb_build_object('next_slot_id',
		scheduling.next_slot(p_partner_id, p_slot, p_now)));
end
$$;
comment on function scheduling.offer_next is 'the detail of slot_full';

-- The end of a booking that was not made: the replay, where its id is there already, or the refusal
-- with what helps the caller.
create or replace function scheduling.explain_booking(p_market_id int, p_partner_id uuid,
	p_booking_id uuid, p_digest bytea, p_slot scheduling.slot, p_now timestamptz,
	inout refused text, out detail jsonb, out replayed boolean, out "row" api.booking)
language plpgsql as $$
declare
	v_digest bytea;
begin
	select b.digest into v_digest
	from scheduling.booking b
	where b.market_id = p_market_id and b.booking_id = p_booking_id;
	if found and v_digest = p_digest then
		refused := null;
		replayed := true;
		"row" := scheduling.booking_now(p_market_id, p_booking_id);
	elsif found then
		refused := 'key_reused';
	elsif refused in ('slots_overlap', 'slot_full') then
		select e.refused, e.detail into refused, detail
		from scheduling.explain_seat(p_partner_id, p_slot, refused) e;
	elsif refused = 'slot_not_released' then
		detail := core.explain_wait('released_at', p_slot.released_at, p_now);
	end if;
end
$$;
comment on function scheduling.explain_booking is 'the replay, or the refusal with what helps the caller';

-- Books a slot for the calling partner: a seat, the partner's day or days, the booking and its
-- event, all or nothing. Says no through `refused` without raising, so that a batch goes on; what
-- was taken before the no is given back under the same locks. The way that succeeds pays nothing
-- for replays: those meet a refusal or the primary key, and only then the booking is looked up.
create or replace function api.book_slot(p_market_id int, p_partner_id uuid, p_account_id uuid,
	p_now timestamptz, p_booking_id uuid, p_digest bytea, p_event_id uuid, p_slot_id uuid,
	out refused text, out detail jsonb, out replayed boolean, out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_entered boolean;
	v_found record;
	v_slot scheduling.slot;
	v_explained record;
begin
	v_entered := core.enter(p_market_id, p_partner_id);
	select s as slot, t.name as station_name, exists (
			select from onboarding.enrolment e
			where e.market_id = p_market_id and e.partner_id = p_partner_id
				and e.kind = 'courier' and e.state = 'active'
				and (s.programme_id is null or e.programme_id = s.programme_id)) as is_enrolled
	into v_found
	from scheduling.slot s
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where s.market_id = p_market_id and s.slot_id = p_slot_id;
	v_slot := v_found.slot;
	refused := case
		when v_slot.slot_id is null then 'slot_unknown'
		when v_slot.released_at > p_now then 'slot_not_released'
		when v_slot.starts_at <= p_now then 'slot_started'
		when not v_found.is_enrolled then 'not_enrolled'
		when v_slot.booked >= v_slot.capacity then 'slot_full'
		else scheduling.take_seat(p_partner_id, v_slot)
	end;
	if refused is null then
		insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, origin,
			starts_at, ends_at, booked_at, digest)
		values (p_market_id, p_booking_id, p_partner_id, p_slot_id, 'confirmed', 'self',
			v_slot.starts_at, v_slot.ends_at, p_now, p_digest)
		on conflict (market_id, booking_id) do nothing;
		if found then
			insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
				to_state, actor_id, actor_role, occurred_at)
			values (p_market_id, p_event_id, 'booking.confirmed', p_partner_id, 'booking',
				p_booking_id, 'confirmed', p_account_id, 'partner', p_now);
			"row" := scheduling.shape_booking(p_booking_id, p_slot_id, p_partner_id, 'confirmed',
				'self', v_slot.station_id, v_found.station_name, v_slot.starts_at, v_slot.ends_at,
				v_slot.time_zone, v_slot.rate_minor, null, v_slot.currency, p_now, null, null, 1,
				null);
			return;
		end if;
		perform scheduling.give_back_seat(p_partner_id, v_slot);
	end if;
	v_explained := scheduling.explain_booking(p_market_id, p_partner_id, p_booking_id, p_digest,
		v_slot, p_now, refused);
	refused := v_explained.refused;
	detail := v_explained.detail;
	replayed := v_explained.replayed;
	"row" := v_explained."row";
	if refused = 'slot_full' then
		detail := scheduling.offer_next(p_partner_id, v_slot, p_now);
	elsif refused = 'not_enrolled' then
		select e.refused, e.detail into refused, detail
		from onboarding.explain_enrolment(p_market_id, p_partner_id, 'courier',
			v_slot.programme_id, p_now) e;
	end if;
end
$$;
comment on function api.book_slot is 'Books a slot for the calling partner. Refuses: slot_unknown slot_not_released slot_started not_enrolled requirements_due slot_full slots_overlap day_limit_reached key_reused.';
alter function api.book_slot owner to wall_partner;
grant execute on function api.book_slot to socius_gate;

-- Gives a confirmed booking back: its seat and its local days. Free until 45 minutes before the
-- start, late after that, never once it has started. As hot and as quiet as book_slot.
create or replace function api.forfeit_booking(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid,
	p_booking_id uuid, out refused text, out detail jsonb, out replayed boolean,
	out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_entered boolean;
	v_booking scheduling.booking;
	v_explained record;
begin
	v_entered := core.enter(p_market_id, p_partner_id);
	select b.* into v_booking
	from scheduling.booking b
	where b.market_id = p_market_id and b.booking_id = p_booking_id
		and b.partner_id = p_partner_id
	for no key update;
	refused := case
		when not found then 'booking_unknown'
		when v_booking.state <> 'confirmed' then 'booking_not_confirmed'
		when v_booking.starts_at <= p_now then 'slot_started'
	end;
	if refused is null then
		insert into core.request_key (market_id, account_id, operation, key, digest, resource_id,
			created_at)
		values (p_market_id, p_account_id, 'forfeit_booking', p_key, p_digest, p_booking_id, p_now)
		on conflict do nothing;
		if found then
			"row" := scheduling.end_booking(v_booking, p_event_id, p_account_id, 'partner', p_now,
				case when p_now <= v_booking.starts_at - interval '2700 seconds'
					then 'forfeited' else 'late_forfeited' end, null);
			return;
		end if;
		refused := 'key_reused';
	end if;
	v_explained := scheduling.explain_forfeit(p_market_id, p_account_id, p_key, p_digest,
		v_booking, refused);
	refused := v_explained.refused;
	detail := v_explained.detail;
	replayed := v_explained.replayed;
	"row" := v_explained."row";
end
$$;
comment on function api.forfeit_booking is 'Gives a booking back: free until 45 minutes before the start, late until the start. Refuses: booking_unknown booking_not_confirmed slot_started key_reused.';
alter function api.forfeit_booking owner to wall_partner;
grant execute on function api.forfeit_booking to socius_gate;
call core.make_batch(
	'api.forfeit_booking(int, uuid, uuid, timestamptz, text, bytea, uuid, uuid)',
	'wall_partner', 'market');

-- Ends a booking whose row is locked, gives its seat and days back, and says so in an event.
create or replace function scheduling.end_booking(p_booking scheduling.booking, p_event_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz, p_state text, p_reason text)
returns api.booking
language plpgsql as $$
declare
	v_slot scheduling.slot;
begin
	select s.* into v_slot
	from scheduling.slot s
	where s.market_id = p_booking.market_id and s.slot_id = p_booking.slot_id;
	perform scheduling.give_back_seat(p_booking.partner_id, v_slot);
	update scheduling.booking b
	set state = p_state, reason = p_reason, version = b.version + 1
	where b.market_id = p_booking.market_id and b.booking_id = p_booking.booking_id;
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
		from_state, to_state, actor_id, actor_role, reason, occurred_at)
	values (p_booking.market_id, p_event_id, 'booking.' || p_state, p_booking.partner_id,
		'booking', p_booking.booking_id, p_booking.state, p_state, p_actor_id, p_actor_role,
		p_reason, p_now);
	return scheduling.booking_now(p_booking.market_id, p_booking.booking_id);
end
$$;
comment on function scheduling.end_booking is 'ends a booking and gives its seat and days back';

-- The end of a forfeit that was not done: the replay, or the refusal with what helps the caller.
create or replace function scheduling.explain_forfeit(p_market_id int, p_account_id uuid,
	p_key text, p_digest bytea, p_booking scheduling.booking, inout refused text,
	out detail jsonb, out replayed boolean, out "row" api.booking)
language plpgsql as $$
declare
	v_digest bytea;
begin
	select k.digest into v_digest
	from core.request_key k
	where k.market_id = p_market_id and k.account_id = p_account_id
		and k.operation = 'forfeit_booking' and k.key = p_key;
	if found and v_digest = p_digest then
		refused := null;
		replayed := true;
		"row" := scheduling.booking_now(p_market_id, p_booking.booking_id);
	elsif found then
		refused := 'key_reused';
	elsif refused <> 'booking_unknown' then
		detail := jsonb_build_object('state', p_booking.state, 'starts_at',
			core.show_instant(p_booking.starts_at));
	end if;
end
$$;
comment on function scheduling.explain_forfeit is 'the replay of a forfeit, or the refusal with what helps the caller';

grant execute on function scheduling.take_day, scheduling.give_back_day, scheduling.take_seat,
	scheduling.give_back_days, scheduling.give_back_seat, scheduling.explain_seat,
	scheduling.next_slot, scheduling.offer_next, scheduling.explain_booking,
	scheduling.end_booking
	to wall_partner, wall_operator;
grant execute on function scheduling.explain_forfeit to wall_partner;
