-- Share agreements; balances and earnings of partners; the ledger for those who check it.

-- An agreement as the API shows it.
create or replace function ledger.show_agreement(p_agreement ledger.share_agreement)
returns api.share_agreement
language plpgsql immutable parallel safe as $$
begin
	return row(
		p_agreement.share_agreement_id,
		p_agreement.name,
		p_agreement.base,
		p_agreement.effective_from,
		(select array_agg(row(e.party, e.share_ppm)::api.share_party order by e.line)
			from unnest(p_agreement.parties, p_agreement.shares_ppm)
				with ordinality as e (party, share_ppm, line)),
		p_agreement.created_at
	)::api.share_agreement;
end
$$;
comment on function ledger.show_agreement is 'an agreement as the API shows it';
grant execute on function ledger.show_agreement to wall_operator;

-- The agreement that splits a base at a moment; no row where there is none.
create or replace function ledger.agreement_at(p_market_id int, p_base text, p_at timestamptz)
returns setof ledger.share_agreement
language sql stable parallel safe rows 1 as $$
	select a.*
	from ledger.share_agreement a
	where a.market_id = p_market_id and a.base = p_base and a.effective_from <= p_at
	order by a.effective_from desc
	limit 1
$$;
comment on function ledger.agreement_at is 'the share agreement for a base in force at a moment';
grant execute on function ledger.agreement_at
	to wall_partner, wall_member, wall_operator, wall_runner;

-- Makes an agreement, which is a new version for its base from effective_from on. Trips that are
-- reported keep the one they were split by. So that late reports get what was in force when they
-- happened, the past is changed only where nothing was: before the first version of the base.
create or replace function api.create_share_agreement(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_now timestamptz, p_event_id uuid, p_key text, p_digest bytea,
	p_share_agreement_id uuid, p_name text, p_base text, p_effective_from timestamptz,
	p_parties jsonb, out replayed boolean, out "row" api.share_agreement)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_known_id uuid;
	v_parties text[];
	v_shares_ppm int[];
	v_agreement ledger.share_agreement;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_known_id := core.claim_key(p_market_id, p_actor_id, 'create_share_agreement', p_key,
		p_digest, p_share_agreement_id, v_now);
	if v_known_id is not null then
		replayed := true;
		"row" := api.get_share_agreement(p_market_id, v_known_id);
		return;
	end if;
	select array_agg(e.item ->> 'party' order by e.line),
		array_agg((e.item ->> 'share_ppm')::int order by e.line)
	into v_parties, v_shares_ppm
	from jsonb_array_elements(p_parties) with ordinality as e (item, line);
	if ledger.agreement_fits(p_base, v_parties, v_shares_ppm) is not true then
		perform core.refuse('agreement_parts_wrong');
	end if;
	if p_effective_from < v_now and exists (
		select from ledger.agreement_at(p_market_id, p_base, p_effective_from)) then
		perform core.refuse('agreement_in_force', jsonb_build_object('earliest',
			core.show_instant(date_trunc('hour', v_now + interval '3599.999999 seconds'))));
	end if;
	insert into ledger.share_agreement (market_id, share_agreement_id, name, base, effective_from,
		parties, shares_ppm, created_at)
	values (p_market_id, p_share_agreement_id, p_name, p_base, p_effective_from, v_parties,
		v_shares_ppm, v_now)
	on conflict on constraint agreement_overlaps do nothing
	returning * into v_agreement;
	if not found then
		perform core.refuse('agreement_overlaps');
	end if;
	insert into events.event (market_id, event_id, kind, subject, subject_id, to_state, actor_id,
		actor_role, occurred_at)
	values (p_market_id, p_event_id, 'share_agreement.created', 'share_agreement',
		p_share_agreement_id, 'created', p_actor_id, p_actor_role, v_now);
	"row" := ledger.show_agreement(v_agreement);
end
$$;
alter function api.create_share_agreement owner to wall_operator;
comment on function api.create_share_agreement is 'Makes a share agreement. Refuses: agreement_parts_wrong agreement_in_force agreement_overlaps key_reused';
grant execute on function api.create_share_agreement to socius_gate;

