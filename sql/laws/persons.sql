-- Laws of persons: an id is one person's, in all markets.

create or replace view laws.persons_are_registered as
select 'account without a person' as fault, a.account_id as person_id
from identity.account a
where not exists (
	select from identity.person r
	where r.person_id = a.account_id and r.kind = 'account'
		and r.market_id = coalesce(a.test_market_id, 0))
	-- laws see no persons of a test market that is half gone
	and not exists (
		select from testing.market t
		where t.market_id = a.test_market_id and t.is_going)
union all
select 'partner without a person', p.partner_id
from identity.partner p
where not exists (
	select from identity.person r
	where r.person_id = p.partner_id and r.kind = 'partner' and r.market_id = p.market_id)
	and not exists (
		select from identity.shared_id s
		where s.market_id = p.market_id and s.partner_id = p.partner_id)
union all
select 'address without a person', w.person_id
from (
	select c.new_account_id as person_id from access.challenge c
	union all
	select m.person_id from access.mail m
) w
where w.person_id is not null and not exists (
	select from identity.person r
	where r.person_id = w.person_id and r.kind in ('account', 'address'))
union all
select 'person without its row', r.person_id
from identity.person r
where r.kind = 'account' and not exists (
		select from identity.account a where a.account_id = r.person_id)
	or r.kind = 'partner' and not exists (
		select from identity.partner p
		where p.market_id = r.market_id and p.partner_id = r.person_id);
comment on view laws.persons_are_registered is 'Whoever has a key is registered under one id, and nobody else is.';

create or replace view laws.persons_are_registered_examined as
select (select count(*) from identity.account) + (select count(*) from identity.partner)
	+ (select count(*) from identity.person) as examined;

alter view laws.persons_are_registered owner to wall_law;
alter view laws.persons_are_registered_examined owner to wall_law;
grant select on laws.persons_are_registered, laws.persons_are_registered_examined to socius_law;
