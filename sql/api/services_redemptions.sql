-- Redemptions: a partner takes a discount, the vendor gets its saving back.
--
-- Order of locks: market (the batch takes it), listing, the redemption that is made, the vendor's
-- wallet.

-- A code: twelve characters of Crockford's base32 (no I, L, O, U) in three groups, the first 60 bits
-- of the SHA-256 of a random id. That id is kept nowhere, so no code can be told from what is shown.
create or replace function services.code_of(p_chance uuid) returns text
language plpgsql immutable parallel safe as $$
declare
	v_digest constant text := encode(sha256(uuid_send(p_chance)), 'hex');
	v_bits constant bigint := ('x' || left(v_digest, 15))::bit(60)::bigint;
	v_code text := '';
begin
	for v_at in 1 .. 12 loop
		v_code := v_code || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
			((v_bits >> (60 - 5 * v_at)) & 31)::int + 1, 1);
		if v_at in (4, 8) then
			v_code := v_code || '-';
		end if;
	end loop;
	return v_code;
end
$$;
comment on function services.code_of is 'the code of a redemption out of a random id';

-- A redemption as the API shows it.
create or replace function services.redemption_now(p_market_id int, p_redemption_id uuid)
returns api.redemption
language plpgsql stable as $$
declare
	v_row api.redemption;
begin
	select r.redemption_id, r.listing_id, r.partner_id, l.title, v.name, r.code,
		l.list_price_minor, l.partner_price_minor, l.list_price_minor - l.partner_price_minor,
		l.currency, r.redeemed_at
	into v_row
	from services.redemption r
	join services.listing l on l.market_id = p_market_id and l.listing_id = r.listing_id
	join services.vendor v on v.market_id = p_market_id and v.vendor_id = l.vendor_id
	where r.market_id = p_market_id and r.redemption_id = p_redemption_id;
	return v_row;
end
$$;
comment on function services.redemption_now is 'a redemption as the API shows it';

-- Writes a redemption, its event, and what the vendor gets back: the agreed part of the saving,
-- rounded down. Nothing is posted for nothing. False: it is there already, or the partner has
-- another one.
create or replace function services.make_redemption(p_listing services.listing, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_redemption_id uuid, p_digest bytea, p_event_id uuid,
	p_transaction_id uuid, p_code text) returns boolean
language plpgsql as $$
declare
	v_reimbursed_minor constant bigint := floor(p_listing.reimbursed_ppm::numeric
		* (p_listing.list_price_minor - p_listing.partner_price_minor) / 1000000);
begin
	insert into services.redemption (market_id, redemption_id, listing_id, partner_id, code,
		reimbursed_minor, redeemed_at, digest)
	values (p_listing.market_id, p_redemption_id, p_listing.listing_id, p_partner_id, p_code,
		v_reimbursed_minor, p_now, p_digest)
	on conflict do nothing;
	if not found then
		return false;
	end if;
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, to_state,
		actor_id, actor_role, occurred_at)
	values (p_listing.market_id, p_event_id, 'redemption.made', p_partner_id, 'redemption',
		p_redemption_id, 'made', p_account_id, 'partner', p_now);
	if v_reimbursed_minor > 0 then
		perform services.post_to_vendor(p_listing.market_id, p_partner_id, p_listing.vendor_id,
			p_transaction_id, 'discount', p_redemption_id, array[5200, 2000],
			array[v_reimbursed_minor, -v_reimbursed_minor], p_now);
	end if;
	return true;
end
$$;
comment on function services.make_redemption is 'writes a redemption, its event and the vendor''s reimbursement; false: there is one already';

-- The end of a redemption that was not made: the replay, where its id is there already, or the
-- refusal with what helps the caller.
create or replace function services.explain_redemption(p_listing services.listing,
	p_market_id int, p_redemption_id uuid, p_digest bytea, p_now timestamptz,
	inout refused text, out detail jsonb, out replayed boolean, out "row" api.redemption)
language plpgsql as $$
declare
	v_digest bytea;
begin
	select r.digest into v_digest
	from services.redemption r
	where r.market_id = p_market_id and r.redemption_id = p_redemption_id;
	if found and v_digest = p_digest then
		refused := null;
		replayed := true;
		"row" := services.redemption_now(p_market_id, p_redemption_id);
	elsif found then
		refused := 'key_reused';
	elsif refused = 'listing_kind_differs' then
		detail := jsonb_build_object('kind', p_listing.kind);
	else
		detail := services.explain_reason(p_listing, refused, p_now);
	end if;
