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
	('identity.shared_id', 'partner_id', 'partner', false, 'that it has no key of its own', false),
	('exchange.fold', 'swept_partner_id', 'partner', false, 'where a job stands', false),
	('scheduling.partner_day', 'partner_id', 'partner', false, 'a lock for counting: bookings say it', false),
	('payouts.payout_run', 'after_owner_id', 'partner', false, 'where a job stands', false),
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
	('onboarding.bank_account', 'country', 'a country'),
	('services.redemption', 'code', 'drawn by chance');
comment on view identity.kept_text is 'texts that an erasure leaves as they are, and why';
alter view identity.kept_text owner to wall_law;

-- Everything about an account: {"<schema>.<table>": [rows]}; sealed texts as they are.
create or replace function jobs.export_account(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_secrets constant text[] := array['password_hash', 'secret_hash', 'code_hash', 'digest', 'email_key',
		'iban_key', 'holder_key', 'identity_hash', 'totp_id', 'totp_step', 'xid', 'epoch'];
	v_markets int[];
	v_partners uuid[];
	v_all jsonb := '{}';
	v_each record;
	v_rows jsonb;
begin
	-- a partner's id says nothing without its market
	select array_agg(p.market_id), array_agg(p.partner_id) into v_markets, v_partners
	from identity.partner p
	where p.account_id = p_account_id;
	for v_each in select * from identity.personal_data d where d.is_exported loop
		execute format('select coalesce(jsonb_agg(to_jsonb(t) - $2), ''[]'') from %s t where '
			|| case v_each.of when 'account' then 't.%I = $1'
				else '(t.market_id, t.%I) in (select * from unnest($3, $4))' end,
			v_each.table_name, v_each.key_column)
		into v_rows
		using p_account_id, v_secrets, v_markets, v_partners;
		v_all := v_all || jsonb_build_object(v_each.table_name, v_rows);
	end loop;
	return v_all;
end
$$;
comment on function jobs.export_account is 'everything about an account, sealed texts as they are';
alter function jobs.export_account owner to wall_law;
grant usage on schema jobs to wall_law;
grant execute on function jobs.export_account to socius_runner, wall_runner;

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

-- An attempt failed: it is tried again, or was the tenth.
create or replace function jobs.fail_export(p_export_id uuid, p_error text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	update identity.data_export e
	set last_error = left(p_error, 1000), retry_at = jobs.back_off(e.attempts, p_now),
		state = case when e.attempts >= 10 then 'failed' else 'queued' end,
		finished_at = case when e.attempts >= 10 then p_now end
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

alter function jobs.take_export owner to wall_runner;
alter function jobs.finish_export owner to wall_runner;
alter function jobs.take_erasure owner to wall_runner;
alter function jobs.finish_erasure owner to wall_runner;
alter function jobs.fail_export owner to wall_runner;
alter function jobs.fail_erasure owner to wall_runner;
grant execute on function jobs.take_export, jobs.finish_export, jobs.fail_export,
	jobs.take_erasure, jobs.finish_erasure, jobs.fail_erasure to socius_runner;
