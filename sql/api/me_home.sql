-- Home: the next booking, the balance, what is due, what is on offer, and what there is to do, each
-- with why and until when. Runs behind the wall of one partner; decides nothing and promises
-- nothing: each action is refused or done by its own endpoint.

-- What there is to do about a partner's bookings at work or to come, soonest first. A check-in that
-- the partner was too late for is no action: only an operator can help.
create or replace function identity.actions_of_bookings(p_market_id int, p_partner_id uuid,
	p_now timestamptz) returns setof api.next_action
language sql stable as $$
	select case b.state when 'checked_in' then 'complete_booking' else 'check_in' end,
		case
			when b.state = 'checked_in' and b.ends_at <= p_now
				then format('Your slot at %s has ended: completing it pays you.', t.name)
			when b.state = 'checked_in'
				then format('You are at work at %s: complete the booking when the slot has ended.', t.name)
			else format('You are booked at %s: check in from 15 minutes before to 5 minutes '
				'after the start.', t.name)
		end,
		case b.state when 'checked_in' then nullif(greatest(b.ends_at, p_now), p_now)
			else nullif(greatest(b.starts_at - interval '900 seconds', p_now), p_now) end,
		case b.state when 'confirmed' then b.starts_at + interval '300 seconds' end,
		b.booking_id, null::text
	from scheduling.booking b
	join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where b.market_id = p_market_id and b.partner_id = p_partner_id
		and (b.state = 'checked_in'
			or b.state = 'confirmed' and b.starts_at >= p_now - interval '300 seconds')
	order by b.starts_at, b.booking_id
	limit 3
$$;
comment on function identity.actions_of_bookings is 'what there is to do about a partner''s bookings';

-- The assigned bookings that a partner may still decline, soonest first.
create or replace function identity.actions_of_assignments(p_market_id int, p_partner_id uuid,
	p_now timestamptz) returns setof api.next_action
language sql stable as $$
	select 'decline_booking',
		format('We booked you at %s: you may decline at no cost until it starts.', t.name),
		null::timestamptz, b.starts_at, b.booking_id, null::text
	from scheduling.booking b
	join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where b.market_id = p_market_id and b.partner_id = p_partner_id
		and b.starts_at > p_now and b.state = 'confirmed' and b.origin = 'assigned'
	order by b.starts_at, b.booking_id
	limit 3
$$;
comment on function identity.actions_of_assignments is 'which assigned bookings a partner may still decline';

-- What there is to do about requirements. What is submitted waits for us, not for the partner.
create or replace function identity.actions_of_requirements(p_market_id int,
	p_requirements api.requirement[]) returns setof api.next_action
language plpgsql stable as $$
begin
	return query
	select case
			when r.requirement = 'bank_account' then 'add_bank_account'
			when r.state = 'rejected' then 'resubmit_document'
			when r.state = 'expiring' then 'renew_document'
			else 'submit_document'
		end,
		case
			when r.requirement = 'bank_account' then 'You cannot be paid out without a bank account.'
			when r.state = 'rejected' then format('It was rejected: %s', r.reason)
			when r.state = 'expiring'
				then format('Without it you cannot work after %s.', r.expires_on)
			else format('Your enrolment as %s waits for it.',
				replace(array_to_string(r.enrolment_kinds, ', '), '_', '-'))
		end
		|| case when 'vehicle_rental' = any (r.accepts)
			then ' A vehicle that you rent here will do as well.' else '' end,
		null::timestamptz,
		case r.state when 'expiring'
			then scheduling.day_begins(r.expires_on + 1, m.time_zone) end,
		r.document_id, r.requirement
	from unnest(p_requirements) r
	join core.market m on m.market_id = p_market_id
	where r.state in ('due', 'rejected', 'expiring')
	order by r.state = 'expiring', r.blocks desc, r.requirement;
end
$$;
comment on function identity.actions_of_requirements is 'what there is to do about requirements';

-- The vehicles and other things that a partner has to bring back within a day, or should have.
create or replace function identity.actions_of_rentals(p_market_id int, p_partner_id uuid,
	p_now timestamptz) returns setof api.next_action
language sql stable as $$
	select 'return_rental',
		case when r.ends_at < p_now then 'It is overdue: each started day is charged until it is back.'
			else 'The rental ends: bring it back in time, each started day is charged.' end,
		null::timestamptz, r.ends_at, r.rental_id, null::text
	from services.rental r
	where r.market_id = p_market_id and r.partner_id = p_partner_id and r.state = 'active'
		and r.ends_at <= p_now + interval '86400 seconds'
	order by r.ends_at, r.rental_id
	limit 3
$$;
comment on function identity.actions_of_rentals is 'what a partner has to bring back within a day';

-- The next slots that a partner could book now: released, with a seat, of its programme, on a free
-- day. Looks at the next 500 slots with a seat.
create or replace function identity.offers_of(p_market_id int, p_partner_id uuid,
	p_now timestamptz) returns api.slot[]
