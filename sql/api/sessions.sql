-- Sessions: sign in, refresh, end.

-- What an account is in a market when it asks for no office: a partner, or a customer.
create or replace function access.partner_of(p_market_id int, p_account_id uuid) returns uuid
language plpgsql as $$
begin
	perform core.enter(p_market_id, null);
	return (select p.partner_id from identity.partner p
		where p.market_id = p_market_id and p.account_id = p_account_id and p.state = 'active');
end
$$;

-- Whether the account holds an office of a market.
create or replace function access.holds(p_market_id int, p_account_id uuid, p_role text)
returns boolean
language plpgsql as $$
begin
	perform core.enter(p_market_id, null);
	return exists (select from access.role_grant g
		where g.market_id = p_market_id and g.account_id = p_account_id and g.role = p_role
			and g.withdrawn_at is null);
end
$$;

-- A session as the phone gets it; the gate adds the tokens.
create or replace function access.tokens_of(p_session access.session, p_partner_id uuid)
returns api.session_tokens
language plpgsql immutable as $$
begin
	return row(null, 'Bearer', null, null, null, p_session.session_id, p_session.account_id,
		p_session.of_market, p_session.role, p_partner_id, p_session.expires_at, p_session.scope,
		p_session.totp_at)::api.session_tokens;
end
$$;
grant execute on function access.partner_of, access.holds, access.tokens_of to wall_platform;

-- Counts the guess before anything is evaluated: from a device that the account knows by the
-- device, from elsewhere by the address, known or not; and by the network.
create or replace function api.weigh_sign_in(p_email_key text, p_device_secret text, p_peer text,
	p_now timestamptz, out "row" api.sign_in_known)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	select c.account_id, c.password_hash, case when c.totp_confirmed_at is not null then c.totp_id end
	into "row".account_id, "row".password_hash, "row".totp_id
	from access.credential c
	where c.email_key = p_email_key and c.state = 'active';
	select d.device_id into "row".device_id
	from access.device d
	where d.account_id = ("row").account_id
		and d.secret_hash = sha256(convert_to(p_device_secret, 'UTF8'));
	if ("row").device_id is not null then
		perform access.count_guess('device', ("row").device_id::text, p_now);
	else
		perform access.count_guess('account', access.hide(p_email_key), p_now);
	end if;
	perform access.take_one('network', access.network_of(p_peer), 120, interval '1 second', p_now);
end
$$;
comment on function api.weigh_sign_in is 'Counts a guess and says what to hold it against. Refuses: sign_in_delayed';

-- Which session is asked for. The slug of a refusal, or null.
create or replace function access.choose_session(p_account_id uuid, p_role text,
	p_market_code text, out refused text, out market_id int, out role text, out partner_id uuid)
language plpgsql as $$
begin
	role := coalesce(p_role, 'partner');
	if role = 'admin' then
		market_id := 0;
	elsif p_market_code is not null then
		select m.market_id into market_id from core.market m where m.code = p_market_code;
	else
		select s.of_market into market_id
		from access.session s
		join core.market m on m.market_id = s.of_market
		where s.account_id = p_account_id
		order by s.session_id desc
		limit 1;
	end if;
	if market_id is null then
		refused := case when p_market_code is null then 'market_needed' else 'market_unknown' end;
	elsif role in ('operator', 'auditor', 'admin') then
		refused := case when not access.holds(market_id, p_account_id, role) then 'role_not_held' end;
	else
		partner_id := access.partner_of(market_id, p_account_id);
		role := case when partner_id is null then 'customer' else 'partner' end;
	end if;
end
$$;
grant execute on function access.choose_session to wall_platform;

-- Whether the second factor is there where one is needed; a code counts once. The slug of a
-- refusal, or null.
create or replace function access.check_second(p_known access.credential, p_role text,
	p_code text, p_totp_step bigint, p_recovery_mac bytea, p_now timestamptz) returns text
