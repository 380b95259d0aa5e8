-- Providers: which OpenID issuers are trusted in a market, and what their tokens are held against.
--
-- Admins set them up: whoever an issuer vouches for gets at an account of all markets, so that is
-- not for the operators of one (ADR 0012).

create or replace function access.provider_shown(p_provider_id uuid)
returns api.identity_provider
language plpgsql stable as $$
declare
	v_row api.identity_provider;
begin
	select p.provider_id, m.code, p.name, p.issuer, p.client_ids, p.signs_up, i.fetched_at, i.error,
		p.version
	into v_row
	from access.identity_provider p
	join core.market m on m.market_id = p.of_market
	join access.issuer i on i.issuer = p.issuer
	where p.provider_id = p_provider_id;
	if not found then
		perform core.refuse('provider_unknown');
	end if;
	return v_row;
end
$$;
grant execute on function access.provider_shown to wall_platform;

-- p_providers_on_loopback: 1 lets http issuers on this machine be, for tests.
create or replace function api.put_identity_provider(p_actor_id uuid, p_actor_role text,
	p_provider_id uuid, p_market_code text, p_name text, p_issuer text, p_client_ids text,
	p_signs_up boolean, p_providers_on_loopback int, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz, out "row" api.identity_provider)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
begin
	perform core.enter(0, null);
	select m.market_id into v_market_id from core.market m where m.code = p_market_code;
	if not found then
		perform core.refuse('market_unknown');
	elsif p_issuer !~ '^https://' and not (p_providers_on_loopback = 1
		and p_issuer ~ '^http://127\.0\.0\.1:[0-9]{1,5}(/|$)') then
		perform core.refuse('issuer_shape');
	end if;
	insert into access.issuer (issuer, due_at)
	values (p_issuer, p_now)
	on conflict (issuer) do update set due_at = least(issuer.due_at, p_now);
	insert into access.identity_provider as p (provider_id, of_market, name, issuer, client_ids,
		signs_up, made_at, changed_at)
	values (p_provider_id, v_market_id, p_name, p_issuer,
		array_to_string(regexp_split_to_array(btrim(p_client_ids), '\s+'), ' '), p_signs_up, p_now,
		p_now)
	on conflict (provider_id) do update
	set name = excluded.name, issuer = excluded.issuer, client_ids = excluded.client_ids,
		signs_up = excluded.signs_up, changed_at = excluded.changed_at, version = p.version + 1
	where p.of_market = excluded.of_market;
	if not found then
		perform core.refuse('provider_taken');
	end if;
	"row" := access.provider_shown(p_provider_id);
	perform access.audit(v_market_id, p_audit_id, 'provider.put', 'done', p_actor_id, p_actor_role,
		p_provider_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.put_identity_provider is 'Sets up an issuer in a market, or changes it. Refuses: market_unknown issuer_shape provider_taken';

create or replace function api.get_identity_provider(p_provider_id uuid,
	out "row" api.identity_provider)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	"row" := access.provider_shown(p_provider_id);
end
$$;
comment on function api.get_identity_provider is 'Shows an issuer of a market. Refuses: provider_unknown';

-- Who is linked stays linked, and may sign in again when it is set up again.
create or replace function api.delete_identity_provider(p_actor_id uuid, p_actor_role text,
	p_provider_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
begin
	perform core.enter(0, null);
	delete from access.identity_provider p where p.provider_id = p_provider_id
	returning p.of_market into v_market_id;
	if not found then
		perform core.refuse('provider_unknown');
	end if;
	perform access.audit(v_market_id, p_audit_id, 'provider.delete', 'done', p_actor_id,
		p_actor_role, p_provider_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.delete_identity_provider is 'Nobody signs in with it any more. Refuses: provider_unknown';

create or replace function api.list_identity_providers(p_market_code text, p_limit int,
	p_after_provider_id uuid)
returns setof api.provider_choice
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	return query
	select p.provider_id, p.name, p.issuer, p.client_ids, p.signs_up
	from access.identity_provider p
	join core.market m on m.market_id = p.of_market
	where m.code = p_market_code
		and p.provider_id > coalesce(p_after_provider_id, '00000000-0000-0000-0000-000000000000')
	order by p.provider_id
	limit p_limit;
end
$$;
comment on function api.list_identity_providers is 'With whom people of a market may sign in. Refuses: nothing.';

create or replace function api.create_nonce(p_nonce_hash bytea, p_chance bytea, p_peer text,
	p_now timestamptz, out "row" api.nonce)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	perform access.take_one('nonce_network', access.network_of(p_peer), 120, interval '1 second',
		p_now);
	insert into access.nonce (nonce_hash, expires_at)
	values (p_nonce_hash, p_now + interval '10 minutes');
	"row" := row('', p_now + interval '10 minutes');
end
$$;
comment on function api.create_nonce is 'Gives out a nonce for an ID token. Refuses: sign_in_delayed';

create or replace function access.identity_hash(p_issuer text, p_subject text) returns bytea
language plpgsql immutable as $$
begin
	return sha256(convert_to(p_issuer || E'\n' || p_subject, 'UTF8'));
end
$$;

-- Whose a token seems to be, before anybody has verified it: only to look up which authenticator
-- a code is held against. What is no token is nobody's.
create or replace function access.guess_subject(p_id_token text) returns text
language plpgsql immutable as $$
declare
	v_claims text := translate(split_part(p_id_token, '.', 2), '-_', '+/');
begin
	return convert_from(decode(rpad(v_claims, (length(v_claims) + 3) / 4 * 4, '='), 'base64'),
		'UTF8')::jsonb ->> 'sub';
exception when data_exception then
	return null;
end
$$;
grant execute on function access.identity_hash, access.guess_subject to wall_platform;

-- The issuer and its keys, as the gate holds a token against them.
create or replace function access.provider_known(p_provider_id uuid, p_peer text, p_now timestamptz,
	out issuer text, out known jsonb)
language plpgsql as $$
declare
	v_provider access.identity_provider;
begin
	perform access.take_one('network', access.network_of(p_peer), 120, interval '1 second', p_now);
	select p.* into v_provider
	from access.identity_provider p
	join core.market m on m.market_id = p.of_market
	where p.provider_id = p_provider_id;
	if not found then
		perform core.refuse('provider_unknown');
	end if;
	issuer := v_provider.issuer;
	known := jsonb_build_object('issuer', v_provider.issuer,
		'client_ids', to_jsonb(string_to_array(v_provider.client_ids, ' ')),
		'keys', (select coalesce(jsonb_agg(jsonb_build_object('kid', k.kid, 'alg', k.alg,
				'pem', k.pem)), '[]')
			from access.issuer_key k where k.issuer = v_provider.issuer));
end
$$;
grant execute on function access.provider_known to wall_platform;

-- Counts a sign-in and says what its token is held against, and whose it seems to be.
create or replace function api.ask_external_session(p_provider_id uuid, p_id_token text,
	p_device_secret text, p_peer text, p_now timestamptz, out "row" api.provider_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_issuer text;
begin
	perform core.enter(0, null);
	select k.issuer, k.known into v_issuer, "row".provider
	from access.provider_known(p_provider_id, p_peer, p_now) k;
	select c.account_id, case when c.totp_confirmed_at is not null then c.totp_id end
	into "row".account_id, "row".totp_id
	from access.external_identity e
	join access.credential c on c.account_id = e.account_id
	where e.identity_hash = access.identity_hash(v_issuer, access.guess_subject(p_id_token));
	select d.device_id into "row".device_id
	from access.device d
	where d.account_id = ("row").account_id
		and d.secret_hash = sha256(convert_to(p_device_secret, 'UTF8'));
end
$$;
comment on function api.ask_external_session is 'Counts a sign-in and says what its token is held against. Refuses: sign_in_delayed provider_unknown';

-- The same for a link, which is made for the account that asks.
create or replace function api.ask_external_identity(p_provider_id uuid, p_peer text,
	p_now timestamptz, out "row" api.provider_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	select k.known into "row".provider
	from access.provider_known(p_provider_id, p_peer, p_now) k;
end
$$;
comment on function api.ask_external_identity is 'Counts a link and says what its token is held against. Refuses: sign_in_delayed provider_unknown';

alter function api.put_identity_provider owner to wall_platform;
alter function api.get_identity_provider owner to wall_platform;
alter function api.delete_identity_provider owner to wall_platform;
alter function api.list_identity_providers owner to wall_platform;
alter function api.create_nonce owner to wall_platform;
alter function api.ask_external_session owner to wall_platform;
alter function api.ask_external_identity owner to wall_platform;
grant execute on function api.put_identity_provider, api.get_identity_provider,
	api.delete_identity_provider, api.list_identity_providers, api.create_nonce,
	api.ask_external_session, api.ask_external_identity
	to socius_gate;
