-- What tests/sql/mutants.c runs: takes the filters by market and partner out of functions, calls
-- them, and looks for rows of others in what they say and do. Everything is temporary.

-- A definition without its filters: each comparison of a market's, partner's or account's column with
-- an argument or a variable is true, and no caller differs from the partner asked for.
create function pg_temp.without_filters(p_definition text) returns text
language sql immutable as $$
	select regexp_replace(regexp_replace(p_definition,
		'(\m(?:where|and|or|on)\s+\(*)(?:\w+\.)?(?:market_id|partner_id|owner_id|account_id)'
		'\s*=\s*[pv]_\w*(?:market|partner|caller|owner|account|of)\w*(?:\.\w+)?',
		'\1true', 'gi'),
		'\mp_(?:caller|partner)_id\s*<>\s*p_(?:caller|partner)_id\M', 'false', 'gi')
$$;

create function pg_temp.filters_of(p_definition text) returns bigint
language sql immutable as $$
	select (length(p.marked) - length(replace(p.marked, '@', ''))
		- length(p_definition) + length(replace(p_definition, '@', '')))::bigint
	from (select regexp_replace(regexp_replace(p_definition,
		'(\m(?:where|and|or|on)\s+\(*)(?:\w+\.)?(?:market_id|partner_id|owner_id|account_id)'
		'\s*=\s*[pv]_\w*(?:market|partner|caller|owner|account|of)\w*(?:\.\w+)?',
		'\1@', 'gi'),
		'\mp_(?:caller|partner)_id\s*<>\s*p_(?:caller|partner)_id\M', '@', 'gi') as marked) p
$$;

-- Tables of markets, and the column of the partner whose the row is: null, where the whole market may
-- read it.
create temp table walled as
select t.name::regclass as name,
	(select a.attname
	from pg_catalog.pg_policy p
	join pg_catalog.pg_attribute a on a.attrelid = p.polrelid and a.attname = (regexp_match(
		pg_get_expr(p.polqual, p.polrelid), '(\w+) = \(current_setting\(''socius.partner'''))[1]
	where p.polrelid = t.name and p.polname = 'partner') as partner_column,
	(select a.attname
	from pg_catalog.pg_index i
	join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[1]
	where i.indrelid = t.name and i.indisprimary and i.indnkeyatts = 2
		and a.atttypid = 'uuid'::regtype) as id_column
from testing.tables() t (name);
insert into walled values ('core.market', null, null);

-- Rows that this caller must not see: of the other market, and, for a partner, of other partners.
create function pg_temp.is_foreign(p_walled walled, p_market_id int, p_other_id int,
	p_partner_id uuid) returns text
language sql immutable as $$
	select format('(t.market_id = %s%s)', p_other_id,
		case when p_partner_id is not null and p_walled.partner_column is not null
		then format(' or t.market_id = %s and t.%I <> %L and exists (select from identity.partner o '
			'where o.market_id = t.market_id and o.partner_id = t.%2$I)', p_market_id,
			p_walled.partner_column, p_partner_id) else '' end)
$$;

-- Ids that stand in foreign rows and in no row that the caller may see.
create temp table foreign_id (id text primary key);
create procedure pg_temp.find_foreign(p_market_id int, p_other_id int, p_partner_id uuid)
language plpgsql as $$
declare
	v walled;
	c_id constant text := '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
begin
	truncate foreign_id;
	for v in select * from walled loop
		execute format('insert into foreign_id select m.id[1] from %s t, '
			'regexp_matches(t::text, %L, ''g'') m (id) where %s on conflict do nothing', v.name,
			c_id, pg_temp.is_foreign(v, p_market_id, p_other_id, p_partner_id));
	end loop;
	for v in select * from walled loop
		execute format('delete from foreign_id f using (select m.id[1] as id from %s t, '
			'regexp_matches(t::text, %L, ''g'') m (id) where t.market_id = %s and not %s) s '
			'where f.id = s.id', v.name, c_id, p_market_id,
			pg_temp.is_foreign(v, p_market_id, p_other_id, p_partner_id));
	end loop;
end
$$;

-- What foreign rows are now, as one digest.
create function pg_temp.foreign_rows(p_market_id int, p_other_id int, p_partner_id uuid)
returns text
language plpgsql as $$
declare
	v walled;
	v_one text;
	v_all text := '';
