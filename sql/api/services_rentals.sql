-- Rentals: a partner takes an asset for a time, brings it back, and owes each started day.
--
-- Order of locks: the key, the rental, its asset, the partner's enrolments, the partner's wallet, the
-- vendor's wallet.

-- Started days of 24 hours that have elapsed; whoever has it at all has it for one.
create or replace function services.started_days(p_from timestamptz, p_to timestamptz) returns int
language plpgsql immutable parallel safe as $$
begin
	return greatest(1, ceil(extract(epoch from p_to - p_from) / 86400));
end
$$;
comment on function services.started_days is 'started days of 24 elapsed hours, at least one';

-- A rental as the API shows it at a moment.
create or replace function services.show_rental(p_rental services.rental, p_now timestamptz)
returns api.rental
language plpgsql stable as $$
declare
	v_row api.rental;
begin
	select p_rental.rental_id, p_rental.listing_id, p_rental.asset_id, a.name, l.asset_kind,
		l.title, p_rental.partner_id,
		case when p_rental.state = 'active' and p_rental.ends_at < p_now then 'overdue'
			else p_rental.state end,
		p_rental.starts_at, p_rental.ends_at, p_rental.started_at, p_rental.returned_at,
		p_rental.daily_price_minor,
		case when p_rental.started_at is null then 0
			else services.started_days(p_rental.started_at,
				coalesce(p_rental.returned_at, p_now)) end,
		p_rental.charge_minor, p_rental.currency, p_rental.created_at, p_rental.reason
	into v_row
	from services.listing l
	join services.asset a on a.market_id = p_rental.market_id and a.asset_id = p_rental.asset_id
	where l.market_id = p_rental.market_id and l.listing_id = p_rental.listing_id;
	return v_row;
end
$$;
comment on function services.show_rental is 'a rental as the API shows it at a moment';

create or replace function services.rental_now(p_market_id int, p_rental_id uuid,
	p_now timestamptz) returns api.rental
language plpgsql stable as $$
begin
	return (
		select services.show_rental(r, p_now)
		from services.rental r
		where r.market_id = p_market_id and r.rental_id = p_rental_id);
end
$$;
comment on function services.rental_now is 'a rental by its id as the API shows it';

-- One transition of a rental, told as an event; a vehicle that comes or goes changes what the
-- partner's enrolments lack. Ids follow from the rental and the transition, so the runner and a
-- request that was faster write the same.
create or replace function services.tell_rental(p_rental services.rental, p_from_state text,
	p_to_state text, p_what text, p_reason text, p_actor_id uuid, p_actor_role text,
	p_now timestamptz) returns void
language plpgsql as $$
declare
	v_id constant uuid := core.derived_id(uuid_send(p_rental.rental_id) || p_what::bytea);
begin
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
		from_state, to_state, actor_id, actor_role, reason, occurred_at)
	values (p_rental.market_id, v_id, 'rental.' || p_what, p_rental.partner_id, 'rental',
		p_rental.rental_id, p_from_state, p_to_state, p_actor_id, p_actor_role, p_reason, p_now);
	if 'active' in (p_from_state, p_to_state) and (
		select l.asset_kind = 'vehicle' from services.listing l
		where l.market_id = p_rental.market_id and l.listing_id = p_rental.listing_id) then
		perform onboarding.settle(p_rental.market_id, p_rental.partner_id,
			core.derived_id(uuid_send(v_id) || 'settled'), p_actor_id, p_actor_role, p_now);
	end if;
end
$$;
comment on function services.tell_rental is 'one transition of a rental, told as an event, and what follows for enrolments';

-- A listing that a partner may rent from now. Refuses: listing_unknown listing_kind_differs
-- partner_unknown not_yet_available no_longer_available not_enrolled
create or replace function services.require_rentable(p_market_id int, p_partner_id uuid,
	p_listing_id uuid, p_now timestamptz) returns services.listing
language plpgsql stable as $$
declare
	v_listing services.listing;
	v_reason text;
