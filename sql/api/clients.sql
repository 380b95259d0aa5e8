-- Apps of others: registered by admins; accounts let them do what they have consented to.

-- Blank-separated scopes as an array.
create or replace function access.scopes_of(p_scope text) returns text[]
language plpgsql immutable as $$
begin
	return string_to_array(p_scope, ' ');
end
$$;

-- Whether an answer may go there: one of the client's, as it stands. Of apps on a desktop the port
-- counts only where it was registered (RFC 8252 section 7.3).
create or replace function access.goes_to(p_client access.client, p_redirect_uri text)
returns boolean
language plpgsql immutable as $$
begin
	return p_redirect_uri = any (string_to_array(p_client.redirect_uris, ' '))
		or regexp_replace(p_redirect_uri, '^(http://(127\.0\.0\.1|\[::1\])):[0-9]{1,5}/', '\1/')
			= any (string_to_array(p_client.redirect_uris, ' '));
end
$$;

-- The client that asks for leave. Refuses: client_unknown redirect_uri_wrong
create or replace function access.client_that_asks(p_client_id uuid, p_redirect_uri text)
returns access.client
language plpgsql stable as $$
declare
	v_client access.client;
begin
	select * into v_client
	from access.client c
	where c.client_id = p_client_id and c.ended_at is null;
	if not found then
		perform core.refuse('client_unknown');
	elsif not coalesce(access.goes_to(v_client, p_redirect_uri), false) then
		perform core.refuse('redirect_uri_wrong');
	end if;
	return v_client;
end
$$;
grant execute on function access.scopes_of, access.goes_to, access.client_that_asks
	to wall_platform;

create or replace function access.client_shown(p_client access.client) returns api.client
language plpgsql immutable as $$
begin
	return row(p_client.client_id, p_client.name, p_client.redirect_uris, p_client.scope,
		p_client.made_at, p_client.ended_at)::api.client;
end
$$;
grant execute on function access.client_shown to wall_platform;

create or replace function api.create_client(p_actor_id uuid, p_actor_role text, p_key text,
	p_digest bytea, p_client_id uuid, p_name text, p_redirect_uris text, p_scope text,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out replayed boolean, out "row" api.client)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_client access.client;
	v_client_id uuid;
begin
	perform core.enter(0, null);
	v_client_id := core.claim_key(0, p_actor_id, 'create_client', p_key, p_digest, p_client_id,
		p_now);
	replayed := v_client_id is not null;
	if not replayed then
		v_client_id := p_client_id;
		insert into access.client (client_id, name, redirect_uris, scope, made_at, made_by)
		values (p_client_id, p_name, p_redirect_uris, p_scope, p_now, p_actor_id);
		perform access.audit(0, p_audit_id, 'client.create', 'done', p_actor_id, p_actor_role,
			p_client_id, p_peer, p_request_id, p_now);
	end if;
	select * into v_client from access.client c where c.client_id = v_client_id;
	"row" := access.client_shown(v_client);
end
$$;
comment on function api.create_client is 'Registers an app of others. Refuses: key_reused redirect_uri_shape scope_wrong';

