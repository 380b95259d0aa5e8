-- What must hold of deductions, withholdings and reversals. A row is a violation. Laws call none of
-- the functions that they watch.

-- Nothing here asks whether the earning was reversed: what was withheld from it was allowed then.
create or replace view laws.withholdings_keep_to_a_quarter as
select h.market_id, h.owner_id, h.earning_id, sum(h.amount_minor) as withheld_minor,
	max(h.share_minor) as share_minor
from ledger.withholding h
group by h.market_id, h.owner_id, h.earning_id
having min(h.share_minor) <> max(h.share_minor)
	or 4 * sum(h.amount_minor) > min(h.share_minor);
comment on view laws.withholdings_keep_to_a_quarter is 'At most a quarter of an earning''s share is withheld, for all deductions together.';

create or replace view laws.withholdings_keep_to_a_quarter_examined as
select count(*) as examined from ledger.withholding;

-- A trip says which part of it is the share; anything else earned has no tips and no tolls in it.
create or replace view laws.withholdings_come_from_shares as
select h.market_id, h.owner_id, h.earning_id, h.share_minor, x.kind, x.wallet_minor,
	t.partner_share_minor
from ledger.withholding h
left join ledger.transaction x on x.market_id = h.market_id and x.owner_id = h.owner_id
	and x.transaction_id = h.earning_id
left join fulfilment.trip t on t.market_id = x.market_id and t.trip_id = x.cause_id
	and x.kind in ('trip', 'cancellation_fee')
where x.transaction_id is null
	or x.kind in ('payout', 'deduction', 'reversal')
	or h.share_minor > coalesce(t.partner_share_minor, x.wallet_minor);
comment on view laws.withholdings_come_from_shares is 'What is withheld comes from an earning, and counts no tips and no tolls as its share.';

create or replace view laws.withholdings_come_from_shares_examined as
select count(*) as examined from ledger.withholding;

-- Both sides are looked at: withholdings without their transaction, transactions without theirs.
create or replace view laws.withholdings_are_posted_once as
select coalesce(h.market_id, x.market_id) as market_id,
	coalesce(h.transaction_id, x.transaction_id) as transaction_id, h.amount_minor, x.wallet_minor
from ledger.withholding h
full join (
	select k.* from ledger.transaction k where k.kind = 'deduction'
) x on x.market_id = h.market_id and x.transaction_id = h.transaction_id
where h.transaction_id is null
	or x.owner_id is distinct from h.owner_id
	or x.cause_id is distinct from h.deduction_id
	or x.accounts is distinct from array[2000, 1200]
	or x.amounts is distinct from array[h.amount_minor, -h.amount_minor];
comment on view laws.withholdings_are_posted_once is 'What is withheld is one ledger transaction from the wallet to what partners owe; every such transaction was withheld.';

create or replace view laws.withholdings_are_posted_once_examined as
select count(*) as examined from ledger.withholding;

create or replace view laws.deductions_add_up as
select coalesce(d.market_id, h.market_id) as market_id,
	coalesce(d.deduction_id, h.deduction_id) as deduction_id, d.owed_minor, d.withheld_minor,
	h.sum_minor
from ledger.deduction d
full join (
	select w.market_id, w.deduction_id, min(w.owner_id::text)::uuid as first_owner_id,
		max(w.owner_id::text)::uuid as last_owner_id,
		sum(w.amount_minor) filter (where r.transaction_id is null) as sum_minor
	from ledger.withholding w
	left join ledger.reversal r
		on r.market_id = w.market_id and r.transaction_id = w.transaction_id
	group by w.market_id, w.deduction_id
) h on h.market_id = d.market_id and h.deduction_id = d.deduction_id
where d.deduction_id is null
	or d.withheld_minor <> coalesce(h.sum_minor, 0)
	or d.withheld_minor > d.owed_minor
	or d.owner_id <> h.first_owner_id
	or d.owner_id <> h.last_owner_id;
comment on view laws.deductions_add_up is 'A deduction''s withheld is the sum of what was withheld for it and not given back, and not more than is owed.';

create or replace view laws.deductions_add_up_examined as
select (select count(*) from ledger.deduction) + (select count(*) from ledger.withholding)
	as examined;

create or replace view laws.wallets_know_what_they_owe as
select coalesce(w.market_id, d.market_id) as market_id,
	coalesce(w.owner_id, d.owner_id) as owner_id, w.owner_kind, w.owed_minor, d.left_minor
from ledger.wallet w
full join (
	select k.market_id, k.owner_id, sum(k.owed_minor - k.withheld_minor) as left_minor
	from ledger.deduction k
	group by k.market_id, k.owner_id
) d on d.market_id = w.market_id and d.owner_id = w.owner_id
where coalesce(w.owed_minor, -1) <> coalesce(d.left_minor, 0)
	or (d.owner_id is not null and w.owner_kind is distinct from 'partner');
