-- Laws of offices: whoever came in or went out has left a record, and so has each payout run.

create or replace view laws.office_is_audited as
select g.account_id
from access.role_grant g
where (g.market_id = 0 or exists (select from core.market m where m.market_id = g.market_id))
	and g.granted_at >= (select b.kept_since from access.audit_began b)
	and not exists (select from access.audit_record r
		where r.market_id = g.market_id and r.act = 'role.grant' and r.outcome = 'done'
			and r.subject_id = g.account_id and r.occurred_at = g.granted_at)
union all
select g.account_id
from access.role_grant g
where g.withdrawn_at >= (select b.kept_since from access.audit_began b)
	and not exists (select from access.audit_record r
	where r.market_id = g.market_id and r.act = 'role.withdraw' and r.outcome = 'done'
		and r.subject_id = g.account_id and r.occurred_at = g.withdrawn_at);
comment on view laws.office_is_audited is 'Every role that was given or taken has its audit record.';

create or replace view laws.office_is_audited_examined as
select count(*) as examined from access.role_grant;

create or replace view laws.office_ends_with_its_sessions as
select s.session_id
from access.session s
join access.role_grant g on g.market_id = s.of_market and g.account_id = s.account_id
	and g.role = s.role
where g.withdrawn_at is not null and s.ended_at is null;
comment on view laws.office_ends_with_its_sessions is 'No session of a role lives that was taken from its account.';

create or replace view laws.office_ends_with_its_sessions_examined as
select count(*) as examined from access.role_grant where withdrawn_at is not null;

create or replace view laws.invitation_lets_in_once as
select i.invitation_id
from access.invitation i
where i.account_id is not null and not exists (select from access.role_grant g
	where g.market_id = i.market_id and g.account_id = i.account_id and g.role = i.role
		and g.granted_at >= i.ended_at);
comment on view laws.invitation_lets_in_once is 'An invitation that was accepted is a role that was given to whoever accepted it.';

create or replace view laws.invitation_lets_in_once_examined as
select count(*) as examined from access.invitation;

-- Runs of test cities are made by SQL alone, and those of before are not asked for.
create or replace view laws.payout_run_is_audited as
select p.payout_run_id
from payouts.payout_run p
where exists (select from core.market m where m.market_id = p.market_id and not m.is_test)
	and p.created_at >= (select greatest(b.began_at, b.kept_since) from access.audit_began b)
	and not exists (select from access.audit_record r
		where r.market_id = p.market_id and r.act = 'create_payout_run'
			and r.outcome = 'done' and r.subject_id = p.payout_run_id);
comment on view laws.payout_run_is_audited is 'Every payout run of a market says in the audit log who started it.';

create or replace view laws.payout_run_is_audited_examined as
select count(*) as examined
from payouts.payout_run p
join core.market m on m.market_id = p.market_id and not m.is_test;

alter view laws.office_is_audited owner to wall_law;
alter view laws.office_is_audited_examined owner to wall_law;
alter view laws.office_ends_with_its_sessions owner to wall_law;
alter view laws.office_ends_with_its_sessions_examined owner to wall_law;
alter view laws.invitation_lets_in_once owner to wall_law;
alter view laws.invitation_lets_in_once_examined owner to wall_law;
alter view laws.payout_run_is_audited owner to wall_law;
alter view laws.payout_run_is_audited_examined owner to wall_law;
grant select on laws.office_is_audited, laws.office_is_audited_examined,
	laws.office_ends_with_its_sessions, laws.office_ends_with_its_sessions_examined,
	laws.invitation_lets_in_once, laws.invitation_lets_in_once_examined,
	laws.payout_run_is_audited, laws.payout_run_is_audited_examined
	to socius_law;
