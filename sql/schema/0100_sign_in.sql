-- Who signs in and how: credentials, codes, devices, sessions, grants, mail and the audit log.
--
-- Accounts know no market, so most of these tables have none either: only wall_platform may touch
-- them. What is said about a market (grants, audit records) stands behind the walls of that market.

create schema access authorization socius_owner;
comment on schema access is 'how people sign in, and what they did with it';
grant usage on schema access to wall_platform, wall_operator, wall_runner, wall_law;

create table access.credential (
	account_id uuid primary key references identity.account (account_id),
	email text not null,
	email_key text not null constraint email_taken unique,
	password_hash text not null check (password_hash like '$argon2id$%'),
	locale text not null,
	state text not null default 'active' check (state in ('active', 'closed')),
	totp_id uuid,
	totp_confirmed_at timestamptz check (totp_id is not null or totp_confirmed_at is null),
	totp_step bigint,
	created_at timestamptz not null,
	changed_at timestamptz not null
);
comment on table access.credential is 'what an account signs in with; there is none before its address was confirmed';
comment on column access.credential.email is 'as the person wrote it, the domain in lower case';
comment on column access.credential.email_key is 'the whole address in lower case: two that differ in case alone are one account';
comment on column access.credential.totp_id is 'the authenticator''s secret is derived from this and a key that the database does not know; null: not enrolled';
comment on column access.credential.totp_step is 'the last 30 s step of which a code was taken: each counts once';
comment on column access.credential.changed_at is 'when the password was set';
alter table access.credential owner to socius_owner;
grant select, insert, update on access.credential to wall_platform;
grant select on access.credential to wall_law;

create table access.recovery_code (
	account_id uuid not null references access.credential (account_id),
	code_mac bytea not null check (length(code_mac) = 32),
	used_at timestamptz,
	primary key (account_id, code_mac)
);
comment on table access.recovery_code is 'ten codes for who has lost the authenticator; each works once';
alter table access.recovery_code owner to socius_owner;
grant select, insert, update, delete on access.recovery_code to wall_platform;
grant select on access.recovery_code to wall_law;

create table access.challenge (
	challenge_id uuid primary key,
	kind text not null check (kind in ('sign_up', 'reset')),
	email_key text not null,
	email text not null,
	account_id uuid,
	code_mac bytea check (length(code_mac) = 32),
	tries int not null default 0,
	password_hash text,
	name text,
	locale text,
	made_at timestamptz not null,
	expires_at timestamptz not null,
	used_at timestamptz
);
comment on table access.challenge is 'a code that was sent to an address; what was asked for waits here and is nothing until the code comes back';
comment on column access.challenge.account_id is 'reset: whose; sign_up: made of it. Null: nobody''s yet, or never';
comment on column access.challenge.code_mac is 'the code under a key that the database does not know; null: no code fits';
comment on column access.challenge.tries is 'codes that did not fit: five are the end';
alter table access.challenge owner to socius_owner;
create index challenge_expires on access.challenge (expires_at);
grant select, insert, update on access.challenge to wall_platform;
grant select, delete on access.challenge to wall_runner;
grant select on access.challenge to wall_law;

create table access.throttle (
	kind text not null,
	key text not null,
	full_at timestamptz not null,
	failures int not null default 0,
	primary key (kind, key)
);
comment on table access.throttle is 'who has to wait: guesses at an account, from a device, from a network; mail to an address';
comment on column access.throttle.key is 'addresses as SHA-256';
comment on column access.throttle.full_at is 'delays: when the next is allowed; buckets: when all of the burst is there again';
alter table access.throttle owner to socius_owner;
create index throttle_full on access.throttle (full_at);
grant select, insert, update, delete on access.throttle to wall_platform;
grant select, delete on access.throttle to wall_runner;

create table access.device (
	device_id uuid primary key,
	account_id uuid not null references access.credential (account_id),
	secret_hash bytea not null unique check (length(secret_hash) = 32),
	name text not null,
	known_at timestamptz not null
);
comment on table access.device is 'a phone from which the account has signed in; guesses made elsewhere do not delay it';
alter table access.device owner to socius_owner;
create index device_of_account on access.device (account_id);
grant select, insert, update on access.device to wall_platform;
grant select on access.device to wall_law;