begin
	select l.* into v_listing
	from services.listing l
	where l.market_id = p_market_id and l.listing_id = p_listing_id;
	if not found then
		perform core.refuse('listing_unknown');
	elsif v_listing.kind <> 'rental' then
		perform core.refuse('listing_kind_differs', jsonb_build_object('kind', v_listing.kind));
	elsif not exists (select from identity.partner p where p.market_id = p_market_id
		and p.partner_id = p_partner_id and p.state = 'active') then
		perform core.refuse('partner_unknown');
	end if;
	v_reason := (services.why_not(v_listing, p_partner_id, p_now))[1];
	if v_reason is not null then
		perform core.refuse(v_reason, services.explain_reason(v_listing, v_reason, p_now));
	end if;
	return v_listing;
end
$$;
comment on function services.require_rentable is 'a listing that a partner may rent from now, or the refusal';

-- Takes an asset for a time, the one that is asked for or the first that is free. Who waits for
-- another's lock looks again when it is gone, and goes on to the next asset.
-- Refuses: asset_unknown rental_overlaps no_asset_free
create or replace function services.take_asset(p_market_id int, p_listing_id uuid,
	p_asset_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_starts_now boolean)
returns uuid
language plpgsql as $$
declare
	v_asset_id uuid;
begin
	select a.asset_id into v_asset_id
	from services.asset a
	where a.market_id = p_market_id and a.listing_id = p_listing_id
		and (p_asset_id is null or a.asset_id = p_asset_id)
		and not a.busy && tstzrange(p_starts_at, p_ends_at)
		and not (a.is_out and p_starts_now) and a.lost_at is null
	order by a.asset_id
	limit 1
	for no key update;
	if not found and p_asset_id is null then
		perform core.refuse('no_asset_free');
	elsif not found and exists (select from services.asset a where a.market_id = p_market_id
		and a.listing_id = p_listing_id and a.asset_id = p_asset_id and a.lost_at is null) then
		perform core.refuse('rental_overlaps');
	elsif not found then
		perform core.refuse('asset_unknown');
	end if;
	update services.asset a
	set busy = a.busy + tstzmultirange(tstzrange(p_starts_at, p_ends_at)),
		is_out = a.is_out or p_starts_now
	where a.market_id = p_market_id and a.asset_id = v_asset_id;
	return v_asset_id;
end
$$;
comment on function services.take_asset is 'takes an asset for a time: the one asked for, or the first that is free';

-- Takes the time of a rental out of its asset's calendar; p_came_back: the asset is back, too.
create or replace function services.give_back_asset(p_rental services.rental,
	p_came_back boolean, p_now timestamptz) returns void
language plpgsql as $$
begin
	update services.asset a
	set busy = a.busy - tstzmultirange(tstzrange(p_rental.starts_at, p_rental.ends_at)),
		is_out = a.is_out and not p_came_back,
		came_back_at = case when p_came_back then p_now else a.came_back_at end
	where a.market_id = p_rental.market_id and a.asset_id = p_rental.asset_id;
end
$$;
comment on function services.give_back_asset is 'takes the time of a rental out of its asset''s calendar';

-- Starts a reserved rental that is due and whose row is locked. It counts from when it was agreed
-- or, where the asset came back late, from then. Where that is after its end, nothing is left of
-- it: it is cancelled. The rental as it is then; unchanged: someone still has the asset.
create or replace function services.start_rental(p_rental services.rental, p_actor_id uuid,
	p_actor_role text, p_now timestamptz) returns services.rental
language plpgsql as $$
declare
	v_asset services.asset;
	v_started_at timestamptz;
	v_state text;
begin
	select a.* into strict v_asset
	from services.asset a
	where a.market_id = p_rental.market_id and a.asset_id = p_rental.asset_id
	for no key update;
	v_started_at := greatest(p_rental.starts_at, v_asset.came_back_at);
	v_state := case
		when v_asset.is_out and p_now < p_rental.ends_at then 'reserved'
		when v_asset.is_out or v_started_at >= p_rental.ends_at then 'cancelled'
		else 'active'
	end;
	if v_state = 'active' then
		update services.asset a set is_out = true
		where a.market_id = p_rental.market_id and a.asset_id = p_rental.asset_id;
	elsif v_state = 'cancelled' then
		perform services.give_back_asset(p_rental, false, p_now);
	else
		return p_rental;
	end if;
	update services.rental r
	set state = v_state, started_at = case when v_state = 'active' then v_started_at end,
		version = r.version + 1
	where r.market_id = p_rental.market_id and r.rental_id = p_rental.rental_id
	returning r.* into p_rental;
	perform services.tell_rental(p_rental, 'reserved', v_state,
		case v_state when 'active' then 'started' else v_state end,
		case v_state when 'cancelled' then 'asset_not_back' end, p_actor_id, p_actor_role, p_now);
	return p_rental;
