-- The audit log, for auditors.

create or replace function api.list_audit_records(p_market_id int, p_limit int,
	p_after_record_id uuid, p_account_id uuid, p_act text)
returns setof api.audit_record
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select r.record_id, r.occurred_at, r.act, r.outcome, r.account_id, r.role, r.subject_id,
		r.peer, r.request_id
	from access.audit_record r
	where r.market_id = p_market_id
		and r.record_id < coalesce(p_after_record_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
		and (p_account_id is null or r.account_id = p_account_id)
		and (p_act is null or r.act = p_act)
	order by r.record_id desc
	limit p_limit;
end
$$;
comment on function api.list_audit_records is 'Lists audit records, the newest first. Refuses: nothing.';

alter function api.list_audit_records owner to wall_operator;
grant execute on function api.list_audit_records to socius_gate;
