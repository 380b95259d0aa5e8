-- Jobs of co-creation.

-- Job: ideas whose time is over expire, at most a thousand a step; those that reached their stage
-- in time gather for the next one, so they are not among them. The event's id follows from the
-- idea's: an idea expires once.
create or replace function jobs.expire_ideas(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_expired int;
begin
	perform core.enter(p_market_id, null);
	-- supporters of the market's ideas take turns; so does who locks many of them
	perform pg_advisory_xact_lock(5053, p_market_id);
	v_now := core.clock(p_market_id, p_now);
	with due as materialized (
		select i.idea_id
		from cocreation.idea i
		where i.market_id = p_market_id and i.state = 'gathering' and i.gathering_until <= v_now
		order by i.gathering_until, i.idea_id
		limit 1000
		for no key update
	),
	expired as (
		update cocreation.idea i
		set state = 'expired', closed_at = v_now, version = i.version + 1
		from due d
		where i.market_id = p_market_id and i.idea_id = d.idea_id
		returning i.idea_id, i.submitter_id, i.supporters_count, i.supporters_needed
	),
	told as (
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, reason, occurred_at)
		select p_market_id, core.derived_id(uuid_send(e.idea_id) || 'expired'), 'idea.expired',
			e.submitter_id, 'idea', e.idea_id, 'gathering', 'expired',
			'00000000-0000-0000-0000-000000000000', 'runner',
			format('It had %s of %s supporters.', e.supporters_count, e.supporters_needed), v_now
		from expired e
	)
	select count(*) into v_expired from expired e;
	return case when v_expired = 1000 then v_now end;
end
$$;
comment on function jobs.expire_ideas is 'expires ideas whose time is over';
alter function jobs.expire_ideas owner to wall_runner;
grant execute on function jobs.expire_ideas to socius_runner;