language plpgsql as $$
begin
	if p_known.totp_confirmed_at is null then
		return case when p_role in ('operator', 'auditor', 'admin') then 'totp_enrolment_needed' end;
	elsif p_code is null then
		return 'totp_needed';
	end if;
	update access.credential c set totp_step = p_totp_step
	where c.account_id = p_known.account_id and coalesce(c.totp_step, 0) < p_totp_step;
	if found then
		return null;
	end if;
	update access.recovery_code r set used_at = p_now
	where r.account_id = p_known.account_id and r.code_mac = p_recovery_mac and r.used_at is null;
	return case when not found then 'totp_wrong' end;
end
$$;
grant execute on function access.check_second to wall_platform;

-- Somebody has shown who it is: a session on this device, with its audit record. device_secret of
-- the result is null where the account knows the device; then nobody who guessed on it has to wait.
-- p_device_name: sealed for the account and the device. Who has an authenticator has shown its code.
create or replace function access.open_session(p_account_id uuid, p_market_id int, p_role text,
	p_partner_id uuid, p_device_name text, p_device_secret text, p_refresh_hash bytea,
	p_device_hash bytea, p_session_id uuid, p_device_id uuid, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz) returns api.session_tokens
language plpgsql as $$
declare
	v_device_id uuid;
	v_session access.session;
	v_row api.session_tokens;
begin
	update access.device d set name = p_device_name
	where d.account_id = p_account_id
		and d.secret_hash = sha256(convert_to(p_device_secret, 'UTF8'))
	returning d.device_id into v_device_id;
	if v_device_id is null then
		insert into access.device (device_id, account_id, secret_hash, name, known_at)
		values (p_device_id, p_account_id, p_device_hash, p_device_name, p_now);
	else
		perform access.forget_guesses('device', v_device_id::text);
	end if;
	insert into access.session (session_id, account_id, device_id, of_market, role, made_at,
		used_at, idle_at, expires_at, totp_at)
	select p_session_id, p_account_id, coalesce(v_device_id, p_device_id), p_market_id, p_role,
		p_now, p_now, p_now + interval '30 days', p_now + interval '90 days',
		case when c.totp_confirmed_at is not null then p_now end
	from access.credential c
	where c.account_id = p_account_id
	returning * into v_session;
	insert into access.refresh_token (token_hash, session_id, issued_at)
	values (p_refresh_hash, p_session_id, p_now);
	v_row := access.tokens_of(v_session, p_partner_id);
	v_row.device_secret := case when v_device_id is null then 'new' end;
	perform access.audit(p_market_id, p_audit_id, 'session.start', 'done', p_account_id, p_role,
		p_session_id, p_peer, p_request_id, p_now);
	return v_row;
end
$$;
grant execute on function access.open_session to wall_platform;

-- p_password: the hash that the password fits; null: it fits none. p_rehashed: the same password
-- under today's parameters. p_device_name: sealed for p_known_id, whom the password fits, and the row
-- p_device_row.
create or replace function api.create_session(p_email text, p_email_key text, p_password text, p_totp text,
	p_device_name text, p_market_code text, p_role text, p_device_secret text, p_rehashed text,
	p_totp_step bigint, p_recovery_mac bytea, p_refresh_hash bytea, p_device_hash bytea,
	p_session_id uuid, p_device_id uuid, p_refresh bytea, p_device bytea, p_audit_id uuid,
	p_peer text, p_request_id text, p_now timestamptz, p_known_id uuid default null,
	p_device_row uuid default null,
	out refused text, out detail jsonb, out "row" api.session_tokens)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_known access.credential;
	v_chosen record;
