-- Tokens: three grants in one operation, giving them back, and what one is worth.

-- Refuses as OAuth's libraries want to hear it (RFC 6749 section 5.2).
create or replace function access.oauth_error(p_slug text) returns jsonb
language plpgsql immutable as $$
begin
	return jsonb_build_object('error', case p_slug
		when 'secret_wrong' then 'invalid_client'
		when 'scope_wrong' then 'invalid_scope'
		else 'invalid_grant' end);
end
$$;

-- A code came twice: somebody else had it, and what it made is worth nothing from now on.
create or replace function access.end_session_of_code(p_code access.authorization_code,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_session access.session;
begin
	update access.session s set ended_at = p_now, ended_by = 'reuse'
	where s.session_id = p_code.session_id and s.ended_at is null
	returning * into v_session;
	if found then
		perform access.audit(p_code.of_market, p_audit_id, 'session.end', 'reuse',
			p_code.account_id, v_session.role, p_code.session_id, p_peer, p_request_id, p_now);
	end if;
end
$$;

-- The session that an account has consented to. p_code_challenge: what follows from the verifier.
create or replace function access.redeem_code(p_client_id uuid, p_redirect_uri text,
	p_code_challenge text, p_code_hash bytea, p_refresh_hash bytea, p_session_id uuid,
	p_device_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out "row" api.session_tokens)
language plpgsql as $$
declare
	v_code access.authorization_code;
	v_client access.client;
	v_session access.session;
	v_partner_id uuid;
begin
	refused := 'grant_wrong';
	select * into v_code
	from access.authorization_code c
	where c.code_hash = p_code_hash
	for update;
	if v_code.used_at is not null then
		perform access.end_session_of_code(v_code, p_audit_id, p_peer, p_request_id, p_now);
		return;
	end if;
	select * into v_client
	from access.client c
	where c.client_id = v_code.client_id and c.ended_at is null
	for share;
	if v_client.client_id is null or p_client_id is distinct from v_code.client_id
		or p_redirect_uri is distinct from v_code.redirect_uri
		or p_code_challenge is distinct from v_code.code_challenge
		or p_now >= v_code.expires_at or not exists (select from access.credential c
			where c.account_id = v_code.account_id and c.state = 'active'
				and c.changed_at <= v_code.made_at) then
		if v_code.code_hash is not null then
			perform access.audit(v_code.of_market, p_audit_id, 'session.start', refused,
				v_code.account_id, null, v_code.client_id, p_peer, p_request_id, p_now);
		end if;
		return;
	end if;
	refused := null;
	v_partner_id := access.partner_of(v_code.of_market, v_code.account_id);
	insert into access.device (device_id, account_id, name, known_at)
	values (p_device_id, v_code.account_id, v_client.name, p_now);
	insert into access.session (session_id, account_id, device_id, of_market, role, made_at,
		used_at, idle_at, expires_at, client_id, scope)
	values (p_session_id, v_code.account_id, p_device_id, v_code.of_market,
		case when v_partner_id is null then 'customer' else 'partner' end, p_now, p_now,
		p_now + interval '30 days', p_now + interval '90 days', v_code.client_id, v_code.scope)
	returning * into v_session;
	insert into access.refresh_token (token_hash, session_id, issued_at)
	values (p_refresh_hash, p_session_id, p_now);
	update access.authorization_code c set used_at = p_now, session_id = p_session_id
	where c.code_hash = p_code_hash;
	"row" := access.tokens_of(v_session, v_partner_id);
	perform access.audit(v_session.of_market, p_audit_id, 'session.start', 'done',
		v_session.account_id, v_session.role, p_session_id, p_peer, p_request_id, p_now);
end
$$;

-- A token for a service. p_market_id is what its secret names; null: it is no secret of ours.
create or replace function access.use_secret(p_market_id int, p_secret_hash bytea,
	p_client_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out "row" api.session_tokens)
language plpgsql as $$
declare
	v_secret access.service_secret;
	v_key access.service_key;
begin
	perform core.enter(coalesce(p_market_id, 0), null);
	select * into v_secret
	from access.service_secret s
	where s.market_id = p_market_id and s.secret_hash = p_secret_hash
	for no key update;
	select * into v_key
	from access.service_key k
	where k.market_id = p_market_id and k.service_key_id = v_secret.service_key_id;
	if v_key.service_key_id is null or v_secret.ended_at is not null or p_now >= v_secret.ends_at
		or p_now >= v_key.expires_at
		or p_client_id <> v_key.service_key_id
		or not exists (select from core.market m where m.market_id = p_market_id) then
		refused := 'secret_wrong';
		if v_key.service_key_id is not null then
			perform access.audit(p_market_id, p_audit_id, 'service_key.use', refused,
				v_key.service_key_id, 'service', v_secret.secret_id, p_peer, p_request_id, p_now);
		end if;
		return;
	end if;
	update access.service_secret s set used_at = p_now
	where s.market_id = p_market_id and s.secret_hash = p_secret_hash;
	"row" := row(null, 'Bearer', null, null, null, v_secret.secret_id, v_key.service_key_id,
		p_market_id, 'service', null, least(v_secret.ends_at, v_key.expires_at), v_key.scope,
		null)::api.session_tokens;
end
$$;

-- What of the scopes is asked for: all, or those that p_scope names. The slug of a refusal, or null.
create or replace function access.narrow_scope(p_scope text, inout p_held text, out refused text)
language plpgsql as $$
begin
	if p_scope is not null and p_held is not null
		and not access.scopes_of(p_scope) <@ access.scopes_of(p_held) then
		refused := 'scope_wrong';
	end if;
	p_held := coalesce(p_scope, p_held);
end
$$;
grant execute on function access.oauth_error, access.end_session_of_code, access.redeem_code,
	access.use_secret, access.narrow_scope
	to wall_platform;

-- p_token_hash: of what was presented, whatever it is; p_successor_hash: of the refresh token that
-- follows from it.
create or replace function api.give_tokens(p_grant_type text, p_refresh_token text,
	p_device_secret text, p_code text, p_redirect_uri text, p_code_verifier text,
	p_client_id uuid, p_client_secret text, p_scope text, p_token_hash bytea,
	p_successor_hash bytea, p_code_challenge text, p_secret_market bigint, p_session_id uuid,
	p_device_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.session_tokens)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_given record;
	v_narrowed record;
begin
	perform core.enter(0, null);
	if p_grant_type = 'client_credentials' then
		v_given := access.use_secret(p_secret_market::int, p_token_hash, p_client_id, p_audit_id,
			p_peer, p_request_id, p_now);
	elsif p_grant_type = 'authorization_code' then
		v_given := access.redeem_code(p_client_id, p_redirect_uri, p_code_challenge, p_token_hash,
			p_successor_hash, p_session_id, p_device_id, p_audit_id, p_peer, p_request_id, p_now);
	else
		v_given := access.refresh_session(p_client_id, p_device_secret, p_token_hash,
			p_successor_hash, p_audit_id, p_peer, p_request_id, p_now);
	end if;
	refused := v_given.refused;
	"row" := v_given."row";
	if refused is null then
		v_narrowed := access.narrow_scope(p_scope, ("row").scope);
		if v_narrowed.refused is not null then
			perform core.refuse('scope_wrong', access.oauth_error('scope_wrong'));
		end if;
		"row".scope := v_narrowed.p_held;
	else
		detail := access.oauth_error(refused);
	end if;
end
$$;
comment on function api.give_tokens is 'Gives tokens for a refresh token, a code or a secret. Refuses: grant_type_unknown refresh_wrong grant_wrong secret_wrong scope_wrong';

-- RFC 7009: whatever the token is, afterwards it is worth nothing. p_session_id: of an access token.
create or replace function api.revoke_token(p_token text, p_token_type_hint text,
	p_client_id uuid, p_token_hash bytea, p_session_id uuid, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_session access.session;
begin
	perform core.enter(0, null);
	update access.session s set ended_at = p_now, ended_by = 'account'
	where s.session_id = coalesce(p_session_id, (
			select t.session_id from access.refresh_token t where t.token_hash = p_token_hash))
		and s.ended_at is null
	returning s.* into v_session;
	if found then
		perform access.audit(v_session.of_market, p_audit_id, 'session.end', 'done',
			v_session.account_id, v_session.role, v_session.session_id, p_peer, p_request_id, p_now);
	end if;
end
$$;
comment on function api.revoke_token is 'Ends the session of a token. Refuses: nothing.';

-- Of a refresh token.
create or replace function access.introspect_refresh(p_market_id int, p_token_hash bytea,
	p_issuer text, p_now timestamptz) returns api.introspection
language plpgsql stable as $$
declare
	v_row api.introspection;
begin
	select true, s.scope, s.client_id, s.account_id, null,
		extract(epoch from least(s.idle_at, s.expires_at))::bigint, p_issuer, s.session_id,
		s.of_market, s.role, null
	into v_row
	from access.refresh_token t
	join access.session s on s.session_id = t.session_id
	where t.token_hash = p_token_hash and t.used_at is null and s.of_market = p_market_id
		and s.ended_at is null and p_now < least(s.idle_at, s.expires_at);
	return v_row;
end
$$;
grant execute on function access.introspect_refresh to wall_platform;

-- p_sub to p_exp: what an access token says; p_sub null: it is none that is good now. Tokens
-- of another market are none.
create or replace function api.introspect_token(p_market_id int, p_token text,
	p_token_type_hint text, p_token_hash bytea, p_issuer text, p_sub uuid, p_session_id uuid,
	p_token_market bigint, p_token_scope text, p_token_role text, p_partner_id uuid, p_exp bigint,
	p_now timestamptz, out "row" api.introspection)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	if p_sub is null then
		"row" := access.introspect_refresh(p_market_id, p_token_hash, p_issuer, p_now);
	elsif p_token_market = p_market_id
		and not exists (select from access.session s
			where s.session_id = p_session_id and s.ended_at is not null)
		and not exists (select from access.service_secret k
			where k.market_id = p_market_id and k.secret_id = p_session_id
				and k.ended_at is not null) then
		"row" := row(true, p_token_scope,
			(select s.client_id from access.session s where s.session_id = p_session_id), p_sub,
			'Bearer', p_exp, p_issuer, p_session_id, p_market_id, p_token_role,
			p_partner_id)::api.introspection;
	end if;
	"row".active := coalesce(("row").active, false);
end
$$;
comment on function api.introspect_token is 'Says what a token is worth. Refuses: nothing.';

alter function api.give_tokens owner to wall_platform;
alter function api.revoke_token owner to wall_platform;
alter function api.introspect_token owner to wall_platform;
grant execute on function api.give_tokens, api.revoke_token, api.introspect_token to socius_gate;
