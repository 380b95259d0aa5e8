-- Who is signed in shows a code of the authenticator once more: to step up, for new recovery codes,
-- or to take the authenticator off.

-- Counts a guess before it is evaluated.
create or replace function api.ask_second(p_account_id uuid, p_now timestamptz,
	out "row" api.sign_in_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	perform access.count_guess('totp', p_account_id::text, p_now);
	select null, c.totp_id into "row"
	from access.credential c
	where c.account_id = p_account_id and c.totp_confirmed_at is not null;
	if not found then
		perform core.refuse('totp_not_enrolled');
	end if;
end
$$;
comment on function api.ask_second is 'Counts a guess and says what to hold it against. Refuses: sign_in_delayed totp_not_enrolled';

-- Takes the code, once. The slug of a refusal, or null.
create or replace function access.take_second(p_account_id uuid, p_totp_step bigint,
	p_recovery_mac bytea, p_now timestamptz) returns text
language plpgsql as $$
declare
	v_known access.credential;
	v_refused text;
begin
	select * into v_known
	from access.credential c
	where c.account_id = p_account_id and c.totp_confirmed_at is not null
	for no key update;
	if not found then
		return 'totp_not_enrolled';
	end if;
	v_refused := access.check_second(v_known, null, '', p_totp_step, p_recovery_mac, p_now);
	if v_refused is null then
		perform access.forget_guesses('totp', p_account_id::text);
	end if;
	return v_refused;
end
$$;
grant execute on function access.take_second to wall_platform;

-- The session remembers the moment, so that refreshed tokens say it too.
create or replace function api.step_up(p_account_id uuid, p_role text, p_session_id uuid,
	p_totp text, p_totp_step bigint, p_recovery_mac bytea, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.step_up)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
begin
	perform core.enter(0, null);
	select s.of_market into v_market_id
	from access.session s
	where s.session_id = p_session_id and s.account_id = p_account_id and s.ended_at is null
	for no key update;
	if not found then
		refused := 'session_unknown';
		return;
	end if;
	refused := access.take_second(p_account_id, p_totp_step, p_recovery_mac, p_now);
	if refused is null then
		update access.session s set totp_at = p_now where s.session_id = p_session_id;
		"row" := row(null, 'Bearer', null, p_now, p_now + interval '5 minutes')::api.step_up;
	end if;
	perform access.audit(v_market_id, p_audit_id, 'session.step_up', coalesce(refused, 'done'),
		p_account_id, p_role, p_session_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.step_up is 'Takes a code and gives an access token that says so. Refuses: session_unknown totp_not_enrolled totp_wrong';

create or replace function api.create_recovery_codes(p_account_id uuid, p_role text, p_totp text,
	p_totp_step bigint, p_recovery_mac bytea, p_recovery_macs bytea, p_chance bytea,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.totp_confirmation)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	refused := access.take_second(p_account_id, p_totp_step, p_recovery_mac, p_now);
	if refused is null then
		perform access.put_recovery_codes(p_account_id, p_recovery_macs);
		select c.totp_confirmed_at, '{}'::text[] into "row"
		from access.credential c
		where c.account_id = p_account_id;
	end if;
	perform access.audit(0, p_audit_id, 'totp.recovery_codes', coalesce(refused, 'done'),
		p_account_id, p_role, p_account_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.create_recovery_codes is 'Makes ten recovery codes; those before are worth nothing. Refuses: totp_not_enrolled totp_wrong';

-- The markets, 0 for the platform, in which the account has held an office or was invited to one.
create or replace function access.offices_of(p_account_id uuid) returns setof int
language sql stable security definer as $$
	select g.market_id from access.role_grant g where g.account_id = p_account_id
	union
	select i.market_id from access.invitation i where i.account_id = p_account_id
$$;
comment on function access.offices_of is 'where an account has held an office or was invited to one';

-- Whether the account holds an office anywhere.
create or replace function access.holds_office(p_account_id uuid) returns boolean
language sql stable security definer as $$
	select exists (
		select from access.role_grant g
		where g.account_id = p_account_id and g.withdrawn_at is null)
$$;
comment on function access.holds_office is 'whether an account holds an office anywhere';
alter function access.offices_of owner to wall_law;
alter function access.holds_office owner to wall_law;
revoke execute on function access.offices_of, access.holds_office from public;
grant execute on function access.offices_of to wall_platform;
grant execute on function access.holds_office to wall_platform;

-- Who calls it has shown a code: the gate saw to that.
create or replace function api.remove_totp(p_account_id uuid, p_role text, p_audit_id uuid,
	p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.totp_removal)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	refused := case when access.holds_office(p_account_id) then 'totp_required' end;
	perform core.enter(0, null);
	if refused is null then
		update access.credential c set totp_id = null, totp_confirmed_at = null, totp_step = null
		where c.account_id = p_account_id and c.totp_confirmed_at is not null;
		refused := case when not found then 'totp_not_enrolled' end;
	end if;
	if refused is null then
		delete from access.recovery_code r where r.account_id = p_account_id;
		"row" := row(p_now)::api.totp_removal;
	end if;
	perform access.audit(0, p_audit_id, 'totp.remove', coalesce(refused, 'done'), p_account_id,
		p_role, p_account_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.remove_totp is 'Takes the authenticator off. Refuses: totp_required totp_not_enrolled';

alter function api.ask_second owner to wall_platform;
alter function api.step_up owner to wall_platform;
alter function api.create_recovery_codes owner to wall_platform;
alter function api.remove_totp owner to wall_platform;
grant execute on function api.ask_second, api.step_up, api.create_recovery_codes, api.remove_totp
	to socius_gate;
