-- Test markets go step by step, and the laws do not look at what is left of one that goes.

alter table testing.market
	add column is_going boolean not null default false,
	add column retry_at timestamptz,
	add column last_error text;
comment on column testing.market.is_going is 'its rows are being removed: laws do not look at those that are left';
comment on column testing.market.retry_at is 'removing it failed: not before this moment of the real clock again';
comment on column testing.market.last_error is 'why removing it failed; null: it did not';
grant update (is_going, retry_at, last_error) on testing.market to wall_test;

-- Lets wall_test see and delete rows of its own markets in every table of markets, and the laws all
-- but those of markets that go. Every migration calls it, so that a table that is made later is none
-- forgotten.
create or replace procedure testing.open_doors()
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
		if exists (
			select from pg_catalog.pg_policy p
			where p.polrelid = v_table and p.polname = 'law'
				and pg_get_expr(p.polqual, p.polrelid) = 'true') then
			execute format('alter policy law on %s using ('
				'market_id <> all (array('
				'select t.market_id from testing.market t where t.is_going)))', v_table);
		end if;
	end loop;
end
$$;
comment on procedure testing.open_doors is 'lets wall_test delete rows of its own markets in every table of markets';

drop function if exists testing.remove_market(int);
