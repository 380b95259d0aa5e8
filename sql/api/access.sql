-- What the entry points of signing in share: addresses, waiting, mail, audit records.
--
-- p_email is sealed, p_email_key its blind value, by which it is found.

-- An address of whom nobody needs to know.
create or replace function access.hide(p_key text) returns text
language plpgsql immutable as $$
begin
	return encode(sha256(convert_to(lower(p_key), 'UTF8')), 'hex');
end
$$;

-- The network of an address: /24, and /56 of IPv6.
create or replace function access.network_of(p_peer text) returns text
language plpgsql immutable as $$
begin
	return network(set_masklen(p_peer::inet,
		case family(p_peer::inet) when 4 then 24 else 56 end))::text;
end
$$;

-- Takes one of p_burst that grow back one each p_each. Refuses: sign_in_delayed.
create or replace function access.take_one(p_kind text, p_key text, p_burst int, p_each interval,
	p_now timestamptz) returns void
language plpgsql as $$
begin
	insert into access.throttle as t (kind, key, full_at)
	values (p_kind, p_key, p_now + p_each)
	on conflict (kind, key) do update set full_at = greatest(t.full_at, p_now) + p_each
	where greatest(t.full_at, p_now) + p_each <= p_now + p_burst * p_each;
	if not found then
		perform core.refuse('sign_in_delayed', jsonb_build_object('retry_after_s',
			(select ceil(extract(epoch from t.full_at + p_each - p_burst * p_each - p_now))
			from access.throttle t where t.kind = p_kind and t.key = p_key)));
	end if;
end
$$;

-- Gives it back: it was no guess.
create or replace function access.give_back(p_kind text, p_key text, p_each interval) returns void
language plpgsql as $$
begin
	update access.throttle t set full_at = t.full_at - p_each
	where t.kind = p_kind and t.key = p_key;
end
$$;

-- Counts a guess before it is evaluated: the sixth and those after it come after 1, 2, 4 ... 900 s.
-- So 10,000 guesses, one a second, are 26 that are evaluated. A day of quiet begins anew.
-- Refuses: sign_in_delayed.
create or replace function access.count_guess(p_kind text, p_key text, p_now timestamptz)
returns void
language plpgsql as $$
begin
	insert into access.throttle as t (kind, key, full_at, failures)
	values (p_kind, p_key, p_now, 1)
	on conflict (kind, key) do update
	set failures = case when t.full_at < p_now - interval '1 day' then 1 else t.failures + 1 end,
		full_at = p_now + make_interval(secs => case
			when t.failures < 5 or t.full_at < p_now - interval '1 day' then 0
			else least(2 ^ least(t.failures - 5, 20), 900) end)
	where t.full_at <= p_now;
	if not found then
		perform core.refuse('sign_in_delayed', jsonb_build_object('retry_after_s',
			(select greatest(ceil(extract(epoch from t.full_at - p_now)), 1)
			from access.throttle t where t.kind = p_kind and t.key = p_key)));
	end if;
end
$$;

create or replace function access.forget_guesses(p_kind text, p_key text) returns void
language plpgsql as $$
begin
	delete from access.throttle t where t.kind = p_kind and t.key = p_key;
end
$$;

-- One audit record. Enters the market whose it is: be done with others before.
create or replace function access.audit(p_market_id int, p_record_id uuid, p_act text,
	p_outcome text, p_account_id uuid, p_role text, p_subject_id uuid, p_peer text,
	p_request_id text, p_now timestamptz) returns void
language plpgsql as $$
begin
	perform core.enter(p_market_id, null);
	insert into access.audit_record (market_id, record_id, occurred_at, act, outcome, account_id,
		role, subject_id, peer, request_id)
	values (p_market_id, p_record_id, p_now, p_act, p_outcome, p_account_id, p_role, p_subject_id,
		p_peer, p_request_id);
end
$$;

-- p_address: sealed as the e-mail address of this person.
create or replace function access.post_mail(p_mail_id uuid, p_kind text, p_address text,
	p_person_id uuid, p_locale text, p_params jsonb, p_now timestamptz) returns void
language plpgsql as $$
begin
	insert into access.mail (mail_id, kind, address, person_id, locale, params, made_at)
	values (p_mail_id, p_kind, p_address, p_person_id, p_locale, p_params, p_now);
end
$$;

-- A letter to an account.
create or replace function access.write_to(p_account_id uuid, p_mail_id uuid, p_kind text,
	p_params jsonb, p_now timestamptz) returns void
language plpgsql as $$
begin
	perform access.post_mail(p_mail_id, p_kind, c.email, c.account_id, c.locale, p_params, p_now)
	from access.credential c
	where c.account_id = p_account_id;
end
$$;

-- Ends all sessions of an account but one (null: all).
create or replace function access.end_sessions(p_account_id uuid, p_but uuid, p_why text,
	p_now timestamptz) returns void
