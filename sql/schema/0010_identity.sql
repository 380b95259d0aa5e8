-- Who there is: accounts of people, and partners, which are accounts at work in one market.

create table identity.account (
	account_id uuid primary key,
	name text not null check (name <> ''),
	created_at timestamptz not null
);
comment on table identity.account is 'a person or a system that can sign in; knows no market';
alter table identity.account owner to socius_owner;
-- A market may use an account and learn whether it exists, not whose it is.
grant select (account_id), insert on identity.account to wall_operator;
grant select, insert on identity.account to wall_platform;
grant select on identity.account to wall_law;

create table identity.partner (
	market_id int not null,
	partner_id uuid not null,
	account_id uuid not null,
	name text not null check (name <> ''),
	state text not null default 'active' check (state in ('active', 'closed')),
	digest bytea not null check (length(digest) = 32),
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, partner_id),
	constraint partner_exists unique (market_id, account_id)
);
comment on table identity.partner is 'an account at work in one market; has one wallet there';
comment on column identity.partner.digest is 'SHA-256 of the request that made it, to compare with a replay under the same client-chosen id';
alter table identity.partner owner to socius_owner;
call core.raise_walls('identity.partner', 'partner_id');
grant insert on identity.partner to wall_operator;
grant update (state, version) on identity.partner to wall_operator;

create type api.market as (
	market_id int,
	code text,
	name text,
	currency text,
	currency_exponent smallint,
	time_zone text,
	is_test boolean,
	created_at timestamptz,
	version bigint
);
comment on type api.market is 'A city or region with one currency and one wall clock.';
comment on column api.market.market_id is 'the number that tokens carry';
comment on column api.market.code is 'identifies the market in paths';
comment on column api.market.name is 'shown to people';
comment on column api.market.currency is 'ISO 4217 code of all its amounts';
comment on column api.market.currency_exponent is 'digits of the minor unit: EUR 2, JPY 0';
comment on column api.market.time_zone is 'IANA name; local days and weeks are this zone''s';
comment on column api.market.is_test is 'whether its clock can be moved';
comment on column api.market.created_at is 'when it was made';
comment on column api.market.version is 'counts changes; the ETag';

create type api.test_clock as (
	now timestamptz,
	held boolean
);
comment on type api.test_clock is 'The clock by which a market lives.';
comment on column api.test_clock.now is 'the market''s present instant';
comment on column api.test_clock.held is 'true: a test market''s clock stands at `now` until it is moved; false: it is the real clock';

create type api.partner_enrolment as (
	kind text,
	programme_id uuid,
	state text
);
comment on type api.partner_enrolment is 'One kind of work of a partner.';
comment on column api.partner_enrolment.kind is 'courier, driver or co_creator';
comment on column api.partner_enrolment.programme_id is 'the programme of the enrolment, or null';
comment on column api.partner_enrolment.state is 'applied, in_review, active, restricted, suspended or closed';

create type api.partner as (
	partner_id uuid,
	account_id uuid,
	name text,
	state text,
	enrolments api.partner_enrolment[],
	created_at timestamptz,
	version bigint
);
comment on type api.partner is 'An account at work in one market.';
comment on column api.partner.partner_id is 'identifies the partner in this market';
comment on column api.partner.account_id is 'the account behind it, the same in every market';
comment on column api.partner.name is 'shown to operators';
comment on column api.partner.state is 'active or closed';
comment on column api.partner.enrolments is 'kinds of work, by name';
comment on column api.partner.created_at is 'when the partner was made, by the market''s clock';
comment on column api.partner.version is 'counts changes; the ETag';
