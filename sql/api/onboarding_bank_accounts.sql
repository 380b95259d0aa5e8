-- Bank accounts: where partners are paid. The IBAN's country, length and check digits have been
-- verified before it comes here.

create or replace function onboarding.show_bank_account(p_account onboarding.bank_account,
	p_now timestamptz) returns api.bank_account
language plpgsql stable as $$
begin
	return row(p_account.partner_id, p_account.country,
		row('onboarding.bank_account.last_four', p_account.partner_id,
			p_account.last_four)::core.sealed,
		row('onboarding.bank_account.holder_name', p_account.partner_id,
			p_account.holder_name)::core.sealed,
		case when p_account.frozen_until > p_now then p_account.frozen_until end,
		p_account.created_at, p_account.changed_at, p_account.version)::api.bank_account;
end
$$;
comment on function onboarding.show_bank_account is 'a bank account as the API shows it';

-- Before anything is sealed: a partner that is not there gets no key.
create or replace function api.ask_bank_account(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, out "row" api.person_ask)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	"row" := row(true);
end
$$;
comment on function api.ask_bank_account is 'Whether the partner is there for whom a bank account is sealed. Refuses: partner_unknown';

-- Sets the bank account of a partner, or changes it. Another IBAN freezes payouts for 72 hours; the
-- partner reads of it, so that whoever changed it in the partner's name is found out in time. The
-- same again changes nothing. p_if_match: what the caller has read; null: whatever it is.
-- IBAN, holder and last four characters are sealed, and compared by their blind values; those of
-- made-up people come in clear and without.
-- Waits for the step of a payout run that may be paying this partner.
create or replace function api.put_bank_account(p_market_id int, p_caller_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz, p_event_id uuid, p_partner_id uuid,
	p_if_match text, p_iban text, p_holder_name text, p_iban_key text default null,
	p_holder_key text default null, p_country text default null, p_last_four text default null,
	out "row" api.bank_account)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_frozen_until constant timestamptz := v_now + interval '72 hours';
	v_iban_key constant text := coalesce(p_iban_key, p_iban);
	v_holder_key constant text := coalesce(p_holder_key, p_holder_name);
	v_before onboarding.bank_account;
	v_after onboarding.bank_account;
	v_kind text;
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	perform pg_advisory_xact_lock(5054, p_market_id);
	select b.* into v_before
	from onboarding.bank_account b
	where b.market_id = p_market_id and b.partner_id = p_partner_id;
	if not core.etag_matches(p_if_match, v_before.version) then
		perform core.refuse('precondition_failed');
	end if;
	v_kind := case
		when v_before.iban is null then 'bank_account.set'
		when v_before.iban_key <> v_iban_key then 'bank_account.changed'
		when v_before.holder_key <> v_holder_key then 'bank_account.renamed'
	end;
	if v_kind is null then
		"row" := onboarding.show_bank_account(v_before, v_now);
		return;
	end if;
	insert into onboarding.bank_account as b (market_id, partner_id, iban, iban_key, country,
		last_four, holder_name, holder_key, created_at, changed_at)
	values (p_market_id, p_partner_id, p_iban, v_iban_key, coalesce(p_country, left(p_iban, 2)),
		coalesce(p_last_four, right(p_iban, 4)), p_holder_name, v_holder_key, v_now, v_now)
	on conflict (market_id, partner_id) do update
	set iban = excluded.iban, iban_key = excluded.iban_key, country = excluded.country,
		last_four = excluded.last_four, holder_name = excluded.holder_name,
		holder_key = excluded.holder_key,
		frozen_until = case when b.iban_key <> excluded.iban_key then v_frozen_until
			else b.frozen_until end,
		changed_at = excluded.changed_at, version = b.version + 1
	returning * into v_after;
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, actor_id,
		actor_role, reason, occurred_at)
	values (p_market_id, p_event_id, v_kind, p_partner_id, 'bank_account', p_partner_id,
		p_actor_id, p_actor_role, case when v_kind = 'bank_account.changed'
			then 'Payouts wait until ' || core.show_instant(v_frozen_until) || '.' end, v_now);
	"row" := onboarding.show_bank_account(v_after, v_now);
end
$$;
comment on function api.put_bank_account is 'Sets or changes the bank account of a partner; another IBAN freezes payouts for 72 hours. Refuses: iban_wrong partner_unknown precondition_failed';

create or replace function api.get_bank_account(p_market_id int, p_caller_id uuid,
	p_now timestamptz, p_partner_id uuid, out "row" api.bank_account)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	select (onboarding.show_bank_account(b, core.clock(p_market_id, p_now))).* into "row"
	from onboarding.bank_account b
	where b.market_id = p_market_id and b.partner_id = p_partner_id;
	if not found then
		perform core.refuse('bank_account_unknown');
	end if;
end
$$;
comment on function api.get_bank_account is 'Shows where a partner is paid: country and last four characters. Refuses: partner_unknown bank_account_unknown';

grant execute on function onboarding.show_bank_account to wall_member;
alter function api.ask_bank_account owner to wall_member;
alter function api.put_bank_account owner to wall_member;
alter function api.get_bank_account owner to wall_member;
grant execute on function api.ask_bank_account, api.put_bank_account, api.get_bank_account to socius_gate;