language plpgsql as $$
begin
	update access.session s set ended_at = p_now, ended_by = p_why
	where s.account_id = p_account_id and s.ended_at is null
		and s.session_id is distinct from p_but;
end
$$;

create or replace function access.account_shown(p_account_id uuid) returns api.account
language plpgsql stable as $$
declare
	v_row api.account;
begin
	select a.account_id, row('access.credential.email', c.account_id, c.email)::core.sealed,
		row('identity.account.name', a.account_id, a.name)::core.sealed, c.locale, c.created_at, c.totp_confirmed_at is not null
	into v_row
	from access.credential c
	join identity.account a on a.account_id = c.account_id
	where c.account_id = p_account_id;
	return v_row;
end
$$;

grant execute on function access.hide, access.network_of, access.take_one,
	access.give_back, access.count_guess, access.forget_guesses, access.audit, access.post_mail,
	access.write_to,
	access.end_sessions, access.account_shown
	to wall_platform;

-- By the command line of whoever runs the instance: an account may act in a role of a market
-- (0: admins), or may no longer, which ends its sessions.
create or replace function access.grant_role(p_market_id int, p_email_key text, p_role text,
	p_record_id uuid, p_now timestamptz) returns uuid
language plpgsql as $$
declare
	v_account_id uuid;
begin
	select c.account_id into v_account_id
	from access.credential c
	where c.email_key = p_email_key and c.state = 'active';
	if not found then
		return null;
	end if;
	insert into access.role_grant (market_id, account_id, role, granted_at, granted_by)
	values (p_market_id, v_account_id, p_role, p_now, 'command line')
	on conflict (market_id, account_id, role) do update
	set granted_at = excluded.granted_at, granted_by = excluded.granted_by, withdrawn_at = null;
	perform access.audit(p_market_id, p_record_id, 'role.grant', 'done', null, p_role,
		v_account_id, null, null, p_now);
	return v_account_id;
end
$$;

-- What an account has invited, in any market, is worth nothing any more.
create or replace function access.end_invitations(p_made_by uuid, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_market_id int;
begin
	for v_market_id in select 0 union all select m.market_id from core.market m loop
		perform core.enter(v_market_id, null);
		update access.invitation i set ended_at = p_now
		where i.market_id = v_market_id and i.made_by = p_made_by and i.ended_at is null;
	end loop;
end
$$;

-- A role of an account ends, with its sessions and with what it has invited. Null: it is not held.
create or replace function access.end_office(p_market_id int, p_account_id uuid, p_role text,
	p_now timestamptz) returns access.role_grant
language plpgsql as $$
declare
	v_grant access.role_grant;
begin
	perform core.enter(p_market_id, null);
	update access.role_grant g set withdrawn_at = p_now
	where g.market_id = p_market_id and g.account_id = p_account_id and g.role = p_role
		and g.withdrawn_at is null
	returning * into v_grant;
	if v_grant.account_id is null then
		return null;
	end if;
	update access.session s set ended_at = p_now, ended_by = 'grant'
	where s.account_id = p_account_id and s.of_market = p_market_id and s.role = p_role
		and s.ended_at is null;
	if p_role = 'admin' then
		perform access.end_invitations(p_account_id, p_now);
		perform core.enter(p_market_id, null);
	end if;
	return v_grant;
end
$$;
grant execute on function access.end_invitations, access.end_office to wall_platform;

create or replace function access.withdraw_role(p_market_id int, p_email_key text, p_role text,
	p_record_id uuid, p_now timestamptz) returns uuid
language plpgsql as $$
declare
	v_account_id uuid;
begin
	select (access.end_office(p_market_id, c.account_id, p_role, p_now)).account_id
	into v_account_id
	from access.credential c
	where c.email_key = p_email_key;
	if v_account_id is null then
		return null;
	end if;
	perform access.audit(p_market_id, p_record_id, 'role.withdraw', 'done', null, p_role,
		v_account_id, null, null, p_now);
	return v_account_id;
end
$$;

-- An authenticator and its recovery codes are lost: whoever runs the instance takes them off, and
-- the account enrols anew.
create or replace function access.reset_totp(p_email_key text, p_record_id uuid, p_now timestamptz)
returns uuid
language plpgsql as $$
declare
	v_account_id uuid;
begin
	update access.credential c set totp_id = null, totp_confirmed_at = null, totp_step = null
	where c.email_key = p_email_key
	returning c.account_id into v_account_id;
	if not found then
		return null;
	end if;
	delete from access.recovery_code r where r.account_id = v_account_id;
	perform access.end_sessions(v_account_id, null, 'operator', p_now);
	perform access.audit(0, p_record_id, 'totp.reset', 'done', null, null, v_account_id, null, null,
		p_now);
	return v_account_id;
end
$$;
