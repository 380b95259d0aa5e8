-- What partners do with rentals: make, cancel, return, look at them.

-- Rents an asset: at once, or reserves it for later. The agreement by which the charge will be split
-- is the one in force at the start, as it is known now.
create or replace function api.create_rental(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_rental_id uuid,
	p_listing_id uuid, p_asset_id uuid, p_starts_at timestamptz, p_ends_at timestamptz,
	out replayed boolean, out "row" api.rental)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_starts_at constant timestamptz := coalesce(p_starts_at, v_now);
	v_starts_now constant boolean := v_starts_at <= v_now;
	v_rental_id uuid;
	v_listing services.listing;
	v_agreement_id uuid;
	v_rental services.rental;
begin
	perform core.enter(p_market_id, p_partner_id);
	v_rental_id := core.claim_key(p_market_id, p_account_id, 'create_rental', p_key, p_digest,
		p_rental_id, v_now);
	replayed := v_rental_id is not null;
	if not replayed then
		v_rental_id := p_rental_id;
		v_listing := services.require_rentable(p_market_id, p_partner_id, p_listing_id, v_now);
		if v_starts_at < v_now or p_ends_at <= v_starts_at
			or p_ends_at > v_starts_at + interval '7776000 seconds' then
			perform core.refuse('rental_times_wrong');
		end if;
		perform ledger.need_amounts(p_market_id, v_listing.partner_price_minor
			* services.started_days(v_starts_at, p_ends_at));
		select a.share_agreement_id into v_agreement_id
		from ledger.agreement_at(p_market_id, 'price', v_starts_at) a
		where 'vendor' = any (a.parties);
		if not found then
			perform core.refuse('agreement_missing', jsonb_build_object('base', 'price'));
		end if;
		insert into services.rental (market_id, rental_id, partner_id, listing_id, asset_id, state,
			starts_at, ends_at, started_at, daily_price_minor, currency, share_agreement_id,
			created_at)
		values (p_market_id, v_rental_id, p_partner_id, p_listing_id,
			services.take_asset(p_market_id, p_listing_id, p_asset_id, v_starts_at, p_ends_at,
				v_starts_now),
			case when v_starts_now then 'active' else 'reserved' end, v_starts_at, p_ends_at,
			case when v_starts_now then v_starts_at end, v_listing.partner_price_minor,
			v_listing.currency, v_agreement_id, v_now)
		returning * into v_rental;
		perform services.tell_rental(v_rental, null, v_rental.state,
			case when v_starts_now then 'started' else 'reserved' end, null, p_account_id,
			'partner', v_now);
	end if;
	"row" := services.rental_now(p_market_id, v_rental_id, v_now);
end
$$;
comment on function api.create_rental is 'Rents an asset for the calling partner. Refuses: listing_unknown listing_kind_differs partner_unknown not_yet_available no_longer_available not_enrolled rental_times_wrong agreement_missing asset_unknown rental_overlaps no_asset_free amount_too_large key_reused.';
alter function api.create_rental owner to wall_partner;
grant execute on function api.create_rental to socius_gate;

-- Locks a rental of the calling partner. One that is due and that the runner has not come to is
-- started first: the request's clock counts. Refuses: rental_unknown
create or replace function services.lock_rental(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_rental_id uuid, p_now timestamptz) returns services.rental
language plpgsql as $$
declare
	v_rental services.rental;
begin
	select r.* into v_rental
	from services.rental r
	where r.market_id = p_market_id and r.rental_id = p_rental_id
		and r.partner_id = p_partner_id
	for no key update;
	if not found then
		perform core.refuse('rental_unknown');
	elsif v_rental.state = 'reserved' and v_rental.starts_at <= p_now then
		v_rental := services.start_rental(v_rental, p_account_id, 'partner', p_now);
	end if;
	return v_rental;
end
$$;
comment on function services.lock_rental is 'locks a rental of a partner, and starts it where it is due';

-- Brings an asset back: it is free from then on, and the partner owes each started day.
create or replace function api.return_rental(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_deduction_id uuid,
	p_transaction_id uuid, p_rental_id uuid, out replayed boolean, out "row" api.rental)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_rental services.rental;
