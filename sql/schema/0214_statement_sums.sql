-- Sums of a week may be more than JSON carries exactly; they are then told to be.

do $$
declare
	v_column record;
begin
	for v_column in
		select a.attname, col_description(a.attrelid, a.attnum) as says
		from pg_catalog.pg_attribute a
		where a.attrelid = 'api.statement'::regclass and a.attname ~ '_minor$'
	loop
		execute format('comment on column api.statement.%I is %L', v_column.attname,
			regexp_replace(v_column.says, '; minor units$',
				', or null where it is beyond 2^53 - 1; minor units'));
	end loop;
end
$$;