begin
	for v in select * from walled loop
		execute format('select md5(string_agg(r, '''' order by r)) from (select md5(t::text) as r '
			'from %s t where %s) x', v.name,
			pg_temp.is_foreign(v, p_market_id, p_other_id, p_partner_id)) into v_one;
		v_all := v_all || v.name || coalesce(v_one, '-') || ' ';
	end loop;
	return v_all;
end
$$;

-- The id of something of this kind that is not the partner's; without one of others, of anybody in
-- the market; null: there is none.
create function pg_temp.thing(p_id_name text, p_market_id int, p_partner_id uuid) returns uuid
language plpgsql as $$
declare
	v walled;
	v_id uuid;
begin
	for v in select * from walled w where w.id_column = p_id_name order by w.name::text loop
		execute format('select t.%I from %s t where t.market_id = %s order by %s, t.%1$I desc limit 1',
			v.id_column, v.name, p_market_id, case when v.partner_column is null
			then '1' else format('t.%I = %L', v.partner_column, p_partner_id) end) into v_id;
		if v_id is not null then
			return v_id;
		end if;
	end loop;
	return null;
end
$$;

-- A literal for an argument. p_partner_id: the caller; null: of the office. p_from_id: the market
-- whose things are asked for.
create function pg_temp.literal(p_name text, p_type regtype, p_reads boolean, p_has_caller boolean,
	p_market_id int, p_from_id int, p_partner_id uuid) returns text
language plpgsql as $$
declare
	v_type constant regtype := case when p_type::text like '%[]'
		then left(p_type::text, -2)::regtype else p_type end;
	v_value text := case
		when p_name = 'p_market_id' then p_market_id::text
		when p_name = 'p_caller_id' or (p_name = 'p_partner_id' and not p_has_caller
			and p_partner_id is not null) then p_partner_id::text
		when p_name in ('p_account_id', 'p_actor_id') then coalesce((select p.account_id
			from identity.partner p
			where p.market_id = p_market_id and p.partner_id = p_partner_id),
			(select t.account_id from identity.account t
			where t.test_market_id = p_market_id and t.name = 'Olga, operator'))::text
		when p_name in ('p_actor_role', 'p_role') then
			case when p_partner_id is null then 'operator' else 'partner' end
		when p_name = 'p_limit' then '200'
		when p_name like 'p\_after\_%' then null
		when v_type = 'uuid'::regtype then coalesce(
			pg_temp.thing(case p_name when 'p_owner_id' then 'partner_id' else substr(p_name, 3) end,
				p_from_id, p_partner_id),
			gen_random_uuid())::text
		when p_reads and (v_type in ('text'::regtype, 'boolean'::regtype)
			or p_name in ('p_from', 'p_to')) then null
		when v_type in ('int'::regtype, 'bigint'::regtype) then '1'
		when v_type = 'text'::regtype then case p_name
			when 'p_archetype' then 'host' when 'p_kind' then 'courier' when 'p_currency' then 'EUR'
			when 'p_payment' then 'card' when 'p_status' then 'completed'
			when 'p_period' then '2026-03' else 'x' end
		when v_type = 'boolean'::regtype then 'true'
		when v_type = 'date'::regtype then '2026-03-02'
		when v_type = 'jsonb'::regtype then '[]'
		when v_type = 'bytea'::regtype then '\x' || repeat('01', 32)
		when p_name = 'p_ends_at' or p_name = 'p_ended_at' then '2026-03-06 12:00+00'
		else '2026-03-05 12:00+00'
	end;
begin
	return case when p_type = v_type then format('%s => %L::%s', p_name, v_value, p_type)
		else format('%s => array[%L]::%s', p_name, v_value, p_type) end;
end
$$;

-- The call of a function: what it says is one text.
create function pg_temp.call_of(p_function oid, p_market_id int, p_from_id int, p_partner_id uuid)
returns text
language sql as $$
	select format('select string_agg(r::text, '' '') from %s(%s) r', p.oid::regproc,
		(select string_agg(pg_temp.literal(a.name, p.proargtypes[a.n - 1]::regtype,
			p.provolatile <> 'v', 'p_caller_id' = any (p.proargnames), p_market_id, p_from_id,
			p_partner_id), ', ' order by a.n)
		from unnest(p.proargnames[1:p.pronargs]) with ordinality a (name, n)))
	from pg_catalog.pg_proc p
	where p.oid = p_function
$$;

-- Calls it and takes back what it did: `leaks` names what it should not have said or done, `went`
-- how it went: said, refused or the SQLSTATE.
create function pg_temp.try(p_call text, p_market_id int, p_other_id int, p_partner_id uuid,
	out leaks text, out went text)
language plpgsql as $$
declare
	v_before constant text := pg_temp.foreign_rows(p_market_id, p_other_id, p_partner_id);
	v_said text;
	v_after text;
begin
	begin
		execute p_call into v_said;
		v_after := pg_temp.foreign_rows(p_market_id, p_other_id, p_partner_id);
		raise exception using errcode = 'ZZ000';
	exception when sqlstate 'ZZ000' then
		went := 'said';
	when others then
		went := case sqlstate when 'SO001' then 'refused' else sqlstate || ' ' || sqlerrm end;
	end;
	select string_agg(f.id, ' ') into leaks
	from foreign_id f
	where v_said like '%' || f.id || '%' and p_call not like '%' || f.id || '%';
	if v_after <> v_before then
		leaks := concat(leaks, ' rows: ' || (select string_agg(a.one, ' ')
			from unnest(string_to_array(v_after, ' ')) a (one)
			where a.one <> all (string_to_array(v_before, ' '))));
	end if;
end
$$;

-- Whoever calls: a partner for things of others, a partner and the office for things of elsewhere.
create temp table outcome (
	name text,
	caller text,
	went text,
	leaks text,
	leaks_without_walls text
);

create procedure pg_temp.try_as(p_function oid, p_caller text, p_from_id int, p_market_id int,
	p_other_id int, p_partner_id uuid)
language plpgsql as $$
declare
	v_owner constant text := (select p.proowner::regrole from pg_catalog.pg_proc p
		where p.oid = p_function);
	v_call constant text := pg_temp.call_of(p_function, p_market_id, p_from_id, p_partner_id);
	v_walls record;
	v_none record;
begin
	v_walls := pg_temp.try(v_call, p_market_id, p_other_id, p_partner_id);
	execute format('alter function %s owner to %I', p_function::regprocedure, current_user);
	v_none := pg_temp.try(v_call, p_market_id, p_other_id, p_partner_id);
	execute format('alter function %s owner to %s', p_function::regprocedure, v_owner);
	insert into outcome values (p_function::regproc, p_caller, v_walls.went, v_walls.leaks,
		v_none.leaks);
end
$$;

-- Every entry point of the walls of markets.
create procedure pg_temp.try_mutants(p_market_id int, p_other_id int, p_partner_id uuid)
language plpgsql as $$
declare
	v record;
	v_wall text;
begin
	for v_wall in select unnest(array['partner', 'office']) loop
		call pg_temp.find_foreign(p_market_id, p_other_id,
			case when v_wall = 'partner' then p_partner_id end);
		for v in
			select p.oid, p.proowner::regrole::text as owner
			from pg_catalog.pg_proc p
			join mutant m on m.oid = p.oid
			where m.is_entry
			order by p.proname
		loop
			if v_wall = 'office' and v.owner in ('wall_operator', 'wall_member') then
				call pg_temp.try_as(v.oid, 'office, elsewhere', p_other_id, p_market_id, p_other_id,
					null);
			elsif v_wall = 'partner' and v.owner <> 'wall_operator' then
				call pg_temp.try_as(v.oid, 'partner, of others', p_market_id, p_market_id,
					p_other_id, p_partner_id);
				call pg_temp.try_as(v.oid, 'partner, elsewhere', p_other_id, p_market_id,
					p_other_id, p_partner_id);
			end if;
		end loop;
	end loop;
end
$$;

-- The entry points of the walls of markets and what these call, as they are without filters.
create temp table mutant as
select p.oid, p.pronamespace = 'api'::regnamespace as is_entry,
	pg_temp.without_filters(pg_get_functiondef(p.oid)) as definition,
	pg_temp.filters_of(pg_get_functiondef(p.oid)) as filters
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname !~ '^(pg_|information_schema$|public$|testing$|jobs$|laws$)' and p.prokind = 'f'
	and p.prorettype <> 'trigger'::regtype
	-- everybody may read which markets there are, and of their clocks only one is a value
	and p.oid <> 'core.clock(int, timestamptz)'::regprocedure
	and (n.nspname <> 'api' or p.proowner::regrole::text in ('wall_partner', 'wall_member',
		'wall_operator', 'wall_batch') and (p.proowner = 'wall_batch'::regrole
		or p.proname !~ '_batch$'));
