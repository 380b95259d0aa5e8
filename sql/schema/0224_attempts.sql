-- Letters, exports and erasures: attempts that are counted before they are made, so that whatever fails,
-- or takes the runner down with it, goes behind what is new; and exports that have failed for good.

alter table identity.data_export
	add column attempts int not null default 0,
	add column retry_at timestamptz,
	add column last_error text;
comment on column identity.data_export.attempts is 'counted as they begin';
comment on column identity.data_export.retry_at is 'somebody is at it, or it failed: not before this moment again';
alter table identity.data_export drop constraint data_export_state_check;
alter table identity.data_export
	add constraint data_export_state_check check (state in ('queued', 'done', 'failed'));
comment on column api.data_export.state is 'queued, done, or failed: then ask for another';
comment on column api.data_export.finished_at is 'when it was made, or given up; null before';
drop index identity.data_export_waits;
create index data_export_waits on identity.data_export (attempts, asked_at) where state = 'queued';

alter table identity.erasure
	add column attempts int not null default 0,
	add column retry_at timestamptz,
	add column last_error text;
comment on column identity.erasure.attempts is 'counted as they begin; an erasure never fails for good';
comment on column identity.erasure.retry_at is 'somebody is at it, or it failed: not before this moment again';
grant update (attempts, retry_at, last_error) on identity.erasure to wall_runner;
drop index identity.erasure_waits;
create index erasure_waits on identity.erasure (attempts, asked_at) where done_at is null;

drop index access.mail_waits;
create index mail_waits on access.mail (attempts, made_at) where state = 'queued';

-- gives no document any more
drop function if exists jobs.take_export(timestamptz);
