-- External sessions: signing in by the word of another provider, and linking it to an account.
--
-- The gate has verified the token when it comes here: p_identity_hash says who it is of, p_nonce_hash
-- which nonce it was asked for with. A nonce is used up by what it brings about, so a token works
-- once; whoever is refused may come again with what was missing, or link it after signing in.

-- Whether the nonce is one of ours that waits. The row is locked.
create or replace function access.nonce_waits(p_nonce_hash bytea, p_now timestamptz)
returns boolean
language plpgsql as $$
begin
	perform from access.nonce n
	where n.nonce_hash = p_nonce_hash and n.used_at is null and n.expires_at > p_now
	for update;
	return found;
end
$$;

create or replace function access.use_nonce(p_nonce_hash bytea, p_now timestamptz) returns void
language plpgsql as $$
begin
	update access.nonce n set used_at = p_now where n.nonce_hash = p_nonce_hash;
end
$$;

-- A key that we do not know yet: the runner looks again soon, but not more often than every 10 s.
create or replace function access.want_keys(p_provider_id uuid, p_now timestamptz) returns void
language plpgsql as $$
begin
	update access.issuer i
	set due_at = least(i.due_at, greatest(p_now, i.tried_at + interval '10 seconds'))
	from access.identity_provider p
	where p.provider_id = p_provider_id and i.issuer = p.issuer;
end
$$;

create or replace function access.link_identity(p_identity_id uuid, p_identity_hash bytea,
	p_account_id uuid, p_issuer text, p_record_id uuid, p_role text, p_peer text,
	p_request_id text, p_now timestamptz) returns void
language plpgsql as $$
begin
	insert into access.external_identity (identity_id, identity_hash, account_id, issuer, linked_at)
	values (p_identity_id, p_identity_hash, p_account_id, p_issuer, p_now);
	perform access.audit(0, p_record_id, 'identity.link', 'done', p_account_id, p_role,
		p_identity_id, p_peer, p_request_id, p_now);
end
$$;

-- A person whom the provider vouches for and nobody here knows gets an account without a password.
-- Never by an address that an account has: whoever could make a provider say so would have the
-- account. The slug of a refusal, or null.
create or replace function access.sign_up_external(p_provider access.identity_provider,
	p_identity_id uuid, p_identity_hash bytea, p_email text, p_email_key text,
	p_email_verified boolean, p_name text, p_locale text, p_new_account_id uuid, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz) returns text
language plpgsql as $$
begin
	if p_email is null or not p_email_verified then
		return case when p_provider.signs_up then 'email_needed' else 'person_unknown' end;
	end if;
	perform pg_advisory_xact_lock(5052, hashtext(p_email_key));
	if exists (select from access.credential c where c.email_key = p_email_key) then
		return 'link_needed';
	elsif not p_provider.signs_up then
		return 'person_unknown';
	end if;
	insert into identity.account (account_id, name, created_at)
	values (p_new_account_id, p_name, p_now);
	insert into access.credential (account_id, email, email_key, password_hash, locale, created_at,
		changed_at)
	values (p_new_account_id, p_email, p_email_key, null,
		coalesce(p_locale, 'en'), p_now, p_now);
	perform access.audit(0, core.following_id(p_audit_id, 3), 'account.create', 'done',
		p_new_account_id, null, p_new_account_id, p_peer, p_request_id, p_now);
	perform access.link_identity(p_identity_id, p_identity_hash, p_new_account_id,
		p_provider.issuer, core.following_id(p_audit_id, 4), null, p_peer, p_request_id, p_now);
	return null;
end
$$;
grant execute on function access.nonce_waits, access.use_nonce, access.want_keys,
	access.link_identity, access.sign_up_external to wall_platform;

-- The second factor, as with passwords; guesses at it are counted by the account.
create or replace function access.check_second_external(p_known access.credential, p_role text,
	p_code text, p_totp_step bigint, p_recovery_mac bytea, p_now timestamptz) returns text
language plpgsql as $$
declare
	v_refused text;
