-- Markets take turns with the runner.

alter table core.job add column served_at timestamptz;
comment on column core.job.served_at is 'when the runner last took a step of it, well or not, by the real clock';
create index job_served on core.job (market_id, served_at) where state = 'queued';

-- also takes the lane now
drop function if exists core.take_job(timestamptz);