create or replace function api.list_clients(p_limit int, p_after_client_id uuid)
returns setof api.client
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	return query
	select (access.client_shown(c)).*
	from access.client c
	where c.client_id < coalesce(p_after_client_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
	order by c.client_id desc
	limit p_limit;
end
$$;
comment on function api.list_clients is 'Lists the apps of others, the newest first. Refuses: nothing.';

-- Ending what has ended is fine: a retry.
create or replace function api.end_client(p_actor_id uuid, p_actor_role text, p_client_id uuid,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_client access.client;
begin
	perform core.enter(0, null);
	select * into v_client from access.client c where c.client_id = p_client_id for update;
	if not found then
		perform core.refuse('client_unknown');
	elsif v_client.ended_at is null then
		update access.client c set ended_at = p_now where c.client_id = p_client_id;
		update access.session s set ended_at = p_now, ended_by = 'operator'
		where s.client_id = p_client_id and s.ended_at is null;
		perform access.audit(0, p_audit_id, 'client.end', 'done', p_actor_id, p_actor_role,
			p_client_id, p_peer, p_request_id, p_now);
	end if;
end
$$;
comment on function api.end_client is 'Removes an app of others and ends its sessions. Refuses: client_unknown';

-- p_words: what people read of each scope, a line of scope, tab and words each.
create or replace function api.get_authorization_request(p_response_type text, p_client_id uuid,
	p_redirect_uri text, p_scope text, p_code_challenge text, p_code_challenge_method text,
	p_words text, p_issuer text, out "row" api.authorization_request)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_client access.client;
	v_scopes text[];
begin
	perform core.enter(0, null);
	v_client := access.client_that_asks(p_client_id, p_redirect_uri);
	v_scopes := access.scopes_of(coalesce(p_scope, v_client.scope));
	"row".client_id := v_client.client_id;
	"row".client_name := v_client.name;
	"row".redirect_uri := p_redirect_uri;
	"row".iss := p_issuer;
	"row".permissions := array(
		select row(split_part(w, e'\t', 1), split_part(w, e'\t', 2))::api.permission
		from unnest(string_to_array(p_words, e'\n')) w
		where split_part(w, e'\t', 1) = any (v_scopes));
	"row".error := case
		when p_response_type is distinct from 'code' then 'unsupported_response_type'
		when p_code_challenge_method is distinct from 'S256'
			or coalesce(p_code_challenge, '') !~ '^[A-Za-z0-9_-]{43}$' then 'invalid_request'
		when not v_scopes <@ access.scopes_of(v_client.scope) then 'invalid_scope' end;
end
$$;
comment on function api.get_authorization_request is 'What an app asks an account for. Refuses: client_unknown redirect_uri_wrong';

create or replace function api.create_authorization(p_market_id int, p_account_id uuid,
	p_role text, p_client_id uuid, p_redirect_uri text, p_scope text, p_code_challenge text,
	p_code_challenge_method text, p_code bytea, p_code_hash bytea, p_issuer text,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out "row" api.consent)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_client access.client;
	v_scope text;
begin
	perform core.enter(0, null);
	v_client := access.client_that_asks(p_client_id, p_redirect_uri);
	v_scope := coalesce(p_scope, v_client.scope);
	if not access.scopes_of(v_scope) <@ access.scopes_of(v_client.scope) then
		perform core.refuse('scope_wrong');
	elsif not exists (select from access.credential c where c.account_id = p_account_id) then
		perform core.refuse('account_unknown'); -- of a token by hand: it cannot sign in
	end if;
	insert into access.authorization_code (code_hash, client_id, account_id, of_market,
		redirect_uri, code_challenge, scope, made_at, expires_at)
	values (p_code_hash, p_client_id, p_account_id, p_market_id, p_redirect_uri,
		p_code_challenge, v_scope, p_now, p_now + interval '60 seconds');
	"row" := row(null, p_issuer, p_now + interval '60 seconds')::api.consent;
	perform access.audit(p_market_id, p_audit_id, 'client.consent', 'done', p_account_id, p_role,
		p_client_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.create_authorization is 'Lets an app do what it asks for. Refuses: client_unknown redirect_uri_wrong scope_wrong code_challenge_shape account_unknown';

create or replace function api.get_authorization_server(p_issuer text, p_words text,
	out "row" api.authorization_server)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	"row" := row(p_issuer, p_issuer || '/oauth/authorize', p_issuer || '/v1/auth/tokens',
		p_issuer || '/v1/auth/revoke', p_issuer || '/v1/auth/introspect', p_issuer || '/docs',
		array(select split_part(w, e'\t', 1) from unnest(string_to_array(p_words, e'\n')) w),
		array['code'], array['query'],
		array['authorization_code', 'refresh_token', 'client_credentials'], array['S256'],
		array['none', 'client_secret_basic', 'client_secret_post'], array['none'],
		true)::api.authorization_server;
end
$$;
comment on function api.get_authorization_server is 'What OAuth libraries want to know. Refuses: nothing.';

alter function api.create_client owner to wall_platform;
alter function api.list_clients owner to wall_platform;
alter function api.end_client owner to wall_platform;
alter function api.get_authorization_request owner to wall_platform;
alter function api.create_authorization owner to wall_platform;
alter function api.get_authorization_server owner to wall_platform;
grant execute on function api.create_client, api.list_clients, api.end_client,
	api.get_authorization_request, api.create_authorization, api.get_authorization_server
	to socius_gate;
