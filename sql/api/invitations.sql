-- Offices: invitations, what comes of them, and their end.

create or replace function access.invitation_shown(p_invitation access.invitation,
	p_now timestamptz) returns api.invitation
language plpgsql immutable as $$
begin
	return row(p_invitation.invitation_id, p_invitation.role, p_invitation.market_id,
		p_invitation.hint,
		case when p_invitation.account_id is not null then 'accepted'
			when p_invitation.ended_at is not null then 'withdrawn'
			when p_now >= p_invitation.expires_at then 'expired' else 'open' end,
		p_invitation.made_at, p_invitation.made_by, p_invitation.expires_at,
		p_invitation.ended_at, p_invitation.account_id)::api.invitation;
end
$$;

create or replace function access.grant_shown(p_grant access.role_grant) returns api.role_grant
language plpgsql immutable as $$
begin
	return row(p_grant.market_id, p_grant.account_id, p_grant.role, p_grant.hint,
		p_grant.granted_at, p_grant.granted_by, p_grant.withdrawn_at)::api.role_grant;
end
$$;

-- The market of an office by its code; 0 where there is none: the platform's. Refuses:
-- market_unknown
create or replace function access.market_of_office(p_market_code text) returns int
language plpgsql as $$
declare
	v_market_id int;
begin
	if p_market_code is null then
		return 0;
	end if;
	select m.market_id into v_market_id from core.market m where m.code = p_market_code;
	if not found then
		perform core.refuse('market_unknown');
	end if;
	return v_market_id;
end
$$;
grant execute on function access.invitation_shown, access.grant_shown, access.market_of_office
	to wall_platform;

-- Inviting again writes another letter; the code of the one before is worth nothing from then on.
create or replace function api.create_invitation(p_actor_id uuid, p_actor_role text,
	p_email text, p_email_key text, p_role text, p_market_code text, p_locale text,
	p_invitation_id uuid, p_hint text, p_chance bytea, p_code text, p_code_hash bytea,
	p_mail_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out "row" api.invitation)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
	v_made access.invitation;
