-- What is thrown away after its time. docs/OPERATING.md says of every table how long its rows stay.

-- Tables whose rows go alone: a row is old when p_now is later than `stamp` by more than `kept`, and
-- `condition` holds. Each is found by an index on the stamp.
create or replace function jobs.retention()
returns table (table_name text, stamp text, kept interval, condition text)
language sql immutable as $$
	values
		('core.request_key', 'recorded_at', interval '72 hours', 'operation !~ ''payout'''),
		('core.request_key', 'recorded_at', interval '30 days', 'operation ~ ''payout'''),
		('core.job', 'finished_at', interval '30 days', 'state = ''done'' and every_s is null'),
		('access.throttle', 'full_at', interval '1 day', 'true'),
		('access.challenge', 'expires_at', interval '1 day', 'true'),
		('access.authorization_code', 'expires_at', interval '1 day', 'true'),
		('access.nonce', 'expires_at', interval '1 day', 'true'),
		('access.ended_secret', 'ended_at', interval '1 day', 'true'),
		('access.mail', 'made_at', interval '1 day', 'state <> ''queued'''),
		('access.refresh_token', 'used_at', interval '30 days', 'used_at is not null'),
		('access.service_secret', 'ends_at', interval '13 months', 'true'),
		('access.audit_record', 'occurred_at', interval '84 months', 'true'),
		('identity.data_export', 'expires_at', interval '0', 'true')
$$;
comment on function jobs.retention is 'tables whose rows go when a stamp of theirs is too old, and how long they are kept';

-- Deletes what is old of one table, at most so many rows; returns how many went.
create or replace function jobs.purge_table(p_table text, p_stamp text, p_kept interval,
	p_condition text, p_limit int, p_now timestamptz) returns int
language plpgsql as $$
declare
	v_gone int;
begin
	execute format('delete from %1$s where ctid = any (array('
		'select t.ctid from %1$s t where t.%2$I < $1 and %3$s order by t.%2$I limit $2)) '
		'and %2$I < $1', p_table, p_stamp, p_condition)
	using p_now - p_kept, p_limit;
	get diagnostics v_gone = row_count;
	return v_gone;
end
$$;
comment on function jobs.purge_table is 'deletes what is old of one table; returns how many rows went';

-- Accounts that were to be made by a code that never came back have keys: these are destroyed.
create or replace function jobs.forget_who_never_came(p_limit int, p_now timestamptz) returns void
language sql as $$
	insert into identity.erasure (person_id, asked_at)
	select c.new_account_id, p_now
	from (
		select d.new_account_id
		from access.challenge d
		where d.expires_at < p_now - interval '1 day'
		order by d.expires_at
		limit p_limit
	) c
	where c.new_account_id is not null
		and not exists (select from identity.account a where a.account_id = c.new_account_id)
	on conflict do nothing
$$;
comment on function jobs.forget_who_never_came is 'asks to destroy the keys of accounts that never came to be';

-- Sessions that are over for 13 months, with their tokens, and devices that have no other.
create or replace function jobs.purge_sessions(p_limit int, p_now timestamptz) returns int
language plpgsql as $$
declare
	v_sessions uuid[];
	v_devices uuid[];
begin
	select array_agg(o.session_id), array_agg(distinct o.device_id) into v_sessions, v_devices
	from (
		select s.session_id, s.device_id
		from access.session s
		where s.made_at < p_now - interval '16 months'
		order by s.made_at
		limit p_limit
	) o;
	delete from access.refresh_token t where t.session_id = any (v_sessions);
	delete from access.authorization_code c where c.session_id = any (v_sessions);
	delete from access.session s where s.session_id = any (v_sessions);
	delete from access.device d
	where d.device_id = any (v_devices)
		and not exists (select from access.session s where s.device_id = d.device_id);
	return coalesce(cardinality(v_sessions), 0);
end
$$;
comment on function jobs.purge_sessions is 'deletes sessions that are over for long; returns how many';

create or replace function jobs.purge_invitations(p_limit int, p_now timestamptz) returns int
language plpgsql as $$
declare
	v_codes bytea[];
begin
	with gone as (
		delete from access.invitation i
		where (i.market_id, i.invitation_id) in (
			select o.market_id, o.invitation_id
			from access.invitation o
			where o.made_at < p_now - interval '13 months'
			order by o.made_at
			limit p_limit)
		returning i.code_hash
	)
	select array_agg(g.code_hash) into v_codes from gone g;
	delete from access.invitation_code c where c.code_hash = any (v_codes);
	return coalesce(cardinality(v_codes), 0);
end
$$;
comment on function jobs.purge_invitations is 'deletes invitations of long ago with their codes; returns how many';

-- Counts of days whose events are in the archive, and that have left every window.
create or replace function exchange.purge_counts(p_limit int) returns int
language plpgsql as $$
declare
	v_gone int;
begin
	delete from exchange.daily_count
	where ctid = any (array(
		select d.ctid
		from events.archived a
		join exchange.daily_count d on d.market_id = a.market_id
			and d.day < a.occurred_until::date - 91
		limit p_limit));
	get diagnostics v_gone = row_count;
	return v_gone;
end
$$;
comment on function exchange.purge_counts is 'deletes counts of days whose events are in the archive; returns how many';

-- Job of the platform: throws away what is past its time, at most 2,000 rows a step, table by table
-- in portions of 250; a step that deleted something ends after the portion in which 200 ms are over. It
-- goes on at once while there is more, behind the jobs that wait.
create or replace function jobs.purge(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off as $$
declare
	v_until constant timestamptz := core.stopwatch() + interval '200 milliseconds';
	v_left int := 2000;
	v_portion int;
	v_gone int;
	v_rule record;
begin
	perform jobs.forget_who_never_came(v_left, p_now);
	for v_rule in select * from jobs.retention() loop
		loop
			v_portion := least(v_left, 250);
			v_gone := jobs.purge_table(v_rule.table_name, v_rule.stamp, v_rule.kept,
				v_rule.condition, v_portion, p_now);
			v_left := v_left - v_gone;
			if v_left <= 0 or v_left < 2000 and core.stopwatch() > v_until then
				return p_now;
			end if;
			exit when v_gone < v_portion;
		end loop;
	end loop;
	update access.audit_began b set kept_since = p_now - interval '84 months'
	where b.kept_since < p_now - interval '85 months' and b.began_at < p_now - interval '84 months';
	delete from access.identity_provider p
	where not exists (select from core.market m where m.market_id = p.of_market);
	v_left := v_left - jobs.purge_sessions(v_left, p_now);
	v_left := v_left - jobs.purge_invitations(greatest(v_left, 0), p_now);
	v_left := v_left - exchange.purge_counts(greatest(v_left, 0));
	return case when v_left <= 0 then p_now end;
end
$$;
comment on function jobs.purge is 'throws away what is past its time';

grant execute on function jobs.retention, jobs.purge_table, jobs.forget_who_never_came,
	jobs.purge_sessions, jobs.purge_invitations, exchange.purge_counts to wall_purge;
alter function jobs.purge owner to wall_purge;
grant execute on function jobs.purge to socius_runner;
