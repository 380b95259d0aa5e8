-- Bookings at work: read, checked in, completed and paid.

-- Lists bookings by the start of their slots: a partner's own, or the market's. Two queries, so
-- that each walks its own index in order and stops at the limit.
create or replace function api.list_bookings(p_market_id int, p_partner_id uuid,
	p_from timestamptz, p_to timestamptz, p_state text, p_limit int,
	p_after_starts_at timestamptz, p_after_booking_id uuid) returns setof api.booking
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
	v_to constant timestamptz := coalesce(p_to, 'infinity');
	v_after_starts_at timestamptz := coalesce(p_after_starts_at, p_from, '-infinity');
	v_after_booking_id constant uuid := coalesce(p_after_booking_id,
		'00000000-0000-0000-0000-000000000000');
begin
	perform core.enter(p_market_id, p_partner_id);
	if p_partner_id is not null then
		return query
		select (scheduling.show_booking(b, s, t)).*
		from scheduling.booking b
		join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
		join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
		where b.market_id = p_market_id and b.partner_id = p_partner_id
			and (b.starts_at, b.booking_id) > (v_after_starts_at, v_after_booking_id)
			and b.starts_at < v_to and (p_state is null or b.state = p_state)
		order by b.starts_at, b.booking_id
		limit p_limit;
	elsif p_state not in ('confirmed', 'completed') then
		return query
		select (scheduling.show_booking(b, s, t)).*
		from scheduling.booking b
		join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
		join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
		where b.market_id = p_market_id and b.state = p_state
			and b.state not in ('confirmed', 'completed') -- as booking_rare says
			and (b.starts_at, b.booking_id) > (v_after_starts_at, v_after_booking_id)
			and b.starts_at < v_to
		order by b.starts_at, b.booking_id
		limit p_limit;
	else
		if p_state = 'confirmed' then
			-- none is confirmed any more that jobs.mark_missed has passed
			v_after_starts_at := greatest(v_after_starts_at, (
				select w.swept_until - interval '3600 seconds'
				from scheduling.missed_sweep w
				where w.market_id = p_market_id));
		end if;
		return query
		select (scheduling.show_booking(b, s, t)).*
		from scheduling.booking b
		join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
		join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
		where b.market_id = p_market_id
			and (b.starts_at, b.booking_id) > (v_after_starts_at, v_after_booking_id)
			and b.starts_at < v_to and (p_state is null or b.state = p_state)
		order by b.starts_at, b.booking_id
		limit p_limit;
	end if;
end
$$;
comment on function api.list_bookings is 'Lists bookings by start: a partner''s own, or the market''s. Refuses: nothing.';
alter function api.list_bookings owner to wall_member;
grant execute on function api.list_bookings to socius_gate;

create or replace function api.get_booking(p_market_id int, p_partner_id uuid, p_booking_id uuid,
	out "row" api.booking)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_partner_id);
	select (scheduling.show_booking(b, s, t)).* into "row"
	from scheduling.booking b
	join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where b.market_id = p_market_id and b.booking_id = p_booking_id
		and (p_partner_id is null or b.partner_id = p_partner_id);
	if not found then
		perform core.refuse('booking_unknown');
	end if;
end
$$;
comment on function api.get_booking is 'Shows a booking: a partner''s own, or any of the market. Refuses: booking_unknown.';
alter function api.get_booking owner to wall_member;
grant execute on function api.get_booking to socius_gate;

-- The booking of a partner, locked. Refuses: booking_unknown
create or replace function scheduling.lock_booking(p_market_id int, p_partner_id uuid,
	p_booking_id uuid) returns scheduling.booking
language plpgsql as $$
declare
	v_booking scheduling.booking;
begin
	select b.* into v_booking
	from scheduling.booking b
	where b.market_id = p_market_id and b.booking_id = p_booking_id
		and b.partner_id = p_partner_id
	for no key update;
	if not found then
		perform core.refuse('booking_unknown');
	end if;
	return v_booking;
end
$$;
comment on function scheduling.lock_booking is 'the booking of a partner, locked';