begin
	perform core.enter(0, null);
	select * into v_known
	from access.credential c
	where c.email_key = p_email_key and c.state = 'active' and c.password_hash = p_password;
	if not found then
		refused := 'sign_in_wrong';
		perform access.audit(0, p_audit_id, 'session.start', refused,
			(select c.account_id from access.credential c where c.email_key = p_email_key),
			null, null, p_peer, p_request_id, p_now);
		return;
	end if;
	v_chosen := access.choose_session(v_known.account_id, p_role, p_market_code);
	refused := coalesce(v_chosen.refused, access.check_second(v_known, v_chosen.role, p_totp,
		p_totp_step, p_recovery_mac, p_now));
	if refused is not null then
		perform access.audit(coalesce(v_chosen.market_id, 0), p_audit_id, 'session.start', refused,
			v_known.account_id, v_chosen.role, null, p_peer, p_request_id, p_now);
		return;
	end if;
	perform access.give_back('network', access.network_of(p_peer), interval '1 second');
	update access.credential c set password_hash = p_rehashed
	where c.account_id = v_known.account_id and p_rehashed is not null;
	"row" := access.open_session(v_known.account_id, v_chosen.market_id, v_chosen.role,
		v_chosen.partner_id, p_device_name, p_device_secret, p_refresh_hash, p_device_hash,
		p_session_id, p_device_id, p_audit_id, p_peer, p_request_id, p_now);
	perform access.forget_guesses('account', access.hide(p_email_key))
	where ("row").device_secret is not null;
end
$$;
comment on function api.create_session is 'Signs in on a device. Refuses: sign_in_wrong totp_needed totp_wrong totp_enrolment_needed market_needed market_unknown role_not_held';

-- A refresh token came that was used before. Within a minute, from its own device: the reply was
-- lost, so the same successor again. Else somebody else had it: the family dies, and the account
-- hears of it. True: go on.
create or replace function access.forgive_reuse(p_used access.refresh_token,
	p_session access.session, p_device_secret text, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz) returns boolean
language plpgsql as $$
declare
	v_partner_id uuid;
begin
	if p_now <= p_used.used_at + interval '60 seconds' and exists (select from access.device d
		where d.device_id = p_session.device_id
			and d.secret_hash = sha256(convert_to(p_device_secret, 'UTF8'))) then
		return true;
	end if;
	update access.session s set ended_at = p_now, ended_by = 'reuse'
	where s.session_id = p_session.session_id;
	perform access.write_to(p_session.account_id, core.following_id(p_audit_id, 1), 'reuse', '{}',
		p_now);
	v_partner_id := access.partner_of(p_session.of_market, p_session.account_id);
	if p_session.of_market <> 0 then
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, reason, occurred_at)
		values (p_session.of_market, core.following_id(p_audit_id, 2), 'session.reused',
			v_partner_id, 'session', p_session.session_id, null, 'ended', p_session.account_id,
			p_session.role, 'a refresh token came twice', core.clock(p_session.of_market, p_now));
	end if;
	perform access.audit(p_session.of_market, p_audit_id, 'session.refresh', 'reuse',
		p_session.account_id, p_session.role, p_session.session_id, p_peer, p_request_id, p_now);
	return false;
end
$$;
grant execute on function access.forgive_reuse to wall_platform;

-- The next pair of tokens. A token of an app of others works for that app alone (RFC 6749 section 6).
create or replace function access.refresh_session(p_client_id uuid, p_device_secret text,
	p_token_hash bytea, p_successor_hash bytea, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz, out refused text, out "row" api.session_tokens)
language plpgsql as $$
declare
	v_token access.refresh_token;
	v_session access.session;
	v_partner_id uuid;
