-- Test markets that one call makes, and that go again with everything in them.
--
-- wall_test makes them through the API's own functions and is the only role that may delete: rows of
-- such a market alone, which testing.open_doors sees to, for every table that has a market_id.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'wall_test') then
		create role wall_test nologin;
	end if;
end
$$;
comment on role wall_test is 'makes test markets and removes them: may delete what belongs to one';

create schema testing authorization socius_owner;
comment on schema testing is 'test markets that one call makes';
grant usage on schema testing to wall_partner, wall_member, wall_operator, wall_platform,
	wall_runner, wall_batch, wall_law;
grant usage on schema testing, api, core, identity, jobs to wall_test;

create table testing.market (
	market_id int primary key,
	made_at timestamptz not null,
	expires_at timestamptz not null
);
comment on table testing.market is 'test markets that one call has made; a row goes with its market';
comment on column testing.market.made_at is 'by the real clock';
comment on column testing.market.expires_at is 'its tokens end then, by the real clock, and it goes some minutes later';
alter table testing.market owner to socius_owner;
call core.raise_walls('testing.market');
create policy keeper on testing.market to wall_test using (true);
grant select, insert, delete on testing.market to wall_test;

-- Numbers far from those of real markets, and never given again: a token outlives its market.
create sequence testing.market_number as int minvalue 1000000000;
alter sequence testing.market_number owner to socius_owner;
grant usage on sequence testing.market_number to wall_platform;

-- The market that the entry point stands in, if it is one of these.
create function testing.market_now() returns int
language sql stable security definer as $$
	select t.market_id
	from testing.market t
	where t.market_id = nullif(current_setting('socius.market', true), '')::int
$$;
comment on function testing.market_now is 'the market that the entry point stands in, if it is one that a call has made; else null';
alter function testing.market_now owner to wall_test;
grant execute on function testing.market_now to wall_partner, wall_member, wall_operator,
	wall_platform, wall_runner, wall_batch;

create function testing.is_going(p_market_id int, p_now timestamptz) returns boolean
language sql stable security definer as $$
	select exists (
		select from testing.market t
		where t.market_id = p_market_id and t.expires_at <= p_now)
$$;
comment on function testing.is_going is 'whether it is a test market that has had its day';
alter function testing.is_going owner to wall_test;
grant execute on function testing.is_going to wall_runner;

alter table identity.account add column test_market_id int default testing.market_now();
comment on column identity.account.test_market_id is 'made in this test market, with which it goes; null: stays';
create index account_of_test_market on identity.account (test_market_id)
	where test_market_id is not null;
grant select (account_id, test_market_id), delete on identity.account to wall_test;

create function identity.guard_account() returns trigger
language plpgsql as $$
begin
	if current_user = 'wall_test' and old.test_market_id is null then
		raise exception using errcode = 'SO002', message = 'account_stays';
	end if;
	return old;
end
$$;
comment on function identity.guard_account is 'test markets take only their own accounts with them';
alter function identity.guard_account owner to socius_owner;
create trigger account_stays before delete on identity.account
	for each row execute function identity.guard_account();

-- A partner's account may be at work elsewhere too: then it stays.
create policy elsewhere on identity.partner for select to wall_test using (true);

create function core.guard_market() returns trigger
language plpgsql as $$
begin
	if old.is_test then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = 'market_stays';
end
$$;
comment on function core.guard_market is 'only test markets go';
alter function core.guard_market owner to socius_owner;
create trigger market_stays before delete on core.market
	for each row execute function core.guard_market();
grant select, delete on core.market to wall_test;

-- The tables that hold rows of markets; a partition is its table's.
create function testing.tables() returns setof regclass
language sql stable set search_path = '' as $$
	select c.oid::regclass
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'market_id'
		and not a.attisdropped
	where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
		and n.nspname !~ '^(pg_|information_schema$)'
		and c.oid not in ('core.market'::regclass, 'testing.market'::regclass)
	order by n.nspname, c.relname
$$;
comment on function testing.tables is 'the tables that hold rows of markets, from the catalog';
alter function testing.tables owner to socius_owner;
grant execute on function testing.tables to wall_test, wall_law;

