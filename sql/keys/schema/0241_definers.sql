-- As in the other database (sql/schema/0240_definers.sql): each function that is security definer has
-- a search path of its own, whoever writes it.

create function keys.settle_definers() returns event_trigger
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
revoke execute on function keys.settle_definers from public;
comment on function keys.settle_definers is 'gives each security definer function the search path pg_catalog, pg_temp';

create event trigger settle_definers on ddl_command_end
	when tag in ('CREATE FUNCTION', 'CREATE PROCEDURE', 'ALTER FUNCTION', 'ALTER PROCEDURE',
		'ALTER ROUTINE')
	execute function keys.settle_definers();

-- Those that there are.
do $$
declare
	v_routine regprocedure;
begin
	for v_routine in
		select p.oid
		from pg_catalog.pg_proc p
		where p.prosecdef and p.pronamespace = 'keys'::regnamespace
	loop
		execute format('alter routine %s set search_path = pg_catalog, pg_temp', v_routine);
	end loop;
end
$$;
