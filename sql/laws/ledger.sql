-- What must hold of wallets and ledger transactions. A row is a violation. Laws call none of the
-- functions that they watch.

create or replace view laws.transactions_balance as
select x.market_id, x.owner_id, x.entry_no
from ledger.transaction x
where cardinality(x.accounts) < 2 or cardinality(x.accounts) <> cardinality(x.amounts)
	or (select sum(e.amount) from unnest(x.amounts) as e (amount)) is distinct from 0;
comment on view laws.transactions_balance is 'The entries of a ledger transaction sum to zero.';

create or replace view laws.transactions_balance_examined as
select count(*) as examined from ledger.transaction;

create or replace view laws.wallets_match_entries as
select x.market_id, x.owner_id, x.entry_no, x.wallet_minor
from ledger.transaction x
where x.wallet_minor <> -(
	select coalesce(sum(e.amount), 0)
	from unnest(x.accounts, x.amounts) as e (account, amount)
	where e.account = 2000);
comment on view laws.wallets_match_entries is 'A transaction moves its wallet by what its entries put on the wallet''s account.';

create or replace view laws.wallets_match_entries_examined as
select count(*) as examined from ledger.transaction;

create or replace view laws.wallets_add_up as
select w.market_id, w.owner_id, w.balance_minor, s.sum_minor, s.last_minor, w.entries, s.entries
	as counted, s.last_entry_no
from ledger.wallet w
left join (
	select x.market_id, x.owner_id, sum(x.wallet_minor) as sum_minor, count(*) as entries,
		max(x.entry_no) as last_entry_no,
		(array_agg(x.balance_minor order by x.entry_no desc))[1] as last_minor
	from ledger.transaction x
	group by x.market_id, x.owner_id
) s on s.market_id = w.market_id and s.owner_id = w.owner_id
where w.balance_minor <> coalesce(s.sum_minor, 0)
	or w.balance_minor <> coalesce(s.last_minor, 0)
	or w.entries <> coalesce(s.entries, 0)
	or w.entries <> coalesce(s.last_entry_no, 0);
comment on view laws.wallets_add_up is 'A wallet''s balance is the sum of its transactions and the balance after the last; it has counted them all.';

create or replace view laws.wallets_add_up_examined as
select count(*) as examined from ledger.wallet;

create or replace view laws.entries_follow_on as
select f.market_id, f.owner_id, f.entry_no
from (
	select x.market_id, x.owner_id, x.entry_no, x.wallet_minor, x.balance_minor,
		lag(x.entry_no, 1, 0::bigint) over w as entry_before,
		lag(x.balance_minor, 1, 0::bigint) over w as balance_before
	from ledger.transaction x
	window w as (partition by x.market_id, x.owner_id order by x.entry_no)
) f
where f.entry_no <> f.entry_before + 1 or f.balance_minor <> f.balance_before + f.wallet_minor;
comment on view laws.entries_follow_on is 'Entries of a wallet count up without a gap, and each balance follows from the one before.';

create or replace view laws.entries_follow_on_examined as
select count(*) as examined from ledger.transaction;

create or replace view laws.transactions_have_wallets as
select x.market_id, x.owner_id, x.entry_no, x.currency
from ledger.transaction x
left join ledger.wallet w on w.market_id = x.market_id and w.owner_id = x.owner_id
left join core.market m on m.market_id = x.market_id
where w.currency is distinct from x.currency or m.currency is distinct from x.currency;
comment on view laws.transactions_have_wallets is 'Each transaction belongs to a wallet and is in its currency, the market''s.';

create or replace view laws.transactions_have_wallets_examined as
select count(*) as examined from ledger.transaction;

