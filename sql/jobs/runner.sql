-- How the runner takes its work. One step of a job is one transaction:
--
--	begin;
--	select * from core.take_job(now, of_tests);                no row: nothing is due
--	select jobs.<kind>(market_id, job_id, now);                the instant to go on at, or null
--	select core.finish_step(market_id, job_id, again_at, now, took_ms);
--	commit;
--
-- The row stays locked until the commit: another runner takes another job, and a kill undoes the
-- step as a whole. Where the step raises, roll back and call core.fail_job in a new transaction.
-- Jobs of test markets have a lane of their own (p_of_tests), so that no real market waits for them.

-- Takes a job that is due by its market's clock. Markets take turns: the one whose last step lies
-- furthest back comes first, whatever its clock says and however much it wants done; and who has used
-- the lane for long lets the others go first for ten times as long. Of a market's jobs the one that
-- has waited for longest comes first, by the real clock: since its last step, since its retry, and in
-- a real market since it was due. No row: nothing is due.
create or replace function core.take_job(p_now timestamptz, p_of_tests boolean)
returns table (market_id int, job_id uuid, kind text, attempts int)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
#variable_conflict use_column
begin
	return query
	select j.market_id, j.job_id, j.kind, j.attempts
	from core.job j
	left join core.market m on m.market_id = j.market_id -- the platform is none
	cross join lateral (
		select max(k.turn_at) as at
		from core.job k
		where k.market_id = j.market_id and k.state = 'queued'
	) turn
	where j.state = 'queued' and j.due_at <= coalesce(m.test_now, p_now)
		-- of real markets no more than what is due is looked at, by its index
		and j.due_at <= case when p_of_tests then 'infinity' else p_now end
		and (j.retry_at is null or j.retry_at <= p_now)
		and coalesce(m.is_test, j.kind = 'sweep_test_markets') = p_of_tests
	order by turn.at nulls first, j.market_id,
		greatest(j.turn_at, j.retry_at, case when m.test_now is null then j.due_at end)
			nulls first,
		j.due_at, j.job_id
	limit 1
	for update of j skip locked;
end
$$;
comment on function core.take_job is 'locks a job that is due, skipping those that other runners hold; markets take turns';

-- When it is a job's turn again after a step that began at p_now.
create or replace function core.turn_after(p_now timestamptz, p_took_ms int) returns timestamptz
language sql stable as $$
	select p_now + 11 * p_took_ms * interval '1 ms'
$$;
grant execute on function core.turn_after to wall_runner;

-- Ends a step, which began at p_now. p_again_at: when the job goes on, by the market's clock; null: it is done, and if it
-- is periodic it comes again. A retry_at to come, which the step has set, stays.
create or replace function core.finish_step(p_market_id int, p_job_id uuid, p_again_at timestamptz,
	p_now timestamptz, p_took_ms int default 0) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
begin
	update core.job j
	set state = case when p_again_at is null and j.every_s is null then 'done' else 'queued' end,
		due_at = coalesce(p_again_at, v_now + make_interval(secs => j.every_s), j.due_at),
		finished_at = case when p_again_at is null then v_now end,
		attempts = 0, last_error = null, turn_at = core.turn_after(p_now, p_took_ms),
		retry_at = case when j.retry_at > p_now then j.retry_at end
	where j.market_id = p_market_id and j.job_id = p_job_id;
end
$$;
comment on function core.finish_step is 'ends a step of a job: done, or again at an instant';

-- A step failed and was rolled back. It is tried again after 2, 4, 8 ... seconds, at most an hour;
-- at the tenth failure the job is failed, unless it is periodic: that goes on trying. What it was
-- about has then failed too, and says so.
create or replace function core.fail_job(p_market_id int, p_job_id uuid, p_error text,
	p_now timestamptz, p_took_ms int default 0) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_job core.job;
begin
	update core.job j
	set attempts = j.attempts + 1, last_error = left(p_error, 1000),
		turn_at = core.turn_after(p_now, p_took_ms),
		retry_at = p_now + make_interval(secs => least(2 ^ least(j.attempts + 1, 20), 3600)),
		state = case when j.attempts + 1 >= 10 and j.every_s is null then 'failed' else 'queued' end
	where j.market_id = p_market_id and j.job_id = p_job_id and j.state = 'queued'
	returning j.* into v_job;
	if v_job.state = 'failed' and v_job.kind = 'run_payouts' then
		perform core.enter(p_market_id, null);
		perform payouts.fail_run(p_market_id, v_job.subject_id, p_error,
			core.clock(p_market_id, p_now));
	end if;
end
$$;
comment on function core.fail_job is 'counts a failure of a job and backs off';

-- Makes sure that each market has one job of a periodic kind, due at once where it is new, or where
-- it waits for more than its period: the clock of a test market was set back under it. A test market
-- that goes gets none any more.
create or replace function core.ensure_jobs(p_kind text, p_every_s int, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	insert into core.job (market_id, job_id, kind, due_at, created_at, every_s)
	select m.market_id, core.derived_id(format('job %s %s', m.market_id, p_kind)::bytea), p_kind,
		coalesce(m.test_now, p_now), p_now, p_every_s
	from core.market m
	where not testing.is_going(m.market_id, p_now)
	order by m.market_id
	on conflict (market_id, job_id) do update
	set every_s = excluded.every_s,
		due_at = case
			when core.job.due_at > excluded.due_at + make_interval(secs => p_every_s)
				then excluded.due_at
			else core.job.due_at
		end
	where core.job.every_s is distinct from excluded.every_s
		or core.job.due_at > excluded.due_at + make_interval(secs => p_every_s);
end
$$;
comment on function core.ensure_jobs is 'one periodic job of a kind per market';

-- Makes sure that the platform has one job of a periodic kind.
create or replace function core.ensure_platform_job(p_kind text, p_every_s int, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	insert into core.job (market_id, job_id, kind, due_at, created_at, every_s)
	values (0, core.derived_id(format('job 0 %s', p_kind)::bytea), p_kind, p_now, p_now, p_every_s)
	on conflict (market_id, job_id) do update set every_s = excluded.every_s
	where core.job.every_s is distinct from excluded.every_s;
end
$$;
comment on function core.ensure_platform_job is 'one periodic job of a kind for the platform';

-- Job of the platform: partitions of the ledger and of events for this month and the next, by
-- the real clock; and empty ones of other months go, at most ten of each a step.
create or replace function jobs.make_months(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_limit constant int := 10;
	v_month constant date := date_trunc('month', p_now at time zone 'UTC')::date;
	v_last constant date := (v_month + interval '1 month')::date;
	v_table regclass;
	v_is_more boolean := false;
begin
	foreach v_table in array array['ledger.transaction', 'events.event']::regclass[] loop
		perform core.make_months(v_table, v_month, 2);
		v_is_more := core.drop_empty_months(v_table, v_month, v_last, v_limit) = v_limit
			or v_is_more;
	end loop;
	return case when v_is_more then p_now end;
end
$$;
comment on function jobs.make_months is 'partitions of the ledger and of events for this month and the next';

alter function core.take_job owner to wall_runner;
alter function core.finish_step owner to wall_runner;
alter function core.fail_job owner to wall_runner;
alter function core.ensure_jobs owner to wall_runner;
alter function core.ensure_platform_job owner to wall_runner;
alter function jobs.make_months owner to wall_runner;
grant execute on function core.take_job, core.finish_step, core.fail_job, core.ensure_jobs,
	core.ensure_platform_job, jobs.make_months to socius_runner;
