-- Laws of signing in with another provider.

create or replace view laws.account_has_way_in as
select c.account_id
from access.credential c
where c.state = 'active' and c.password_hash is null and not exists (
	select from access.external_identity e where e.account_id = c.account_id);
comment on view laws.account_has_way_in is 'Who can sign in has a password, or another provider that vouches for it.';

create or replace view laws.account_has_way_in_examined as
select count(*) as examined from access.credential where state = 'active';

create or replace view laws.identity_is_audited as
select e.identity_id
from access.external_identity e
where not exists (
	select from access.audit_record r
	where r.market_id = 0 and r.act = 'identity.link' and r.outcome = 'done'
		and r.subject_id = e.identity_id and r.account_id = e.account_id);
comment on view laws.identity_is_audited is 'Nobody is linked to an account without an audit record.';

create or replace view laws.identity_is_audited_examined as
select count(*) as examined from access.external_identity;

alter view laws.account_has_way_in owner to wall_law;
alter view laws.account_has_way_in_examined owner to wall_law;
alter view laws.identity_is_audited owner to wall_law;
alter view laws.identity_is_audited_examined owner to wall_law;
grant select on laws.account_has_way_in, laws.account_has_way_in_examined,
	laws.identity_is_audited, laws.identity_is_audited_examined
	to socius_law;
