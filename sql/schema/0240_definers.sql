-- Whoever calls a function that runs with the powers of another role has no say in what its names
-- mean: each such function has a search path of its own, in which temporary objects come last, and
-- nobody but the superuser may make temporary objects, or anything in any schema. Who may not use a
-- database does not even connect to it.

-- At the end of each command that makes or changes a function: one that is security definer and
-- lacks the search path gets it. A later `create or replace` cannot lose it.
create function core.settle_definers() returns event_trigger
language plpgsql as $$
declare
	v_routine regprocedure;
begin
	for v_routine in
		select p.oid
		from pg_catalog.pg_event_trigger_ddl_commands() c
		join pg_catalog.pg_proc p on p.oid = c.objid
		where c.classid = 'pg_catalog.pg_proc'::regclass and p.prosecdef
			and not coalesce('search_path=pg_catalog, pg_temp' = any (p.proconfig), false)
	loop
		execute format('alter routine %s set search_path = pg_catalog, pg_temp', v_routine);
	end loop;
end
$$;
comment on function core.settle_definers is 'gives each security definer function the search path pg_catalog, pg_temp';

create event trigger settle_definers on ddl_command_end
	when tag in ('CREATE FUNCTION', 'CREATE PROCEDURE', 'ALTER FUNCTION', 'ALTER PROCEDURE',
		'ALTER ROUTINE')
	execute function core.settle_definers();

do $$
declare
	v_each record;
begin
	for v_each in
		select p.oid::regprocedure as routine
		from pg_catalog.pg_proc p
		join pg_catalog.pg_namespace n on n.oid = p.pronamespace
		where p.prosecdef and n.nspname !~ '^(pg_|information_schema$)'
	loop
		execute format('alter routine %s set search_path = pg_catalog, pg_temp', v_each.routine);
	end loop;
	for v_each in
		select n.nspname as name
		from pg_catalog.pg_namespace n
		where n.nspname !~ '^(pg_|information_schema$)'
	loop
		execute format('revoke create on schema %I from public', v_each.name);
	end loop;
	execute format('revoke all on database %I from public', current_database());
	execute format('grant connect on database %I to socius_gate, socius_runner, socius_law',
		current_database());
end
$$;
