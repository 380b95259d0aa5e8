-- The audit log: how acts of an office come into it, and how auditors read it.

-- For the gate itself: one act of a role that is audited, in the transaction of its effect, or of
-- its own where there is none.
create or replace function api.record_act(p_market_id int, p_record_id uuid, p_act text,
	p_outcome text, p_account_id uuid, p_role text, p_subject_id uuid, p_peer text,
	p_request_id text, p_now timestamptz) returns boolean
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	perform access.audit(p_market_id, p_record_id, p_act, p_outcome, p_account_id, p_role,
		p_subject_id, p_peer, p_request_id, p_now);
	return true;
end
$$;
comment on function api.record_act is 'Writes an audit record. Refuses: nothing.';
alter function api.record_act owner to wall_platform;
grant execute on function api.record_act to socius_gate;

-- By time, along the index of the filter that leaves the least: planned anew for each call. Without
-- `from` it begins 92 days before `to`, or before now if that is earlier.
create or replace function api.list_audit_records(p_market_id int, p_now timestamptz, p_limit int,
	p_after_occurred_at timestamptz, p_after_record_id uuid, p_account_id uuid, p_act text,
	p_outcome text, p_role text, p_subject_id uuid, p_from timestamptz, p_to timestamptz)
returns setof api.audit_record
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set plan_cache_mode = force_custom_plan
as $$
declare
	v_from constant timestamptz := coalesce(p_from, least(p_to, p_now) - interval '92 days');
	v_after_occurred_at constant timestamptz := coalesce(p_after_occurred_at, 'infinity');
	v_after_record_id constant uuid :=
		coalesce(p_after_record_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
	perform core.enter(p_market_id, null);
	return query
	select r.record_id, r.occurred_at, r.act, r.outcome, r.account_id, r.role, r.subject_id,
		r.peer, r.request_id
	from access.audit_record r
	where r.market_id = p_market_id
		and (r.occurred_at, r.record_id) < (v_after_occurred_at, v_after_record_id)
		and (p_account_id is null or r.account_id = p_account_id)
		and (p_act is null or r.act = p_act)
		and (p_outcome is null or r.outcome = p_outcome)
		and (p_role is null or r.role = p_role)
		and (p_subject_id is null or r.subject_id = p_subject_id)
		and r.occurred_at >= v_from
		and (p_to is null or r.occurred_at < p_to)
	order by r.occurred_at desc, r.record_id desc
	limit p_limit;
end
$$;
comment on function api.list_audit_records is 'Lists audit records, the newest first. Refuses: nothing.';

alter function api.list_audit_records owner to wall_operator;
grant execute on function api.list_audit_records to socius_gate;
