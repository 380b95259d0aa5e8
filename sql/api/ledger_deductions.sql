-- Deductions and reversals: owing, withholding, giving back.

-- Tells that a deduction came to be owed, was settled, or is owed again. p_from names the ledger
-- transaction (or the deduction) that made it so.
create or replace function ledger.tell_deduction(p_market_id int, p_owner_id uuid,
	p_deduction_id uuid, p_what text, p_from_state text, p_to_state text, p_from uuid,
	p_now timestamptz) returns void
language plpgsql as $$
begin
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
		from_state, to_state, actor_id, actor_role, occurred_at)
	values (p_market_id, core.derived_id(uuid_send(p_from) || p_what::bytea),
		'deduction.' || p_what, p_owner_id, 'deduction', p_deduction_id, p_from_state, p_to_state,
		'00000000-0000-0000-0000-000000000000', 'runner', p_now);
end
$$;
comment on function ledger.tell_deduction is 'one transition of a deduction, told as an event';

-- From now on a partner owes so much more, to be withheld from what it earns. Only the partner's
-- side: the caller posts the creditor's (debit 1200). The wallet's row lock orders all that owes,
-- withholds and gives back. Refuses: amount_too_large balance_out_of_range
create or replace function ledger.owe(p_market_id int, p_partner_id uuid, p_deduction_id uuid,
	p_kind text, p_cause_id uuid, p_amount_minor bigint, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_owed_minor bigint;
begin
	update ledger.wallet w
	set owed_minor = w.owed_minor + p_amount_minor
	where w.market_id = p_market_id and w.owner_id = p_partner_id and w.owner_kind = 'partner'
	returning w.owed_minor into v_owed_minor;
	if not found then
		raise exception 'no wallet of partner % in market %', p_partner_id, p_market_id;
	elsif v_owed_minor > 9007199254740991 then
		perform core.refuse('balance_out_of_range');
	elsif p_kind <> 'rental' then -- its price was agreed; each day that it is late adds to it
		perform ledger.need_amounts(p_market_id, p_amount_minor);
	end if;
	insert into ledger.deduction
		(market_id, deduction_id, owner_id, kind, cause_id, owed_minor, created_at)
	values (p_market_id, p_deduction_id, p_partner_id, p_kind::ledger.deduction_kind, p_cause_id,
		p_amount_minor, p_now);
	perform ledger.tell_deduction(p_market_id, p_partner_id, p_deduction_id, 'owed', null, 'owed',
		p_deduction_id, p_now);
end
$$;
comment on function ledger.owe is 'a new debt of a partner, to be withheld from what it earns';

-- Withholds from one earning what its owner owes: in the order of the kinds, then of age, at most a
-- quarter of the share in all. ledger.post calls it when there is something to withhold; the row of
-- the wallet is locked by then.
create or replace function ledger.withhold(p_market_id int, p_owner_id uuid, p_earning_id uuid,
	p_share_minor bigint, p_occurred_at timestamptz, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_left bigint := p_share_minor / 4;
	v_part bigint;
	v_transaction_id uuid;
	v_deduction ledger.deduction;
begin
	for v_deduction in
		select d.*
		from ledger.deduction d
		where d.market_id = p_market_id and d.owner_id = p_owner_id and d.settled_at is null
		order by d.kind, d.created_at, d.deduction_id
	loop
		exit when v_left = 0;
		v_part := least(v_left, v_deduction.owed_minor - v_deduction.withheld_minor);
		v_left := v_left - v_part;
		v_transaction_id := core.derived_id(
			uuid_send(p_earning_id) || uuid_send(v_deduction.deduction_id));
		update ledger.deduction d
		set withheld_minor = d.withheld_minor + v_part,
			settled_at = case when d.withheld_minor + v_part = d.owed_minor then p_now end
		where d.market_id = p_market_id and d.deduction_id = v_deduction.deduction_id;
		insert into ledger.withholding (market_id, owner_id, earning_id, deduction_id,
			transaction_id, amount_minor, share_minor, withheld_at)
		values (p_market_id, p_owner_id, p_earning_id, v_deduction.deduction_id,
			v_transaction_id, v_part, p_share_minor, p_now);
		perform ledger.post(p_market_id, p_owner_id, v_transaction_id, 'deduction',
			v_deduction.deduction_id, array[2000, 1200], array[v_part, -v_part], p_occurred_at,
			p_now);
		if v_deduction.withheld_minor + v_part = v_deduction.owed_minor then
			perform ledger.tell_deduction(p_market_id, p_owner_id, v_deduction.deduction_id,
				'settled', 'owed', 'settled', v_transaction_id, p_now);
		end if;
	end loop;
	update ledger.wallet w
	set owed_minor = w.owed_minor - (p_share_minor / 4 - v_left)
	where w.market_id = p_market_id and w.owner_id = p_owner_id;
end
$$;
comment on function ledger.withhold is 'withholds from one earning what its owner owes, at most a quarter of the share';

-- Posts the mirror of one transaction, once. Refuses: transaction_reversed_already
create or replace function ledger.mirror(p_transaction ledger.transaction, p_reversal_id uuid,
	p_occurred_at timestamptz, p_now timestamptz) returns bigint
language plpgsql as $$
begin
	insert into ledger.reversal (market_id, transaction_id, owner_id, reversal_id, reversed_at)
	values (p_transaction.market_id, p_transaction.transaction_id, p_transaction.owner_id,
		p_reversal_id, p_now)
	on conflict on constraint transaction_reversed_already do nothing;
	if not found then
		perform core.refuse('transaction_reversed_already');
	end if;
	return ledger.post(p_transaction.market_id, p_transaction.owner_id, p_reversal_id, 'reversal',
		p_transaction.transaction_id, p_transaction.accounts,
		array(select -e.amount
			from unnest(p_transaction.amounts) with ordinality as e (amount, line)
			order by e.line),
		p_occurred_at, p_now);
end
$$;
comment on function ledger.mirror is 'posts the mirror of one transaction, once; returns its entry_no';

-- Gives back what was withheld from an earning: each part is reversed like the earning itself, and
-- is owed again. The wallet's row is locked by then.
create or replace function ledger.give_back(p_market_id int, p_owner_id uuid, p_earning_id uuid,
	p_reversal_id uuid, p_occurred_at timestamptz, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_sum bigint := 0;
	v_settled boolean;
	v_reversal_id uuid;
	v_withholding ledger.withholding;
	v_transaction ledger.transaction;
begin
	for v_withholding in
		select h.*
		from ledger.withholding h
		where h.market_id = p_market_id and h.owner_id = p_owner_id
			and h.earning_id = p_earning_id
		order by h.deduction_id
	loop
		select x.* into strict v_transaction
		from ledger.transaction x
		where x.market_id = p_market_id and x.owner_id = p_owner_id
			and x.transaction_id = v_withholding.transaction_id;
		v_reversal_id := core.derived_id(
			uuid_send(p_reversal_id) || uuid_send(v_withholding.deduction_id));
		perform ledger.mirror(v_transaction, v_reversal_id, p_occurred_at, p_now);
		select d.settled_at is not null into strict v_settled
		from ledger.deduction d
		where d.market_id = p_market_id and d.deduction_id = v_withholding.deduction_id;
		update ledger.deduction d
		set withheld_minor = d.withheld_minor - v_withholding.amount_minor, settled_at = null
		where d.market_id = p_market_id and d.deduction_id = v_withholding.deduction_id;
		if v_settled then
			perform ledger.tell_deduction(p_market_id, p_owner_id, v_withholding.deduction_id,
				'reopened', 'settled', 'owed', v_reversal_id, p_now);
		end if;
		v_sum := v_sum + v_withholding.amount_minor;
	end loop;
	if v_sum > 0 then
		update ledger.wallet w
		set owed_minor = w.owed_minor + v_sum
		where w.market_id = p_market_id and w.owner_id = p_owner_id;
	end if;
end
$$;
comment on function ledger.give_back is 'gives back what was withheld from an earning; it is owed again';

-- Takes back a transaction: posts its mirror and gives back what was withheld from it. Once.
-- Payouts, deductions and reversals are not taken back this way: what they did is undone by what
-- caused them. Refuses: transaction_reversed_already
create or replace function ledger.reverse(p_market_id int, p_owner_id uuid, p_transaction_id uuid,
	p_reversal_id uuid, p_occurred_at timestamptz, p_now timestamptz) returns bigint
language plpgsql as $$
declare
	v_transaction ledger.transaction;
	v_entry_no bigint;
begin
	select x.* into v_transaction
	from ledger.transaction x
	where x.market_id = p_market_id and x.owner_id = p_owner_id
		and x.transaction_id = p_transaction_id;
	if not found then
		raise exception 'no transaction % of % in market %', p_transaction_id, p_owner_id,
			p_market_id;
	elsif v_transaction.kind in ('payout', 'deduction', 'reversal') then
		raise exception 'a transaction of kind % is not reversed', v_transaction.kind;
	end if;
	v_entry_no := ledger.mirror(v_transaction, p_reversal_id, p_occurred_at, p_now);
	perform ledger.give_back(p_market_id, p_owner_id, p_transaction_id, p_reversal_id,
		p_occurred_at, p_now);
	return v_entry_no;
end
$$;
comment on function ledger.reverse is 'takes back a transaction and what was withheld from it; returns the mirror''s entry_no';

grant execute on function ledger.tell_deduction, ledger.owe, ledger.withhold, ledger.mirror,
	ledger.give_back, ledger.reverse
	to wall_partner, wall_member, wall_operator, wall_runner;

-- What a partner owes and owed, the newest first.
create or replace function api.list_deductions(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, p_limit int, p_after_created_at timestamptz, p_after_deduction_id uuid)
returns setof api.deduction
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_currency text;
begin
	perform core.enter(p_market_id, p_caller_id);
	select w.currency into v_currency
	from ledger.wallet w
	where w.market_id = p_market_id and w.owner_id = p_partner_id and w.owner_kind = 'partner'
		and (p_caller_id is null or w.owner_id = p_caller_id);
	if not found then
		perform core.refuse('partner_unknown');
	end if;
	return query
	select d.deduction_id, d.kind::text, d.cause_id, d.owed_minor, d.withheld_minor,
		d.owed_minor - d.withheld_minor, v_currency, d.created_at, d.settled_at
	from ledger.deduction d
	where d.market_id = p_market_id and d.owner_id = p_partner_id
		and (d.created_at, d.deduction_id) < (coalesce(p_after_created_at, 'infinity'),
			coalesce(p_after_deduction_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
	order by d.created_at desc, d.deduction_id desc
	limit p_limit;
end
$$;
alter function api.list_deductions owner to wall_member;
comment on function api.list_deductions is 'Lists what a partner owes and what was withheld of it, the newest first. Refuses: partner_unknown';
grant execute on function api.list_deductions to socius_gate;
