-- The feed of all that happened.

-- An event as the API shows it. p_self: the account of the partner whose feed it is in, which sees of
-- other accounts a handle; null: an office, which sees all.
create or replace function events.show_event(p_event events.event, p_self uuid) returns api.event
language sql stable parallel safe as $$
	select row(p_event.event_id, p_event.kind, p_event.subject, p_event.subject_id,
		p_event.partner_id, p_event.from_state, p_event.to_state,
		case when p_self is null
				or p_event.actor_id in (p_self, '00000000-0000-0000-0000-000000000000')
			then p_event.actor_id else core.handle(p_event.market_id, p_event.actor_id) end,
		p_event.actor_role, p_event.reason, p_event.occurred_at, p_event.epoch,
		p_event.xid::text::bigint)::api.event
$$;
comment on function events.show_event is 'an event as the API shows it';
grant execute on function events.show_event to wall_member;

-- Events after a place in the feed's one order, whoever wrote them and however long that took: a
-- transaction that still runs hides itself and all that began after it, so that no reader passes
-- an event which commits behind its back. xmin is taken before the rows are read, never after.
-- One epoch at a time, so that each query ends where the index says, however much is hidden. The
-- planner takes the wall for a filter that lets little through, and would rather sort: it may not.
create or replace function api.list_events(p_market_id int, p_caller_id uuid, p_limit int,
	p_after_epoch int, p_after_xid bigint, p_after_event_id uuid)
returns setof api.event
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan
as $$
declare
	v_xmin constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
	v_epoch_now constant int := current_setting('socius.epoch')::int;
	v_xid xid8 := coalesce(p_after_xid, 0)::text::xid8;
	v_event_id uuid := coalesce(p_after_event_id, '00000000-0000-0000-0000-000000000000');
	v_before xid8 := '18446744073709551615';
	v_left int := p_limit;
	v_found int;
	v_self uuid;
begin
	perform core.enter(p_market_id, p_caller_id);
	if exists (
		select from events.archived a
		where a.market_id = p_market_id and (a.epoch, a.xid, a.event_id)
			> (p_after_epoch, p_after_xid::text::xid8, p_after_event_id)) then
		perform core.refuse('cursor_expired');
	end if;
	if p_caller_id is not null then
		-- who is no partner any more is a stranger to all
		v_self := coalesce((
			select p.account_id
			from identity.partner p
			where p.market_id = p_market_id and p.partner_id = p_caller_id), p_caller_id);
	end if;
	for v_epoch in coalesce(p_after_epoch, 1) .. v_epoch_now loop
		if v_epoch = v_epoch_now then
			v_before := v_xmin;
		end if;
		if p_caller_id is null then
			return query
			select (events.show_event(e, v_self)).*
			from events.event e
			where e.market_id = p_market_id and e.epoch = v_epoch
				and (e.xid, e.event_id) > (v_xid, v_event_id) and e.xid < v_before
			order by e.xid, e.event_id
			limit v_left;
		else
			return query
			select (events.show_event(e, v_self)).*
			from events.event e
			where e.market_id = p_market_id and e.partner_id = p_caller_id
				and e.epoch = v_epoch
				and (e.xid, e.event_id) > (v_xid, v_event_id) and e.xid < v_before
			order by e.xid, e.event_id
			limit v_left;
		end if;
		get diagnostics v_found = row_count;
		v_left := v_left - v_found;
		exit when v_left <= 0;
		v_xid := '0';
		v_event_id := '00000000-0000-0000-0000-000000000000';
	end loop;
end
$$;
comment on function api.list_events is 'Lists events in the order of the feed; a partner sees its own. Refuses: cursor_expired';

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
comment on function api.stream_events is 'Sends events as they happen; a partner gets its own. Refuses: cursor_expired';

alter function api.list_events owner to wall_member;
alter function api.stream_events owner to wall_member;
grant execute on function api.list_events, api.stream_events to socius_gate;
