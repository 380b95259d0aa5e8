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

-- Whether shares fit their parties: as many, each party once, a partner among them, a million ppm
-- in all.
create function ledger.shares_fit(p_parties text[], p_shares_ppm int[]) returns boolean
language plpgsql immutable parallel safe as $$
begin
	return 'partner' = any (p_parties)
		and array_length(p_parties, 1) = array_length(p_shares_ppm, 1)
		and (select count(distinct e.party) = count(*) and sum(e.share_ppm) = 1000000
				and min(e.share_ppm) >= 0
			from unnest(p_parties, p_shares_ppm) as e (party, share_ppm));
end
$$;
comment on function ledger.shares_fit is 'each party once, a partner among them, a million ppm in all';
grant execute on function ledger.shares_fit to wall_operator;

create type ledger.owner_kind as enum ('partner', 'vendor', 'market');
comment on type ledger.owner_kind is 'whose wallet it is; a type, because a CHECK of names costs 20 us at every posting';

create table ledger.wallet (
	market_id int not null,
	owner_id uuid not null,
	owner_kind ledger.owner_kind not null,
	currency text not null,
	balance_minor bigint not null default 0,
	floor_minor bigint not null default -50000,
	entries bigint not null default 0,
	settled_entries bigint not null default 0,
	dirty boolean not null default false,
	primary key (market_id, owner_id),
	constraint settled_within_entries check (settled_entries between 0 and entries)
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
-- A new partition gets the row trigger by itself; the trigger on truncate is made with it.
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

create table ledger.share_agreement (
	market_id int not null,
	share_agreement_id uuid not null,
	name text not null,
	base text not null check (base in ('fare', 'slot_pay', 'net_sales', 'price')),
	effective_from timestamptz not null,
	parties text[] not null,
	shares_ppm int[] not null,
	created_at timestamptz not null,
	primary key (market_id, share_agreement_id),
	constraint agreement_overlaps unique (market_id, base, effective_from),
	constraint agreement_parts_wrong check (
		ledger.shares_fit(parties, shares_ppm)
		and parties <@ array['partner', 'platform'])
);
comment on table ledger.share_agreement is 'who gets which part of an amount; a later effective_from is a new version for the same base; never changed';
comment on column ledger.share_agreement.base is 'what is split: fare, slot_pay, net_sales or price';
comment on column ledger.share_agreement.effective_from is 'in force from here until the next version of the base';
comment on column ledger.share_agreement.parties is 'in the order in which a split goes: partner, platform; others come with the rooms that need them';
comment on column ledger.share_agreement.shares_ppm is 'beside parties, parts of a million';
alter table ledger.share_agreement owner to socius_owner;
call core.raise_walls('ledger.share_agreement');
grant insert on ledger.share_agreement to wall_operator;

-- The replies of the room.

create type api.share_party as (
	party text,
	share_ppm int
);
comment on type api.share_party is 'One party of a share agreement.';
comment on column api.share_party.party is 'partner or platform';
comment on column api.share_party.share_ppm is 'its share in parts of a million: 200000 is 20 %';

create type api.share_agreement as (
	share_agreement_id uuid,
	name text,
	base text,
	effective_from timestamptz,
	parties api.share_party[],
	created_at timestamptz
);
comment on type api.share_agreement is 'Who gets which part of an amount.';
comment on column api.share_agreement.share_agreement_id is 'identifies this version';
comment on column api.share_agreement.name is 'shown to partners';
comment on column api.share_agreement.base is 'what is split: fare, slot_pay, net_sales or price';
comment on column api.share_agreement.effective_from is 'in force from here until the next version for the same base';
comment on column api.share_agreement.parties is 'the shares, which sum to 1,000,000 ppm, in the order in which a split goes';
comment on column api.share_agreement.created_at is 'when it was made, by the market''s clock';

create type api.balance as (
	partner_id uuid,
	balance_minor bigint,
	currency text,
	floor_minor bigint,
	entries bigint,
	unsettled_entries bigint,
	unsettled_since timestamptz,
	as_of timestamptz
);
comment on type api.balance is 'What the platform owes a partner.';
comment on column api.balance.partner_id is 'whose wallet it is';
comment on column api.balance.balance_minor is 'what the platform owes; below zero the partner owes; minor units';
comment on column api.balance.currency is 'ISO 4217';
comment on column api.balance.floor_minor is 'below it no cash trip is offered; minor units';
comment on column api.balance.entries is 'lines of this wallet so far';
comment on column api.balance.unsettled_entries is 'lines that no payout has settled';
comment on column api.balance.unsettled_since is 'when the first of them was posted, or null when there is none';
comment on column api.balance.as_of is 'the moment of this answer, by the market''s clock';

create type api.earning as (
	entry_no bigint,
	posted_month date,
	transaction_id uuid,
	kind text,
	cause_id uuid,
	occurred_at timestamptz,
	posted_at timestamptz,
	week date,
	currency text,
	fare_minor bigint,
	partner_share_minor bigint,
	commission_minor bigint,
	tip_minor bigint,
	tolls_minor bigint,
	taxes_and_fees_minor bigint,
	cancellation_fee_minor bigint,
	cash_collected_minor bigint,
	wallet_minor bigint,
	balance_minor bigint
);
comment on type api.earning is 'One line of a wallet, with the parts it is made of.';
comment on column api.earning.entry_no is 'counts the wallet''s lines without a gap';
comment on column api.earning.posted_month is 'first day of the month in which it was posted, UTC';
comment on column api.earning.transaction_id is 'identifies the ledger transaction';
comment on column api.earning.kind is 'trip, cancellation_fee, slot_pay, payout, ...';
comment on column api.earning.cause_id is 'the trip, booking, payout, ... behind it';
comment on column api.earning.occurred_at is 'when what it pays for happened';
comment on column api.earning.posted_at is 'when it was posted, by the market''s clock';
comment on column api.earning.week is 'Monday of its statement week, local date of the market';
comment on column api.earning.currency is 'ISO 4217, of every amount of the line';
comment on column api.earning.fare_minor is 'fare, or null when it is no trip; minor units';
comment on column api.earning.partner_share_minor is 'the partner''s part of fare or cancellation fee, or null when it is no trip; minor units';
comment on column api.earning.commission_minor is 'the platform''s part of fare or cancellation fee, or null when it is no trip; minor units';
comment on column api.earning.tip_minor is 'tip, all the partner''s, or null when it is no trip; minor units';
comment on column api.earning.tolls_minor is 'tolls, all the partner''s, or null when it is no trip; minor units';
comment on column api.earning.taxes_and_fees_minor is 'passed on to authorities, or null when it is no trip; minor units';
comment on column api.earning.cancellation_fee_minor is 'what the rider paid for a cancelled trip, or null when it is no trip; minor units';
comment on column api.earning.cash_collected_minor is 'what the partner took in cash, or null when it is no trip; minor units';
comment on column api.earning.wallet_minor is 'what the line does to the wallet; minor units';
comment on column api.earning.balance_minor is 'the wallet after the line; minor units';

create type api.ledger_entry as (
	account int,
	name text,
	amount_minor bigint
);
comment on type api.ledger_entry is 'One debit or credit.';
comment on column api.ledger_entry.account is 'number of the ledger account';
comment on column api.ledger_entry.name is 'its name';
comment on column api.ledger_entry.amount_minor is 'debit positive, credit negative; minor units of the transaction''s currency';

create type api.ledger_transaction as (
	owner_id uuid,
	posted_month date,
	entry_no bigint,
	transaction_id uuid,
	kind text,
	cause_id uuid,
	entries api.ledger_entry[],
	wallet_minor bigint,
	balance_minor bigint,
	currency text,
	occurred_at timestamptz,
	posted_at timestamptz,
	week date
);
comment on type api.ledger_transaction is 'One ledger transaction: one wallet, entries that sum to zero.';
comment on column api.ledger_transaction.owner_id is 'whose wallet it moves';
comment on column api.ledger_transaction.posted_month is 'first day of the month in which it was posted, UTC';
comment on column api.ledger_transaction.entry_no is 'counts the wallet''s transactions without a gap';
comment on column api.ledger_transaction.transaction_id is 'identifies it';
comment on column api.ledger_transaction.kind is 'trip, cancellation_fee, slot_pay, payout, ...';
comment on column api.ledger_transaction.cause_id is 'the trip, booking, payout, ... that it posts';
comment on column api.ledger_transaction.entries is 'debits and credits that sum to zero; those of nothing are left out';
comment on column api.ledger_transaction.wallet_minor is 'what it does to the wallet; minor units';
comment on column api.ledger_transaction.balance_minor is 'the wallet after it; minor units';
comment on column api.ledger_transaction.currency is 'ISO 4217';
comment on column api.ledger_transaction.occurred_at is 'when what it pays for happened';
comment on column api.ledger_transaction.posted_at is 'when it was posted, by the market''s clock';
comment on column api.ledger_transaction.week is 'Monday of its statement week, local date of the market';

create type api.ledger_account as (
	account int,
	name text,
	kind text,
	says text,
	debit_minor bigint,
	credit_minor bigint,
	balance_minor bigint,
	currency text
);
comment on type api.ledger_account is 'One account of the ledger, summed over the market.';
comment on column api.ledger_account.account is 'its number';
comment on column api.ledger_account.name is 'its name';
comment on column api.ledger_account.kind is 'asset, liability, income or expense';
comment on column api.ledger_account.says is 'what stands on it';
comment on column api.ledger_account.debit_minor is 'sum of its debits; minor units';
comment on column api.ledger_account.credit_minor is 'sum of its credits; minor units';
comment on column api.ledger_account.balance_minor is 'debits less credits; minor units';
comment on column api.ledger_account.currency is 'ISO 4217';