-- Checks the partner in, from 15 minutes before the start to 5 minutes after it, both included.
create or replace function api.check_in_booking(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid,
	p_booking_id uuid, out replayed boolean, out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_booking scheduling.booking;
	v_due record;
begin
	perform core.enter(p_market_id, p_partner_id);
	replayed := core.claim_key(p_market_id, p_account_id, 'check_in_booking', p_key, p_digest,
		p_booking_id, v_now) is not null;
	if not replayed then
		v_booking := scheduling.lock_booking(p_market_id, p_partner_id, p_booking_id);
		if v_booking.state <> 'confirmed' then
			perform core.refuse('booking_not_confirmed',
				jsonb_build_object('state', v_booking.state));
		elsif v_now < v_booking.starts_at - interval '900 seconds' then
			perform core.refuse('check_in_too_early', core.explain_wait('opens_at',
				v_booking.starts_at - interval '900 seconds', v_now));
		elsif v_now > v_booking.starts_at + interval '300 seconds' then
			perform core.refuse('check_in_too_late', jsonb_build_object('closed_at',
				core.show_instant(v_booking.starts_at + interval '300 seconds')));
		end if;
		select e.refused, e.detail into v_due
		from onboarding.explain_enrolment(p_market_id, p_partner_id, 'courier', null, v_now) e;
		if v_due.refused = 'requirements_due' then
			perform core.refuse(v_due.refused, v_due.detail);
		end if;
		update scheduling.booking b
		set state = 'checked_in', checked_in_at = v_now, version = b.version + 1
		where b.market_id = p_market_id and b.booking_id = p_booking_id;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'booking.checked_in', p_partner_id, 'booking',
			p_booking_id, 'confirmed', 'checked_in', p_account_id, 'partner', v_now);
	end if;
	"row" := scheduling.booking_now(p_market_id, p_booking_id);
end
$$;
comment on function api.check_in_booking is 'Checks the partner in, from 15 minutes before the start to 5 minutes after it. Refuses: booking_unknown booking_not_confirmed check_in_too_early check_in_too_late requirements_due key_reused.';
alter function api.check_in_booking owner to wall_partner;
grant execute on function api.check_in_booking to socius_gate;

-- Completes a booking from the end of its slot on, and pays the slot's elapsed seconds in the same
-- transaction. A slot without pay posts nothing.
create or replace function api.complete_booking(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid,
	p_transaction_id uuid, p_booking_id uuid, out replayed boolean, out "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_booking scheduling.booking;
	v_pay_minor bigint;
begin
	perform core.enter(p_market_id, p_partner_id);
	replayed := core.claim_key(p_market_id, p_account_id, 'complete_booking', p_key, p_digest,
		p_booking_id, v_now) is not null;
	if not replayed then
		v_booking := scheduling.lock_booking(p_market_id, p_partner_id, p_booking_id);
		if v_booking.state <> 'checked_in' then
			perform core.refuse('booking_not_checked_in',
				jsonb_build_object('state', v_booking.state));
		elsif v_now < v_booking.ends_at then
			perform core.refuse('slot_not_ended',
				core.explain_wait('ends_at', v_booking.ends_at, v_now));
		end if;
		select scheduling.pay_of(s.rate_minor, s.starts_at, s.ends_at) into strict v_pay_minor
		from scheduling.slot s
		where s.market_id = p_market_id and s.slot_id = v_booking.slot_id;
		update scheduling.booking b
		set state = 'completed', completed_at = v_now, pay_minor = v_pay_minor,
			version = b.version + 1
		where b.market_id = p_market_id and b.booking_id = p_booking_id;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'booking.completed', p_partner_id, 'booking',
			p_booking_id, 'checked_in', 'completed', p_account_id, 'partner', v_now);
		if v_pay_minor > 0 then
			perform ledger.post(p_market_id, p_partner_id, p_transaction_id, 'slot_pay',
				p_booking_id, array[5000, 2000], array[v_pay_minor, -v_pay_minor],
				v_booking.ends_at, v_now, v_pay_minor);
		end if;
	end if;
	"row" := scheduling.booking_now(p_market_id, p_booking_id);
end
$$;
comment on function api.complete_booking is 'Completes a booking once its slot has ended, and posts its pay. Refuses: booking_unknown booking_not_checked_in slot_not_ended balance_out_of_range key_reused.';
alter function api.complete_booking owner to wall_partner;
grant execute on function api.complete_booking to socius_gate;

grant execute on function scheduling.lock_booking to wall_partner;
