-- For the runner: whose keys are to be destroyed, and exports to be made.

-- Every column that may hold an account, a partner or an address, and what an export and an erasure do
-- with its rows. Sealed columns open for nobody once the key is destroyed, rows of is_deleted go, and
-- all other columns stay, under ids: identity.kept_text says which of them are texts. A test plants a
-- row for each (tests/sql/personal_data.c) and fails for a column that is missing here.
create or replace view identity.personal_data
	(table_name, key_column, of, is_exported, why, is_deleted) as
values
	('identity.account', 'account_id', 'account', true, 'who it is: sealed', false),
	('identity.partner', 'partner_id', 'partner', true, 'who it is: sealed', false),
	('identity.partner', 'account_id', 'account', false, 'its partners, exported by their own ids', false),
	('access.credential', 'account_id', 'account', true, 'its address: sealed', false),
	('access.device', 'account_id', 'account', true, 'names of devices: sealed', false),
	('onboarding.bank_account', 'partner_id', 'partner', true, 'where it is paid: sealed', false),
	('access.session', 'account_id', 'account', true, 'when it signed in; stays to be audited', false),
	('access.external_identity', 'account_id', 'account', true, 'providers that vouch for it', true),
	('access.invitation', 'account_id', 'account', true, 'how it came to an office; stays to be audited', false),
	('access.role_grant', 'account_id', 'account', true, 'its offices; stays to be audited', false),
	('access.audit_record', 'account_id', 'account', true, 'what it did; stays, append-only', false),
	('events.event', 'partner_id', 'partner', true, 'what happened to it; stays, says no name', false),
	('onboarding.enrolment', 'partner_id', 'partner', true, 'its work', false),
	('onboarding.document', 'partner_id', 'partner', true, 'kinds and digests of files, which are kept nowhere', false),
	('scheduling.booking', 'partner_id', 'partner', true, 'its work', false),
	('fulfilment.trip', 'partner_id', 'partner', true, 'its work', false),
	('ledger.wallet', 'owner_id', 'partner', true, 'its money: kept by law', false),
	('ledger.transaction', 'owner_id', 'partner', true, 'its money: kept by law', false),
	('ledger.deduction', 'owner_id', 'partner', true, 'its money: kept by law', false),
	('ledger.withholding', 'owner_id', 'partner', true, 'its money: kept by law', false),
	('ledger.reversal', 'owner_id', 'partner', true, 'its money: kept by law', false),
	('payouts.payout', 'partner_id', 'partner', true, 'its money: kept by law', false),
	('payouts.left_out', 'partner_id', 'partner', true, 'its money: kept by law', false),
	('services.redemption', 'partner_id', 'partner', true, 'what it bought', false),
	('services.rental', 'partner_id', 'partner', true, 'what it rented', false),
	('cocreation.idea', 'submitter_id', 'partner', true, 'its ideas, which are public', false),
	('cocreation.author', 'partner_id', 'partner', true, 'its ideas, which are public', false),
	('cocreation.support', 'account_id', 'account', true, 'what it supported', false),
	('cocreation.sales_report_part', 'partner_id', 'partner', true, 'its money: kept by law', false),
	('exchange.reading', 'partner_id', 'partner', true, 'its archetype', false),
	('exchange.tag', 'partner_id', 'partner', true, 'its archetype', false),
	('exchange.daily_count', 'partner_id', 'partner', true, 'its archetype', false),
	('identity.data_export', 'account_id', 'account', false, 'exports themselves: sealed; gone after a week', false),
	('identity.erasure', 'account_id', 'account', false, 'that it was erased', false),
	('identity.erasure', 'person_id', 'account', false, 'that it was erased', false),
	('identity.person', 'person_id', 'account', false, 'that its ids are taken; stays', false),
	('identity.removed_person', 'person_id', 'account', false, 'that its key goes, with its test market', false),
	('identity.shared_id', 'partner_id', 'partner', false, 'that it has no key of its own', false),
	('exchange.fold', 'swept_partner_id', 'partner', false, 'where a job stands', false),
	('scheduling.partner_day', 'partner_id', 'partner', false, 'a lock for counting: bookings say it', false),
	('payouts.payout_run', 'after_owner_id', 'partner', false, 'where a job stands', false),
	('ledger.carried_forward', 'after_owner_id', 'partner', false, 'where a job stands', false),
	('payouts.payout_run', 'created_by', 'account', false, 'an act in an office: its audit records say it', false),
	('onboarding.document', 'reviewed_by', 'account', false, 'an act in an office: its audit records say it', false),
	('access.invitation', 'made_by', 'account', false, 'an act in an office: its audit records say it', false),
	('access.role_grant', 'granted_by', 'account', false, 'an act in an office: its audit records say it', false),
	('access.client', 'made_by', 'account', false, 'an act in an office: its audit records say it', false),
	('access.service_key', 'made_by', 'account', false, 'an act in an office: its audit records say it', false),
	('access.audit_record', 'subject_id', 'account', false, 'an act of another''s, whose record it is; what came of it is in the tables above', false),
	('events.event', 'actor_id', 'account', false, 'what it did in feeds of others; its own rows and audit records say it', false),
	('events.event', 'subject_id', 'partner', false, 'a partner''s own are in its feed, by partner_id', false),
	('core.job', 'subject_id', 'partner', false, 'what a job is about: a run, no person', false),
	('core.request_key', 'account_id', 'account', false, 'keys of requests; of their contents a digest', false),
	('access.challenge', 'account_id', 'account', false, 'codes', true),
	('access.challenge', 'new_account_id', 'account', false, 'codes; gone after a day', true),
	('access.mail', 'person_id', 'account', false, 'letters: sealed; gone after a day', false),
	('access.recovery_code', 'account_id', 'account', false, 'secrets', true),
	('access.authorization_code', 'account_id', 'account', false, 'secrets; minutes', false);
