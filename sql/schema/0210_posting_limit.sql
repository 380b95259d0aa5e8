-- The largest amount that one ledger transaction may move in a market. Sums of payout runs may be
-- larger than any one amount: they are kept as numbers without a bound.

alter table core.market add column posting_max_minor bigint
	constraint posting_max_range check (posting_max_minor between 1 and 1000000000000);
comment on column core.market.posting_max_minor is 'the largest amount of one posting, price or rate, minor units; null: 1,000,000 of the currency''s units';

-- Payouts of a run and what it left out: each is at most 2^53 - 1, all together may be more.
alter table payouts.payout_run alter column total_minor type numeric;
alter table payouts.payout_run alter column left_out_minor type numeric;

alter type api.market add attribute posting_max_minor bigint;
comment on column api.market.posting_max_minor is 'the largest amount of one posting, price or rate; minor units';
comment on column api.payout_run.total_minor is 'sum of the payouts so far, or null where it is above 2^53 - 1; minor units';
comment on column api.payout_run.left_out_minor is 'sum of their balances, or null where it is above 2^53 - 1; minor units';
comment on column api.ledger_account.debit_minor is 'sum of its debits, or null where it is above 2^53 - 1; minor units';
comment on column api.ledger_account.credit_minor is 'sum of its credits, or null where it is above 2^53 - 1; minor units';
comment on column api.ledger_account.balance_minor is 'debits less credits, or null where it is beyond 2^53 - 1; minor units';
