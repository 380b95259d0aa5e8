-- Laws of identity: partners, accounts and wallets belong together.

create or replace view laws.partner_has_wallet as
select p.market_id, p.partner_id
from identity.partner p
where not exists (
	select from ledger.wallet w
	where w.market_id = p.market_id and w.owner_id = p.partner_id and w.owner_kind = 'partner');
comment on view laws.partner_has_wallet is 'Every partner has a wallet in its market; the key allows no second.';

create or replace view laws.partner_has_wallet_examined as
select count(*) as examined from identity.partner;

create or replace view laws.wallet_has_owner as
select w.market_id, w.owner_id
from ledger.wallet w
where not exists (
	select from core.market m
	where m.market_id = w.market_id and m.currency = w.currency)
union all
select w.market_id, w.owner_id
from ledger.wallet w
where w.owner_kind = 'partner' and not exists (
	select from identity.partner p
	where p.market_id = w.market_id and p.partner_id = w.owner_id);
comment on view laws.wallet_has_owner is 'Every wallet stands in a market, in the market''s currency, and a partner''s wallet has its partner.';

create or replace view laws.wallet_has_owner_examined as
select count(*) as examined from ledger.wallet;

create or replace view laws.partner_has_account as
select p.market_id, p.partner_id, p.account_id
from identity.partner p
where not exists (select from identity.account a where a.account_id = p.account_id);
comment on view laws.partner_has_account is 'Every partner has an account.';

create or replace view laws.partner_has_account_examined as
select count(*) as examined from identity.partner;

alter view laws.partner_has_wallet owner to wall_law;
alter view laws.partner_has_wallet_examined owner to wall_law;
alter view laws.wallet_has_owner owner to wall_law;
alter view laws.wallet_has_owner_examined owner to wall_law;
alter view laws.partner_has_account owner to wall_law;
alter view laws.partner_has_account_examined owner to wall_law;
grant select on laws.partner_has_wallet, laws.partner_has_wallet_examined,
	laws.wallet_has_owner, laws.wallet_has_owner_examined,
	laws.partner_has_account, laws.partner_has_account_examined
	to socius_law;
