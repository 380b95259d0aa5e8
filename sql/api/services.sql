-- Vendors, and what the files of services share.

-- Whether a partner has a vehicle from a rental now: what the requirement `vehicle` asks.
create or replace function services.has_active_vehicle(p_market_id int, p_partner_id uuid)
returns boolean
language plpgsql stable as $$
begin
	return exists (
		select from services.rental r
		join services.listing l on l.market_id = p_market_id and l.listing_id = r.listing_id
		where r.market_id = p_market_id and r.partner_id = p_partner_id
			and r.state = 'active' and l.asset_kind = 'vehicle');
end
$$;
comment on function services.has_active_vehicle is 'whether a partner has a rented vehicle now';

grant execute on function services.has_active_vehicle
	to wall_partner, wall_member, wall_operator, wall_runner;
