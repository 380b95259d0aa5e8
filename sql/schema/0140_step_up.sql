-- Step-up: when the codes of an authenticator were shown, and since when all acts are recorded.

alter table access.session add column totp_at timestamptz;
comment on column access.session.totp_at is 'when a code of the authenticator, or a recovery code, was last shown; null: never';

alter type api.session_tokens add attribute totp_at timestamptz;
comment on column api.session_tokens.totp_at is 'when a code of the authenticator was last shown in this session; null: never';

-- asks for the password from now on
drop function if exists api.enrol_totp(uuid, uuid);
-- knows more filters
drop function if exists api.list_audit_records(int, int, uuid, uuid, text);

create type api.step_up as (
	access_token text,
	token_type text,
	expires_in int,
	totp_at timestamptz,
	fresh_until timestamptz
);
comment on type api.step_up is 'An access token that opens what asks for a fresh code.';
comment on column api.step_up.access_token is 'send it instead of the one before; what it allows else is the same';
comment on column api.step_up.token_type is 'Bearer';
comment on column api.step_up.expires_in is 'seconds that the access token lives';
comment on column api.step_up.totp_at is 'when the code was shown; the tokens of later refreshes say the same';
comment on column api.step_up.fresh_until is 'until then no other code is asked for';

create type api.totp_removal as (removed_at timestamptz);
comment on type api.totp_removal is 'The authenticator is taken off.';
comment on column api.totp_removal.removed_at is 'from now on signing in needs the password alone';

create table access.audit_began (
	began_at timestamptz not null
);
comment on table access.audit_began is 'since when every act of an office leaves its record; one row';
alter table access.audit_began owner to socius_owner;
grant select on access.audit_began to wall_law;
insert into access.audit_began (began_at) values (now());

create index audit_record_of_account on access.audit_record (market_id, account_id, record_id);