create table access.session (
	session_id uuid primary key,
	account_id uuid not null references access.credential (account_id),
	device_id uuid not null references access.device (device_id),
	of_market int not null,
	role text not null check (role in ('partner', 'customer', 'operator', 'auditor', 'admin')),
	made_at timestamptz not null,
	used_at timestamptz not null,
	idle_at timestamptz not null,
	expires_at timestamptz not null,
	ended_at timestamptz,
	ended_by text check (ended_by in ('account', 'password', 'reuse', 'grant', 'operator')),
	constraint session_end_has_reason check ((ended_at is null) = (ended_by is null)),
	constraint session_lives_90_days check (expires_at <= made_at + interval '90 days')
);
comment on table access.session is 'one sign-in on one device, with the family of its refresh tokens';
comment on column access.session.of_market is 'the market that its tokens are for; 0: the platform';
comment on column access.session.role is 'as asked for; partner and customer follow what the account is in the market';
comment on column access.session.idle_at is 'it ends by itself when it was not used until then';
comment on column access.session.ended_by is 'account: signed out; password: it was changed; reuse: a refresh token came twice; grant: the role was withdrawn';
alter table access.session owner to socius_owner;
create index session_of_account on access.session (account_id, session_id);
create index session_ended on access.session (ended_at) where ended_at is not null;
grant select, insert, update on access.session to wall_platform;
grant select on access.session to wall_law;

create table access.refresh_token (
	token_hash bytea primary key check (length(token_hash) = 32),
	session_id uuid not null references access.session (session_id),
	issued_at timestamptz not null,
	used_at timestamptz
);
comment on table access.refresh_token is 'tokens of a family: the one not used is the one that works, the used ones tell a thief';
alter table access.refresh_token owner to socius_owner;
create index refresh_token_of_session on access.refresh_token (session_id);
grant select, insert, update on access.refresh_token to wall_platform;
grant select, delete on access.refresh_token to wall_runner;
grant select on access.session to wall_runner;
grant select on access.refresh_token to wall_law;

create table access.role_grant (
	market_id int not null,
	account_id uuid not null references access.credential (account_id),
	role text not null check (role in ('operator', 'auditor', 'admin')),
	granted_at timestamptz not null,
	granted_by text not null,
	withdrawn_at timestamptz,
	primary key (market_id, account_id, role),
	constraint grant_fits_market check ((market_id = 0) = (role = 'admin'))
);
comment on table access.role_grant is 'who may act as operator or auditor of a market; admins are of market 0, the platform';
alter table access.role_grant owner to socius_owner;
call core.raise_walls('access.role_grant');
create policy platform on access.role_grant for select to wall_platform
	using (market_id = current_setting('socius.market')::int);
grant select on access.role_grant to wall_platform;

create table access.mail (
	mail_id uuid primary key,
	kind text not null check (kind in ('sign_up', 'known', 'reset', 'nobody', 'reuse', 'changed')),
	address text not null,
	locale text not null,
	params jsonb not null default '{}',
	state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
	attempts int not null default 0,
	retry_at timestamptz,
	made_at timestamptz not null,
	sent_at timestamptz,
	constraint mail_forgets_what_it_said check (state = 'queued' or params = '{}')
);
comment on table access.mail is 'letters for the runner to send; written in the transaction of what they tell';
comment on column access.mail.params is 'what the letter says beside its text: a code; gone when it was sent';
alter table access.mail owner to socius_owner;
create index mail_waits on access.mail (made_at) where state = 'queued';
grant insert on access.mail to wall_platform;
grant select, update, delete on access.mail to wall_runner;
grant select on access.mail to wall_law;

create table access.audit_record (
	market_id int not null,
	record_id uuid not null,
	occurred_at timestamptz not null,
	act text not null,
	outcome text not null,
	account_id uuid,
	role text,
	subject_id uuid,
	peer text,
	request_id text,
	primary key (market_id, record_id)
);
comment on table access.audit_record is 'who did what with a sign-in, from where, with what outcome; never changed';
comment on column access.audit_record.market_id is 'the market of the session; 0: of none, or not known yet';
comment on column access.audit_record.act is '<noun>.<what was done>: session.start';
comment on column access.audit_record.outcome is 'done, or why not';
alter table access.audit_record owner to socius_owner;
call core.raise_walls('access.audit_record');
create policy platform on access.audit_record for insert to wall_platform
	with check (market_id = current_setting('socius.market')::int);
grant insert on access.audit_record to wall_platform;

create function access.guard_audit() returns trigger
language plpgsql as $$
begin
	if tg_op = 'DELETE' and exists (
		select from core.market m where m.market_id = old.market_id and m.is_test) then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = 'audit_append_only';
end
$$;
alter function access.guard_audit owner to socius_owner;
create trigger audit_append_only before update or delete on access.audit_record
	for each row execute function access.guard_audit();
create trigger audit_never_truncated before truncate on access.audit_record
	for each statement execute function access.guard_audit();

-- Which market an account is a partner of: asked at each sign-in, by the platform's entry points.
create policy platform on identity.partner for select to wall_platform
	using (market_id = current_setting('socius.market')::int);
grant select (market_id, partner_id, account_id, state) on identity.partner to wall_platform;

create type api.confirmation as (
	confirmation_id uuid,
	expires_at timestamptz
);
comment on type api.confirmation is 'A code is on its way by mail, if there is anything to confirm: the mail says what.';
comment on column api.confirmation.confirmation_id is 'send it back with the code';
comment on column api.confirmation.expires_at is 'the code works until then, and for five tries';

