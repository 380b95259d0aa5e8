-- Markets, accounts, partners and the test clock.

-- Makes a partner with its account (where that is new), its wallet and its active enrolments
-- [{"kind", "programme_id"}]. True: made. False: there is a partner of this id already.
-- Refuses: account_unknown partner_exists programme_unknown programme_kind_differs enrolment_exists
create or replace function identity.make_partner(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_name text, p_enrolments jsonb, p_digest bytea, p_event_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz) returns boolean
language plpgsql as $$
begin
	insert into identity.partner
		(market_id, partner_id, account_id, name, digest, created_at)
	values (p_market_id, p_partner_id, p_account_id, p_name, p_digest, p_now)
	on conflict (market_id, partner_id) do nothing;
	if not found then
		return false;
	end if;
	insert into ledger.wallet (market_id, owner_id, owner_kind, currency)
	select p_market_id, p_partner_id, 'partner', m.currency
	from core.market m
	where m.market_id = p_market_id;
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, to_state,
		actor_id, actor_role, occurred_at)
	values (p_market_id, p_event_id, 'partner.created', p_partner_id, 'partner', p_partner_id,
		'active', p_actor_id, p_actor_role, p_now);
	perform onboarding.enrol(p_market_id, p_partner_id, p_enrolments, p_event_id, p_actor_id,
		p_actor_role, p_now);
	return true;
end
$$;
grant execute on function identity.make_partner to wall_operator;
