-- Another e-mail address for an account: with the password, and a code that comes back from there.
-- The old address hears of it. Sessions stay.

-- p_password: the hash that the password fits; null: it fits none. Whether the new address has an
-- account already only its own letter says.
create or replace function api.change_email(p_account_id uuid, p_role text, p_password text,
	p_email text, p_email_key text, p_confirmation_id uuid, p_code text, p_code_mac bytea,
	p_chance bytea, p_mail_id uuid, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz, out refused text, out detail jsonb, out "row" api.confirmation)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_locale text;
	v_known boolean;
begin
	perform core.enter(0, null);
	select c.locale into v_locale
	from access.credential c
	where c.account_id = p_account_id and c.password_hash = p_password and c.state = 'active';
	if not found then
		refused := 'password_wrong';
		perform access.audit(0, p_audit_id, 'email.ask', refused, p_account_id, p_role,
			p_account_id, p_peer, p_request_id, p_now);
		return;
	end if;
	perform access.forget_guesses('change', p_account_id::text);
	perform access.weigh_letter(p_email_key, p_peer, p_now);
	v_known := exists (select from access.credential c where c.email_key = p_email_key);
	"row" := access.make_challenge(p_confirmation_id, 'email', p_email, p_email_key, p_account_id,
		null, case when not v_known then p_code_mac end, null, null, null, p_now);
	perform access.post_mail(p_mail_id, case when v_known then 'known' else 'email' end, p_email,
		p_account_id, v_locale,
		case when v_known then '{}' else jsonb_build_object('code', p_code) end, p_now);
	perform access.audit(0, p_audit_id, 'email.ask', 'done', p_account_id, p_role, p_account_id,
		p_peer, p_request_id, p_now);
end
$$;
comment on function api.change_email is 'Asks for another address; a code goes there. Refuses: password_wrong sign_in_delayed';

-- The same code again is a retry, as long as it lives.
create or replace function api.confirm_email(p_account_id uuid, p_role text,
	p_confirmation_id uuid, p_code text, p_code_mac bytea, p_mail_id uuid, p_audit_id uuid,
	p_peer text, p_request_id text, p_now timestamptz, out refused text, out detail jsonb,
	out "row" api.account)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_asked access.challenge;
begin
	perform core.enter(0, null);
	v_asked := access.answer_challenge(p_confirmation_id, 'email', p_code_mac, p_now);
	-- the same lock as of sign-ups: one address is one account
	perform pg_advisory_xact_lock(5052, hashtext(v_asked.email_key));
	if v_asked.challenge_id is null or v_asked.account_id is distinct from p_account_id
		or (v_asked.used_at is null and exists (
			select from access.credential c where c.email_key = v_asked.email_key)) then
		refused := 'code_wrong';
		return;
	end if;
	if v_asked.used_at is null then
		perform access.write_to(p_account_id, p_mail_id, 'email_changed', '{}', p_now);
		update access.challenge c set used_at = p_now where c.challenge_id = p_confirmation_id;
		update access.credential c set email = v_asked.email, email_key = v_asked.email_key
		where c.account_id = p_account_id and c.state = 'active';
		perform access.audit(0, p_audit_id, 'email.change', 'done', p_account_id, p_role,
			p_account_id, p_peer, p_request_id, p_now);
	end if;
	"row" := access.account_shown(p_account_id);
end
$$;
comment on function api.confirm_email is 'The account has another address from now on; the old one hears of it. Refuses: code_wrong';

alter function api.change_email owner to wall_platform;
alter function api.confirm_email owner to wall_platform;
grant execute on function api.change_email, api.confirm_email to socius_gate;
