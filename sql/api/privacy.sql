-- Closing an account, erasing a person, and the export of everything about it.
--
-- All three want the password or a fresh code of the authenticator. Both ways of leaving end all
-- sessions and free the address. A closed account
-- keeps its data and its money, which goes on being payable to the bank account that was named. An
-- erased one loses its keys, so that nobody can say whose the rows are; money and work stay, under an
-- id. So it has to be paid first. Bookings, rentals, debts and offices stand in the way of both.

-- What keeps a partner from leaving one market: [{"market_id", "kind", "count" or "amount_minor"}].
create or replace function identity.obstacles_of(p_market_id int, p_partner_id uuid,
	p_erases boolean) returns jsonb
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_all jsonb;
begin
	perform core.enter(p_market_id, null);
	select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('market_id', p_market_id,
		'kind', o.kind, 'count', o.count, 'amount_minor', o.amount))), '[]')
	into v_all
	from (
		select 'bookings' as kind, count(*) as count, null::bigint as amount
		from scheduling.booking b
		where b.market_id = p_market_id and b.partner_id = p_partner_id
			and b.state in ('confirmed', 'checked_in')
		union all
		select 'rentals', count(*), null
		from services.rental r
		where r.market_id = p_market_id and r.partner_id = p_partner_id
			and r.state in ('reserved', 'active')
		union all
		select 'debts', null, w.owed_minor
		from ledger.wallet w
		where w.market_id = p_market_id and w.owner_id = p_partner_id
		union all
		select 'balance', null, w.balance_minor
		from ledger.wallet w
		where p_erases and w.market_id = p_market_id and w.owner_id = p_partner_id
	) o
	where coalesce(o.count, o.amount) <> 0;
	return v_all;
end
$$;
comment on function identity.obstacles_of is 'what keeps a partner from leaving a market';

-- The partner leaves the market with its account.
create or replace function identity.close_partner(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_event_id uuid, p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	update identity.partner p set state = 'closed', version = p.version + 1
	where p.market_id = p_market_id and p.partner_id = p_partner_id and p.state = 'active';
	if found then
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'partner.closed', p_partner_id, 'partner', p_partner_id,
			'active', 'closed', p_account_id, 'partner', core.clock(p_market_id, p_now));
	end if;
end
$$;
comment on function identity.close_partner is 'closes a partner with its account';

-- An erased partner's bank account cannot be found by its blind values. False: the partner has no key
-- of its own, which could be destroyed; then its cells are written over.
create or replace function identity.forget_partner(p_market_id int, p_partner_id uuid)
returns boolean
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_shares boolean;
	v_nothing constant text := core.sealed_for_nobody();
begin
	perform core.enter(p_market_id, null);
	v_shares := exists (
		select from identity.shared_id s
		where s.market_id = p_market_id and s.partner_id = p_partner_id);
	update onboarding.bank_account b set iban_key = '', holder_key = '',
		iban = case when v_shares then v_nothing else b.iban end,
		holder_name = case when v_shares then v_nothing else b.holder_name end,
		last_four = case when v_shares then v_nothing else b.last_four end
	where b.market_id = p_market_id and b.partner_id = p_partner_id;
	update identity.partner p set name = v_nothing
	where p.market_id = p_market_id and p.partner_id = p_partner_id and v_shares;
	return not v_shares;
end
$$;
comment on function identity.forget_partner is 'takes the blind values of an erased partner away';
alter function identity.obstacles_of owner to wall_operator;
alter function identity.close_partner owner to wall_operator;
alter function identity.forget_partner owner to wall_operator;
grant execute on function identity.obstacles_of, identity.close_partner, identity.forget_partner
	to wall_platform;

-- What the account is, and where. It sees all markets, by an index on the account.
create or replace function identity.partners_of(p_account_id uuid)
returns table (market_id int, partner_id uuid)
language sql stable security definer as $$
	select p.market_id, p.partner_id
	from identity.partner p
	where p.account_id = p_account_id
	order by p.market_id
$$;
comment on function identity.partners_of is 'where an account is a partner';
alter function identity.partners_of owner to wall_law;
revoke execute on function identity.partners_of from public;
grant execute on function identity.partners_of to wall_platform;

