-- Apps of others and services: who they are, and what accounts and markets let them do.

create table access.client (
	client_id uuid primary key,
	name text not null,
	redirect_uris text not null,
	scope text not null,
	made_at timestamptz not null,
	made_by uuid not null,
	ended_at timestamptz
);
comment on table access.client is 'apps of others that may ask accounts for leave; public clients (RFC 6749 section 2.1): they have no secret';
comment on column access.client.redirect_uris is 'blank-separated; a code goes to one of these and nowhere else';
comment on column access.client.scope is 'blank-separated; what it may ask for at the most';
comment on column access.client.made_by is 'the account of the admin';
alter table access.client owner to socius_owner;
grant select, insert, update on access.client to wall_platform;
grant select on access.client to wall_law;

-- A session of an app of others holds what was consented to; null: all that its role has.
alter table access.session
	add column client_id uuid references access.client (client_id),
	add column scope text,
	add constraint session_of_client_has_scope check ((client_id is null) = (scope is null)),
	add constraint session_of_client_has_no_office
		check (client_id is null or role in ('partner', 'customer'));
comment on column access.session.client_id is 'the app of others that it was made for; null: one of our own';
comment on column access.session.scope is 'blank-separated, what the account has consented to; null: all of the role';
create index session_of_client on access.session (client_id) where client_id is not null;

-- An app of others is no phone that the account has signed in from.
alter table access.device alter column secret_hash drop not null;
comment on column access.device.secret_hash is 'SHA-256; null: an app of others, which gets no secret';

