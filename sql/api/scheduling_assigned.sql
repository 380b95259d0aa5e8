-- Bookings that an operator brings about or ends. They are cold, but meet the hot ones: so they take
-- the market's lock first, as the batches do, and then go the same way in the same order.

-- Books a slot for a partner: the same seat, days and rules as api.book_slot, but for the release.
create or replace function api.assign_booking(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid, p_booking_id uuid,
	p_slot_id uuid, p_partner_id uuid, out replayed boolean, out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_booking_id uuid;
	v_slot scheduling.slot;
	v_refused text;
begin
	perform core.enter(p_market_id, null);
	perform pg_advisory_xact_lock(5051, p_market_id);
	v_booking_id := core.claim_key(p_market_id, p_actor_id, 'assign_booking', p_key, p_digest,
		p_booking_id, v_now);
	replayed := v_booking_id is not null;
	if not replayed then
		v_booking_id := p_booking_id;
		select s.* into v_slot
		from scheduling.slot s
		where s.market_id = p_market_id and s.slot_id = p_slot_id;
		v_refused := scheduling.refuse_assignment(p_partner_id, v_slot, v_now);
		if v_refused is null then
			v_refused := scheduling.take_seat(p_partner_id, v_slot);
		end if;
		if v_refused is not null then
			perform scheduling.raise_assignment(p_partner_id, p_booking_id, p_digest, v_slot,
				v_refused, v_now);
		end if;
		insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, origin,
			starts_at, ends_at, booked_at, digest)
		values (p_market_id, p_booking_id, p_partner_id, p_slot_id, 'confirmed', 'assigned',
			v_slot.starts_at, v_slot.ends_at, v_now, p_digest);
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'booking.confirmed', p_partner_id, 'booking',
			p_booking_id, 'confirmed', p_actor_id, p_actor_role, v_now);
	end if;
	"row" := scheduling.booking_now(p_market_id, v_booking_id);
end
$$;
comment on function api.assign_booking is 'Books a slot for a partner. Refuses: slot_unknown slot_started partner_unknown not_enrolled requirements_due slot_full slots_overlap day_limit_reached key_reused.';
alter function api.assign_booking owner to wall_operator;
grant execute on function api.assign_booking to socius_gate;

-- Why a slot cannot be assigned, before its seat and the partner's days are asked. Null: it can.
create or replace function scheduling.refuse_assignment(p_partner_id uuid,
	p_slot scheduling.slot, p_now timestamptz) returns text
language plpgsql stable as $$
begin
	return case
		when p_slot.slot_id is null then 'slot_unknown'
		when p_slot.starts_at <= p_now then 'slot_started'
		when not exists (
			select from identity.partner p
			where p.market_id = p_slot.market_id and p.partner_id = p_partner_id
		) then 'partner_unknown'
		when not exists (
			select from onboarding.enrolment e
			where e.market_id = p_slot.market_id and e.partner_id = p_partner_id
				and e.kind = 'courier' and e.state = 'active'
				and (p_slot.programme_id is null or e.programme_id = p_slot.programme_id)
		) then 'not_enrolled'
	end;
end
$$;
comment on function scheduling.refuse_assignment is 'why a slot cannot be assigned to a partner; null: it can';

-- Refuses an assignment, with what helps the operator.
create or replace function scheduling.raise_assignment(p_partner_id uuid, p_booking_id uuid,
	p_digest bytea, p_slot scheduling.slot, p_refused text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_explained record;
	v_enrolment record;
begin
	v_explained := scheduling.explain_booking(p_slot.market_id, p_partner_id, p_booking_id,
		p_digest, p_slot, p_now, p_refused);
	if v_explained.refused = 'not_enrolled' then
		select e.refused, e.detail into v_enrolment
		from onboarding.explain_enrolment(p_slot.market_id, p_partner_id, 'courier',
			p_slot.programme_id, p_now) e;
		perform core.refuse(v_enrolment.refused, coalesce(v_enrolment.detail, '{}'));
	end if;
	perform core.refuse(v_explained.refused, case when v_explained.refused = 'slot_full'
		then scheduling.offer_next(p_partner_id, p_slot, p_now)
		else coalesce(v_explained.detail, '{}') end);
end
$$;
comment on function scheduling.raise_assignment is 'refuses an assignment, with what helps the operator';

-- Declines what an operator assigned: as if it had never been, until the start.
create or replace function api.decline_booking(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid,
	p_booking_id uuid, out replayed boolean, out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_booking scheduling.booking;
begin
	perform core.enter(p_market_id, p_partner_id);
	perform pg_advisory_xact_lock(5051, p_market_id);
	replayed := core.claim_key(p_market_id, p_account_id, 'decline_booking', p_key, p_digest,
		p_booking_id, v_now) is not null;
	if replayed then
		"row" := scheduling.booking_now(p_market_id, p_booking_id);
		return;
	end if;
	v_booking := scheduling.lock_booking(p_market_id, p_partner_id, p_booking_id);
	if v_booking.origin <> 'assigned' then
		perform core.refuse('booking_not_assigned',
			jsonb_build_object('origin', v_booking.origin));
	elsif v_booking.state <> 'confirmed' then
		perform core.refuse('booking_not_confirmed', jsonb_build_object('state', v_booking.state));
	elsif v_booking.starts_at <= v_now then
		perform core.refuse('slot_started', jsonb_build_object('starts_at',
			core.show_instant(v_booking.starts_at)));
	end if;
	"row" := scheduling.end_booking(v_booking, p_event_id, p_account_id, 'partner', v_now,
		'declined', null);
end
$$;
comment on function api.decline_booking is 'Declines an assigned booking, at no cost, until the start. Refuses: booking_unknown booking_not_assigned booking_not_confirmed slot_started key_reused.';
alter function api.decline_booking owner to wall_partner;
grant execute on function api.decline_booking to socius_gate;

-- Cancels any partner's booking that is not checked in.
create or replace function api.cancel_booking(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid, p_booking_id uuid,
	p_reason text, out replayed boolean, out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_booking scheduling.booking;
begin
	perform core.enter(p_market_id, null);
	perform pg_advisory_xact_lock(5051, p_market_id);
	replayed := core.claim_key(p_market_id, p_actor_id, 'cancel_booking', p_key, p_digest,
		p_booking_id, v_now) is not null;
	if replayed then
		"row" := scheduling.booking_now(p_market_id, p_booking_id);
		return;
	end if;
	select b.* into v_booking
	from scheduling.booking b
	where b.market_id = p_market_id and b.booking_id = p_booking_id
	for no key update;
	if not found then
		perform core.refuse('booking_unknown');
	elsif v_booking.state <> 'confirmed' then
		perform core.refuse('booking_not_confirmed', jsonb_build_object('state', v_booking.state));
	end if;
	"row" := scheduling.end_booking(v_booking, p_event_id, p_actor_id, p_actor_role, v_now,
		'cancelled_by_operator', p_reason);
end
$$;
comment on function api.cancel_booking is 'Cancels a booking before its check-in, with a reason that the partner reads. Refuses: booking_unknown booking_not_confirmed key_reused.';
alter function api.cancel_booking owner to wall_operator;
grant execute on function api.cancel_booking to socius_gate;

grant execute on function scheduling.refuse_assignment, scheduling.raise_assignment
	to wall_operator;