-- Nobody signs in as this account any more, and its address is free.
create or replace function access.shut_account(p_account_id uuid, p_now timestamptz) returns void
language plpgsql as $$
begin
	update access.credential c
	set state = 'closed', email_key = 'closed ' || c.account_id,
		password_hash = '$argon2id$closed', totp_id = null, totp_confirmed_at = null,
		totp_step = null
	where c.account_id = p_account_id;
	delete from access.recovery_code r where r.account_id = p_account_id;
	delete from access.external_identity e where e.account_id = p_account_id;
	perform access.end_sessions(p_account_id, null, 'account', p_now);
end
$$;
grant execute on function access.shut_account to wall_platform;

-- An erased person's invitations and offices keep neither a hint nor the blind value of the address,
-- and what waited for a code is gone.
create or replace function access.forget_hints(p_account_id uuid) returns void
language plpgsql as $$
declare
	v_market_id int;
begin
	for v_market_id in select * from access.offices_of(p_account_id) loop
		perform core.enter(v_market_id, null);
		update access.invitation i set hint = '', email_key = ''
		where i.market_id = v_market_id and i.account_id = p_account_id;
		update access.role_grant g set hint = null
		where g.market_id = v_market_id and g.account_id = p_account_id;
	end loop;
	perform core.enter(0, null);
	delete from access.challenge c
	where c.account_id = p_account_id or c.new_account_id = p_account_id;
end
$$;
grant execute on function access.forget_hints to wall_platform;

-- Whether the account is at the phone itself. p_password: the hash that the password fits; null: it
-- fits none, or a code was sent instead, of the step p_totp_step. The slug of a refusal, or null.
create or replace function access.prove_account(p_account_id uuid, p_password text, p_totp text,
	p_totp_step bigint, p_now timestamptz) returns text
language plpgsql as $$
declare
	v_known access.credential;
	v_refused text;
begin
	select * into v_known
	from access.credential c
	where c.account_id = p_account_id and c.state = 'active'
	for no key update;
	if v_known.password_hash = p_password then
		v_refused := null;
	elsif found and p_totp is not null then
		v_refused := access.take_second(p_account_id, p_totp_step, null, p_now);
	else
		v_refused := 'password_wrong';
	end if;
	if v_refused is null then
		perform access.forget_guesses('change', p_account_id::text);
	end if;
	return v_refused;
end
$$;
comment on function access.prove_account is 'whether the password or a fresh code of the account is here';
grant execute on function access.prove_account to wall_platform;

-- Leaves. The slug of a refusal with its detail, or null. Who holds an office gives it back first: a
-- market without its operators, or a platform without admins, is no accident.
create or replace function access.leave(p_account_id uuid, p_role text, p_password text,
	p_totp text, p_totp_step bigint, p_erases boolean, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb)
language plpgsql as $$
declare
	v_act constant text := case when p_erases then 'account.erase' else 'account.close' end;
	v_each record;
	v_obstacles jsonb := '[]';
	v_count int := 0;
begin
	refused := access.prove_account(p_account_id, p_password, p_totp, p_totp_step, p_now);
	if refused is null then
		for v_each in select * from identity.partners_of(p_account_id) loop
			v_obstacles := v_obstacles || identity.obstacles_of(v_each.market_id,
				v_each.partner_id, p_erases);
		end loop;
		if access.holds_office(p_account_id) then
			v_obstacles := v_obstacles || '[{"kind": "offices"}]';
		end if;
		perform core.enter(0, null);
		if v_obstacles <> '[]' then
			refused := 'account_in_use';
			detail := jsonb_build_object('obstacles', v_obstacles);
		end if;
	end if;
	if refused is not null then
		perform access.audit(0, p_audit_id, v_act, refused, p_account_id, p_role, p_account_id,
			p_peer, p_request_id, p_now);
		return;
	end if;
	for v_each in select * from identity.partners_of(p_account_id) loop
		v_count := v_count + 1;
		perform identity.close_partner(v_each.market_id, v_each.partner_id, p_account_id,
			core.following_id(p_audit_id, v_count), p_now);
		if p_erases and identity.forget_partner(v_each.market_id, v_each.partner_id) then
			insert into identity.erasure (person_id, account_id, asked_at)
			values (v_each.partner_id, p_account_id, p_now)
			on conflict do nothing;
		end if;
	end loop;
	perform core.enter(0, null);
	if p_erases then
		insert into identity.erasure (person_id, account_id, asked_at)
		values (p_account_id, p_account_id, p_now)
		on conflict do nothing;
		perform access.forget_hints(p_account_id);
	end if;
	perform access.shut_account(p_account_id, p_now);
	perform access.audit(0, p_audit_id, v_act, 'done', p_account_id, p_role, p_account_id, p_peer,
		p_request_id, p_now);
