-- Under which programme a partner does which kind of work.

create table onboarding.programme (
	market_id int not null,
	programme_id uuid not null,
	name text not null check (name <> ''),
	kind text not null check (kind in ('courier', 'driver', 'co_creator')),
	archetype text not null check (archetype in ('host', 'companion', 'advisor', 'director')),
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, programme_id)
);
comment on table onboarding.programme is 'terms under which partners of one kind work';
comment on column onboarding.programme.archetype is 'the kind of exchange that the programme declares';
alter table onboarding.programme owner to socius_owner;
call core.raise_walls('onboarding.programme');
grant insert on onboarding.programme to wall_operator;

create table onboarding.enrolment (
	market_id int not null,
	partner_id uuid not null,
	kind text not null check (kind in ('courier', 'driver', 'co_creator')),
	programme_id uuid,
	state text not null check (state in
		('applied', 'in_review', 'active', 'restricted', 'suspended', 'closed')),
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, partner_id, kind)
);
comment on table onboarding.enrolment is 'one kind of work of one partner; scheduling and fulfilment ask it whether the partner may work';
comment on column onboarding.enrolment.state is 'applied > in_review > active <> restricted <> suspended > closed';
alter table onboarding.enrolment owner to socius_owner;
call core.raise_walls('onboarding.enrolment', 'partner_id');
grant insert on onboarding.enrolment to wall_operator;
grant update (state, version) on onboarding.enrolment to wall_operator;

create type api.programme as (
	programme_id uuid,
	name text,
	kind text,
	archetype text,
	created_at timestamptz,
	version bigint
);
comment on type api.programme is 'Terms under which partners of one kind work.';
comment on column api.programme.programme_id is 'identifies the programme';
comment on column api.programme.name is 'shown to partners';
comment on column api.programme.kind is 'courier, driver or co_creator';
comment on column api.programme.archetype is 'host, companion, advisor or director';
comment on column api.programme.created_at is 'when it was made, by the market''s clock';
comment on column api.programme.version is 'counts changes; the ETag';

create type api.enrolment as (
	partner_id uuid,
	kind text,
	programme_id uuid,
	state text,
	created_at timestamptz,
	version bigint
);
comment on type api.enrolment is 'One kind of work of one partner.';
comment on column api.enrolment.partner_id is 'who is enrolled';
comment on column api.enrolment.kind is 'courier, driver or co_creator';
comment on column api.enrolment.programme_id is 'the programme, or null';
comment on column api.enrolment.state is 'applied, in_review, active, restricted, suspended or closed';
comment on column api.enrolment.created_at is 'when it was made, by the market''s clock';
comment on column api.enrolment.version is 'counts changes';
