-- Markets take turns with the runner.

alter table core.job add column turn_at timestamptz;
comment on column core.job.turn_at is 'others go first until then, by the real clock: the end of its last step and ten times as long as that took';
create index job_turn on core.job (market_id, turn_at) where state = 'queued';

-- take the lane, and how long the step took, now
drop function if exists core.take_job(timestamptz);
drop function if exists core.finish_step(int, uuid, timestamptz, timestamptz);
drop function if exists core.fail_job(int, uuid, text, timestamptz);