-- A reversal belongs to the cause of what it mirrors.
create or replace view laws.between_wallets_is_empty as
select n.market_id, n.cause_id, sum(n.amount) as left_minor
from (
	select x.market_id, coalesce(o.cause_id, x.cause_id) as cause_id, e.amount
	from ledger.transaction x
	cross join lateral unnest(x.accounts, x.amounts) as e (account, amount)
	left join ledger.transaction o on x.kind = 'reversal' and o.market_id = x.market_id
		and o.owner_id = x.owner_id and o.transaction_id = x.cause_id
	where e.account = 2900
) n
group by n.market_id, n.cause_id
having sum(n.amount) <> 0;
comment on view laws.between_wallets_is_empty is 'What one wallet passes to others for a cause has arrived: account 2900 sums to zero per cause.';

create or replace view laws.between_wallets_is_empty_examined as
select count(*) as examined from ledger.transaction;

create or replace view laws.wallets_keep_their_floor as
select x.market_id, x.owner_id, x.entry_no, x.balance_minor, w.floor_minor
from ledger.transaction x
join ledger.wallet w on w.market_id = x.market_id and w.owner_id = x.owner_id
where x.balance_minor < w.floor_minor and x.wallet_minor < 0
	and x.kind not in ('deduction', 'reversal')
	and not exists (
		select from fulfilment.trip t
		where x.kind = 'trip' and t.market_id = x.market_id and t.trip_id = x.cause_id
			and t.payment = 'cash');
comment on view laws.wallets_keep_their_floor is 'Nothing but a finished cash trip, what is withheld from an earning, and a reversal takes a wallet below its floor.';

create or replace view laws.wallets_keep_their_floor_examined as
select count(*) as examined from ledger.transaction;

create or replace view laws.balances_are_exact as
select w.market_id, w.owner_id, w.balance_minor, w.owed_minor
from ledger.wallet w
where abs(w.balance_minor::numeric) > 9007199254740991 or w.owed_minor > 9007199254740991;
comment on view laws.balances_are_exact is 'No balance and no debt of a wallet is beyond 2^53 - 1: JSON carries each exactly.';

create or replace view laws.balances_are_exact_examined as
select count(*) as examined from ledger.wallet;

create or replace view laws.shares_sum_to_a_million as
select a.market_id, a.share_agreement_id, a.parties, a.shares_ppm
from ledger.share_agreement a
where cardinality(a.parties) <> cardinality(a.shares_ppm)
	or (select sum(e.ppm) from unnest(a.shares_ppm) as e (ppm)) is distinct from 1000000
	or (select count(distinct e.party) from unnest(a.parties) as e (party))
		<> cardinality(a.parties);
comment on view laws.shares_sum_to_a_million is 'The shares of an agreement sum to 1,000,000 ppm, each party once.';

create or replace view laws.shares_sum_to_a_million_examined as
select count(*) as examined from ledger.share_agreement;

create or replace view laws.sums_are_carried_forward as
select n.market_id, n.account, sum(n.debit) as debit_minor, sum(n.credit) as credit_minor
from (
	select c.market_id, e.account, e.debit, e.credit
	from ledger.carried_forward c
	cross join lateral unnest(c.accounts, c.debits, c.credits) as e (account, debit, credit)
	where c.is_whole
	union all
	select x.market_id, e.account, -greatest(e.amount, 0), -greatest(-e.amount, 0)
	from ledger.carried_forward c
	join ledger.transaction x on x.market_id = c.market_id and x.posted_month < c.month
	cross join lateral unnest(x.accounts, x.amounts) as e (account, amount)
	where c.is_whole
) n
group by n.market_id, n.account
having sum(n.debit) <> 0 or sum(n.credit) <> 0;
comment on view laws.sums_are_carried_forward is 'What is carried forward of an account is the sum of its entries in the months before.';

create or replace view laws.sums_are_carried_forward_examined as
select count(*) as examined from ledger.carried_forward c where c.is_whole;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['transactions_balance', 'wallets_match_entries',
		'wallets_add_up', 'entries_follow_on', 'transactions_have_wallets',
		'between_wallets_is_empty', 'wallets_keep_their_floor', 'balances_are_exact',
		'shares_sum_to_a_million', 'sums_are_carried_forward'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
