-- Identities: what other providers' words an account may be signed in to with.

create or replace function access.identity_shown(p_identity_id uuid)
returns api.external_identity
language plpgsql stable as $$
declare
	v_row api.external_identity;
begin
	select e.identity_id, e.issuer, e.linked_at, e.used_at
	into v_row
	from access.external_identity e
	where e.identity_id = p_identity_id;
	return v_row;
end
$$;
grant execute on function access.identity_shown to wall_platform;

-- The account hears of it by mail: whoever has its phone for a minute could do it, too. What is
-- linked to it already is a retry.
create or replace function api.create_external_identity(p_account_id uuid, p_account_role text,
	p_provider_id uuid, p_id_token text, p_nonce text, p_key_unknown boolean,
	p_identity_hash bytea, p_nonce_hash bytea, p_identity_id uuid, p_mail_id uuid,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.external_identity)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_issuer text;
	v_linked access.external_identity;
begin
	perform core.enter(0, null);
	select p.issuer into v_issuer
	from access.identity_provider p
	where p.provider_id = p_provider_id;
	if p_key_unknown then
		perform access.want_keys(p_provider_id, p_now);
		refused := 'provider_key_unknown';
	elsif not found then
		refused := 'provider_unknown';
	elsif not exists (select from access.credential c
		where c.account_id = p_account_id and c.state = 'active') then
		refused := 'account_unknown';
	end if;
	if refused is not null then
		return;
	end if;
	perform pg_advisory_xact_lock(5053, hashtext(encode(p_identity_hash, 'hex')));
	select * into v_linked
	from access.external_identity e
	where e.identity_hash = p_identity_hash;
	if v_linked.account_id = p_account_id then
		"row" := access.identity_shown(v_linked.identity_id);
		return;
	elsif v_linked.account_id is not null then
		refused := 'identity_taken';
	elsif not access.nonce_waits(p_nonce_hash, p_now) then
		refused := 'nonce_wrong';
	end if;
	if refused is not null then
		perform access.audit(0, p_audit_id, 'identity.link', refused, p_account_id, p_account_role,
			null, p_peer, p_request_id, p_now);
		return;
	end if;
	perform access.use_nonce(p_nonce_hash, p_now);
	perform access.write_to(p_account_id, p_mail_id, 'linked', '{}', p_now);
	perform access.link_identity(p_identity_id, p_identity_hash, p_account_id, v_issuer, p_audit_id,
		p_account_role, p_peer, p_request_id, p_now);
	"row" := access.identity_shown(p_identity_id);
end
$$;
comment on function api.create_external_identity is 'Links another provider''s word to the account. Refuses: provider_unknown provider_key_unknown id_token_wrong account_unknown nonce_wrong identity_taken';

create or replace function api.list_external_identities(p_account_id uuid, p_limit int,
	p_after_identity_id uuid)
returns setof api.external_identity
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	return query
	select e.identity_id, e.issuer, e.linked_at, e.used_at
	from access.external_identity e
	where e.account_id = p_account_id
		and e.identity_id > coalesce(p_after_identity_id, '00000000-0000-0000-0000-000000000000')
	order by e.identity_id
	limit p_limit;
end
$$;
comment on function api.list_external_identities is 'Lists what is linked to the account. Refuses: nothing.';

-- The account's row is locked, so that two at once do not take the last two ways in.
create or replace function api.delete_external_identity(p_account_id uuid, p_account_role text,
	p_identity_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz)
returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_has_password boolean;
begin
	perform core.enter(0, null);
	select c.password_hash is not null into v_has_password
	from access.credential c
	where c.account_id = p_account_id
	for no key update;
	if not exists (select from access.external_identity e
		where e.identity_id = p_identity_id and e.account_id = p_account_id) then
		perform core.refuse('identity_unknown');
	elsif not v_has_password and not exists (select from access.external_identity e
		where e.account_id = p_account_id and e.identity_id <> p_identity_id) then
		perform core.refuse('last_way_in');
	end if;
	delete from access.external_identity e where e.identity_id = p_identity_id;
	perform access.audit(0, p_audit_id, 'identity.unlink', 'done', p_account_id, p_account_role,
		p_identity_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.delete_external_identity is 'Takes a link off the account. Refuses: identity_unknown last_way_in';

alter function api.create_external_identity owner to wall_platform;
alter function api.list_external_identities owner to wall_platform;
alter function api.delete_external_identity owner to wall_platform;
grant execute on function api.create_external_identity, api.list_external_identities,
	api.delete_external_identity to socius_gate;
