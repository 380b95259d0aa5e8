-- Signing in with another provider (OpenID Connect): who is trusted in a market, their keys, and
-- whom they vouch for.

create table access.identity_provider (
	provider_id uuid primary key,
	of_market int not null,
	name text not null,
	issuer text not null constraint issuer_shape check (length(issuer) <= 255
		and issuer ~ '^https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$'),
	client_ids text not null,
	signs_up boolean not null,
	made_at timestamptz not null,
	changed_at timestamptz not null,
	version bigint not null default 1,
	constraint provider_taken unique (of_market, issuer)
);
comment on table access.identity_provider is 'an OpenID issuer whose word counts in a market; admins set it up, because accounts are of all markets';
comment on column access.identity_provider.of_market is 'whose apps may sign in with it';
comment on column access.identity_provider.client_ids is 'blank-separated: tokens for these clients are ours';
comment on column access.identity_provider.signs_up is 'whether people without an account get one';
alter table access.identity_provider owner to socius_owner;
grant select, insert, update, delete on access.identity_provider to wall_platform;
grant select, delete on access.identity_provider to wall_runner;
grant select on access.identity_provider to wall_law;

create table access.issuer (
	issuer text primary key,
	due_at timestamptz not null,
	tried_at timestamptz,
	fetched_at timestamptz,
	failures int not null default 0,
	error text
);
comment on table access.issuer is 'when the keys of an issuer are to be fetched, and how that went';
comment on column access.issuer.due_at is 'when the runner looks again';
comment on column access.issuer.fetched_at is 'when its keys last came; null: never yet';
comment on column access.issuer.failures is 'since they came';
comment on column access.issuer.error is 'why they did not come; null: they did';
alter table access.issuer owner to socius_owner;
create index issuer_due on access.issuer (due_at);
grant select, insert, update on access.issuer to wall_platform;
grant select, update, delete on access.issuer to wall_runner;
grant select on access.issuer to wall_law;

create table access.issuer_key (
	issuer text not null references access.issuer (issuer) on delete cascade,
	kid text not null,
	alg text not null check (alg in ('RS256', 'ES256')),
	pem text not null check (pem like '-----BEGIN PUBLIC KEY-----%'),
	primary key (issuer, kid)
);
comment on table access.issuer_key is 'what an issuer signs with, as it was last published';
alter table access.issuer_key owner to socius_owner;
grant select on access.issuer_key to wall_platform;
grant select, insert, delete on access.issuer_key to wall_runner;
grant select on access.issuer_key to wall_law;

create table access.external_identity (
	identity_id uuid primary key,
	identity_hash bytea not null constraint identity_taken unique
		check (length(identity_hash) = 32),
	account_id uuid not null references access.credential (account_id),
	issuer text not null,
	linked_at timestamptz not null,
	used_at timestamptz
);
comment on table access.external_identity is 'a person as an issuer knows it, and the account that it may sign in to';
comment on column access.external_identity.identity_hash is 'SHA-256 of the issuer, a line end and its sub, which may say who it is';
comment on column access.external_identity.used_at is 'when it last signed in; null: never yet';
alter table access.external_identity owner to socius_owner;
create index external_identity_of_account on access.external_identity (account_id);
grant select, insert, update, delete on access.external_identity to wall_platform;
grant select on access.external_identity to wall_law;

create table access.nonce (
	nonce_hash bytea primary key check (length(nonce_hash) = 32),
	expires_at timestamptz not null,
	used_at timestamptz
);
comment on table access.nonce is 'what we gave out to stand in an ID token: each token works once';
alter table access.nonce owner to socius_owner;
create index nonce_expires on access.nonce (expires_at);
grant select, insert, update on access.nonce to wall_platform;
grant select, delete on access.nonce to wall_runner;

alter table access.credential alter column password_hash drop not null;
comment on column access.credential.password_hash is 'null: it has none and signs in with another provider';

create type api.identity_provider as (
	provider_id uuid,
	market_code text,
	name text,
	issuer text,
	client_ids text,
	signs_up boolean,
	keys_fetched_at timestamptz,
	keys_error text,
	version bigint
);
comment on type api.identity_provider is 'An OpenID issuer with which people of a market may sign in.';
comment on column api.identity_provider.provider_id is 'identifies it in sign-ins';
comment on column api.identity_provider.market_code is 'whose apps may sign in with it';
comment on column api.identity_provider.name is 'as people read it';
comment on column api.identity_provider.issuer is 'its URL, exactly as its tokens say it';
comment on column api.identity_provider.client_ids is 'blank-separated: tokens for these clients are ours';
comment on column api.identity_provider.signs_up is 'whether people without an account get one';
comment on column api.identity_provider.keys_fetched_at is 'when its keys last came; null: never yet';
comment on column api.identity_provider.keys_error is 'why they did not come last; null: they did';
comment on column api.identity_provider.version is 'counts changes; the ETag';

create type api.provider_choice as (
	provider_id uuid,
	name text,
	issuer text,
	client_ids text,
	signs_up boolean
);
comment on type api.provider_choice is 'An OpenID issuer with which people of a market may sign in.';
comment on column api.provider_choice.provider_id is 'send it with the sign-in';
comment on column api.provider_choice.name is 'for the button';
comment on column api.provider_choice.issuer is 'its URL, under which its discovery document is';
comment on column api.provider_choice.client_ids is 'blank-separated: the app uses one of these';
comment on column api.provider_choice.signs_up is 'whether people without an account get one';

create type api.nonce as (nonce text, expires_at timestamptz);
comment on type api.nonce is 'What an ID token has to be asked for with.';
comment on column api.nonce.nonce is 'send it to the provider, and with the token back to us';
comment on column api.nonce.expires_at is 'it works once, until then';

create type api.provider_ask as (provider jsonb, account_id uuid, totp_id uuid, device_id uuid);
comment on type api.provider_ask is 'What an ID token is held against.';
comment on column api.provider_ask.provider is 'issuer, client_ids and keys';
comment on column api.provider_ask.account_id is 'whose the token seems to be; null: nobody''s';
comment on column api.provider_ask.totp_id is 'of that account; null: no authenticator';
comment on column api.provider_ask.device_id is 'the device, where that account knows it; null: another';

create type api.external_identity as (
	identity_id uuid,
	issuer text,
	linked_at timestamptz,
	used_at timestamptz
);
comment on type api.external_identity is 'Another provider''s word with which the account may be signed in to.';
comment on column api.external_identity.identity_id is 'identifies it';
comment on column api.external_identity.issuer is 'whose word';
comment on column api.external_identity.linked_at is 'when it was linked';
comment on column api.external_identity.used_at is 'when it last signed in; null: never yet';
