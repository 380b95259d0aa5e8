-- Laws of person data: nothing of a real person stands here in clear.

create or replace view laws.persons_are_sealed as
select 'identity.account.name' as place, a.account_id as id
from identity.account a
where a.test_market_id is null and a.name not like 'sealed1:%'
union all
select 'identity.partner.name', p.partner_id
from identity.partner p
join core.market m on m.market_id = p.market_id
where not m.is_test and p.name not like 'sealed1:%'
union all
select 'access.credential.email', c.account_id
from access.credential c
join identity.account a on a.account_id = c.account_id
where a.test_market_id is null and not (c.email like 'sealed1:%' and c.email_key !~ '@')
union all
select 'access.device.name', d.device_id
from access.device d
join identity.account a on a.account_id = d.account_id
where a.test_market_id is null and d.secret_hash is not null and d.name not like 'sealed1:%'
union all
select 'onboarding.bank_account', b.partner_id
from onboarding.bank_account b
join core.market m on m.market_id = b.market_id
where not m.is_test and not (b.iban like 'sealed1:%' and b.holder_name like 'sealed1:%'
	and b.last_four like 'sealed1:%' and b.iban_key <> b.iban and b.holder_key <> b.holder_name);
comment on view laws.persons_are_sealed is 'Names, addresses and bank accounts are sealed, but those of made-up people in test cities.';

create or replace view laws.persons_are_sealed_examined as
select (select count(*) from identity.account) + (select count(*) from identity.partner)
	+ (select count(*) from access.credential) + (select count(*) from access.device)
	+ (select count(*) from onboarding.bank_account) as examined;

alter view laws.persons_are_sealed owner to wall_law;
alter view laws.persons_are_sealed_examined owner to wall_law;
grant select on laws.persons_are_sealed, laws.persons_are_sealed_examined to socius_law;
