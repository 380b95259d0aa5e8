-- What is thrown away after its time, or archived (ADR 0027): indexes to find it by, and wall_purge, the
-- role that may. What it may delete is bounded here by its age, in policies, whatever its functions do.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'wall_purge') then
		create role wall_purge nologin;
	end if;
end
$$;
comment on role wall_purge is 'throws away what is past its retention; sees that alone, and events';
grant usage on schema core, identity, access, exchange, events, jobs to wall_purge;
grant execute on function core.enter, core.month_now to wall_purge;

-- Keys: 72 hours; 30 days for payouts.
alter table core.request_key add column recorded_at timestamptz not null default now();
comment on column core.request_key.recorded_at is 'by the real clock';
create index request_key_old on core.request_key (recorded_at) where operation !~ 'payout';
create index request_key_old_payout on core.request_key (recorded_at) where operation ~ 'payout';
create policy old on core.request_key to wall_purge using (recorded_at < now() - interval '72 hours'
	and (operation !~ 'payout' or recorded_at < now() - interval '30 days'));
grant select, delete on core.request_key to wall_purge;

-- Jobs that are done for good: 30 days.
create index job_done on core.job (finished_at) where state = 'done';
create policy old on core.job to wall_purge using (state = 'done'
	and finished_at < now() - interval '30 days');
grant select, delete on core.job to wall_purge;
delete from core.job where kind = 'clear_sign_in'; -- purge takes its place

-- Signing in. Sessions live for 90 days at most, so what was made 16 months ago is over for 13.
create index mail_done on access.mail (made_at) where state <> 'queued';
create index refresh_token_used on access.refresh_token (used_at) where used_at is not null;
create index session_made on access.session (made_at);
create index session_of_device on access.session (device_id);
create index code_of_session on access.authorization_code (session_id) where session_id is not null;
create index invitation_made on access.invitation (made_at);
create index service_secret_ends on access.service_secret (ends_at);
grant select, delete on access.challenge, access.throttle, access.ended_secret, access.mail,
	access.nonce, access.authorization_code, access.refresh_token, access.session, access.device,
	access.identity_provider, access.invitation_code
	to wall_purge;
grant select on core.market to wall_purge;
grant select (account_id) on identity.account to wall_purge;
grant select, insert on identity.erasure to wall_purge;
revoke delete on access.challenge, access.throttle, access.ended_secret, access.mail, access.nonce,
	access.authorization_code, access.refresh_token
	from wall_runner;
create policy old on access.invitation to wall_purge using (made_at < now() - interval '13 months');
grant select, delete on access.invitation to wall_purge;
create policy old on access.service_secret to wall_purge using (ends_at < now() - interval '13 months');
grant select, delete on access.service_secret to wall_purge;

create index data_export_expires on identity.data_export (expires_at);
grant select, delete on identity.data_export to wall_purge;

-- The audit log: 84 months. Laws ask for no record from before.
create index audit_record_old on access.audit_record (occurred_at);
create policy old on access.audit_record to wall_purge
	using (occurred_at < now() - interval '84 months');
grant select, delete on access.audit_record to wall_purge;
alter table access.audit_began add column kept_since timestamptz not null default '-infinity';
comment on column access.audit_began.kept_since is 'records from before were thrown away after their time';
grant select, update (kept_since) on access.audit_began to wall_purge;

create or replace function access.guard_audit() returns trigger
language plpgsql as $$
begin
	if tg_op = 'DELETE' and exists (
		select from core.market m where m.market_id = old.market_id and m.is_test) then
		return old;
	end if;
	if tg_op = 'DELETE' and current_user = 'wall_purge'
		and old.occurred_at < now() - interval '84 months' then
		return old;
	end if;
	raise exception using errcode = 'SO002', message = 'audit_append_only';
end
$$;

-- Counts of the archetypes go a while after the events that they count.
create policy old on exchange.daily_count to wall_purge using (exists (
	select from events.archived a
	where a.market_id = exchange.daily_count.market_id
		and exchange.daily_count.day < a.occurred_until::date - 91));
grant select, delete on exchange.daily_count to wall_purge;

drop function if exists jobs.clear_sign_in(int, uuid, timestamptz);

-- The archive reads months of events and notes how far it came.
create policy archive on events.event for select to wall_purge using (true);
grant select on events.event to wall_purge;
create policy archive on events.archived to wall_purge
	using (market_id = current_setting('socius.market')::int);
create policy archive_reads on events.archived for select to wall_purge using (true);
grant select, insert, update on events.archived to wall_purge;
grant select, insert, update on events.archived_month to wall_purge;

-- Drops the partition of a month that stands in the archive.
create function events.drop_month(p_month date) returns void
language plpgsql security definer set lock_timeout = '500ms' as $$
declare
	v_partition constant regclass := (
		select m.partition from core.months_of('events.event') m where m.month = p_month);
begin
	if v_partition is null or p_month >= core.month_now() or not exists (
		select from events.archived_month a where a.month = p_month) then
		raise exception 'events of % are not in the archive', p_month;
	end if;
	execute 'lock table events.event in access exclusive mode';
	execute format('drop table %s', v_partition);
end
$$;
comment on function events.drop_month is 'drops the partition of a month that stands in the archive';
alter function events.drop_month owner to socius_owner;
grant execute on function events.drop_month, core.months_of to wall_purge;
