-- Accounts: sign up, confirm the address, set the password anew, change it.
--
-- Nobody learns here whether an address has an account: both ways answer alike, and the mail says
-- what is what. What a stranger asks for in somebody's name is nothing until the code comes back,
-- and a code fits the request only for which it was sent.

-- Letters to one address, and whatever one network asks for, are bounded. Refuses: sign_in_delayed
create or replace function access.weigh_letter(p_email_key text, p_peer text, p_now timestamptz)
returns void
language plpgsql as $$
begin
	perform access.take_one('mail', access.hide(p_email_key), 5, interval '10 minutes', p_now);
	perform access.take_one('mail_network', access.network_of(p_peer), 200, interval '5 seconds',
		p_now);
end
$$;
grant execute on function access.weigh_letter to wall_platform;

create or replace function access.make_challenge(p_confirmation_id uuid, p_kind text, p_email text,
	p_email_key text, p_account_id uuid, p_new_account_id uuid, p_code_mac bytea,
	p_password_hash text, p_name text, p_locale text, p_now timestamptz) returns api.confirmation
language plpgsql as $$
declare
	v_row api.confirmation;
begin
	insert into access.challenge (challenge_id, kind, email_key, email, account_id, new_account_id,
		code_mac, password_hash, name, locale, made_at, expires_at)
	values (p_confirmation_id, p_kind, p_email_key, p_email, p_account_id, p_new_account_id,
		p_code_mac, p_password_hash, p_name, p_locale, p_now, p_now + interval '15 minutes')
	returning challenge_id, expires_at into v_row;
	return v_row;
end
$$;

-- Holds a code against a challenge. Null: it does not fit, or there is nothing that it could fit.
create or replace function access.answer_challenge(p_confirmation_id uuid, p_kind text,
	p_code_mac bytea, p_now timestamptz) returns access.challenge
language plpgsql as $$
declare
	v_row access.challenge;
begin
	update access.challenge c
	set tries = c.tries + (c.code_mac is distinct from p_code_mac)::int
	where c.challenge_id = p_confirmation_id and c.kind = p_kind and c.expires_at > p_now
		and c.tries < 5
	returning * into v_row;
	if v_row.code_mac is distinct from p_code_mac then
		return null;
	end if;
	return v_row;
end
$$;
grant execute on function access.make_challenge, access.answer_challenge to wall_platform;