begin
	perform core.enter(p_market_id, p_partner_id);
	replayed := core.claim_key(p_market_id, p_account_id, 'return_rental', p_key, p_digest,
		p_rental_id, v_now) is not null;
	if not replayed then
		v_rental := services.lock_rental(p_market_id, p_partner_id, p_account_id, p_rental_id,
			v_now);
		if v_rental.state = 'reserved' then
			perform core.refuse('rental_not_started',
				jsonb_build_object('state', v_rental.state) || case
				when v_rental.starts_at > v_now
				then core.explain_wait('starts_at', v_rental.starts_at, v_now) else '{}' end);
		elsif v_rental.state <> 'active' then
			perform core.refuse('rental_not_active', jsonb_build_object('state', v_rental.state));
		end if;
		perform services.end_rental(v_rental, 'returned', v_now, null, p_deduction_id,
			p_transaction_id, p_account_id, 'partner', v_now);
	end if;
	"row" := services.rental_now(p_market_id, p_rental_id, v_now);
end
$$;
comment on function api.return_rental is 'Brings a rented asset back and charges each started day. Refuses: rental_unknown rental_not_started rental_not_active balance_out_of_range key_reused.';
alter function api.return_rental owner to wall_partner;
grant execute on function api.return_rental to socius_gate;

-- Cancels a rental that has not started, at no cost: before it is due, or later as long as its
-- asset is not back.
create or replace function api.cancel_rental(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_key text, p_digest bytea, p_rental_id uuid,
	out replayed boolean, out "row" api.rental)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_rental services.rental;
begin
	perform core.enter(p_market_id, p_partner_id);
	replayed := core.claim_key(p_market_id, p_account_id, 'cancel_rental', p_key, p_digest,
		p_rental_id, v_now) is not null;
	if not replayed then
		v_rental := services.lock_rental(p_market_id, p_partner_id, p_account_id, p_rental_id,
			v_now);
		if v_rental.state <> 'reserved' then
			perform core.refuse('rental_not_reserved',
				jsonb_build_object('state', v_rental.state));
		end if;
		update services.rental r
		set state = 'cancelled', version = r.version + 1
		where r.market_id = p_market_id and r.rental_id = p_rental_id;
		perform services.give_back_asset(v_rental, false, v_now);
		perform services.tell_rental(v_rental, 'reserved', 'cancelled', 'cancelled', null,
			p_account_id, 'partner', v_now);
	end if;
	"row" := services.rental_now(p_market_id, p_rental_id, v_now);
end
$$;
comment on function api.cancel_rental is 'Cancels a rental before it starts, at no cost. Refuses: rental_unknown rental_not_reserved key_reused.';
alter function api.cancel_rental owner to wall_partner;
grant execute on function api.cancel_rental to socius_gate;

create or replace function api.get_rental(p_market_id int, p_caller_id uuid, p_now timestamptz,
	p_rental_id uuid, out "row" api.rental)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	"row" := services.rental_now(p_market_id, p_rental_id, core.clock(p_market_id, p_now));
	if "row".rental_id is null then
		perform core.refuse('rental_unknown');
	end if;
end
$$;
comment on function api.get_rental is 'Shows a rental; a partner sees its own. Refuses: rental_unknown.';
alter function api.get_rental owner to wall_member;
grant execute on function api.get_rental to socius_gate;

-- By start, the latest first. A partner sees its own.
create or replace function api.list_rentals(p_market_id int, p_caller_id uuid, p_now timestamptz,
	p_limit int, p_after_starts_at timestamptz, p_after_rental_id uuid) returns setof api.rental
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
set plan_cache_mode = force_custom_plan
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	return query
	select s.*
	from (
		select r.*
		from services.rental r
		where r.market_id = p_market_id
			and (p_caller_id is null or r.partner_id = p_caller_id)
			and (r.starts_at, r.rental_id) < (coalesce(p_after_starts_at, 'infinity'),
				coalesce(p_after_rental_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
		order by r.starts_at desc, r.rental_id desc
		limit p_limit
	) r
	cross join lateral services.show_rental(r, core.clock(p_market_id, p_now)) s
	order by s.starts_at desc, s.rental_id desc;
end
$$;
comment on function api.list_rentals is 'Lists rentals, the latest start first; a partner sees its own. Refuses: nothing.';
alter function api.list_rentals owner to wall_member;
grant execute on function api.list_rentals to socius_gate;

grant execute on function services.lock_rental to wall_partner;
