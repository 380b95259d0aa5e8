-- The account behind the token: what it is here, and what there is to do.

-- The name of an account: of the caller's own, since nobody else's id comes here.
create or replace function identity.name_of_account(p_account_id uuid) returns core.sealed
language sql stable security definer as $$
	select row('identity.account.name', a.account_id, a.name)::core.sealed from identity.account a where a.account_id = p_account_id
$$;
comment on function identity.name_of_account is 'the name of the calling account';
alter function identity.name_of_account owner to wall_platform;
grant execute on function identity.name_of_account to wall_member;

-- The partner that an account is in this market, and the step through its wall; null: none, and
-- nobody's rows are seen from here on.
create or replace function identity.enter_as(p_market_id int, p_account_id uuid) returns uuid
language plpgsql as $$
declare
	v_partner_id uuid;
begin
	select p.partner_id into v_partner_id
	from identity.partner p
	where p.market_id = p_market_id and p.account_id = p_account_id;
	perform core.enter(p_market_id,
		coalesce(v_partner_id, '00000000-0000-0000-0000-000000000000'));
	return v_partner_id;
end
$$;
comment on function identity.enter_as is 'enters as the partner that an account is in a market; null: none';
grant execute on function identity.enter_as to wall_member;

create or replace function api.get_me(p_market_id int, p_account_id uuid, p_role text,
	out "row" api.me)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_partner_id uuid;
	v_market api.market;
	v_partner api.partner;
begin
	perform core.enter(p_market_id, null);
	v_partner_id := identity.enter_as(p_market_id, p_account_id);
	select (identity.show_market(m)).*
	into v_market
	from core.market m
	where m.market_id = p_market_id;
	if v_partner_id is not null then
		select s.partner_id, s.account_id, s.name, s.state, s.enrolments, s.created_at, s.version,
			s.exchange
		into v_partner
		from identity.partner_shown s
		where s.market_id = p_market_id and s.partner_id = v_partner_id;
	end if;
	"row" := row(p_account_id, identity.name_of_account(p_account_id), p_role, v_market,
		case when v_partner_id is not null then v_partner end, v_partner.exchange);
end
$$;
comment on function api.get_me is 'Shows the account of the token and what it is in this market. Refuses: nothing.';
alter function api.get_me owner to wall_member;
grant execute on function api.get_me to socius_gate;
