-- Offices by invitation: an admin names an address and a role; a code goes there.

create table access.invitation (
	market_id int not null,
	invitation_id uuid not null,
	role text not null check (role in ('operator', 'auditor', 'admin')),
	email_key text not null,
	hint text not null,
	code_hash bytea not null check (length(code_hash) = 32),
	made_at timestamptz not null,
	made_by uuid not null,
	expires_at timestamptz not null,
	ended_at timestamptz,
	account_id uuid references access.credential (account_id),
	primary key (market_id, invitation_id),
	constraint invitation_fits_market check ((market_id = 0) = (role = 'admin')),
	constraint invitation_lives_a_week check (expires_at <= made_at + interval '7 days'),
	constraint accepted_invitation_has_ended check (account_id is null or ended_at is not null)
);
comment on table access.invitation is 'who may become operator, auditor or admin by the code of a letter';
comment on column access.invitation.market_id is 'of the role; 0: the platform''s, an admin';
comment on column access.invitation.email_key is 'the blind value of the address: the letter had the address itself, and we need no more';
comment on column access.invitation.hint is 'first letter and domain of the address, for who looks through them';
comment on column access.invitation.code_hash is 'SHA-256 of what the letter says';
comment on column access.invitation.made_by is 'the account of the admin';
comment on column access.invitation.ended_at is 'when it was accepted, withdrawn, or another took its place';
comment on column access.invitation.account_id is 'who has accepted it';
alter table access.invitation owner to socius_owner;
create index invitation_open on access.invitation (market_id, email_key) where ended_at is null;
call core.raise_walls('access.invitation');
create policy platform on access.invitation to wall_platform
	using (market_id = current_setting('socius.market')::int);
grant select, insert, update on access.invitation to wall_platform;

create table access.invitation_code (
	code_hash bytea primary key check (length(code_hash) = 32),
	of_market int not null
);
comment on table access.invitation_code is 'in which market to look for the invitation of a code';
alter table access.invitation_code owner to socius_owner;
grant select, insert on access.invitation_code to wall_platform;

alter table access.role_grant add column hint text;
comment on column access.role_grant.hint is 'as the invitation was addressed: first letter and domain; null: by the command line';
create policy platform_grants on access.role_grant for insert to wall_platform
	with check (market_id = current_setting('socius.market')::int);
create policy platform_withdraws on access.role_grant for update to wall_platform
	using (market_id = current_setting('socius.market')::int);
grant insert, update on access.role_grant to wall_platform;

create type api.invitation as (
	invitation_id uuid,
	role text,
	market_id int,
	hint text,
	state text,
	made_at timestamptz,
	made_by uuid,
	expires_at timestamptz,
	ended_at timestamptz,
	account_id uuid
);
comment on type api.invitation is 'Somebody may become operator, auditor or admin.';
comment on column api.invitation.invitation_id is 'identifies it';
comment on column api.invitation.role is 'operator, auditor or admin';
comment on column api.invitation.market_id is 'of the role; 0: the platform''s';
comment on column api.invitation.hint is 'first letter and domain of the address; the rest is not kept';
comment on column api.invitation.state is 'open, accepted, withdrawn or expired';
comment on column api.invitation.made_at is 'when the letter was written';
comment on column api.invitation.made_by is 'the account of the admin';
comment on column api.invitation.expires_at is 'the code works until then';
comment on column api.invitation.ended_at is 'when it was accepted or withdrawn; null: it was not';
comment on column api.invitation.account_id is 'who has accepted it; null: nobody';

create type api.role_grant as (
	market_id int,
	account_id uuid,
	role text,
	hint text,
	granted_at timestamptz,
	granted_by text,
	withdrawn_at timestamptz
);
comment on type api.role_grant is 'An account acts, or acted, in an office.';
comment on column api.role_grant.market_id is 'where; 0: the platform';
comment on column api.role_grant.account_id is 'who';
comment on column api.role_grant.role is 'operator, auditor or admin';
comment on column api.role_grant.hint is 'as the invitation was addressed: first letter and domain; null: by the command line';
comment on column api.role_grant.granted_at is 'since when';
comment on column api.role_grant.granted_by is 'the account of the admin who invited, or command line';
comment on column api.role_grant.withdrawn_at is 'until when; null: it is held';