create type api.account as (
	account_id uuid,
	email text,
	name text,
	locale text,
	created_at timestamptz,
	totp boolean
);
comment on type api.account is 'A person who can sign in, in every market.';
comment on column api.account.account_id is 'identifies the account, the same in every market';
comment on column api.account.email is 'where its mail goes';
comment on column api.account.name is 'as the person is called';
comment on column api.account.locale is 'language of its mail';
comment on column api.account.created_at is 'when its address was confirmed';
comment on column api.account.totp is 'whether signing in needs a code of an authenticator';

create type api.session_tokens as (
	access_token text,
	token_type text,
	expires_in int,
	refresh_token text,
	device_secret text,
	session_id uuid,
	account_id uuid,
	market_id int,
	role text,
	partner_id uuid,
	expires_at timestamptz
);
comment on type api.session_tokens is 'What a phone keeps after signing in.';
comment on column api.session_tokens.access_token is 'send it as `Authorization: Bearer`';
comment on column api.session_tokens.token_type is 'Bearer';
comment on column api.session_tokens.expires_in is 'seconds that the access token lives';
comment on column api.session_tokens.refresh_token is 'gives the next pair, once; keep it where the system keeps secrets';
comment on column api.session_tokens.device_secret is 'send it with every sign-in and refresh from this device; null: the one that was sent stays';
comment on column api.session_tokens.session_id is 'identifies this sign-in';
comment on column api.session_tokens.account_id is 'who has signed in';
comment on column api.session_tokens.market_id is 'the market that the tokens are for; 0: the platform';
comment on column api.session_tokens.role is 'what the account is in this market';
comment on column api.session_tokens.partner_id is 'the partner that the tokens speak for, or null';
comment on column api.session_tokens.expires_at is 'when the session ends, however much it is used';

create type api.session as (
	session_id uuid,
	device_name text,
	role text,
	market_id int,
	state text,
	ended_by text,
	made_at timestamptz,
	used_at timestamptz,
	expires_at timestamptz,
	is_current boolean
);
comment on type api.session is 'One sign-in of the account.';
comment on column api.session.session_id is 'identifies it';
comment on column api.session.device_name is 'as the device calls itself';
comment on column api.session.role is 'what its tokens may do';
comment on column api.session.market_id is 'the market that its tokens are for';
comment on column api.session.state is 'active, expired or ended';
comment on column api.session.ended_by is 'account, password, reuse (a refresh token came twice: somebody else had it), grant or operator; null: it was not ended';
comment on column api.session.made_at is 'when the account signed in';
comment on column api.session.used_at is 'when its tokens were last refreshed';
comment on column api.session.expires_at is 'when it ends by itself at the latest';
comment on column api.session.is_current is 'whether the request came with a token of it';

create type api.sign_in_ask as (password_hash text, totp_id uuid);
comment on type api.sign_in_ask is 'What a sign-in is held against.';
comment on column api.sign_in_ask.password_hash is 'PHC string; null: nobody''s';
comment on column api.sign_in_ask.totp_id is 'null: no authenticator';

create type api.totp_enrolment as (secret text, uri text);
comment on type api.totp_enrolment is 'What an authenticator app needs (RFC 6238: SHA-1, six digits, 30 s).';
comment on column api.totp_enrolment.secret is 'base32, to be typed';
comment on column api.totp_enrolment.uri is 'otpauth URI, to be shown as a QR code';

create type api.totp_confirmation as (confirmed_at timestamptz, recovery_codes text[]);
comment on type api.totp_confirmation is 'The authenticator is enrolled; the recovery codes are shown this once.';
comment on column api.totp_confirmation.confirmed_at is 'from now on signing in needs a code';
comment on column api.totp_confirmation.recovery_codes is 'each stands in for one code, once';

create type api.audit_record as (
	record_id uuid,
	occurred_at timestamptz,
	act text,
	outcome text,
	account_id uuid,
	role text,
	subject_id uuid,
	peer text,
	request_id text
);
comment on type api.audit_record is 'Who did what, when, from where, with what outcome.';
comment on column api.audit_record.record_id is 'identifies the record';
comment on column api.audit_record.occurred_at is 'when';
comment on column api.audit_record.act is 'session.start, session.refresh, session.end, role.grant, ...';
comment on column api.audit_record.outcome is 'done, or why not';
comment on column api.audit_record.account_id is 'who; null: not known';
comment on column api.audit_record.role is 'as what; null: not known';
comment on column api.audit_record.subject_id is 'which session, account or other thing; null: none';
comment on column api.audit_record.peer is 'the address that asked; null: from the command line';
comment on column api.audit_record.request_id is 'as in the logs; null: from the command line';
