-- Tools for personal_data.c: rows planted in any table, and what an export and an erasure make of them.

-- A text that the key of this person would open.
create function pg_temp.sealed_for(p_person_id uuid) returns text
language sql as $$
	select 'sealed1:' || translate(encode(uuid_send(p_person_id) || sha256(uuid_send(
		gen_random_uuid())), 'base64'), E'+/\n', '-_')
$$;

-- Whose key opens it.
create function pg_temp.person_of(p_cell text) returns uuid
language sql as $$
	select encode(substr(decode(translate(substr(p_cell, 9, 64), '-_', '+/'), 'base64'), 1, 16),
		'hex')::uuid
$$;

-- Columns of texts by table, and whether their comment says that they are sealed.
create view pg_temp.text_column as
select c.oid::regclass::text as table_name, a.attname as column_name,
	coalesce(col_description(a.attrelid, a.attnum) ~ 'sealed (for|as)', false) as is_sealed
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and not c.relispartition and a.atttypid = 'text'::regtype
	and c.oid::regclass::text in (select d.table_name from identity.personal_data d);

-- Something of a type, as text.
create function pg_temp.something(p_type regtype, p_marker text) returns text
language plpgsql as $$
declare
	v_type pg_catalog.pg_type;
begin
	select * into v_type from pg_catalog.pg_type t where t.oid = p_type;
	return case
		when v_type.typtype = 'd' then pg_temp.something(v_type.typbasetype, coalesce((
			select max(w[1]) from pg_catalog.pg_constraint k,
				regexp_matches(pg_get_constraintdef(k.oid), '''(\w+)''::text', 'g') w
			where k.contypid = p_type), p_marker))
		when v_type.typtype = 'e' then (
			select e.enumlabel from pg_catalog.pg_enum e
			where e.enumtypid = p_type order by e.enumsortorder desc limit 1)
		when v_type.typname = 'uuid' then gen_random_uuid()::text
		when v_type.typname = 'text' then p_marker
		when v_type.typname in ('int2', 'int4', 'int8', 'numeric', 'xid8') then '1'
		when v_type.typname = 'bool' then 'false'
		when v_type.typname = 'timestamptz' then '2026-03-02 10:00:00+00'
		when v_type.typname = 'date' then '2026-03-01'
		when v_type.typname = 'bytea' then sha256(uuid_send(gen_random_uuid()))::text
		when v_type.typname = 'jsonb' or v_type.typcategory in ('A', 'R') then '{}'
	end;
end
$$;

-- Takes off a table what it asks of its rows.
create function pg_temp.strip(p_table regclass) returns void
language plpgsql as $$
declare
	v_check name;
	v_index regclass;
begin
	for v_check in
		select k.conname from pg_catalog.pg_constraint k
		where k.conrelid = p_table and k.contype = 'c' and k.coninhcount = 0 loop
		execute format('alter table %s drop constraint %I', p_table, v_check);
	end loop;
	for v_index in
		select i.indexrelid::regclass from pg_catalog.pg_index i
		where i.indrelid = p_table and i.indisunique and i.indpred is not null loop
		execute format('drop index %s', v_index);
	end loop;
end
$$;

-- A row in which this column is the person, with something in every other.
create function pg_temp.plant(p_table regclass, p_column name, p_market_id int, p_person_id uuid,
	p_marker text) returns void
language plpgsql as $$
declare
	v_names text;
	v_values text;
begin
	perform pg_temp.strip(p_table);
	select string_agg(quote_ident(a.attname), ', '),
		string_agg(quote_nullable(case
			when a.attname = p_column then p_person_id::text
			when a.attname = 'market_id' then p_market_id::text
			when t.is_sealed then pg_temp.sealed_for(p_person_id)
			else pg_temp.something(a.atttypid, p_marker)
		end), ', ')
	into v_names, v_values
	from pg_catalog.pg_attribute a
	left join pg_temp.text_column t on t.table_name = p_table::text and t.column_name = a.attname
	where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped;
	execute format('insert into %s (%s) values (%s)', p_table, v_names, v_values);
end
$$;

-- So many rows of as many others, with a number of its own in every column that has room for one.
create function pg_temp.crowd(p_table regclass, p_market_id int, p_rows int) returns void
language plpgsql as $$
declare
	v_names text;
	v_values text;
begin
	perform pg_temp.strip(p_table);
	select string_agg(quote_ident(a.attname), ', '),
		string_agg(case
			when a.attname = 'market_id' then p_market_id::text
			when a.atttypid = 'uuid'::regtype then 'gen_random_uuid()'
			when a.atttypid in ('int4'::regtype, 'int8'::regtype, 'numeric'::regtype) then 'n'
			when a.atttypid = 'bytea'::regtype then 'int8send(n)'
			when a.atttypid = 'text'::regtype then 'n::text'
			else quote_nullable(pg_temp.something(a.atttypid, ''))
				|| '::' || format_type(a.atttypid, null)
		end, ', ')
	into v_names, v_values
	from pg_catalog.pg_attribute a
	where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped;
	execute format('insert into %s (%s) select %s from generate_series(1000001, 1000000 + %s) n', p_table,
		v_names, v_values, p_rows);
	execute format('analyze %s', p_table);
end
$$;

-- A crowd in every table of the export.
create function pg_temp.crowd_all(p_market_id int, p_rows int) returns void
language plpgsql as $$
declare
	v_table regclass;
begin
	set local session_replication_role = replica;
	for v_table in
		select d.table_name::regclass from identity.personal_data d where d.is_exported loop
		perform pg_temp.crowd(v_table, p_market_id, p_rows);
	end loop;
	set local session_replication_role = origin;
end
$$;

-- The rows of a table in which this column is the person.
create function pg_temp.rows_of(p_table regclass, p_column name, p_person_id uuid)
returns setof jsonb
language plpgsql as $$
begin
	return query execute format('select to_jsonb(t) from %s t where t.%I::text = $1', p_table,
		p_column) using p_person_id::text;
end
$$;

-- Plants where the person has no row yet; where it has one, its sealed texts and blind values become
-- those that a real person has.
create function pg_temp.plant_all(p_market_id int, p_account_id uuid, p_partner_id uuid,
	p_marker text) returns void
language plpgsql as $$
declare
	v_each record;
	v_text record;
	v_person_id uuid;
begin
	set local session_replication_role = replica;
	for v_each in
		select d.table_name::regclass as place, d.* from identity.personal_data d
		where d.table_name not in ('identity.person', 'identity.shared_id', 'identity.erasure') loop
		v_person_id := case v_each.of when 'account' then p_account_id else p_partner_id end;
		if not exists (
			select from pg_temp.rows_of(v_each.place, v_each.key_column, v_person_id)) then
			perform pg_temp.plant(v_each.place, v_each.key_column, p_market_id, v_person_id,
				p_marker);
		end if;
		for v_text in
			select * from pg_temp.text_column t
			where t.table_name = v_each.table_name and (t.is_sealed or t.column_name ~ '_key$') loop
			execute format('update %s set %I = $1 where %I::text = $2', v_each.place,
				v_text.column_name, v_each.key_column)
			using case when v_text.is_sealed then pg_temp.sealed_for(v_person_id) else p_marker end,
				v_person_id::text;
		end loop;
	end loop;
	set local session_replication_role = origin;
end
$$;

-- Columns by the name of which a person may stand there, and that nobody has thought of.
create function pg_temp.not_thought_of() returns text
language sql as $$
	select coalesce(string_agg(format('%s.%s', c.oid::regclass, a.attname), ', '), '')
	from pg_catalog.pg_class c
	join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
	where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
		and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
		and (a.atttypid = 'uuid'::regtype
			and a.attname ~ '(account|partner|person|owner|submitter|actor|subject)_id$|_by$'
			or col_description(a.attrelid, a.attnum) ~ 'sealed (for|as)')
		and not exists (
			select from identity.personal_data d
			where d.table_name = c.oid::regclass::text
				and (a.atttypid <> 'uuid'::regtype or d.key_column = a.attname))
$$;

-- Columns in which there is a person of the other kind than they are said to hold.
create function pg_temp.of_the_other_kind() returns text
language sql as $$
	select coalesce(string_agg(distinct d.table_name || '.' || d.key_column, ', '), '')
	from identity.personal_data d
	cross join identity.person p
	where d.is_exported and p.kind = case d.of when 'account' then 'partner' else 'account' end
		and exists (
			select from pg_temp.rows_of(d.table_name::regclass, d.key_column, p.person_id))
$$;

-- The columns of the export that this person has rows in.
create function pg_temp.rows_to_export(p_account_id uuid, p_partner_id uuid)
returns table (place text, row_of jsonb)
language sql as $$
	select d.table_name || '.' || d.key_column, r
	from identity.personal_data d
	cross join lateral pg_temp.rows_of(d.table_name::regclass, d.key_column,
		case d.of when 'account' then p_account_id else p_partner_id end) r
	where d.is_exported
$$;

-- The export of the account, page by page: {"<schema>.<table>": [rows]}.
create function pg_temp.export(p_account_id uuid) returns table (table_name text, list jsonb)
language sql as $$
	with recursive page as (
		select p.* from jobs.export_page(p_account_id, null) p
		union all
		select p.* from page b cross join lateral jobs.export_page(p_account_id, b.next) p
		where b.next is not null
	)
	select p.table_name, coalesce(jsonb_agg(r) filter (where r is not null), '[]')
	from page p
	left join lateral jsonb_array_elements(p.rows) r on true
	group by p.table_name
$$;

-- What the export of the account lacks: tables without a row of the person's, rows that are not there.
create function pg_temp.not_exported(p_account_id uuid, p_partner_id uuid) returns text
language sql as $$
	with export as (
		select * from pg_temp.export(p_account_id)
	), own as (
		select * from pg_temp.rows_to_export(p_account_id, p_partner_id)
	)
	select coalesce(string_agg(distinct d.table_name || '.' || d.key_column, ', '), '')
	from identity.personal_data d
	left join export e using (table_name)
	where d.is_exported and (
		not exists (select from own o where o.place = d.table_name || '.' || d.key_column)
		or exists (
			select from own o
			where o.place = d.table_name || '.' || d.key_column and not exists (
				select from jsonb_array_elements(e.list) x
				where x @> core.show_instants(o.row_of - array['password_hash', 'secret_hash', 'code_hash', 'digest',
					'email_key', 'iban_key', 'holder_key', 'identity_hash', 'totp_id', 'totp_step',
					'xid', 'epoch']))))
$$;

-- What an erasure has left: rows that should be gone, sealed texts that a key still opens, and texts that
-- are not named in identity.kept_text.
create function pg_temp.left_over(p_account_id uuid, p_partner_id uuid, p_marker text) returns text
language sql as $$
	select coalesce(string_agg(distinct x.what, ', '), '')
	from identity.personal_data d
	cross join lateral pg_temp.rows_of(d.table_name::regclass, d.key_column,
		case d.of when 'account' then p_account_id else p_partner_id end) r
	left join pg_temp.text_column t using (table_name)
	cross join lateral (values
		(case when d.is_deleted then d.table_name || ' has rows' end),
		(case when r ->> t.column_name ~ '^sealed1:' and not exists (
				select from identity.erasure p
				where p.person_id = pg_temp.person_of(r ->> t.column_name))
			then format('%s.%s has a key', d.table_name, t.column_name) end),
		(case when t.is_sealed and r ->> t.column_name !~ '^sealed1:'
			then format('%s.%s is in clear', d.table_name, t.column_name) end),
		(case when r ->> t.column_name = p_marker and not exists (
				select from identity.kept_text k
				where k.column_name = t.column_name
					and coalesce(k.table_name, d.table_name) = d.table_name)
			then format('%s.%s says it', d.table_name, t.column_name) end)) x (what)
$$;