comment on view identity.personal_data is 'columns that refer to persons, with what is done about their rows';
alter view identity.personal_data owner to wall_law;

-- Texts that stay as they are when a person is erased, and why; table_name null: of that name anywhere.
create or replace view identity.kept_text (table_name, column_name, why) as
values
	(null, 'kind', 'a word of ours'), (null, 'state', 'a word of ours'),
	(null, 'role', 'a word of ours'),
	(null, 'scope', 'words of ours'), (null, 'locale', 'a language'),
	(null, 'currency', 'a currency'), (null, 'archetype', 'a word of ours'),
	(null, 'basis', 'a word of ours'), (null, 'declared', 'a word of ours'),
	(null, 'part', 'a word of ours'), (null, 'what', 'a word of ours'),
	('access.session', 'ended_by', 'a word of ours'),
	('access.audit_record', 'act', 'a word of ours'),
	('access.audit_record', 'outcome', 'a word of ours'),
	('access.audit_record', 'peer', 'the address that asked: the log is append-only, to tell attacks'),
	('access.audit_record', 'request_id', 'an id'),
	('access.authorization_code', 'redirect_uri', 'an app''s address'),
	('access.authorization_code', 'code_challenge', 'a digest; minutes'),
	('access.invitation', 'hint', 'who invited another: of that other'),
	('access.invitation', 'email_key', 'who invited another: of that other'),
	('access.role_grant', 'hint', 'who granted to another: of that other'),
	('access.client', 'name', 'an app''s'), ('access.client', 'redirect_uris', 'an app''s'),
	('access.service_key', 'name', 'a service''s'),
	('access.role_grant', 'granted_by', 'an id'),
	('cocreation.idea', 'title', 'public, and others may have supported it'),
	('cocreation.idea', 'summary', 'public, and others may have supported it'),
	('core.job', 'last_error', 'a failure of ours'),
	('core.request_key', 'key', 'the client''s, an id'),
	('core.request_key', 'operation', 'a word of ours'),
	('events.event', 'subject', 'a word of ours'), ('events.event', 'from_state', 'a word of ours'),
	('events.event', 'to_state', 'a word of ours'), ('events.event', 'actor_role', 'a word of ours'),
	('events.event', 'reason', 'why something was decided; the guide asks offices for no names'),
	('onboarding.document', 'reason', 'why something was decided; the guide asks offices for no names'),
	('services.rental', 'reason', 'why something was decided; the guide asks offices for no names'),
	('scheduling.booking', 'reason', 'why something was decided; the guide asks offices for no names'),
	('payouts.left_out', 'reason', 'a word of ours'),
	('payouts.left_out', 'error', 'a failure of ours'),
	('payouts.payout_run', 'failure', 'a failure of ours'),
	(null, 'archetype_before', 'a word of ours'), (null, 'trigger', 'a word of ours'),
	('identity.data_export', 'last_error', 'a failure of ours'),
	('onboarding.bank_account', 'country', 'a country'),
	('services.redemption', 'code', 'drawn by chance');
