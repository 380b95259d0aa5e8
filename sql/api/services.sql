-- Vendors, and what the files of services share.

-- Whether a partner has a vehicle from a rental now: what the requirement `vehicle` asks.
create or replace function services.has_active_vehicle(p_market_id int, p_partner_id uuid)
returns boolean
language plpgsql stable as $$
begin
	return exists (
		select from services.rental r
		join services.listing l on l.market_id = p_market_id and l.listing_id = r.listing_id
		where r.market_id = p_market_id and r.partner_id = p_partner_id
			and r.state = 'active' and l.asset_kind = 'vehicle');
end
$$;
comment on function services.has_active_vehicle is 'whether a partner has a rented vehicle now';

-- Why a partner may not have a listing now, in the order in which it is refused; empty: it may. The
-- same words are reasons in the listing and refusals of whoever asks all the same. p_partner_id
-- null: what holds for everyone. A discount is for partners at work; what is rented may be just
-- what an applicant lacks.
create or replace function services.why_not(p_listing services.listing, p_partner_id uuid,
	p_now timestamptz) returns text[]
language plpgsql stable as $$
declare
	v_reasons text[] := '{}';
begin
	if p_listing.available_from > p_now then
		v_reasons := v_reasons || 'not_yet_available'::text;
	elsif p_listing.available_until <= p_now then
		v_reasons := v_reasons || 'no_longer_available'::text;
	end if;
	if p_listing.enrolment_kind is not null and p_partner_id is not null and not exists (
		select from onboarding.enrolment e
		where e.market_id = p_listing.market_id and e.partner_id = p_partner_id
			and e.kind = p_listing.enrolment_kind
			and case p_listing.kind when 'rental' then e.state <> 'closed'
				else e.state = 'active' end) then
		v_reasons := v_reasons || 'not_enrolled'::text;
	end if;
	if p_listing.kind = 'rental' then
		return v_reasons;
	end if;
	if exists (
		select from services.redemption r
		where r.market_id = p_listing.market_id and r.listing_id = p_listing.listing_id
			and r.partner_id = p_partner_id) then
		v_reasons := v_reasons || 'redeemed_already'::text;
	end if;
	if p_listing.redeemed >= p_listing.stock then
		v_reasons := v_reasons || 'sold_out'::text;
	end if;
	return v_reasons;
end
$$;
comment on function services.why_not is 'why a partner may not have a listing now; empty: it may';

-- What helps whoever is refused a listing.
create or replace function services.explain_reason(p_listing services.listing, p_reason text,
	p_now timestamptz) returns jsonb
language plpgsql stable as $$
begin
	return case p_reason
		when 'not_yet_available' then core.explain_wait('available_from',
			p_listing.available_from, p_now)
		when 'no_longer_available' then jsonb_build_object('available_until',
			core.show_instant(p_listing.available_until))
		when 'not_enrolled' then jsonb_build_object('enrolment_kind', p_listing.enrolment_kind)
	end;
end
$$;
comment on function services.explain_reason is 'the detail of a refusal that services.why_not named';

-- Posts to the wallet of a vendor what a partner has brought about: steps over to the vendor's side
-- of the wall, which shows that one wallet, and back. The last lock of its transaction.
create or replace function services.post_to_vendor(p_market_id int, p_partner_id uuid,
	p_vendor_id uuid, p_transaction_id uuid, p_kind text, p_cause_id uuid, p_accounts int[],
	p_amounts bigint[], p_now timestamptz) returns void
language plpgsql as $$
declare
	v_entered boolean;
	v_entry_no bigint;
begin
	v_entered := core.enter(p_market_id, p_vendor_id);
	v_entry_no := ledger.post(p_market_id, p_vendor_id, p_transaction_id, p_kind, p_cause_id,
		p_accounts, p_amounts, p_now, p_now);
	v_entered := core.enter(p_market_id, p_partner_id);
end
$$;
comment on function services.post_to_vendor is 'posts one transaction to a vendor''s wallet on behalf of a partner';

-- Makes a vendor and its wallet.
create or replace function api.create_vendor(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_vendor_id uuid, p_event_id uuid, p_name text,
	out replayed boolean, out "row" api.vendor)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_vendor_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_vendor_id := core.claim_key(p_market_id, p_actor_id, 'create_vendor', p_key, p_digest,
		p_vendor_id, v_now);
	replayed := v_vendor_id is not null;
	if not replayed then
		v_vendor_id := p_vendor_id;
		insert into services.vendor (market_id, vendor_id, name, created_at)
		values (p_market_id, v_vendor_id, p_name, v_now);
		insert into ledger.wallet (market_id, owner_id, owner_kind, currency)
		select p_market_id, v_vendor_id, 'vendor', m.currency
		from core.market m
		where m.market_id = p_market_id;
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'vendor.created', 'vendor', v_vendor_id, 'created',
			p_actor_id, p_actor_role, v_now);
	end if;
	"row" := api.get_vendor(p_market_id, v_vendor_id);
end
$$;
comment on function api.create_vendor is 'Makes a vendor with a wallet. Refuses: key_reused.';
alter function api.create_vendor owner to wall_operator;
grant execute on function api.create_vendor to socius_gate;

create or replace function api.get_vendor(p_market_id int, p_vendor_id uuid, out "row" api.vendor)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	select v.vendor_id, v.name, w.balance_minor, w.currency, v.created_at into "row"
	from services.vendor v
	join ledger.wallet w on w.market_id = p_market_id and w.owner_id = v.vendor_id
	where v.market_id = p_market_id and v.vendor_id = p_vendor_id;
	if not found then
		perform core.refuse('vendor_unknown');
	end if;
end
$$;
comment on function api.get_vendor is 'Shows a vendor and what it is owed. Refuses: vendor_unknown.';
alter function api.get_vendor owner to wall_operator;
grant execute on function api.get_vendor to socius_gate;

create or replace function api.list_vendors(p_market_id int, p_limit int, p_after_vendor_id uuid)
returns setof api.vendor
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select v.vendor_id, v.name, w.balance_minor, w.currency, v.created_at
	from services.vendor v
	join ledger.wallet w on w.market_id = p_market_id and w.owner_id = v.vendor_id
	where v.market_id = p_market_id
		and v.vendor_id > coalesce(p_after_vendor_id, '00000000-0000-0000-0000-000000000000')
	order by v.vendor_id
	limit p_limit;
end
$$;
comment on function api.list_vendors is 'Lists the vendors of the market, oldest first. Refuses: nothing.';
alter function api.list_vendors owner to wall_operator;
grant execute on function api.list_vendors to socius_gate;

grant execute on function services.has_active_vehicle, services.why_not, services.explain_reason
	to wall_partner, wall_member, wall_operator, wall_runner;
grant execute on function services.post_to_vendor to wall_partner, wall_operator;