begin
	refused := 'refresh_wrong';
	select s.* into v_session
	from access.session s
	join access.refresh_token t on t.session_id = s.session_id
	where t.token_hash = p_token_hash
	for no key update of s;
	if not found or v_session.ended_at is not null
		or p_now >= least(v_session.idle_at, v_session.expires_at)
		or v_session.client_id is distinct from p_client_id
		or (v_session.of_market <> 0 and not exists (
			select from core.market m where m.market_id = v_session.of_market)) then
		return;
	end if;
	select * into v_token from access.refresh_token t where t.token_hash = p_token_hash;
	if v_token.used_at is not null and not access.forgive_reuse(v_token, v_session,
		p_device_secret, p_audit_id, p_peer, p_request_id, p_now) then
		return;
	end if;
	if v_session.role in ('partner', 'customer') then
		v_partner_id := access.partner_of(v_session.of_market, v_session.account_id);
		v_session.role := case when v_partner_id is null then 'customer' else 'partner' end;
	elsif not access.holds(v_session.of_market, v_session.account_id, v_session.role) then
		return;
	end if;
	if v_token.used_at is null then
		update access.refresh_token t set used_at = p_now where t.token_hash = p_token_hash;
		insert into access.refresh_token (token_hash, session_id, issued_at)
		values (p_successor_hash, v_session.session_id, p_now);
		update access.session s
		set used_at = p_now, idle_at = p_now + interval '30 days', role = v_session.role
		where s.session_id = v_session.session_id;
	end if;
	refused := null;
	"row" := access.tokens_of(v_session, v_partner_id);
end
$$;
grant execute on function access.refresh_session to wall_platform;

create or replace function api.list_sessions(p_account_id uuid, p_session_id uuid,
	p_now timestamptz, p_limit int, p_after_session_id uuid)
returns setof api.session
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	return query
	select s.session_id, row('access.device.name', d.device_id, d.name)::core.sealed, s.role,
		s.of_market,
		case when s.ended_at is not null then 'ended'
			when p_now >= least(s.idle_at, s.expires_at) then 'expired' else 'active' end,
		s.ended_by, s.made_at, s.used_at, s.expires_at,
		s.session_id is not distinct from p_session_id, s.client_id
	from access.session s
	join access.device d on d.device_id = s.device_id
	where s.account_id = p_account_id
		and s.session_id < coalesce(p_after_session_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
	order by s.session_id desc
	limit p_limit;
end
$$;
comment on function api.list_sessions is 'Lists the sign-ins of the account, the newest first. Refuses: nothing.';

-- Ending what has ended is fine: a retry.
create or replace function api.end_session(p_account_id uuid, p_role text, p_session_id uuid,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_session access.session;
begin
	perform core.enter(0, null);
	select * into v_session
	from access.session s
	where s.session_id = p_session_id and s.account_id = p_account_id
	for no key update;
	if not found then
		perform core.refuse('session_unknown');
	elsif v_session.ended_at is null then
		update access.session s set ended_at = p_now, ended_by = 'account'
		where s.session_id = p_session_id;
		perform access.audit(v_session.of_market, p_audit_id, 'session.end', 'done', p_account_id,
			p_role, p_session_id, p_peer, p_request_id, p_now);
	end if;
end
$$;
comment on function api.end_session is 'Ends a sign-in of the account. Refuses: session_unknown';

-- For the gate itself: what its workers have to know.
create or replace function api.list_ended_sessions(p_since timestamptz)
returns table (session_id uuid, ended_at timestamptz)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
#variable_conflict use_column
begin
	perform core.enter(0, null);
	return query
	select s.session_id, s.ended_at from access.session s where s.ended_at > p_since
	union all
	select e.secret_id, e.ended_at from access.ended_secret e where e.ended_at > p_since;
end
$$;
comment on function api.list_ended_sessions is 'Sessions, and secrets of services, that were ended since then. Refuses: nothing.';

alter function api.weigh_sign_in owner to wall_platform;
alter function api.create_session owner to wall_platform;
alter function api.list_sessions owner to wall_platform;
alter function api.end_session owner to wall_platform;
alter function api.list_ended_sessions owner to wall_platform;
grant execute on function api.weigh_sign_in, api.create_session, api.list_sessions,
	api.end_session, api.list_ended_sessions
	to socius_gate;
