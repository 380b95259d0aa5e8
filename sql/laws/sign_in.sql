-- Laws of signing in: what is said of a session hangs together.

create or replace view laws.session_has_one_refresh_token as
select s.session_id
from access.session s
where s.ended_at is null and (
	select count(*) from access.refresh_token t
	where t.session_id = s.session_id and t.used_at is null) <> 1;
comment on view laws.session_has_one_refresh_token is 'A session that lives has exactly one refresh token that was not used.';

create or replace view laws.session_has_one_refresh_token_examined as
select count(*) as examined from access.session where ended_at is null;

create or replace view laws.session_is_audited as
select s.session_id
from access.session s
where (s.of_market = 0 or exists (select from core.market m where m.market_id = s.of_market))
	and not exists (
	select from access.audit_record r
	where r.market_id = s.of_market and r.act = 'session.start' and r.outcome = 'done'
		and r.subject_id = s.session_id and r.account_id = s.account_id);
comment on view laws.session_is_audited is 'Every sign-in has its audit record, in the market that its tokens are for, as long as there is that market.';

create or replace view laws.session_is_audited_examined as
select count(*) as examined from access.session;

create or replace view laws.office_has_second_factor as
select s.session_id
from access.session s
join access.credential c on c.account_id = s.account_id
where s.role in ('operator', 'auditor', 'admin') and s.ended_at is null
	and (c.totp_confirmed_at is null or c.totp_confirmed_at > s.made_at);
comment on view laws.office_has_second_factor is 'Operators, auditors and admins who are signed in did so with an authenticator.';

create or replace view laws.office_has_second_factor_examined as
select count(*) as examined
from access.session where ended_at is null;

create or replace view laws.used_code_is_not_kept as
select m.mail_id as id from access.mail m where m.state <> 'queued' and m.params <> '{}'
union all
select c.challenge_id from access.challenge c
where c.used_at is not null and c.password_hash is not null;
comment on view laws.used_code_is_not_kept is 'Letters that were sent keep no code, and codes that were used no password.';

create or replace view laws.used_code_is_not_kept_examined as
select (select count(*) from access.mail) + (select count(*) from access.challenge) as examined;

alter view laws.session_has_one_refresh_token owner to wall_law;
alter view laws.session_has_one_refresh_token_examined owner to wall_law;
alter view laws.session_is_audited owner to wall_law;
alter view laws.session_is_audited_examined owner to wall_law;
alter view laws.office_has_second_factor owner to wall_law;
alter view laws.office_has_second_factor_examined owner to wall_law;
alter view laws.used_code_is_not_kept owner to wall_law;
alter view laws.used_code_is_not_kept_examined owner to wall_law;
grant select on laws.session_has_one_refresh_token, laws.session_has_one_refresh_token_examined,
	laws.session_is_audited, laws.session_is_audited_examined,
	laws.office_has_second_factor, laws.office_has_second_factor_examined,
	laws.used_code_is_not_kept, laws.used_code_is_not_kept_examined
	to socius_law;
