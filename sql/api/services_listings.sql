-- Listings and the assets that they rent out.

-- A listing as whoever asks sees it: p_partner_id null: an operator. Discounts have a stock left,
-- rentals have assets that are free from now on, and both say why not.
create or replace function services.show_listing(p_listing services.listing, p_partner_id uuid,
	p_now timestamptz) returns api.listing
language plpgsql stable as $$
declare
	v_reasons text[] := services.why_not(p_listing, p_partner_id, p_now);
	v_assets_free int;
begin
	if p_listing.kind = 'rental' then
		select count(*) into v_assets_free
		from services.asset a
		where a.market_id = p_listing.market_id and a.listing_id = p_listing.listing_id
			and not a.is_out and not a.busy @> p_now and a.lost_at is null;
		if v_assets_free = 0 then
			v_reasons := v_reasons || 'no_asset_free'::text;
		end if;
	end if;
	return row(p_listing.listing_id, p_listing.kind, p_listing.vendor_id,
		(select v.name from services.vendor v
			where v.market_id = p_listing.market_id and v.vendor_id = p_listing.vendor_id),
		p_listing.title, p_listing.description, p_listing.asset_kind, p_listing.enrolment_kind,
		p_listing.list_price_minor, p_listing.partner_price_minor,
		p_listing.list_price_minor - p_listing.partner_price_minor, p_listing.currency,
		case when p_partner_id is null then p_listing.reimbursed_ppm end, p_listing.stock,
		p_listing.stock - p_listing.redeemed, v_assets_free, p_listing.available_from,
		p_listing.available_until, cardinality(v_reasons) = 0, v_reasons,
		p_listing.created_at)::api.listing;
end
$$;
comment on function services.show_listing is 'a listing as a partner or an operator sees it';
grant execute on function services.show_listing to wall_member, wall_operator;

-- Makes a listing. Which fields belong to which kind, prices and times are held by the table's
-- constraints, which carry the refusals' names.
create or replace function api.create_listing(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_listing_id uuid, p_event_id uuid, p_kind text,
	p_vendor_id uuid, p_title text, p_description text, p_list_price_minor bigint,
	p_partner_price_minor bigint, p_stock int, p_reimbursed_ppm int, p_asset_kind text,
	p_enrolment_kind text, p_available_from timestamptz, p_available_until timestamptz,
	out replayed boolean, out "row" api.listing)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_listing_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_listing_id := core.claim_key(p_market_id, p_actor_id, 'create_listing', p_key, p_digest,
		p_listing_id, v_now);
	replayed := v_listing_id is not null;
	if not replayed then
		v_listing_id := p_listing_id;
		perform ledger.need_amounts(p_market_id, p_list_price_minor, p_partner_price_minor);
		if not exists (select from services.vendor v
			where v.market_id = p_market_id and v.vendor_id = p_vendor_id) then
			perform core.refuse('vendor_unknown');
		end if;
		insert into services.listing (market_id, listing_id, kind, vendor_id, title, description,
			list_price_minor, partner_price_minor, currency, reimbursed_ppm, stock, asset_kind,
			enrolment_kind, available_from, available_until, created_at)
		select p_market_id, v_listing_id, p_kind::services.listing_kind, p_vendor_id, p_title,
			p_description, p_list_price_minor, p_partner_price_minor, m.currency,
			case when p_kind = 'discount' then coalesce(p_reimbursed_ppm, 1000000)
				else p_reimbursed_ppm end,
			p_stock, p_asset_kind::services.asset_kind, p_enrolment_kind, p_available_from,
			p_available_until, v_now
		from core.market m
		where m.market_id = p_market_id;
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'listing.created', 'listing', v_listing_id, 'created',
			p_actor_id, p_actor_role, v_now);
	end if;
	"row" := services.show_listing(l, null, v_now)
	from services.listing l
	where l.market_id = p_market_id and l.listing_id = v_listing_id;
end
$$;
comment on function api.create_listing is 'Makes a listing. Refuses: vendor_unknown listing_kind_differs listing_price_wrong listing_times_wrong amount_too_large key_reused.';
alter function api.create_listing owner to wall_operator;
grant execute on function api.create_listing to socius_gate;

