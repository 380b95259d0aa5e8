-- A second factor: one-time codes of an authenticator (RFC 6238), and ten codes for who lost it.

-- Whoever has found a phone unlocked cannot lock its owner out: it asks for the password.
-- p_password: the hash that the password fits; null: it fits none.
create or replace function api.enrol_totp(p_account_id uuid, p_role text, p_password text,
	p_totp_id uuid, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.totp_enrolment)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_known access.credential;
begin
	perform core.enter(0, null);
	select * into v_known
	from access.credential c
	where c.account_id = p_account_id
	for no key update;
	refused := case
		when v_known.password_hash is distinct from p_password or p_password is null
			then 'password_wrong'
		when v_known.totp_confirmed_at is not null then 'totp_enrolled' end;
	if refused is not null then
		perform access.audit(0, p_audit_id, 'totp.begin', refused, p_account_id, p_role,
			p_account_id, p_peer, p_request_id, p_now);
		return;
	end if;
	perform access.forget_guesses('change', p_account_id::text);
	update access.credential c set totp_id = p_totp_id, totp_step = null
	where c.account_id = p_account_id;
	"row" := row(null, row('access.credential.email', p_account_id, v_known.email)::core.sealed
		)::api.totp_enrolment;
end
$$;
comment on function api.enrol_totp is 'Begins the enrolment of an authenticator. Refuses: password_wrong totp_enrolled';

create or replace function api.ask_totp(p_account_id uuid, p_now timestamptz,
	out "row" api.sign_in_ask)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	perform access.count_guess('totp', p_account_id::text, p_now);
	select null, c.totp_id into "row"
	from access.credential c
	where c.account_id = p_account_id and c.totp_confirmed_at is null and c.totp_id is not null;
	if not found then
		perform core.refuse('totp_not_begun');
	end if;
end
$$;
comment on function api.ask_totp is 'Counts a guess and says what to hold it against. Refuses: sign_in_delayed totp_not_begun';

-- Ten new recovery codes in the place of those there are.
create or replace function access.put_recovery_codes(p_account_id uuid, p_recovery_macs bytea)
returns void
language plpgsql as $$
begin
	delete from access.recovery_code r where r.account_id = p_account_id;
	insert into access.recovery_code (account_id, code_mac)
	select p_account_id, substr(p_recovery_macs, 32 * i + 1, 32) from generate_series(0, 9) i;
end
$$;
grant execute on function access.put_recovery_codes to wall_platform;

create or replace function api.confirm_totp(p_account_id uuid, p_role text, p_code text,
	p_totp_step bigint, p_recovery_macs bytea, p_chance bytea, p_audit_id uuid, p_peer text,
	p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.totp_confirmation)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	if p_totp_step is null then
		refused := 'totp_wrong';
		return;
	end if;
	update access.credential c set totp_confirmed_at = p_now, totp_step = p_totp_step
	where c.account_id = p_account_id and c.totp_confirmed_at is null;
	if not found then
		refused := 'totp_not_begun';
		return;
	end if;
	perform access.put_recovery_codes(p_account_id, p_recovery_macs);
	perform access.forget_guesses('totp', p_account_id::text);
	"row" := row(p_now, '{}'::text[]);
	perform access.audit(0, p_audit_id, 'totp.enrol', 'done', p_account_id, p_role, p_account_id,
		p_peer, p_request_id, p_now);
end
$$;
comment on function api.confirm_totp is 'Ends the enrolment with a first code. Refuses: totp_wrong totp_not_begun';

alter function api.enrol_totp owner to wall_platform;
alter function api.ask_totp owner to wall_platform;
alter function api.confirm_totp owner to wall_platform;
grant execute on function api.enrol_totp, api.ask_totp, api.confirm_totp to socius_gate;