end
$$;
comment on function services.start_rental is 'starts a reserved rental that is due, if its asset is there';

-- Charges a rental that comes back: started days times the daily price. The partner owes it; the
-- vendor gets its part at once, the platform the rest. Nothing is posted for nothing.
create or replace function services.charge_rental(p_rental services.rental, p_vendor_id uuid,
	p_deduction_id uuid, p_transaction_id uuid, p_now timestamptz) returns void
language plpgsql as $$
begin
	if p_rental.charge_minor > 0 then
		perform ledger.owe(p_rental.market_id, p_rental.partner_id, p_deduction_id, 'rental',
			p_rental.rental_id, p_rental.charge_minor, p_now);
		perform services.post_to_vendor(p_rental.market_id, p_rental.partner_id, p_vendor_id,
			p_transaction_id, 'rental', p_rental.rental_id, array[1200, 2000, 4000],
			array[p_rental.charge_minor, -p_rental.vendor_minor,
				p_rental.vendor_minor - p_rental.charge_minor], p_now);
	end if;
end
$$;
comment on function services.charge_rental is 'what a returned rental costs the partner, and what the vendor and the platform get';

-- Ends an active rental whose row is locked: its asset is back or lost, its days are charged until
-- p_until. The partner itself, or an operator with a reason.
create or replace function services.end_rental(p_rental services.rental, p_state text,
	p_until timestamptz, p_reason text, p_deduction_id uuid, p_transaction_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_charge_minor constant bigint := p_rental.daily_price_minor
		* services.started_days(p_rental.started_at, p_until);
	v_vendor_minor constant bigint := services.vendor_part(p_rental, v_charge_minor);
	v_vendor_id uuid;
begin
	update services.rental r
	set state = p_state, returned_at = p_until, charge_minor = v_charge_minor,
		vendor_minor = v_vendor_minor, version = r.version + 1
	where r.market_id = p_rental.market_id and r.rental_id = p_rental.rental_id
	returning r.* into p_rental;
	perform services.give_back_asset(p_rental, p_state = 'returned', p_now);
	perform services.tell_rental(p_rental, 'active', p_state, p_state, p_reason, p_actor_id,
		p_actor_role, p_now);
	select l.vendor_id into strict v_vendor_id
	from services.listing l
	where l.market_id = p_rental.market_id and l.listing_id = p_rental.listing_id;
	perform services.charge_rental(p_rental, v_vendor_id, p_deduction_id, p_transaction_id, p_now);
end
$$;
comment on function services.end_rental is 'ends an active rental and charges its days';

-- The vendor's part of a charge, by the agreement that the rental was made under.
create or replace function services.vendor_part(p_rental services.rental, p_charge_minor bigint)
returns bigint
language plpgsql stable as $$
declare
	v_part_minor bigint;
begin
	select (ledger.split(p_charge_minor, a.shares_ppm))[array_position(a.parties, 'vendor')]
	into strict v_part_minor
	from ledger.share_agreement a
	where a.market_id = p_rental.market_id
		and a.share_agreement_id = p_rental.share_agreement_id;
	return v_part_minor;
end
$$;
comment on function services.vendor_part is 'the vendor''s part of a charge';

grant execute on function services.started_days, services.show_rental, services.rental_now
	to wall_partner, wall_member, wall_operator, wall_runner;
grant execute on function services.tell_rental, services.give_back_asset
	to wall_partner, wall_operator, wall_runner;
grant execute on function services.start_rental to wall_partner, wall_runner;
grant execute on function services.charge_rental, services.vendor_part, services.end_rental
	to wall_partner, wall_operator;
grant execute on function services.require_rentable, services.take_asset to wall_partner;