end
$$;
comment on function services.explain_redemption is 'the replay of a redemption, or the refusal with what helps the caller';

-- Takes a discount for the calling partner: one of the stock, the redemption with its code, its
-- event, and the vendor's money, all or nothing. Says no through `refused` without raising, so that
-- a batch goes on; a count that was taken before the no is given back under the same lock.
create or replace function api.redeem_listing(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_now timestamptz, p_redemption_id uuid, p_digest bytea, p_event_id uuid,
	p_transaction_id uuid, p_chance uuid, p_listing_id uuid, out refused text, out detail jsonb,
	out replayed boolean, out "row" api.redemption)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_entered boolean;
	v_listing services.listing;
	v_explained record;
begin
	v_entered := core.enter(p_market_id, p_partner_id);
	select l.* into v_listing
	from services.listing l
	where l.market_id = p_market_id and l.listing_id = p_listing_id;
	refused := case
		when v_listing.listing_id is null then 'listing_unknown'
		when v_listing.kind <> 'discount' then 'listing_kind_differs'
		when not exists (select from identity.partner p where p.market_id = p_market_id
			and p.partner_id = p_partner_id and p.state = 'active') then 'partner_unknown'
		else (services.why_not(v_listing, p_partner_id, p_now))[1]
	end;
	if refused is null then
		update services.listing l
		set redeemed = l.redeemed + 1
		where l.market_id = p_market_id and l.listing_id = p_listing_id and l.redeemed < l.stock;
		refused := case when not found then 'sold_out' end;
	end if;
	if refused is null then
		if services.make_redemption(v_listing, p_partner_id, p_account_id, p_now, p_redemption_id,
			p_digest, p_event_id, p_transaction_id, services.code_of(p_chance)) then
			"row" := services.redemption_now(p_market_id, p_redemption_id);
			return;
		end if;
		update services.listing l
		set redeemed = l.redeemed - 1
		where l.market_id = p_market_id and l.listing_id = p_listing_id;
		refused := 'redeemed_already';
	end if;
	v_explained := services.explain_redemption(v_listing, p_market_id, p_redemption_id, p_digest,
		p_now, refused);
	refused := v_explained.refused;
	detail := v_explained.detail;
	replayed := v_explained.replayed;
	"row" := v_explained."row";
end
$$;
comment on function api.redeem_listing is 'Takes a discount for the calling partner. Refuses: listing_unknown listing_kind_differs partner_unknown not_yet_available no_longer_available not_enrolled redeemed_already sold_out amount_too_large balance_out_of_range key_reused.';
alter function api.redeem_listing owner to wall_partner;
grant execute on function api.redeem_listing to socius_gate;
call core.make_batch('api.redeem_listing'::regproc::regprocedure, 'wall_partner', 'market');

create or replace function api.get_redemption(p_market_id int, p_caller_id uuid,
	p_redemption_id uuid, out "row" api.redemption)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	"row" := services.redemption_now(p_market_id, p_redemption_id);
	if "row".redemption_id is null then
		perform core.refuse('redemption_unknown');
	end if;
end
$$;
comment on function api.get_redemption is 'Shows a redemption; a partner sees its own. Refuses: redemption_unknown.';
alter function api.get_redemption owner to wall_member;
grant execute on function api.get_redemption to socius_gate;

-- The newest first. A partner sees its own.
create or replace function api.list_redemptions(p_market_id int, p_caller_id uuid,
	p_listing_id uuid, p_limit int, p_after_redeemed_at timestamptz, p_after_redemption_id uuid)
returns setof api.redemption
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
		select r.redeemed_at, r.redemption_id
		from services.redemption r
		where r.market_id = p_market_id
			and (p_caller_id is null or r.partner_id = p_caller_id)
			and (p_listing_id is null or r.listing_id = p_listing_id)
			and (r.redeemed_at, r.redemption_id) < (coalesce(p_after_redeemed_at, 'infinity'),
				coalesce(p_after_redemption_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
		order by r.redeemed_at desc, r.redemption_id desc
		limit p_limit
	) r
	cross join lateral services.redemption_now(p_market_id, r.redemption_id) s
	order by s.redeemed_at desc, s.redemption_id desc;
end
$$;
comment on function api.list_redemptions is 'Lists redemptions, the newest first; a partner sees its own. Refuses: nothing.';
alter function api.list_redemptions owner to wall_member;
grant execute on function api.list_redemptions to socius_gate;

grant execute on function services.redemption_now to wall_partner, wall_member;
grant execute on function services.code_of, services.make_redemption, services.explain_redemption
	to wall_partner;