create or replace function api.get_listing(p_market_id int, p_caller_id uuid, p_now timestamptz,
	p_listing_id uuid, out "row" api.listing)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	select s.* into "row"
	from services.listing l
	cross join lateral services.show_listing(l, p_caller_id, core.clock(p_market_id, p_now)) s
	where l.market_id = p_market_id and l.listing_id = p_listing_id;
	if not found then
		perform core.refuse('listing_unknown');
	end if;
end
$$;
comment on function api.get_listing is 'Shows a listing, and why the caller may or may not have it. Refuses: listing_unknown.';
alter function api.get_listing owner to wall_member;
grant execute on function api.get_listing to socius_gate;

create or replace function api.list_listings(p_market_id int, p_caller_id uuid, p_now timestamptz,
	p_kind text, p_limit int, p_after_listing_id uuid) returns setof api.listing
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set plan_cache_mode = force_custom_plan
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	return query
	select s.*
	from (
		select l.*
		from services.listing l
		where l.market_id = p_market_id and (p_kind is null or l.kind::text = p_kind)
			and l.listing_id > coalesce(p_after_listing_id, '00000000-0000-0000-0000-000000000000')
		order by l.listing_id
		limit p_limit
	) l
	cross join lateral services.show_listing(l, p_caller_id, core.clock(p_market_id, p_now)) s
	order by s.listing_id;
end
$$;
comment on function api.list_listings is 'Lists listings, oldest first, each with why the caller may or may not have it. Refuses: nothing.';
alter function api.list_listings owner to wall_member;
grant execute on function api.list_listings to socius_gate;

-- Makes an asset of a rental listing.
create or replace function api.create_asset(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_asset_id uuid, p_event_id uuid,
	p_listing_id uuid, p_name text, out replayed boolean, out "row" api.asset)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_asset_id uuid;
	v_kind services.listing_kind;
begin
	perform core.enter(p_market_id, null);
	v_asset_id := core.claim_key(p_market_id, p_actor_id, 'create_asset', p_key, p_digest,
		p_asset_id, v_now);
	replayed := v_asset_id is not null;
	if not replayed then
		v_asset_id := p_asset_id;
		select l.kind into v_kind
		from services.listing l
		where l.market_id = p_market_id and l.listing_id = p_listing_id;
		if not found then
			perform core.refuse('listing_unknown');
		elsif v_kind <> 'rental' then
			perform core.refuse('listing_kind_differs', jsonb_build_object('kind', v_kind));
		end if;
		insert into services.asset (market_id, asset_id, listing_id, name, created_at)
		values (p_market_id, v_asset_id, p_listing_id, p_name, v_now);
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'asset.created', 'asset', v_asset_id, 'created',
			p_actor_id, p_actor_role, v_now);
	end if;
	select a.asset_id, a.listing_id, a.name, a.is_out, a.created_at, a.lost_at into "row"
	from services.asset a
	where a.market_id = p_market_id and a.asset_id = v_asset_id;
end
$$;
comment on function api.create_asset is 'Makes an asset that a listing rents out. Refuses: listing_unknown listing_kind_differs key_reused.';
alter function api.create_asset owner to wall_operator;
grant execute on function api.create_asset to socius_gate;

create or replace function api.list_assets(p_market_id int, p_listing_id uuid, p_limit int,
	p_after_asset_id uuid) returns setof api.asset
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	if not exists (select from services.listing l
		where l.market_id = p_market_id and l.listing_id = p_listing_id) then
		perform core.refuse('listing_unknown');
	end if;
	return query
	select a.asset_id, a.listing_id, a.name, a.is_out, a.created_at, a.lost_at
	from services.asset a
	where a.market_id = p_market_id and a.listing_id = p_listing_id
		and a.asset_id > coalesce(p_after_asset_id, '00000000-0000-0000-0000-000000000000')
	order by a.asset_id
	limit p_limit;
end
$$;
comment on function api.list_assets is 'Lists the assets of a listing, oldest first. Refuses: listing_unknown.';
alter function api.list_assets owner to wall_operator;
grant execute on function api.list_assets to socius_gate;
