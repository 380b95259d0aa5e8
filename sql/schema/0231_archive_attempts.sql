-- Months of events that could not be archived yet: attempts, like those of all of the runner's work.

create table events.archive_attempt (
	month date primary key,
	attempt_id uuid not null default gen_random_uuid(),
	attempts int not null,
	began_at timestamptz not null,
	retry_at timestamptz not null,
	last_error text
);
comment on table events.archive_attempt is 'months of events on their way into the archive; a row goes as its month is archived';
comment on column events.archive_attempt.attempt_id is 'by which operators have it tried again';
comment on column events.archive_attempt.attempts is 'counted as they begin; a month never fails for good';
comment on column events.archive_attempt.retry_at is 'somebody is at it, or it failed: not before this moment again';
alter table events.archive_attempt owner to socius_owner;
grant select, update (retry_at) on events.archive_attempt to wall_runner;
grant select on events.archive_attempt to wall_law;
grant usage on schema events to wall_runner;
