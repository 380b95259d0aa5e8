-- The feed of all that happened.

-- Events after a place in the feed's one order, whoever wrote them and however long that took: a
-- transaction that still runs hides itself and all that began after it, so that no reader passes
-- an event which commits behind its back. xmin is taken before the rows are read, never after.
create or replace function api.list_events(p_market_id int, p_caller_id uuid, p_limit int,
	p_after_epoch int, p_after_xid bigint, p_after_event_id uuid)
returns setof api.event
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_epoch constant int := current_setting('socius.epoch')::int;
	v_xmin constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
	v_after_epoch constant int := coalesce(p_after_epoch, 0);
	v_after_xid constant xid8 := coalesce(p_after_xid, 0)::text::xid8;
	v_after_id constant uuid := coalesce(p_after_event_id, '00000000-0000-0000-0000-000000000000');
begin
	perform core.enter(p_market_id, p_caller_id);
	if p_caller_id is null then
		return query
		select e.event_id, e.kind, e.subject, e.subject_id, e.partner_id, e.from_state, e.to_state,
			e.actor_id, e.actor_role, e.reason, e.occurred_at, e.epoch, e.xid::text::bigint
		from events.event e
		where e.market_id = p_market_id
			and (e.epoch, e.xid, e.event_id) > (v_after_epoch, v_after_xid, v_after_id)
			and (e.epoch, e.xid) < (v_epoch, v_xmin)
		order by e.epoch, e.xid, e.event_id
		limit p_limit;
	else
		return query
		select e.event_id, e.kind, e.subject, e.subject_id, e.partner_id, e.from_state, e.to_state,
			e.actor_id, e.actor_role, e.reason, e.occurred_at, e.epoch, e.xid::text::bigint
		from events.event e
		where e.market_id = p_market_id and e.partner_id = p_caller_id
			and (e.epoch, e.xid, e.event_id) > (v_after_epoch, v_after_xid, v_after_id)
			and (e.epoch, e.xid) < (v_epoch, v_xmin)
		order by e.epoch, e.xid, e.event_id
		limit p_limit;
	end if;
end
$$;
comment on function api.list_events is 'Lists events in the order of the feed; a partner sees its own. Refuses: nothing.';

create or replace function api.stream_events(p_market_id int, p_caller_id uuid, p_limit int,
	p_after_epoch int, p_after_xid bigint, p_after_event_id uuid)
returns setof api.event
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	return query
	select e.* from api.list_events(p_market_id, p_caller_id, p_limit, p_after_epoch, p_after_xid,
		p_after_event_id) e;
end
$$;
comment on function api.stream_events is 'Sends events as they happen; a partner gets its own. Refuses: nothing.';

alter function api.list_events owner to wall_member;
alter function api.stream_events owner to wall_member;
grant execute on function api.list_events, api.stream_events to socius_gate;