comment on view laws.wallets_know_what_they_owe is 'A wallet''s owed is the sum of what is left of its deductions, which only partners have.';

create or replace view laws.wallets_know_what_they_owe_examined as
select count(*) as examined from ledger.wallet;

-- The creditor's side of a debt is posted by whoever made it owed, the partner's by withholding.
create or replace view laws.receivables_are_what_is_left as
select coalesce(x.market_id, d.market_id) as market_id, x.receivable_minor, d.left_minor
from (
	select k.market_id, sum(e.amount) as receivable_minor
	from ledger.transaction k
	cross join lateral unnest(k.accounts, k.amounts) as e (account, amount)
	where e.account = 1200
	group by k.market_id
) x
full join (
	select k.market_id, sum(k.owed_minor - k.withheld_minor) as left_minor
	from ledger.deduction k
	group by k.market_id
) d on d.market_id = x.market_id
where coalesce(x.receivable_minor, 0) <> coalesce(d.left_minor, 0);
comment on view laws.receivables_are_what_is_left is 'What stands on account 1200 is what partners still owe.';

create or replace view laws.receivables_are_what_is_left_examined as
select count(*) as examined from ledger.deduction;

create or replace view laws.deductions_tell_where_they_stand as
select d.market_id, d.deduction_id, d.settled_at
from ledger.deduction d
left join (
	select e.market_id, e.subject_id, e.partner_id,
		count(*) filter (where e.kind = 'deduction.owed') as owed,
		count(*) filter (where e.kind = 'deduction.settled')
			- count(*) filter (where e.kind = 'deduction.reopened') as settled
	from events.event e
	where e.subject = 'deduction'
	group by e.market_id, e.subject_id, e.partner_id
) v on v.market_id = d.market_id and v.subject_id = d.deduction_id
	and v.partner_id = d.owner_id
where (v.owed is distinct from 1
		or v.settled is distinct from (d.withheld_minor = d.owed_minor)::int)
	and not exists (
		select from events.archived k
		where k.market_id = d.market_id and k.occurred_until >= d.created_at);
comment on view laws.deductions_tell_where_they_stand is 'A deduction was told once to be owed, and is settled where its events say so.';

create or replace view laws.deductions_tell_where_they_stand_examined as
select count(*) as examined from ledger.deduction;

-- Three sides: the transaction, its mirror, and the row that knows of both.
create or replace view laws.reversals_mirror_once as
select coalesce(r.market_id, m.market_id) as market_id,
	coalesce(r.transaction_id, m.cause_id) as transaction_id, r.reversal_id, m.transaction_id
	as mirror_id
from ledger.reversal r
full join (
	select k.*, count(*) over (partition by k.market_id, k.cause_id) as mirrors
	from ledger.transaction k
	where k.kind = 'reversal'
) m on m.market_id = r.market_id and m.transaction_id = r.reversal_id
left join ledger.transaction x on x.market_id = r.market_id and x.owner_id = r.owner_id
	and x.transaction_id = r.transaction_id
where r.transaction_id is null
	or m.transaction_id is null
	or x.transaction_id is null
	or m.mirrors <> 1
	or m.cause_id <> x.transaction_id
	or m.owner_id <> x.owner_id
	or m.entry_no <= x.entry_no
	or x.kind in ('payout', 'reversal')
	or m.wallet_minor <> -x.wallet_minor
	or m.accounts <> x.accounts
	or (select bool_or(a.back is distinct from -a.forth)
		from unnest(m.amounts, x.amounts) as a (back, forth));
comment on view laws.reversals_mirror_once is 'A reversal mirrors one transaction of its wallet, exactly and once.';

create or replace view laws.reversals_mirror_once_examined as
select count(*) as examined from ledger.reversal;

-- What was withheld goes back with the earning, neither alone nor later.
create or replace view laws.reversals_give_back as
select h.market_id, h.earning_id, h.deduction_id
from ledger.withholding h
left join ledger.reversal e on e.market_id = h.market_id and e.transaction_id = h.earning_id
left join ledger.reversal d on d.market_id = h.market_id and d.transaction_id = h.transaction_id
where (e.transaction_id is null) <> (d.transaction_id is null)
	or e.reversed_at <> d.reversed_at;
comment on view laws.reversals_give_back is 'What was withheld from an earning is given back when the earning is reversed, and only then.';

create or replace view laws.reversals_give_back_examined as
select count(*) as examined from ledger.withholding;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['withholdings_keep_to_a_quarter',
		'withholdings_come_from_shares', 'withholdings_are_posted_once', 'deductions_add_up',
		'wallets_know_what_they_owe', 'receivables_are_what_is_left',
		'deductions_tell_where_they_stand', 'reversals_mirror_once', 'reversals_give_back'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