language plpgsql stable as $$
begin
	return array(
		select scheduling.show_slot(k.slot, t, p_now)
		from (
			select s as slot
			from scheduling.slot s
			where s.market_id = p_market_id and s.starts_at > p_now and s.released_at <= p_now
				and s.booked < s.capacity
			order by s.starts_at, s.slot_id
			limit 500
		) k
		join scheduling.station t
			on t.market_id = p_market_id and t.station_id = (k.slot).station_id
		where exists (
				select from onboarding.enrolment e
				where e.market_id = p_market_id and e.partner_id = p_partner_id
					and e.kind = 'courier' and e.state = 'active'
					and ((k.slot).programme_id is null or e.programme_id = (k.slot).programme_id))
			and greatest((k.slot).day_seconds, (k.slot).next_day_seconds) <= 43200
			and not exists (
				select from scheduling.partner_day d
				where d.market_id = p_market_id and d.partner_id = p_partner_id
					and d.day between (k.slot).day and (k.slot).day + 1
					and (d.busy && tstzrange((k.slot).starts_at, (k.slot).ends_at)
						or d.seconds + case d.day when (k.slot).day then (k.slot).day_seconds
							else (k.slot).next_day_seconds end > 43200))
		order by (k.slot).starts_at, (k.slot).slot_id
		limit 3);
end
$$;
comment on function identity.offers_of is 'up to three slots that a partner could book now';

-- The booking at work, or the next one.
create or replace function identity.next_booking(p_market_id int, p_partner_id uuid,
	p_now timestamptz) returns api.booking
language plpgsql stable as $$
declare
	v_row api.booking;
begin
	select (scheduling.show_booking(b, s, t)).* into v_row
	from scheduling.booking b
	join scheduling.slot s on s.market_id = p_market_id and s.slot_id = b.slot_id
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where b.market_id = p_market_id and b.partner_id = p_partner_id
		and (b.state = 'checked_in'
			or b.state = 'confirmed' and b.starts_at >= p_now - interval '300 seconds')
	order by b.starts_at, b.booking_id
	limit 1;
	return v_row;
end
$$;
comment on function identity.next_booking is 'the booking at work or next of a partner; null: none';

-- What stands between a partner or customer and work, where it is not a requirement.
create or replace function identity.actions_to_begin(p_market_id int, p_partner_id uuid,
	p_next_booking api.booking, p_offers api.slot[]) returns setof api.next_action
language plpgsql stable as $$
begin
	if p_partner_id is null then
		return next row('apply', 'You are a customer here: apply as a courier, driver or '
			'co-creator.', null, null, null, null)::api.next_action;
	elsif not exists (
		select from onboarding.enrolment e
		where e.market_id = p_market_id and e.partner_id = p_partner_id
			and e.state <> 'closed') then
		return next row('enrol', 'You are a partner without a kind of work: enrol in one.',
			null, null, null, null)::api.next_action;
	elsif (p_next_booking).booking_id is null and cardinality(p_offers) > 0 then
		return next row('book_slot', format('You have no booking, and there are free seats; the '
			'next at %s.', (p_offers[1]).station_name), null, (p_offers[1]).starts_at,
			(p_offers[1]).slot_id, null)::api.next_action;
	end if;
end
$$;
comment on function identity.actions_to_begin is 'what stands between a partner or customer and work';

create or replace function api.get_home(p_market_id int, p_account_id uuid, p_now timestamptz,
	out "row" api.home)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now timestamptz;
	v_partner_id uuid;
	v_next_booking api.booking;
	v_balance api.balance;
	v_requirements api.requirement[] := '{}';
	v_offers api.slot[] := '{}';
	v_actions api.next_action[];
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_partner_id := identity.enter_as(p_market_id, p_account_id);
	if v_partner_id is not null then
		v_next_booking := identity.next_booking(p_market_id, v_partner_id, v_now);
		v_balance := api.get_balance(p_market_id, v_partner_id, v_now, v_partner_id);
		v_requirements := array(
			select r from onboarding.requirements_of(p_market_id, v_partner_id, v_now) r
			where r.state <> 'verified');
		v_offers := identity.offers_of(p_market_id, v_partner_id, v_now);
	end if;
	select coalesce(array_agg(row(a.action, a.why, a.opens_at, a.until, a.subject_id,
		a.requirement)::api.next_action order by a.urgency, a.number), '{}')
	into v_actions
	from (
		select 1 as urgency, x.*
		from identity.actions_of_bookings(p_market_id, v_partner_id, v_now) with ordinality
			as x (action, why, opens_at, until, subject_id, requirement, number)
		union all
		select 2, x.*
		from identity.actions_of_rentals(p_market_id, v_partner_id, v_now) with ordinality as x
		union all
		select 3, x.*
		from identity.actions_of_requirements(p_market_id, v_requirements) with ordinality as x
		union all
		select 4, x.*
		from identity.actions_to_begin(p_market_id, v_partner_id, v_next_booking, v_offers)
			with ordinality as x
		union all
		select 5, x.*
		from identity.actions_of_assignments(p_market_id, v_partner_id, v_now)
			with ordinality as x
	) a;
	"row" := row(case when (v_next_booking).booking_id is not null then v_next_booking end,
		case when v_partner_id is not null then v_balance end,
		array(select r from unnest(v_requirements) r where r.state not in ('verified', 'expiring')),
		v_offers, v_actions);
end
$$;
comment on function api.get_home is 'Shows what an app shows first: next booking, balance, what is due, offers, what to do. Refuses: nothing.';
alter function api.get_home owner to wall_member;
grant execute on function api.get_home to socius_gate;
grant execute on function api.get_balance to wall_member;
grant execute on function identity.actions_of_bookings, identity.actions_of_assignments,
	identity.actions_of_requirements, identity.actions_of_rentals, identity.offers_of,
	identity.next_booking, identity.actions_to_begin
	to wall_member;