-- All versions, by base, the oldest first.
create or replace function api.list_share_agreements(p_market_id int, p_base text, p_limit int,
	p_after_base text, p_after_effective_from timestamptz) returns setof api.share_agreement
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select s.*
	from (
		select a.*
		from ledger.share_agreement a
		where a.market_id = p_market_id and (p_base is null or a.base = p_base)
			and (a.base, a.effective_from)
				> (coalesce(p_after_base, ''), coalesce(p_after_effective_from, '-infinity'))
		order by a.base, a.effective_from
		limit p_limit
	) a
	cross join lateral ledger.show_agreement(a) s;
end
$$;
alter function api.list_share_agreements owner to wall_operator;
comment on function api.list_share_agreements is 'Lists share agreements, all versions. Refuses: nothing.';
grant execute on function api.list_share_agreements to socius_gate;

create or replace function api.get_share_agreement(p_market_id int, p_share_agreement_id uuid,
	out "row" api.share_agreement)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	select s.* into "row"
	from ledger.share_agreement a
	cross join lateral ledger.show_agreement(a) s
	where a.market_id = p_market_id and a.share_agreement_id = p_share_agreement_id;
	if not found then
		perform core.refuse('agreement_unknown');
	end if;
end
$$;
alter function api.get_share_agreement owner to wall_operator;
comment on function api.get_share_agreement is 'Shows one share agreement. Refuses: agreement_unknown';
grant execute on function api.get_share_agreement to socius_gate;

-- What the platform owes a partner. The unsettled lines are the newest, so only they are read to
-- find the oldest of them.
create or replace function api.get_balance(p_market_id int, p_caller_id uuid, p_now timestamptz,
	p_partner_id uuid, out "row" api.balance)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_wallet ledger.wallet;
	v_unsettled bigint;
	v_since timestamptz;
begin
	perform core.enter(p_market_id, p_caller_id);
	select w.* into v_wallet
	from ledger.wallet w
	where w.market_id = p_market_id and w.owner_id = p_partner_id and w.owner_kind = 'partner'
		and (p_caller_id is null or w.owner_id = p_caller_id);
	if not found then
		perform core.refuse('partner_unknown');
	end if;
	v_unsettled := v_wallet.entries - v_wallet.settled_entries;
	select min(n.posted_at) into v_since
	from (
		select x.posted_at
		from ledger.transaction x
		where x.market_id = p_market_id and x.owner_id = p_partner_id
		order by x.posted_month desc, x.entry_no desc
		limit v_unsettled
	) n;
	"row" := row(p_partner_id, v_wallet.balance_minor, v_wallet.currency, v_wallet.floor_minor,
		v_wallet.entries, v_unsettled, v_since, core.clock(p_market_id, p_now),
		v_wallet.owed_minor);
end
$$;
alter function api.get_balance owner to wall_member;
comment on function api.get_balance is 'Shows what the platform owes a partner. Refuses: partner_unknown';
grant execute on function api.get_balance to socius_gate;

-- The lines of a partner's wallet, the newest first; from and to are about when it happened.
create or replace function api.list_earnings(p_market_id int, p_caller_id uuid, p_partner_id uuid,
	p_from timestamptz, p_to timestamptz, p_limit int, p_after_posted_month date,
	p_after_entry_no bigint) returns setof api.earning
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_from constant timestamptz := coalesce(p_from, '-infinity');
	v_to constant timestamptz := coalesce(p_to, 'infinity');
	v_after_month constant date := coalesce(p_after_posted_month, 'infinity');
	v_after_entry_no constant bigint := coalesce(p_after_entry_no, 0);
begin
	perform core.enter(p_market_id, p_caller_id);
	if p_partner_id <> p_caller_id or not exists (select from ledger.wallet w
		where w.market_id = p_market_id and w.owner_id = p_partner_id
			and w.owner_kind = 'partner') then
		perform core.refuse('partner_unknown');
	end if;
	return query
	select x.entry_no, x.posted_month, x.transaction_id, x.kind, x.cause_id, x.occurred_at,
		x.posted_at, x.week, x.currency, t.fare_minor, t.partner_share_minor, t.commission_minor,
		t.tip_minor, t.tolls_minor, t.taxes_and_fees_minor, t.cancellation_fee_minor,
		t.cash_collected_minor, x.wallet_minor, x.balance_minor
	from ledger.transaction x
	left join fulfilment.trip t on t.market_id = p_market_id and t.trip_id = x.cause_id
		and x.kind in ('trip', 'cancellation_fee')
	where x.market_id = p_market_id and x.owner_id = p_partner_id
		and (x.posted_month, x.entry_no) < (v_after_month, v_after_entry_no)
		and x.occurred_at >= v_from and x.occurred_at < v_to
	order by x.posted_month desc, x.entry_no desc
	limit p_limit;