comment on view identity.kept_text is 'texts that an erasure leaves as they are, and why';
alter view identity.kept_text owner to wall_law;

-- By what an export walks a table: the columns of an index that begins with the person, after its market
-- where the table has markets, and that no two rows share; null: there is none.
create or replace function jobs.order_of_export(p_table regclass, p_key name) returns name[]
language sql stable as $$
	select c.names
	from pg_catalog.pg_index i
	join pg_catalog.pg_class x on x.oid = i.indexrelid
	join pg_catalog.pg_am m on m.oid = x.relam and m.amname = 'btree'
	cross join lateral (
		select array_agg(a.attname order by k.n) as names,
			bool_and(a.attnotnull or a.attname = p_key) as are_filled
		from unnest(i.indkey::int2[]) with ordinality k (attnum, n)
		join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum) c
	where i.indrelid = p_table and i.indisvalid and c.are_filled
		and coalesce(pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', p_key), true)
		and (c.names[1] = p_key or c.names[1] = 'market_id' and c.names[2] = p_key)
		and (i.indisunique or not exists (
			-- a month that a partition is of follows from the rest
			select
			from pg_catalog.pg_index u
			join pg_catalog.pg_attribute a on a.attrelid = u.indrelid and a.attnum = any (u.indkey)
			where u.indrelid = p_table and u.indisprimary
				and a.attname <> all (c.names) and a.attname !~ '_month$'))
	order by c.names[1] = 'market_id' desc, cardinality(c.names), c.names
	limit 1
$$;
comment on function jobs.order_of_export is 'the index columns by which an export walks a table';

-- At most so many rows of a person in one table, behind the row p_last (null: from the start), and the
-- order columns of the last one.
create or replace function jobs.rows_of_export(p_table regclass, p_key name, p_order name[],
	p_market_id int, p_person_id uuid, p_last jsonb, p_limit int, out rows jsonb, out last jsonb)
language plpgsql stable as $$
declare
	v_secrets constant text[] := array['password_hash', 'secret_hash', 'code_hash', 'digest', 'email_key',
		'iban_key', 'holder_key', 'identity_hash', 'totp_id', 'totp_step', 'xid', 'epoch'];
	v_person text;
	v_behind text;
begin
	v_person := format('t.%I = %L::uuid', p_key, p_person_id);
	if p_order[1] = 'market_id' then
		v_person := format('t.market_id = %s and ', p_market_id) || v_person;
	end if;
	if p_last is not null then
		select format('(%s) > (%s)',
			string_agg(format('t.%I', a.attname), ', ' order by o.n),
			string_agg(format('%L::%s', p_last ->> a.attname,
				format_type(a.atttypid, a.atttypmod)), ', ' order by o.n))
		into v_behind
		from unnest(p_order) with ordinality o (name, n)
		join pg_catalog.pg_attribute a on a.attrelid = p_table and a.attname = o.name
		where o.name not in ('market_id', p_key);
		-- without further columns there is one row only
		v_person := v_person || ' and ' || coalesce(v_behind, 'false');
	end if;
	execute format('select coalesce(jsonb_agg(core.show_instants(r.of - $1) order by r.n), ''[]''), '
		'(array_agg(r.of order by r.n desc))[1] '
		'from (select to_jsonb(p) as of, row_number() over () as n '
		'from (select * from %s t where %s order by %s limit %s) p) r', p_table, v_person,
		(select string_agg(format('t.%I', o.name), ', ' order by o.n)
		from unnest(p_order) with ordinality o (name, n)), p_limit)
	into rows, last
	using v_secrets;
	last := (select jsonb_object_agg(e.key, e.value) from jsonb_each(last) e
		where e.key = any (p_order));
end
$$;
comment on function jobs.rows_of_export is 'a page of the rows of a person in one table';

-- A page of everything about an account, sealed texts as they are: rows of one table, and what to ask
-- for next; null: that was all. Table by table, market by market, each page by an index.
create or replace function jobs.export_page(p_account_id uuid, p_after jsonb,
	out table_name text, out rows jsonb, out next jsonb)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_rows_max constant int := 500;
	v_markets_max constant int := 100;
	v_from identity.personal_data;
	v_order name[];
	v_each record;
	v_page record;
	v_last jsonb := p_after -> 'last';
	v_markets int := 0;
	v_market_id int;
begin
	select d.* into strict v_from
	from identity.personal_data d
	where d.is_exported and d.table_name >= coalesce(p_after ->> 'table', '')
	order by d.table_name
	limit 1;
	table_name := v_from.table_name;
	rows := '[]';
	v_order := coalesce(array(select jsonb_array_elements_text(p_after -> 'order'))::name[], '{}');
	if v_order = '{}' then
		v_order := jobs.order_of_export(v_from.table_name::regclass, v_from.key_column);
	end if;
	if v_order is null then
		raise exception 'no index serves the export of %', v_from.table_name;
	end if;
	for v_each in
		select m.market_id, m.person_id
		from (
			-- a partner's id says nothing without its market
			select p.market_id, p.partner_id
			from identity.partner p
			where v_from.of = 'partner' and p.account_id = p_account_id
			union all
			select c.market_id, p_account_id
			from core.market c
			where v_from.of = 'account' and v_order[1] = 'market_id'
			union all
			select 0, p_account_id
			where v_from.of = 'account') m (market_id, person_id)
		where m.market_id >= coalesce((p_after ->> 'market_id')::int, 0)
		order by m.market_id
		limit v_markets_max
	loop
		select * into v_page
		from jobs.rows_of_export(v_from.table_name::regclass, v_from.key_column, v_order,
			v_each.market_id, v_each.person_id, v_last,
			v_rows_max - jsonb_array_length(rows));
		rows := rows || v_page.rows;
		if jsonb_array_length(rows) >= v_rows_max then
			next := jsonb_build_object('table', table_name, 'order', to_jsonb(v_order),
				'market_id', v_each.market_id, 'last', v_page.last);
			return;
		end if;
		v_last := null;
		v_markets := v_markets + 1;
		v_market_id := v_each.market_id;
	end loop;
	next := case
		when v_markets = v_markets_max then jsonb_build_object('table', table_name,
			'order', to_jsonb(v_order), 'market_id', v_market_id + 1)
		else (
			select jsonb_build_object('table', min(d.table_name))
			from identity.personal_data d
			where d.is_exported and d.table_name > v_from.table_name
			having count(*) > 0)
	end;
end
$$;
comment on function jobs.export_page is 'a page of everything about an account, sealed texts as they are';
alter function jobs.export_page owner to wall_law;
grant usage on schema jobs to wall_law;
grant execute on function jobs.order_of_export, jobs.rows_of_export to wall_law;
grant execute on function jobs.export_page to socius_runner, wall_runner;

-- After so many seconds something is tried again: 2, 4, 8 ..., at most an hour.
create or replace function jobs.back_off(p_attempts int, p_now timestamptz) returns timestamptz
language sql stable as $$
	select p_now + make_interval(secs => least(2 ^ least(p_attempts, 12), 3600))
$$;
grant execute on function jobs.back_off to wall_runner, wall_purge;

-- Takes an export for a minute: of those that were tried least often the one that has waited for longest.
-- After ten attempts it has failed. Throws away those of a week ago.
create or replace function jobs.take_export(p_now timestamptz)
returns table (export_id uuid, account_id uuid)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
#variable_conflict use_column
begin
	delete from identity.data_export e where e.expires_at <= p_now;
	update identity.data_export e
	set state = 'failed', finished_at = p_now
	where e.state = 'queued' and e.attempts >= 10 and e.retry_at <= p_now;
	return query
	update identity.data_export e
	set attempts = e.attempts + 1, retry_at = p_now + interval '1 minute'
	where e.export_id = (
		select w.export_id
		from identity.data_export w
		where w.state = 'queued' and (w.retry_at is null or w.retry_at <= p_now)
		order by w.attempts, w.asked_at, w.export_id
		limit 1
		for update skip locked)
	returning e.export_id, e.account_id;
end
$$;
comment on function jobs.take_export is 'takes the export that was tried least often and has waited for longest';

-- An attempt failed: it is tried again, unless it was the tenth or no other can end better.
create or replace function jobs.fail_export(p_export_id uuid, p_error text, p_is_final boolean,
	p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	update identity.data_export e
	set last_error = left(p_error, 1000), retry_at = jobs.back_off(e.attempts, p_now),
		state = case when p_is_final or e.attempts >= 10 then 'failed' else 'queued' end,
		finished_at = case when p_is_final or e.attempts >= 10 then p_now end
	where e.export_id = p_export_id and e.state = 'queued';
end
$$;
comment on function jobs.fail_export is 'an attempt at an export failed';

-- p_document: sealed; null: the account was erased in between.
create or replace function jobs.finish_export(p_export_id uuid, p_document text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	delete from identity.data_export e where e.export_id = p_export_id and p_document is null;
	update identity.data_export e
	set state = 'done', document = p_document, finished_at = p_now, last_error = null
	where e.export_id = p_export_id and e.state = 'queued';
end
$$;
comment on function jobs.finish_export is 'an export is made';

-- Whose key is to be destroyed. A letter to that person goes first, for as long as it is of use. Who takes
-- it has a minute; it is never given up.
create or replace function jobs.take_erasure(p_now timestamptz) returns uuid
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_person_id uuid;
begin
	update identity.erasure x
	set attempts = x.attempts + 1, retry_at = p_now + interval '1 minute'
	where x.person_id = (
		select e.person_id
		from identity.erasure e
		where e.done_at is null and (e.retry_at is null or e.retry_at <= p_now)
			and not exists (
				select from access.mail m
				where m.person_id = e.person_id and m.state = 'queued'
					and m.made_at > p_now - interval '15 minutes')
		order by e.attempts, e.asked_at, e.person_id
		limit 1
		for update skip locked)
	returning x.person_id into v_person_id;
	return v_person_id;
end
$$;
comment on function jobs.take_erasure is 'takes the person whose key has waited for longest to be destroyed; null: nobody''s';

-- An attempt failed: it is tried again.
create or replace function jobs.fail_erasure(p_person_id uuid, p_error text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	update identity.erasure e
	set last_error = left(p_error, 1000), retry_at = jobs.back_off(e.attempts, p_now)
	where e.person_id = p_person_id and e.done_at is null;
end
$$;
comment on function jobs.fail_erasure is 'an attempt to destroy a key failed';

create or replace function jobs.finish_erasure(p_person_id uuid, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	update identity.erasure e set done_at = p_now, last_error = null where e.person_id = p_person_id;
	delete from identity.person r where r.person_id = p_person_id and r.kind = 'address';
end
$$;
comment on function jobs.finish_erasure is 'a key is destroyed';

-- Persons who went with their test market, as bytes, one behind the other; null: none wait. Few at a
-- time: erasures come between.
create or replace function jobs.list_removed_persons() returns bytea
language sql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
	select string_agg(uuid_send(r.person_id), '' order by r.person_id)
	from (
		select p.person_id from identity.removed_person p order by p.person_id limit 500) r
$$;
comment on function jobs.list_removed_persons is 'persons of removed test markets whose keys are to go';

create or replace function jobs.finish_removed_persons(p_person_ids bytea) returns void
language sql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
	delete from identity.removed_person r
	where r.person_id in (
		select encode(substr(p_person_ids, 16 * n + 1, 16), 'hex')::uuid
		from generate_series(0, length(p_person_ids) / 16 - 1) n)
$$;
comment on function jobs.finish_removed_persons is 'the keys of these persons are gone';

alter function jobs.list_removed_persons owner to wall_runner;
alter function jobs.finish_removed_persons owner to wall_runner;
revoke execute on function jobs.list_removed_persons, jobs.finish_removed_persons from public;
grant execute on function jobs.list_removed_persons, jobs.finish_removed_persons to socius_runner;
alter function jobs.take_export owner to wall_runner;
alter function jobs.finish_export owner to wall_runner;
alter function jobs.take_erasure owner to wall_runner;
alter function jobs.finish_erasure owner to wall_runner;
alter function jobs.fail_export owner to wall_runner;
alter function jobs.fail_erasure owner to wall_runner;
grant execute on function jobs.take_export, jobs.finish_export, jobs.fail_export,
	jobs.take_erasure, jobs.finish_erasure, jobs.fail_erasure to socius_runner;
