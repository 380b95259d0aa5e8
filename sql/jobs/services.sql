-- Jobs of services.

-- Job: starts the reserved rental that has been due for longest; one a step, so that no step locks
-- two assets. One whose asset is still out stays reserved and is looked at again next time. Whoever's
-- row is locked is being started, or cancelled, by a request.
create or replace function jobs.start_rentals(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_rental services.rental;
begin
	perform core.enter(p_market_id, null);
	select r.* into v_rental
	from services.rental r
	join services.asset a on a.market_id = p_market_id and a.asset_id = r.asset_id
	where r.market_id = p_market_id and r.state = 'reserved' and r.starts_at <= v_now
		and (not a.is_out or r.ends_at <= v_now)
	order by r.starts_at, r.rental_id
	limit 1
	for no key update of r skip locked;
	if not found then
		return null;
	end if;
	v_rental := services.start_rental(v_rental, '00000000-0000-0000-0000-000000000000', 'runner',
		v_now);
	return case when v_rental.state <> 'reserved' then v_now end;
end
$$;
comment on function jobs.start_rentals is 'starts reserved rentals that are due';
alter function jobs.start_rentals owner to wall_runner;
grant execute on function jobs.start_rentals to socius_runner;
