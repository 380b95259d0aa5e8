-- Laws of apps of others and of services: nobody holds more than was given.

create or replace view laws.app_holds_what_was_consented as
select s.session_id
from access.session s
join access.client c on c.client_id = s.client_id
where not string_to_array(s.scope, ' ') <@ string_to_array(c.scope, ' ')
	or 'account' = any (string_to_array(s.scope, ' '))
	or (s.ended_at is null and c.ended_at is not null)
	or not exists (
		select from access.audit_record r
		where r.act = 'client.consent' and r.outcome = 'done' and r.account_id = s.account_id
			and r.subject_id = s.client_id and r.occurred_at <= s.made_at)
	and exists (select from core.market m where m.market_id = s.of_market);
comment on view laws.app_holds_what_was_consented is 'A session of an app of others holds no more than the app may ask for, never the account itself, lives no longer than the app, and follows a consent.';

create or replace view laws.app_holds_what_was_consented_examined as
select count(*) as examined from access.session where client_id is not null;

create or replace view laws.code_made_its_session as
select c.made_at, c.client_id
from access.authorization_code c
join access.session s on s.session_id = c.session_id
where s.client_id is distinct from c.client_id or s.account_id <> c.account_id
	or s.of_market <> c.of_market or s.scope is distinct from c.scope
	or c.used_at >= c.expires_at;
comment on view laws.code_made_its_session is 'A code that was used in its minute has made a session of the same app, account, market and scope.';

create or replace view laws.code_made_its_session_examined as
select count(*) as examined from access.authorization_code;

create or replace view laws.ended_key_opens_nothing as
select k.market_id, k.service_key_id as id
from access.service_key k
join access.service_secret s on s.market_id = k.market_id and s.service_key_id = k.service_key_id
where (k.ended_at < s.ends_at and s.ended_at is null) or s.ends_at > k.expires_at
	or s.used_at > s.ended_at + interval '6 seconds'
	or s.used_at > s.ends_at + interval '10 minutes';
comment on view laws.ended_key_opens_nothing is 'Secrets of a service end with its key; its tokens open nothing 5 s later, or 10 minutes after a secret has ended by itself.';

create or replace view laws.ended_key_opens_nothing_examined as
select count(*) as examined from access.service_secret;

create or replace view laws.service_has_one_lasting_secret as
select s.market_id, s.service_key_id as id
from access.service_secret s
where s.ended_at is null and exists (
	select from access.service_key k
	where k.market_id = s.market_id and k.service_key_id = s.service_key_id
		and s.ends_at = k.expires_at)
group by s.market_id, s.service_key_id
having count(*) > 1;
comment on view laws.service_has_one_lasting_secret is 'Of the secrets of a service one lives as long as its key; all others are on their way out.';

create or replace view laws.service_has_one_lasting_secret_examined as
select count(*) as examined from access.service_key;

alter view laws.app_holds_what_was_consented owner to wall_law;
alter view laws.app_holds_what_was_consented_examined owner to wall_law;
alter view laws.code_made_its_session owner to wall_law;
alter view laws.code_made_its_session_examined owner to wall_law;
alter view laws.ended_key_opens_nothing owner to wall_law;
alter view laws.ended_key_opens_nothing_examined owner to wall_law;
alter view laws.service_has_one_lasting_secret owner to wall_law;
alter view laws.service_has_one_lasting_secret_examined owner to wall_law;
grant select on laws.app_holds_what_was_consented, laws.app_holds_what_was_consented_examined,
	laws.code_made_its_session, laws.code_made_its_session_examined,
	laws.ended_key_opens_nothing, laws.ended_key_opens_nothing_examined,
	laws.service_has_one_lasting_secret, laws.service_has_one_lasting_secret_examined
	to socius_law;