begin
	perform core.enter(0, null);
	v_market_id := access.market_of_office(p_market_code);
	if (v_market_id = 0) <> (p_role = 'admin') then
		perform core.refuse('invitation_fits_market');
	end if;
	perform access.take_one('mail', access.hide(p_email_key), 5, interval '10 minutes', p_now);
	insert into access.invitation_code (code_hash, of_market) values (p_code_hash, v_market_id);
	perform access.post_mail(p_mail_id, 'invited', p_email, p_invitation_id,
		coalesce(p_locale, 'en'), jsonb_build_object('code', p_code), p_now);
	perform core.enter(v_market_id, null);
	update access.invitation i set ended_at = p_now
	where i.market_id = v_market_id and i.email_key = p_email_key and i.role = p_role
		and i.ended_at is null;
	insert into access.invitation (market_id, invitation_id, role, email_key, hint, code_hash,
		made_at, made_by, expires_at)
	values (v_market_id, p_invitation_id, p_role, p_email_key, p_hint, p_code_hash, p_now,
		p_actor_id, p_now + interval '7 days')
	returning * into v_made;
	"row" := access.invitation_shown(v_made, p_now);
	perform access.audit(v_market_id, p_audit_id, 'invitation.create', 'done', p_actor_id,
		p_actor_role, p_invitation_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.create_invitation is 'Invites an address to an office. Refuses: market_unknown invitation_fits_market sign_in_delayed';

create or replace function api.list_invitations(p_market_code text, p_now timestamptz,
	p_limit int, p_after_invitation_id uuid)
returns setof api.invitation
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
begin
	perform core.enter(0, null);
	v_market_id := access.market_of_office(p_market_code);
	perform core.enter(v_market_id, null);
	return query
	select s.*
	from access.invitation i, lateral access.invitation_shown(i, p_now) s
	where i.market_id = v_market_id and i.invitation_id
		< coalesce(p_after_invitation_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
	order by i.invitation_id desc
	limit p_limit;
end
$$;
comment on function api.list_invitations is 'Lists invitations, the newest first. Refuses: market_unknown';

-- Withdrawing what has ended is fine: a retry.
create or replace function api.withdraw_invitation(p_actor_id uuid, p_actor_role text,
	p_market_code text, p_invitation_id uuid, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
	v_ended_at timestamptz;
begin
	perform core.enter(0, null);
	v_market_id := access.market_of_office(p_market_code);
	perform core.enter(v_market_id, null);
	select i.ended_at into v_ended_at
	from access.invitation i
	where i.market_id = v_market_id and i.invitation_id = p_invitation_id
	for no key update;
	if not found then
		perform core.refuse('invitation_unknown');
	elsif v_ended_at is null then
		update access.invitation i set ended_at = p_now
		where i.market_id = v_market_id and i.invitation_id = p_invitation_id;
		perform access.audit(v_market_id, p_audit_id, 'invitation.withdraw', 'done', p_actor_id,
			p_actor_role, p_invitation_id, p_peer, p_request_id, p_now);
	end if;
end
$$;
comment on function api.withdraw_invitation is 'Withdraws an invitation. Refuses: market_unknown invitation_unknown';

-- The open invitation of a code, and its market entered. Null: there is none.
create or replace function access.find_invitation(p_code_hash bytea, p_now timestamptz)
returns access.invitation
language plpgsql as $$
declare
	v_market_id int;
	v_found access.invitation;
begin
	select c.of_market into v_market_id
	from access.invitation_code c
	where c.code_hash = p_code_hash;
	perform core.enter(coalesce(v_market_id, 0), null);
	select * into v_found
	from access.invitation i
	where i.market_id = v_market_id and i.code_hash = p_code_hash and i.ended_at is null
		and p_now < i.expires_at
	for no key update;
	return v_found;
end
$$;

-- The account has the office from now on.
create or replace function access.take_office(p_invitation access.invitation, p_account_id uuid,
	p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz) returns api.role_grant
language plpgsql as $$
declare
	v_grant access.role_grant;
begin
	perform core.enter(p_invitation.market_id, null);
	update access.invitation i set ended_at = p_now, account_id = p_account_id
	where i.market_id = p_invitation.market_id
		and i.invitation_id = p_invitation.invitation_id;
	insert into access.role_grant (market_id, account_id, role, granted_at, granted_by, hint)
	values (p_invitation.market_id, p_account_id, p_invitation.role, p_now,
		p_invitation.made_by::text, p_invitation.hint)
	on conflict (market_id, account_id, role) do update
	set granted_at = excluded.granted_at, granted_by = excluded.granted_by,
		hint = excluded.hint, withdrawn_at = null
	returning * into v_grant;
	perform access.audit(p_invitation.market_id, p_audit_id, 'role.grant', 'done', p_account_id,
		p_invitation.role, p_account_id, p_peer, p_request_id, p_now);
	return access.grant_shown(v_grant);
end
$$;
grant execute on function access.find_invitation, access.take_office to wall_platform;

-- Who is signed in under the address that was invited.
create or replace function api.accept_invitation(p_account_id uuid, p_role text, p_code text,
	p_code_hash bytea, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.role_grant)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_found access.invitation;
	v_key text;
begin
	perform core.enter(0, null);
	select c.email_key into v_key
	from access.credential c
	where c.account_id = p_account_id and c.state = 'active';
	v_found := access.find_invitation(p_code_hash, p_now);
	if v_found.email_key is distinct from v_key or v_key is null then
		refused := 'code_wrong';
		perform access.audit(0, p_audit_id, 'invitation.accept', refused, p_account_id, p_role,
			v_found.invitation_id, p_peer, p_request_id, p_now);
		return;
	end if;
	"row" := access.take_office(v_found, p_account_id, p_audit_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.accept_invitation is 'Takes the office that a code offers. Refuses: code_wrong';

-- Who has no account yet: the code proves the address, so that there is an account at once.
create or replace function api.create_invited_account(p_email text, p_email_key text,
	p_password text, p_name text, p_locale text, p_code text, p_code_hash bytea, p_new_account_id uuid, p_audit_id uuid,
	p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.account)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_found access.invitation;
begin
	perform core.enter(0, null);
	v_found := access.find_invitation(p_code_hash, p_now);
	perform core.enter(0, null);
	if v_found.email_key is distinct from p_email_key then
		refused := 'code_wrong';
		perform access.audit(0, p_audit_id, 'invitation.accept', refused, null, null,
			v_found.invitation_id, p_peer, p_request_id, p_now);
		return;
	end if;
	perform pg_advisory_xact_lock(5052, hashtext(p_email_key));
	if exists (select from access.credential c where c.email_key = p_email_key) then
		refused := 'account_exists';
		return;
	end if;
	insert into identity.account (account_id, name, created_at)
	values (p_new_account_id, p_name, p_now);
	insert into access.credential (account_id, email, email_key, password_hash, locale,
		created_at, changed_at)
	values (p_new_account_id, p_email, p_email_key, p_password,
		coalesce(p_locale, 'en'), p_now, p_now);
	perform access.audit(0, p_audit_id, 'account.create', 'done', p_new_account_id, null,
		p_new_account_id, p_peer, p_request_id, p_now);
	perform access.take_office(v_found, p_new_account_id, core.following_id(p_audit_id, 1),
		p_peer, p_request_id, p_now);
	perform core.enter(0, null);
	"row" := access.account_shown(p_new_account_id);
end
$$;
comment on function api.create_invited_account is 'Makes an account in the office that a code offers. Refuses: code_wrong account_exists password_common';

create or replace function api.list_role_grants(p_market_code text, p_limit int,
	p_after_account_id uuid, p_after_role text)
returns setof api.role_grant
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
begin
	perform core.enter(0, null);
	v_market_id := access.market_of_office(p_market_code);
	perform core.enter(v_market_id, null);
	return query
	select s.*
	from access.role_grant g, lateral access.grant_shown(g) s
	where g.market_id = v_market_id and (p_after_account_id is null
		or (g.account_id, g.role) > (p_after_account_id, p_after_role))
	order by g.account_id, g.role
	limit p_limit;
end
$$;
comment on function api.list_role_grants is 'Lists who acts in an office. Refuses: market_unknown';

-- The sessions of the role end, and so do their tokens; what the account had invited is worth
-- nothing any more.
create or replace function api.withdraw_role_grant(p_actor_id uuid, p_actor_role text,
	p_market_code text, p_account_id uuid, p_role text, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz, out "row" api.role_grant)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
	v_grant access.role_grant;
begin
	perform core.enter(0, null);
	v_market_id := access.market_of_office(p_market_code);
	perform core.enter(v_market_id, null);
	-- two admins that withdraw each other: one stays
	perform pg_advisory_xact_lock(5053, v_market_id);
	select * into v_grant
	from access.role_grant g
	where g.market_id = v_market_id and g.account_id = p_account_id and g.role = p_role
	for no key update;
	if not found then
		perform core.refuse('role_grant_unknown');
	elsif v_grant.withdrawn_at is null then
		if p_role = 'admin' and not exists (select from access.role_grant g
			where g.market_id = 0 and g.role = 'admin' and g.withdrawn_at is null
				and g.account_id <> p_account_id) then
			perform core.refuse('last_admin');
		end if;
		v_grant := access.end_office(v_market_id, p_account_id, p_role, p_now);
		perform access.audit(v_market_id, p_audit_id, 'role.withdraw', 'done', p_actor_id,
			p_actor_role, p_account_id, p_peer, p_request_id, p_now);
	end if;
	"row" := access.grant_shown(v_grant);
end
$$;
comment on function api.withdraw_role_grant is 'Takes an office from an account. Refuses: market_unknown role_grant_unknown last_admin';

alter function api.create_invitation owner to wall_platform;
alter function api.list_invitations owner to wall_platform;
alter function api.withdraw_invitation owner to wall_platform;
alter function api.accept_invitation owner to wall_platform;
alter function api.create_invited_account owner to wall_platform;
alter function api.list_role_grants owner to wall_platform;
alter function api.withdraw_role_grant owner to wall_platform;
grant execute on function api.create_invitation, api.list_invitations, api.withdraw_invitation,
	api.accept_invitation, api.create_invited_account, api.list_role_grants,
	api.withdraw_role_grant
	to socius_gate;