begin
	if p_known.totp_confirmed_at is not null and p_code is not null then
		perform access.count_guess('external', p_known.account_id::text, p_now);
	end if;
	v_refused := access.check_second(p_known, p_role, p_code, p_totp_step, p_recovery_mac, p_now);
	if v_refused is null then
		perform access.forget_guesses('external', p_known.account_id::text);
	end if;
	return v_refused;
end
$$;
grant execute on function access.check_second_external to wall_platform;

-- p_key_unknown: the token names a key that is not here. p_email, p_name: sealed for p_new_account_id;
-- p_device_name: for p_known_id, or that one, and the row p_device_row. Who was made meanwhile, by
-- another request of the same person, begins anew.
create or replace function api.create_external_session(p_provider_id uuid, p_id_token text,
	p_nonce text, p_totp text, p_device_name text, p_role text, p_device_secret text,
	p_locale text, p_key_unknown boolean, p_identity_hash bytea, p_nonce_hash bytea, p_email text,
	p_email_key text, p_email_verified boolean, p_name text, p_totp_step bigint, p_recovery_mac bytea,
	p_refresh_hash bytea, p_device_hash bytea, p_session_id uuid, p_device_id uuid,
	p_new_account_id uuid, p_identity_id uuid, p_refresh bytea, p_device bytea, p_audit_id uuid,
	p_peer text, p_request_id text, p_now timestamptz, p_known_id uuid default null,
	p_device_row uuid default null,
	out refused text, out detail jsonb, out "row" api.session_tokens)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_provider access.identity_provider;
	v_known access.credential;
	v_chosen record;
begin
	perform core.enter(0, null);
	select * into v_provider
	from access.identity_provider p
	where p.provider_id = p_provider_id;
	if p_key_unknown then
		perform access.want_keys(p_provider_id, p_now);
		refused := 'provider_key_unknown';
	elsif not found then
		refused := 'provider_unknown';
	elsif not access.nonce_waits(p_nonce_hash, p_now) then
		refused := 'nonce_wrong';
	end if;
	if refused is not null then
		return;
	end if;
	-- two tokens of one person at once make one account
	perform pg_advisory_xact_lock(5053, hashtext(encode(p_identity_hash, 'hex')));
	if not exists (select from access.external_identity e
		where e.identity_hash = p_identity_hash) then
		refused := access.sign_up_external(v_provider, p_identity_id, p_identity_hash, p_email,
			p_email_key, p_email_verified, p_name, p_locale, p_new_account_id, p_audit_id, p_peer, p_request_id,
			p_now);
		perform core.enter(0, null);
	end if;
	select c.* into v_known
	from access.external_identity e
	join access.credential c on c.account_id = e.account_id
	where e.identity_hash = p_identity_hash and c.state = 'active';
	if refused is null and not found then
		refused := 'person_unknown';
	elsif refused is null and v_known.account_id <> coalesce(p_known_id, p_new_account_id) then
		refused := 'nonce_wrong';
	end if;
	if refused is null then
		v_chosen := access.choose_session(v_known.account_id, p_role,
			(select m.code from core.market m where m.market_id = v_provider.of_market));
		refused := coalesce(v_chosen.refused, access.check_second_external(v_known, v_chosen.role,
			p_totp, p_totp_step, p_recovery_mac, p_now));
	end if;
	if refused is not null then
		perform access.audit(v_provider.of_market, p_audit_id, 'session.start', refused,
			v_known.account_id, p_role, null, p_peer, p_request_id, p_now);
		return;
	end if;
	perform access.use_nonce(p_nonce_hash, p_now);
	perform access.give_back('network', access.network_of(p_peer), interval '1 second');
	update access.external_identity e set used_at = p_now
	where e.identity_hash = p_identity_hash;
	"row" := access.open_session(v_known.account_id, v_chosen.market_id, v_chosen.role,
		v_chosen.partner_id, p_device_name, p_device_secret, p_refresh_hash, p_device_hash,
		p_session_id, p_device_id, p_audit_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.create_external_session is 'Signs in by an ID token. Refuses: provider_unknown provider_key_unknown id_token_wrong nonce_wrong person_unknown email_needed link_needed totp_needed totp_wrong totp_enrolment_needed role_not_held sign_in_delayed';

alter function api.create_external_session owner to wall_platform;
grant execute on function api.create_external_session to socius_gate;