-- Before anything is hashed.
create or replace function api.weigh_sign_up(p_email_key text, p_peer text, p_now timestamptz,
	out "row" api.sign_in_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	perform access.weigh_letter(p_email_key, p_peer, p_now);
	"row" := row(null, null);
end
$$;
comment on function api.weigh_sign_up is 'Counts a sign-up. Refuses: sign_in_delayed';

-- The same for a new password that comes with a code.
create or replace function api.weigh_password(p_peer text, p_now timestamptz,
	out "row" api.sign_in_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	perform access.take_one('network', access.network_of(p_peer), 120, interval '1 second', p_now);
	"row" := row(null, null);
end
$$;
comment on function api.weigh_password is 'Counts a new password. Refuses: sign_in_delayed';

create or replace function api.create_account(p_email text, p_email_key text,
	p_password text, p_name text, p_locale text, p_confirmation_id uuid, p_new_account_id uuid,
	p_code text, p_code_mac bytea, p_chance bytea,
	p_mail_id uuid, p_peer text, p_now timestamptz, out "row" api.confirmation)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_known boolean;
begin
	perform core.enter(0, null);
	v_known := exists (select from access.credential c where c.email_key = p_email_key);
	"row" := access.make_challenge(p_confirmation_id, 'sign_up', p_email, p_email_key, null,
		p_new_account_id, case when not v_known then p_code_mac end, p_password, p_name, coalesce(p_locale, 'en'),
		p_now);
	perform access.post_mail(p_mail_id, case when v_known then 'known' else 'sign_up' end,
		p_email, p_new_account_id, coalesce(p_locale, 'en'),
		case when v_known then '{}' else jsonb_build_object('code', p_code) end, p_now);
end
$$;
comment on function api.create_account is 'Asks for an account; a code goes to the address. Refuses: password_common';

-- The same code again is a retry, as long as it lives.
create or replace function api.confirm_account(p_confirmation_id uuid, p_code text,
	p_code_mac bytea, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz, out refused text, out detail jsonb, out "row" api.account)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_asked access.challenge;
begin
	perform core.enter(0, null);
	v_asked := access.answer_challenge(p_confirmation_id, 'sign_up', p_code_mac, p_now);
	-- two codes for one address at once make one account
	perform pg_advisory_xact_lock(5052, hashtext(v_asked.email_key));
	if v_asked.challenge_id is null or (v_asked.used_at is null and exists (
		select from access.credential c where c.email_key = v_asked.email_key)) then
		refused := 'code_wrong';
		return;
	end if;
	if v_asked.used_at is null then
		insert into identity.account (account_id, name, created_at)
		values (v_asked.new_account_id, v_asked.name, p_now);
		insert into access.credential (account_id, email, email_key, password_hash, locale,
			created_at, changed_at)
		values (v_asked.new_account_id, v_asked.email, v_asked.email_key, v_asked.password_hash,
			v_asked.locale, p_now, p_now);
		update access.challenge c
		set used_at = p_now, account_id = v_asked.new_account_id, password_hash = null, name = null
		where c.challenge_id = p_confirmation_id;
		perform access.audit(0, p_audit_id, 'account.create', 'done', v_asked.new_account_id, null,
			v_asked.new_account_id, p_peer, p_request_id, p_now);
	end if;
	"row" := access.account_shown(v_asked.new_account_id);
end
$$;
comment on function api.confirm_account is 'Makes the account of a confirmed address. Refuses: code_wrong';

create or replace function api.start_password_reset(p_email text, p_email_key text,
	p_confirmation_id uuid, p_nobody_id uuid, p_code text, p_code_mac bytea, p_chance bytea, p_mail_id uuid, p_peer text, p_now timestamptz,
	out "row" api.confirmation)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_known access.credential;
begin
	perform core.enter(0, null);
	perform access.weigh_letter(p_email_key, p_peer, p_now);
	select * into v_known
	from access.credential c
	where c.email_key = p_email_key and c.state = 'active';
	"row" := access.make_challenge(p_confirmation_id, 'reset', p_email, p_email_key,
		v_known.account_id, p_nobody_id,
		case when v_known.account_id is not null then p_code_mac end, null, null, null, p_now);
	perform access.post_mail(p_mail_id,
		case when v_known.account_id is null then 'nobody' else 'reset' end,
		coalesce(v_known.email, p_email), coalesce(v_known.account_id, p_nobody_id),
		coalesce(v_known.locale, 'en'),
		case when v_known.account_id is null then '{}' else jsonb_build_object('code', p_code) end,
		p_now);
end
$$;
comment on function api.start_password_reset is 'Sends a code with which the password can be set anew. Refuses: sign_in_delayed';

create or replace function api.confirm_password_reset(p_confirmation_id uuid, p_code text,
	p_code_mac bytea, p_password text, p_mail_id uuid, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz, out refused text, out detail jsonb,
	out "row" api.account)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_asked access.challenge;
begin
	perform core.enter(0, null);
	v_asked := access.answer_challenge(p_confirmation_id, 'reset', p_code_mac, p_now);
	if v_asked.challenge_id is null or v_asked.used_at is not null then
		refused := 'code_wrong';
		return;
	end if;
	update access.challenge c set used_at = p_now where c.challenge_id = p_confirmation_id;
	update access.credential c set password_hash = p_password, changed_at = p_now
	where c.account_id = v_asked.account_id;
	perform access.end_sessions(v_asked.account_id, null, 'password', p_now);
	perform access.forget_guesses('account', access.hide(v_asked.email_key));
	"row" := access.account_shown(v_asked.account_id);
	perform access.write_to(("row").account_id, p_mail_id, 'changed', '{}', p_now);
	perform access.audit(0, p_audit_id, 'password.reset', 'done', v_asked.account_id, null,
		v_asked.account_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.confirm_password_reset is 'Sets the password anew and ends all sessions. Refuses: code_wrong password_common';

-- Counts a guess at the old password.
create or replace function api.ask_password(p_account_id uuid, p_now timestamptz,
	out "row" api.sign_in_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	perform access.count_guess('change', p_account_id::text, p_now);
	select c.password_hash, c.totp_id into "row"
	from access.credential c
	where c.account_id = p_account_id and c.state = 'active';
	if not found then
		perform core.refuse('account_unknown');
	end if;
end
$$;
comment on function api.ask_password is 'What an old password is held against. Refuses: sign_in_delayed account_unknown';

-- p_old_password: the hash that the old password fits; null: it fits none.
create or replace function api.change_password(p_account_id uuid, p_role text, p_session_id uuid,
	p_old_password text, p_password text, p_mail_id uuid, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz, out refused text, out detail jsonb,
	out "row" api.account)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	update access.credential c set password_hash = p_password, changed_at = p_now
	where c.account_id = p_account_id and c.password_hash = p_old_password;
	if not found then
		refused := 'password_wrong';
		perform access.audit(0, p_audit_id, 'password.change', refused, p_account_id, p_role,
			p_account_id, p_peer, p_request_id, p_now);
		return;
	end if;
	perform access.end_sessions(p_account_id, p_session_id, 'password', p_now);
	perform access.forget_guesses('change', p_account_id::text);
	"row" := access.account_shown(p_account_id);
	perform access.write_to(("row").account_id, p_mail_id, 'changed', '{}', p_now);
	perform access.audit(0, p_audit_id, 'password.change', 'done', p_account_id, p_role,
		p_account_id, p_peer, p_request_id, p_now);
end
$$;
comment on function api.change_password is 'Changes the password and ends all other sessions. Refuses: password_wrong password_common';

alter function api.weigh_sign_up owner to wall_platform;
alter function api.weigh_password owner to wall_platform;
alter function api.create_account owner to wall_platform;
alter function api.confirm_account owner to wall_platform;
alter function api.start_password_reset owner to wall_platform;
alter function api.confirm_password_reset owner to wall_platform;
alter function api.ask_password owner to wall_platform;
alter function api.change_password owner to wall_platform;
grant execute on function api.weigh_sign_up, api.weigh_password, api.create_account, api.confirm_account, api.start_password_reset,
	api.confirm_password_reset, api.ask_password, api.change_password
	to socius_gate;