end
$$;
grant execute on function access.leave to wall_platform;

create or replace function api.close_account(p_account_id uuid, p_role text, p_password text,
	p_totp text, p_totp_step bigint, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.leaving)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	select l.refused, l.detail into refused, detail
	from access.leave(p_account_id, p_role, p_password, p_totp, p_totp_step, false, p_audit_id,
		p_peer, p_request_id, p_now) l;
	"row" := row(p_account_id, 'closed', p_now);
end
$$;
comment on function api.close_account is 'Closes the account: its sessions end, its data and its money stay. Refuses: password_wrong totp_not_enrolled totp_wrong account_in_use';

create or replace function api.erase_account(p_account_id uuid, p_role text, p_password text,
	p_totp text, p_totp_step bigint, p_audit_id uuid, p_peer text, p_request_id text, p_now timestamptz,
	out refused text, out detail jsonb, out "row" api.leaving)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	select l.refused, l.detail into refused, detail
	from access.leave(p_account_id, p_role, p_password, p_totp, p_totp_step, true, p_audit_id,
		p_peer, p_request_id, p_now) l;
	"row" := row(p_account_id, 'erased', p_now);
end
$$;
comment on function api.erase_account is 'Erases the person: its keys are destroyed, its money stays under an id. Refuses: password_wrong totp_not_enrolled totp_wrong account_in_use';

create or replace function identity.export_shown(p_export identity.data_export)
returns api.data_export
language sql immutable as $$
	select p_export.export_id, p_export.state, p_export.asked_at, p_export.finished_at,
		p_export.expires_at, case when p_export.document is not null then
			row('identity.data_export.document', p_export.export_id,
				p_export.document)::core.sealed_json end
$$;
grant execute on function identity.export_shown to wall_platform;

-- The same key again is the same export.
create or replace function api.create_data_export(p_account_id uuid, p_role text, p_password text,
	p_totp text, p_totp_step bigint, p_audit_id uuid, p_peer text, p_request_id text,
	p_now timestamptz, p_export_id uuid, out refused text, out detail jsonb,
	out "row" api.data_export)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_row identity.data_export;
begin
	perform core.enter(0, null);
	-- asked again with the same key: a code of the authenticator fits once, and the limit counts once
	select * into v_row
	from identity.data_export e
	where e.export_id = p_export_id and e.account_id = p_account_id;
	if found then
		"row" := identity.export_shown(v_row);
		return;
	end if;
	refused := access.prove_account(p_account_id, p_password, p_totp, p_totp_step, p_now);
	perform access.audit(0, p_audit_id, 'account.export', coalesce(refused, 'done'), p_account_id,
		p_role, p_account_id, p_peer, p_request_id, p_now);
	if refused is not null then
		return;
	end if;
	perform access.take_one('export', p_account_id::text, 5, interval '1 hour', p_now);
	insert into identity.data_export (export_id, account_id, asked_at, expires_at)
	values (p_export_id, p_account_id, p_now, p_now + interval '7 days')
	on conflict do nothing;
	select * into v_row
	from identity.data_export e
	where e.export_id = p_export_id and e.account_id = p_account_id;
	"row" := identity.export_shown(v_row);
end
$$;
comment on function api.create_data_export is 'Asks for everything about the account. Refuses: password_wrong totp_not_enrolled totp_wrong sign_in_delayed';

create or replace function api.get_data_export(p_account_id uuid, p_export_id uuid,
	p_now timestamptz, out "row" api.data_export)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_row identity.data_export;
begin
	perform core.enter(0, null);
	select * into v_row
	from identity.data_export e
	where e.export_id = p_export_id and e.account_id = p_account_id and e.expires_at > p_now;
	if not found then
		perform core.refuse('export_unknown');
	end if;
	"row" := identity.export_shown(v_row);
end
$$;
comment on function api.get_data_export is 'Shows an export of the account''s own. Refuses: export_unknown';

alter function api.close_account owner to wall_platform;
alter function api.erase_account owner to wall_platform;
alter function api.create_data_export owner to wall_platform;
alter function api.get_data_export owner to wall_platform;
grant execute on function api.close_account, api.erase_account, api.create_data_export,
	api.get_data_export to socius_gate;