create table access.authorization_code (
	code_hash bytea primary key check (length(code_hash) = 32),
	client_id uuid not null references access.client (client_id),
	account_id uuid not null references access.credential (account_id),
	of_market int not null,
	redirect_uri text not null,
	code_challenge text not null
		constraint code_challenge_shape check (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
	scope text not null,
	made_at timestamptz not null,
	expires_at timestamptz not null,
	used_at timestamptz,
	session_id uuid references access.session (session_id),
	constraint code_lives_a_minute check (expires_at <= made_at + interval '60 seconds'),
	constraint used_code_made_session check ((used_at is null) = (session_id is null))
);
comment on table access.authorization_code is 'what an account has consented to, until the app fetches its tokens (RFC 6749 section 4.1)';
comment on column access.authorization_code.code_challenge is 'SHA-256 of the code_verifier, base64url (RFC 7636, S256)';
comment on column access.authorization_code.session_id is 'which it made; ended when the code comes again';
alter table access.authorization_code owner to socius_owner;
create index code_expires on access.authorization_code (expires_at);
grant select, insert, update on access.authorization_code to wall_platform;
grant select, delete on access.authorization_code to wall_runner;
grant select on access.authorization_code to wall_law;

create table access.service_key (
	market_id int not null,
	service_key_id uuid not null,
	name text not null,
	scope text not null,
	made_at timestamptz not null,
	made_by uuid not null,
	expires_at timestamptz not null,
	ended_at timestamptz,
	version bigint not null default 1,
	primary key (market_id, service_key_id),
	constraint service_key_lives_a_year check (expires_at <= made_at + interval '366 days')
);
comment on table access.service_key is 'another system of the company that works in a market, and what it may do';
comment on column access.service_key.scope is 'blank-separated';
alter table access.service_key owner to socius_owner;
call core.raise_walls('access.service_key');
create policy platform on access.service_key to wall_platform
	using (market_id = current_setting('socius.market')::int);
grant select, insert, update on access.service_key to wall_platform;

create table access.service_secret (
	market_id int not null,
	secret_hash bytea not null check (length(secret_hash) = 32),
	secret_id uuid not null,
	service_key_id uuid not null,
	prefix text not null,
	made_at timestamptz not null,
	ends_at timestamptz not null,
	used_at timestamptz,
	ended_at timestamptz,
	primary key (market_id, secret_hash),
	foreign key (market_id, service_key_id)
		references access.service_key (market_id, service_key_id)
);
comment on table access.service_secret is 'what a service gets its tokens with: one, or two while it changes over';
comment on column access.service_secret.secret_id is 'stands as the session in the tokens that are made with it';
comment on column access.service_secret.prefix is 'how it begins, to be told from others';
comment on column access.service_secret.ends_at is 'no token is made with it from then on';
comment on column access.service_secret.used_at is 'when a token was last made with it';
comment on column access.service_secret.ended_at is 'when it was ended before its time, and its tokens with it';
alter table access.service_secret owner to socius_owner;
create index service_secret_of_key on access.service_secret (market_id, service_key_id);
create unique index service_secret_named on access.service_secret (market_id, secret_id);
call core.raise_walls('access.service_secret');
create policy platform on access.service_secret to wall_platform
	using (market_id = current_setting('socius.market')::int);
grant select, insert, update on access.service_secret to wall_platform;

create table access.ended_secret (
	secret_id uuid primary key,
	ended_at timestamptz not null
);
comment on table access.ended_secret is 'which secrets were ended before their time: the workers ask, whatever the market, until no token of theirs lives';
alter table access.ended_secret owner to socius_owner;
create index ended_secret_at on access.ended_secret (ended_at);
grant select, insert on access.ended_secret to wall_platform;
grant select, delete on access.ended_secret to wall_runner;

-- Idempotency-Keys of what the platform's wall guards in a market.
create policy platform_of_market on core.request_key to wall_platform
	using (market_id = current_setting('socius.market')::int);

-- Re-shaped since: sql/api/tokens.sql.
drop function if exists api.refresh_session(text, text, text, bytea, bytea, uuid, text, text,
	timestamptz);
drop function if exists api.revoke_token(text, bytea, uuid, text, text, timestamptz);

create type api.client as (
	client_id uuid,
	name text,
	redirect_uris text,
	scope text,
	made_at timestamptz,
	ended_at timestamptz
);
comment on type api.client is 'An app of others that may ask accounts for leave.';
comment on column api.client.client_id is 'identifies it, also towards the app''s own OAuth library';
comment on column api.client.name is 'as people read it when they are asked';
comment on column api.client.redirect_uris is 'blank-separated; where answers may go';
comment on column api.client.scope is 'blank-separated; what it may ask for at the most';
comment on column api.client.made_at is 'when it was registered';
comment on column api.client.ended_at is 'when it was removed, and all its sessions ended; null: it lives';

create type api.permission as (scope text, says text);
comment on type api.permission is 'One thing that an app asks to be allowed.';
comment on column api.permission.scope is 'as tokens have it';
comment on column api.permission.says is 'as people read it';

create type api.authorization_request as (
	client_id uuid,
	client_name text,
	redirect_uri text,
	permissions api.permission[],
	error text,
	iss text
);
comment on type api.authorization_request is 'What an app asks an account for.';
comment on column api.authorization_request.client_id is 'identifies the app';
comment on column api.authorization_request.client_name is 'as people read it';
comment on column api.authorization_request.redirect_uri is 'where the answer goes';
comment on column api.authorization_request.permissions is 'what it asks to be allowed';
comment on column api.authorization_request.error is 'what is wrong with the request (RFC 6749 section 4.1.2.1): the app is told so, nobody is asked; null: nothing';
comment on column api.authorization_request.iss is 'goes with the answer (RFC 9207)';

create type api.authorization as (code text, iss text, expires_at timestamptz);
comment on type api.authorization is 'The account has said yes; for the app to fetch its tokens.';
comment on column api.authorization.code is 'works once';
comment on column api.authorization.iss is 'goes with it (RFC 9207)';
comment on column api.authorization.expires_at is 'a minute later';

alter type api.session_tokens add attribute scope text;
comment on column api.session_tokens.scope is 'blank-separated: what the access token may do';
comment on column api.session_tokens.refresh_token is 'gives the next pair, once; keep it where the system keeps secrets; null: a service gets none';
comment on column api.session_tokens.session_id is 'identifies this sign-in, or the secret of a service';
comment on column api.session_tokens.account_id is 'who has signed in, or the key of a service';

alter type api.session add attribute client_id uuid;
comment on column api.session.client_id is 'the app of others that it is of, whose name is the device_name; null: one of our own';
comment on column api.session.ended_by is 'account, password, reuse (a refresh token or a code came twice: somebody else had it), grant or operator; null: it was not ended';

create type api.introspection as (
	active boolean,
	scope text,
	client_id uuid,
	sub uuid,
	token_type text,
	exp bigint,
	iss text,
	sid uuid,
	market_id int,
	role text,
	partner_id uuid
);
comment on type api.introspection is 'What a token is worth (RFC 7662).';
comment on column api.introspection.active is 'false: nothing, and nothing else is said';
comment on column api.introspection.scope is 'blank-separated; null or absent: not known';
comment on column api.introspection.client_id is 'the app of others that it was made for; null: one of our own';
comment on column api.introspection.sub is 'the account that it speaks for; null or absent: not known';
comment on column api.introspection.token_type is 'Bearer; null: a refresh token';
comment on column api.introspection.exp is 'when it ends, in seconds since 1970; null or absent: not known';
comment on column api.introspection.iss is 'who made it; null or absent: not known';
comment on column api.introspection.sid is 'the session that it is of; null: of none';
comment on column api.introspection.market_id is 'the market that it is for; null or absent: not known';
comment on column api.introspection.role is 'what the account is there; null or absent: not known';
comment on column api.introspection.partner_id is 'the partner that it speaks for; null: for none';

create type api.authorization_server as (
	issuer text,
	authorization_endpoint text,
	token_endpoint text,
	revocation_endpoint text,
	introspection_endpoint text,
	service_documentation text,
	scopes_supported text[],
	response_types_supported text[],
	response_modes_supported text[],
	grant_types_supported text[],
	code_challenge_methods_supported text[],
	token_endpoint_auth_methods_supported text[],
	revocation_endpoint_auth_methods_supported text[],
	authorization_response_iss_parameter_supported boolean
);
comment on type api.authorization_server is 'What OAuth libraries want to know (RFC 8414).';
comment on column api.authorization_server.issuer is 'who speaks here: what SOCIUS_ISSUER says';
comment on column api.authorization_server.authorization_endpoint is 'the page that asks people';
comment on column api.authorization_server.token_endpoint is 'where tokens are fetched';
comment on column api.authorization_server.revocation_endpoint is 'where tokens are given back';
comment on column api.authorization_server.introspection_endpoint is 'where services ask what a token is worth';
comment on column api.authorization_server.service_documentation is 'the page for developers';
comment on column api.authorization_server.scopes_supported is 'what apps of others may ask for';
comment on column api.authorization_server.response_types_supported is 'code alone';
comment on column api.authorization_server.response_modes_supported is 'query alone';
comment on column api.authorization_server.grant_types_supported is 'authorization_code, refresh_token and client_credentials';
comment on column api.authorization_server.code_challenge_methods_supported is 'S256 alone';
comment on column api.authorization_server.token_endpoint_auth_methods_supported is 'none for apps, client_secret_basic and client_secret_post for services';
comment on column api.authorization_server.revocation_endpoint_auth_methods_supported is 'none: who has a token may give it back';
comment on column api.authorization_server.authorization_response_iss_parameter_supported is 'true (RFC 9207)';

create type api.service_key as (
	service_key_id uuid,
	name text,
	scope text,
	prefixes text[],
	state text,
	made_at timestamptz,
	expires_at timestamptz,
	used_at timestamptz,
	ended_at timestamptz,
	version bigint
);
comment on type api.service_key is 'Another system of the company that works in this market.';
comment on column api.service_key.service_key_id is 'identifies it, also as the account in what it does';
comment on column api.service_key.name is 'as operators call it';
comment on column api.service_key.scope is 'blank-separated: what its tokens may do';
comment on column api.service_key.prefixes is 'how its secrets begin that work now, the oldest first: two while it changes over';
comment on column api.service_key.state is 'active, expired or ended';
comment on column api.service_key.made_at is 'when it was made';
comment on column api.service_key.expires_at is 'when it ends by itself';
comment on column api.service_key.used_at is 'when a token was last made with it: every ten minutes of a service at work; null: never';
comment on column api.service_key.ended_at is 'when it was ended; null: it was not';
comment on column api.service_key.version is 'counts its changes';

create type api.new_service_key as (
	service_key_id uuid,
	name text,
	scope text,
	secret text,
	expires_at timestamptz,
	old_secret_until timestamptz
);
comment on type api.new_service_key is 'A key with its secret, which is shown this once.';
comment on column api.new_service_key.service_key_id is 'identifies the key';
comment on column api.new_service_key.name is 'as operators call it';
comment on column api.new_service_key.scope is 'blank-separated: what its tokens may do';
comment on column api.new_service_key.secret is 'client_secret of the service; null: it was shown before, to whoever used this Idempotency-Key first';
comment on column api.new_service_key.expires_at is 'when the key ends by itself';
comment on column api.new_service_key.old_secret_until is 'until when the secret before this one works; null: there is none';
