-- What of the runner's work fails: for `./socius jobs`.

-- Whatever has failed for good, or is tried again, the longest first.
create or replace function jobs.list_failing()
returns table (what text, market_id int, id text, state text, attempts int, retry_at timestamptz,
	error text)
language sql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
	select f.what, f.market_id, f.id, f.state, f.attempts, f.retry_at, f.error
	from (
		select 'job ' || j.kind as what, j.market_id, j.job_id::text as id,
			case j.state when 'queued' then 'retrying' else j.state end as state, j.attempts,
			j.retry_at, j.last_error as error, j.created_at
		from core.job j
		where j.state = 'failed' or (j.state = 'queued' and j.attempts > 0)
		union all
		select 'export', 0, e.export_id::text,
			case e.state when 'queued' then 'retrying' else e.state end, e.attempts, e.retry_at,
			coalesce(e.last_error, 'the runner ended in the middle of it'), e.asked_at
		from identity.data_export e
		where e.state = 'failed' or (e.state = 'queued' and e.last_error is not null)
		union all
		select 'erasure', 0, e.person_id::text, 'retrying', e.attempts, e.retry_at, e.last_error,
			e.asked_at
		from identity.erasure e
		where e.done_at is null and e.last_error is not null
		union all
		select 'letter ' || m.kind, 0, m.mail_id::text,
			case m.state when 'queued' then 'retrying' else m.state end, m.attempts, m.retry_at,
			null, m.made_at
		from access.mail m
		where m.state = 'failed' or (m.state = 'queued' and m.attempts > 0)
		union all
		select 'issuer', 0, i.issuer, 'retrying', i.failures, i.due_at, i.error, i.tried_at
		from access.issuer i
		where i.failures > 0
		union all
		select 'test market', t.market_id, t.market_id::text, 'retrying', null, t.retry_at,
			t.last_error, t.expires_at
		from testing.market t
		where t.last_error is not null
		union all
		select 'archive of ' || to_char(a.month, 'YYYY-MM'), 0, a.attempt_id::text, 'retrying',
			a.attempts, a.retry_at, a.last_error, a.began_at
		from events.archive_attempt a
		where a.last_error is not null
	) f
	order by f.state, f.created_at, f.id
	limit 1000
$$;
comment on function jobs.list_failing is 'what of the runner''s work has failed for good, or is tried again';
alter function jobs.list_failing owner to wall_law;

-- Tries again at once: a job that backs off, or an export that has failed or backs off, or an erasure,
-- or a month of events.
-- A payout run that has failed is resumed by an operator of its market, through the API, which leaves a
-- record of who did it. False: nothing of this id waits or has failed.
create or replace function jobs.try_again(p_id uuid, p_now timestamptz) returns boolean
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_found boolean;
begin
	update core.job j set retry_at = p_now
	where j.job_id = p_id and j.state = 'queued' and j.attempts > 0;
	v_found := found;
	update identity.data_export e
	set state = 'queued', attempts = 0, retry_at = null, finished_at = null
	where e.export_id = p_id and (e.state = 'failed' or (e.state = 'queued' and e.attempts > 0));
	v_found := v_found or found;
	update identity.erasure e set retry_at = p_now
	where e.person_id = p_id and e.done_at is null and e.attempts > 0;
	v_found := v_found or found;
	update events.archive_attempt a set retry_at = p_now where a.attempt_id = p_id;
	return v_found or found;
end
$$;
comment on function jobs.try_again is 'tries again at once what failed; a payout run that has failed is resumed through the API';
alter function jobs.try_again owner to wall_runner;
grant execute on function jobs.list_failing, jobs.try_again to socius_runner;
