-- A market :market with :wallets partners who have one earning of 50.00 each, for the payout run.

insert into core.market (market_id, code, name, currency, currency_exponent, time_zone, created_at)
values (:market, 'payout' || :wallets, 'Bench', 'EUR', 2, 'UTC', '2026-01-01Z');

insert into identity.account (account_id, name, created_at)
select ('00000000-0000-0000-' || lpad(to_hex(:market), 4, '0') || '-' || lpad(to_hex(p), 12, '0'))::uuid,
	'sealed1:' || repeat('A', 60), '2026-01-01Z'
from generate_series(1, :wallets) p;

insert into identity.partner (market_id, partner_id, account_id, name, digest, created_at)
select :market, a.account_id, a.account_id, a.name, sha256('bench'), a.created_at
from identity.account a
where a.account_id::text like '00000000-0000-0000-' || lpad(to_hex(:market), 4, '0') || '-%';

insert into ledger.wallet (market_id, owner_id, owner_kind, currency, balance_minor, entries, dirty)
select :market, p.partner_id, 'partner', 'EUR', 5000, 1, true
from identity.partner p where p.market_id = :market;

insert into ledger.transaction (market_id, owner_id, posted_month, entry_no, transaction_id, kind,
	cause_id, accounts, amounts, wallet_minor, balance_minor, currency, occurred_at, posted_at, week)
select :market, p.partner_id, '2026-01-01', 1, p.partner_id, 'adjustment', p.partner_id,
	array[5000, 2000], array[5000, -5000], 5000, 5000, 'EUR', '2026-01-05 12:00Z',
	'2026-01-05 12:00Z', '2026-01-05'
from identity.partner p where p.market_id = :market;

analyze ledger.wallet;
