-- Wallets and the transactions that move them.
--
-- One ledger transaction is one row of one wallet, balanced in itself: parallel arrays of ledger
-- accounts and amounts in minor units, debit positive, credit negative. Rows are only ever added.
-- Order lives on the wallet: entry_no counts its rows without a gap, so that a payout settles a
-- range of entries. Identity lives on the cause (a trip, a booking, a payout).

create table ledger.account (
	account int primary key,
	name text not null unique,
	kind text not null check (kind in ('asset', 'liability', 'income', 'expense')),
	says text not null
);
comment on table ledger.account is 'the chart of accounts; a reference table';
alter table ledger.account owner to socius_owner;
grant select on ledger.account to wall_partner, wall_member, wall_operator, wall_runner, wall_law;
insert into ledger.account values
	(1000, 'collections', 'asset', 'fares, tips, tolls and taxes that the platform collected'),
	(1100, 'payouts_clearing', 'asset', 'money on its way to partners'' banks'),
	(2000, 'wallet', 'liability', 'what the platform owes the wallet''s owner'),
	(2100, 'taxes_payable', 'liability', 'taxes and fees collected for authorities'),
	(2900, 'between_wallets', 'liability', 'shares on their way to another wallet; sums to zero per cause'),
	(4000, 'commission', 'income', 'the platform''s part of fares and prices'),
	(4100, 'cancellation_fees', 'income', 'the platform''s part of cancellation fees'),
	(5000, 'slot_pay', 'expense', 'pay of couriers by the hour');

-- Whether the amounts of one transaction balance: same length, at least two, sum 0.
create function ledger.balances(p_accounts int[], p_amounts bigint[]) returns boolean
language plpgsql immutable parallel safe as $$
declare
	v_sum bigint := 0;
	v_amount bigint;
begin
	if coalesce(array_length(p_accounts, 1), 0) < 2
		or array_length(p_accounts, 1) <> array_length(p_amounts, 1) then
		return false;
	end if;
	foreach v_amount in array p_amounts loop
		v_sum := v_sum + v_amount;
	end loop;
	return v_sum = 0;
end
$$;
comment on function ledger.balances is 'parallel arrays of at least two lines whose amounts sum to 0';
grant execute on function ledger.balances
	to wall_partner, wall_member, wall_operator, wall_runner, wall_law;

create table ledger.wallet (
	market_id int not null,
	owner_id uuid not null,
	owner_kind text not null check (owner_kind in ('partner', 'vendor', 'market')),
	currency text not null,
	balance_minor bigint not null default 0,
	floor_minor bigint not null default -50000,
	entries bigint not null default 0 check (entries >= 0),
	settled_entries bigint not null default 0 check (settled_entries between 0 and entries),
	dirty boolean not null default false,
	primary key (market_id, owner_id)
) with (fillfactor = 80);
comment on table ledger.wallet is 'one per partner (vendor, market) and market';
comment on column ledger.wallet.balance_minor is 'what the platform owes the owner; below zero the owner owes';
comment on column ledger.wallet.floor_minor is 'a cash trip is not offered to a wallet below it';
comment on column ledger.wallet.entries is 'ledger rows of this wallet; the last entry_no';
comment on column ledger.wallet.settled_entries is 'the last entry_no that a payout has settled';
comment on column ledger.wallet.dirty is 'has entries that no payout has settled';
alter table ledger.wallet owner to socius_owner;
create index wallet_dirty on ledger.wallet (market_id, owner_id) where dirty;
call core.raise_walls('ledger.wallet', 'owner_id');
grant insert, update on ledger.wallet to wall_partner, wall_member, wall_operator, wall_runner;

create table ledger.transaction (
	market_id int not null,
	owner_id uuid not null,
	posted_month date not null,
	entry_no bigint not null,
	transaction_id uuid not null,
	kind text not null,
	cause_id uuid not null,
	accounts int[] not null,
	amounts bigint[] not null,
	wallet_minor bigint not null,
	balance_minor bigint not null,
	currency text not null,
	occurred_at timestamptz not null,
	posted_at timestamptz not null,
	week date not null,
	primary key (market_id, owner_id, posted_month, entry_no),
	constraint transaction_balances check (ledger.balances(accounts, amounts))
) partition by range (posted_month);
comment on table ledger.transaction is 'one row: one wallet, one cause, balanced; append-only';
comment on column ledger.transaction.posted_month is 'first day of posted_at''s month, UTC';
comment on column ledger.transaction.kind is 'trip, slot_pay, payout, adjustment, reversal, ...';
comment on column ledger.transaction.cause_id is 'the trip, booking, payout, ... that this posts';
comment on column ledger.transaction.amounts is 'minor units beside accounts; debit positive, credit negative';
comment on column ledger.transaction.wallet_minor is 'effect on the wallet: minus the sum on account 2000';
comment on column ledger.transaction.balance_minor is 'the wallet''s balance after this row';
comment on column ledger.transaction.week is 'Monday of the statement week, local date of the market';
alter table ledger.transaction owner to socius_owner;
call core.raise_walls('ledger.transaction', 'owner_id');
grant insert on ledger.transaction to wall_partner, wall_member, wall_operator, wall_runner;

-- Months that nobody prepared (test clocks, a runner long away) fall here; the runner makes the
-- months to come.
create table ledger.transaction_other partition of ledger.transaction default;
alter table ledger.transaction_other owner to socius_owner;
call core.raise_walls('ledger.transaction_other', 'owner_id');

-- What is posted stays, whoever asks, the owner of the table and the superuser too. Only the rows of
-- a test market may be deleted, when the market goes.
create function ledger.guard_transaction() returns trigger
language plpgsql as $$
begin
	if tg_op = 'DELETE' and exists (
		select from core.market m where m.market_id = old.market_id and m.is_test) then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = 'transaction_append_only',
		detail = format('%s of ledger.transaction is refused: post a reversal.', lower(tg_op));
end
$$;
alter function ledger.guard_transaction owner to socius_owner;
-- each partition gets the row trigger by itself, the trigger on truncate from ledger.guard_partition
create trigger transaction_append_only before update or delete on ledger.transaction
	for each row execute function ledger.guard_transaction();
create trigger transaction_never_truncated before truncate on ledger.transaction
	for each statement execute function ledger.guard_transaction();
create trigger transaction_never_truncated before truncate on ledger.transaction_other
	for each statement execute function ledger.guard_transaction();

create table payouts.closed_week (
	market_id int not null,
	week date not null constraint week_is_monday check (extract(isodow from week) = 1),
	closed_at timestamptz not null,
	primary key (market_id, week)
);
comment on table payouts.closed_week is 'closing a statement week is a row here, written by ledger.close_week alone; it closes every week before it too';
comment on column payouts.closed_week.week is 'Monday of the week, local date of the market';
alter table payouts.closed_week owner to socius_owner;
call core.raise_walls('payouts.closed_week');
grant insert on payouts.closed_week to wall_operator, wall_runner;
