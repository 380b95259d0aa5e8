-- Payout runs whose job has failed for good go on where they stood.

-- The runner gives a job up after ten failures; its run has then failed and lets no other begin. When
-- the cause is mended an operator queues it again, and the run is as it was before.
create or replace function api.resume_payout_run(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_now timestamptz, p_event_id uuid, p_key text, p_digest bytea,
	p_payout_run_id uuid, out replayed boolean, out "row" api.payout_run)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_run payouts.payout_run;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	replayed := core.claim_key(p_market_id, p_actor_id, 'resume_payout_run', p_key, p_digest,
		p_payout_run_id, v_now) is not null;
	select r.* into v_run
	from payouts.payout_run r
	where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id
	for no key update;
	if not found then
		perform core.refuse('payout_run_unknown');
	end if;
	if not replayed then
		if v_run.state <> 'failed' then
			perform core.refuse('payout_run_not_failed',
				jsonb_build_object('state', v_run.state));
		end if;
		update core.job j
		set state = 'queued', due_at = v_now, attempts = 0, last_error = null, retry_at = null
		where j.market_id = p_market_id and j.job_id = p_payout_run_id;
		update payouts.payout_run r
		set state = case when r.started_at is null then 'queued' else 'running' end,
			failure = null, version = r.version + 1
		where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id
		returning * into v_run;
		insert into events.event (market_id, event_id, kind, subject, subject_id, from_state,
			to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'payout_run.resumed', 'payout_run', p_payout_run_id,
			'failed', v_run.state, p_actor_id, p_actor_role, v_now);
	end if;
	"row" := payouts.show_run(v_run);
end
$$;
alter function api.resume_payout_run owner to wall_operator;
comment on function api.resume_payout_run is 'Queues the failed job of a payout run again. Refuses: payout_run_unknown payout_run_not_failed key_reused';
grant execute on function api.resume_payout_run to socius_gate;