-- Lets wall_test see and delete rows of its own markets in every table of markets. Every migration
-- calls it, so that a table that is made later is none forgotten.
create procedure testing.open_doors()
language plpgsql as $$
declare
	v_table regclass;
	v_schema text;
begin
	for v_table in select * from testing.tables() loop
		select n.nspname into v_schema
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		where c.oid = v_table;
		execute format('grant usage on schema %I to wall_test', v_schema);
		execute format('grant select, delete on %s to wall_test', v_table);
		if not exists (
			select from pg_catalog.pg_policy p
			where p.polrelid = v_table and p.polname = 'test_market') then
			execute format('create policy test_market on %s to wall_test using ('
				'market_id = (select t.market_id from testing.market t '
				'where t.market_id = current_setting(''socius.market'')::int))', v_table);
		end if;
	end loop;
end
$$;
comment on procedure testing.open_doors is 'lets wall_test delete rows of its own markets in every table of markets';

grant execute on function core.enter, core.refuse, core.show_instant, core.clock,
	core.following_id, core.id_of_market, core.derived_id
	to wall_test;

create type api.signed_token as (
	role text,
	account_id uuid,
	market_id int,
	partner_id uuid,
	expires_at timestamptz
);
comment on type api.signed_token is 'Whom a token is for; the API shows the token itself instead.';

create type api.test_token as (
	name text,
	says text,
	role text,
	account_id uuid,
	partner_id uuid,
	token api.signed_token,
	expires_at timestamptz
);
comment on type api.test_token is 'Someone in a test market, and the token to act as them.';
comment on column api.test_token.name is 'whom it is for: operator, auditor, service, customer, courier, driver, ...';
comment on column api.test_token.says is 'who that is and what they have done';
comment on column api.test_token.role is 'role of the token';
comment on column api.test_token.account_id is 'the account that acts';
comment on column api.test_token.partner_id is 'the partner that acts; null: no partner';
comment on column api.test_token.token is 'send it as `Authorization: Bearer`';
comment on column api.test_token.expires_at is 'by the real clock, not the market''s';

create type api.test_market as (
	market_id int,
	code text,
	name text,
	currency text,
	time_zone text,
	now timestamptz,
	expires_at timestamptz,
	tokens api.test_token[],
	station_id uuid,
	open_slot_id uuid,
	full_slot_id uuid,
	unreleased_slot_id uuid,
	booking_id uuid,
	assigned_booking_id uuid,
	idea_id uuid,
	payout_run_id uuid,
	discount_listing_id uuid,
	rental_listing_id uuid,
	asset_id uuid
);
comment on type api.test_market is 'A city of one''s own in mid-week, gone after 24 hours.';
comment on column api.test_market.market_id is 'its number; never given again';
comment on column api.test_market.code is 'identifies it in paths';
comment on column api.test_market.name is 'shown to people';
comment on column api.test_market.currency is 'ISO 4217 code of all its amounts';
comment on column api.test_market.time_zone is 'IANA name of its wall clock';
comment on column api.test_market.now is 'its clock stands here until the operator moves it: a Wednesday, 14:00';
comment on column api.test_market.expires_at is 'it goes then, by the real clock';
comment on column api.test_market.tokens is 'everyone in it';
comment on column api.test_market.station_id is 'where the courier works';
comment on column api.test_market.open_slot_id is 'a slot of tonight that the courier can book';
comment on column api.test_market.full_slot_id is 'a slot of tomorrow without a free seat';
comment on column api.test_market.unreleased_slot_id is 'a slot of Saturday that opens for booking on Thursday at 17:00';
comment on column api.test_market.booking_id is 'the courier''s booking of tomorrow evening';
comment on column api.test_market.assigned_booking_id is 'the courier''s booking of Friday, which the operator assigned and the courier may decline';
comment on column api.test_market.idea_id is 'the co-creator''s idea, which has sold';
comment on column api.test_market.payout_run_id is 'the payout run of Tuesday, which left the second driver out';
comment on column api.test_market.discount_listing_id is 'a discount, of which there are a hundred';
comment on column api.test_market.rental_listing_id is 'a van to rent by the day';
comment on column api.test_market.asset_id is 'the one van that there is';
