-- The roles, the schemas and the walls between them.
--
-- socius_owner owns every table and logs in nowhere. The gate, the runner and the laws log in as
-- socius_gate, socius_runner and socius_law: they own nothing and may only execute entry points.
-- An entry point is security definer and owned by a wall role, which owns no table either: what it
-- sees is what the policies of that wall let through, for the market (and partner) that the entry
-- point has put into the settings socius.market and socius.partner.

do $$
declare
	v_role text;
begin
	foreach v_role in array array['socius_owner', 'wall_partner', 'wall_member', 'wall_operator',
		'wall_platform', 'wall_runner', 'wall_law'] loop
		if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
			execute format('create role %I nologin', v_role);
		end if;
	end loop;
	foreach v_role in array array['socius_gate', 'socius_runner', 'socius_law'] loop
		if not exists (select from pg_catalog.pg_roles where rolname = v_role) then
			execute format('create role %I login', v_role);
		end if;
	end loop;
end
$$;

comment on role wall_partner is 'entry points of one partner: sees the rows of that partner';
comment on role wall_member is 'entry points that a partner and an operator share: sees one partner, or the market when socius.partner is ffffffff-ffff-ffff-ffff-ffffffffffff';
comment on role wall_operator is 'entry points of operators, auditors and services: sees one market';
comment on role wall_platform is 'entry points without a market: markets and accounts';
comment on role wall_runner is 'jobs: sees one market';
comment on role wall_law is 'laws, verification and exports: sees everything, writes nothing';

do $$
begin
	execute format('alter database %I set socius.market = %L', current_database(), '0');
	execute format('alter database %I set socius.partner = %L', current_database(),
		'00000000-0000-0000-0000-000000000000');
	execute format('alter database %I set socius.epoch = %L', current_database(), '1');
	execute format('alter database %I set timezone = %L', current_database(), 'UTC');
	execute format('alter database %I set search_path = %L', current_database(), '');
end
$$;

alter default privileges revoke execute on functions from public;
alter default privileges for role socius_owner revoke execute on functions from public;

create schema api authorization socius_owner;
create schema core authorization socius_owner;
create schema identity authorization socius_owner;
create schema onboarding authorization socius_owner;
create schema scheduling authorization socius_owner;
create schema fulfilment authorization socius_owner;
create schema ledger authorization socius_owner;
create schema payouts authorization socius_owner;
create schema events authorization socius_owner;
create schema jobs authorization socius_owner;
create schema laws authorization socius_owner;

comment on schema api is 'entry points and the shapes of their replies: all that the gate may touch';
comment on schema core is 'what every room needs: market, clock, keys, refusals, jobs';
comment on schema jobs is 'one function per kind of job: all that the runner may touch';
comment on schema laws is 'views that must be empty';

grant usage on schema api, core to socius_gate;
grant usage on schema core, jobs to socius_runner;
grant usage on schema laws to socius_law;
grant usage on schema api, core, identity, onboarding, scheduling, fulfilment, ledger, payouts,
	events, jobs
	to wall_partner, wall_member, wall_operator, wall_platform, wall_runner;
grant usage on schema core, identity, onboarding, scheduling, fulfilment, ledger, payouts, events,
	laws to wall_law;

-- Puts a table of a market behind the walls: row-level security on and forced, a policy for each
-- wall, and leave to read. Leave to write is granted by the table's own file, column by column.
-- p_partner names the column that holds the owning partner; null: the whole market may read it.
create procedure core.raise_walls(p_table regclass, p_partner name default null)
language plpgsql as $$
declare
	v_market constant text := 'market_id = current_setting(''socius.market'')::int';
	v_partner text := v_market;
	v_member text := v_market;
begin
	if p_partner is not null then
		v_partner := format('%s and %I = current_setting(''socius.partner'')::uuid',
			v_market, p_partner);
		v_member := format('%s and (%I = current_setting(''socius.partner'')::uuid or '
			'current_setting(''socius.partner'') = %L)',
			v_market, p_partner, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
	end if;
	execute format('alter table %s enable row level security', p_table);
	execute format('alter table %s force row level security', p_table);
	execute format('create policy partner on %s to wall_partner using (%s)', p_table, v_partner);
	execute format('create policy member on %s to wall_member using (%s)', p_table, v_member);
	execute format('create policy operator on %s to wall_operator, wall_runner using (%s)',
		p_table, v_market);
	execute format('create policy law on %s for select to wall_law using (true)', p_table);
	execute format('grant select on %s to wall_partner, wall_member, wall_operator, wall_runner, '
		'wall_law', p_table);
end
$$;
comment on procedure core.raise_walls is 'row-level security, policies and leave to read for one table of a market';