end
$$;
alter function api.list_earnings owner to wall_member;
comment on function api.list_earnings is 'Lists the lines of a partner''s wallet, the newest first. Refuses: partner_unknown';
grant execute on function api.list_earnings to socius_gate;

-- Transactions of the market or of one wallet, by wallet and entry: the order that an index has
-- and that never changes. A cause without its wallet is looked for through all of them.
create or replace function api.list_ledger_transactions(p_market_id int, p_owner_id uuid,
	p_cause_id uuid, p_from timestamptz, p_to timestamptz, p_limit int, p_after_owner_id uuid,
	p_after_posted_month date, p_after_entry_no bigint) returns setof api.ledger_transaction
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set plan_cache_mode = force_custom_plan as $$
declare
	v_from constant timestamptz := coalesce(p_from, '-infinity');
	v_to constant timestamptz := coalesce(p_to, 'infinity');
begin
	perform core.enter(p_market_id, null);
	return query
	select x.owner_id, x.posted_month, x.entry_no, x.transaction_id, x.kind, x.cause_id,
		(select coalesce(array_agg(row(a.account, a.name, e.amount)::api.ledger_entry
				order by e.line), '{}')
			from unnest(x.accounts, x.amounts) with ordinality as e (account, amount, line)
			join ledger.account a on a.account = e.account
			where e.amount <> 0),
		x.wallet_minor, x.balance_minor, x.currency, x.occurred_at, x.posted_at, x.week
	from ledger.transaction x
	where x.market_id = p_market_id
		and x.owner_id between coalesce(p_owner_id, '00000000-0000-0000-0000-000000000000')
			and coalesce(p_owner_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
		and (x.owner_id, x.posted_month, x.entry_no) > (
			coalesce(p_after_owner_id, '00000000-0000-0000-0000-000000000000'),
			coalesce(p_after_posted_month, '-infinity'), coalesce(p_after_entry_no, 0))
		and (p_cause_id is null or x.cause_id = p_cause_id)
		and x.occurred_at >= v_from and x.occurred_at < v_to
	order by x.owner_id, x.posted_month, x.entry_no
	limit p_limit;
end
$$;
alter function api.list_ledger_transactions owner to wall_operator;
comment on function api.list_ledger_transactions is 'Lists ledger transactions, by wallet and entry. Refuses: nothing.';
grant execute on function api.list_ledger_transactions to socius_gate;

-- Every account, summed over all that was posted in the market: what was carried forward, and the rows
-- of the months since.
create or replace function api.list_ledger_accounts(p_market_id int, p_limit int,
	p_after_account int) returns setof api.ledger_account
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_carried ledger.carried_forward;
begin
	perform core.enter(p_market_id, null);
	select c.* into v_carried
	from ledger.carried_forward c
	where c.market_id = p_market_id and c.is_whole;
	return query
	select a.account, a.name, a.kind, a.says, ledger.exact(coalesce(s.debit, 0)),
		ledger.exact(coalesce(s.credit, 0)), ledger.exact(coalesce(s.debit - s.credit, 0)),
		m.currency
	from ledger.account a
	join core.market m on m.market_id = p_market_id
	left join (
		select n.account, sum(n.debit) as debit, sum(n.credit) as credit
		from (
			select * from unnest(v_carried.accounts, v_carried.debits, v_carried.credits)
				as c (account, debit, credit)
			union all
			select e.account, greatest(e.amount, 0), greatest(-e.amount, 0)
			from ledger.transaction x
			cross join lateral unnest(x.accounts, x.amounts) as e (account, amount)
			where x.market_id = p_market_id
				and x.posted_month >= coalesce(v_carried.month, '-infinity')
		) n
		group by n.account
	) s on s.account = a.account
	where a.account > coalesce(p_after_account, 0)
	order by a.account
	limit p_limit;
end
$$;
alter function api.list_ledger_accounts owner to wall_operator;
comment on function api.list_ledger_accounts is 'Lists the accounts of the ledger with their sums. Refuses: nothing.';
grant execute on function api.list_ledger_accounts to socius_gate;
