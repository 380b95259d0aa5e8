-- What operators do with a rental whose partner does not bring the asset back.
--
-- Order of locks: the key, the asset's rentals, the asset, the partner's enrolments, the partner's
-- wallet, the vendor's wallet.

-- Takes a lost asset out of the fleet. Who has reserved it is told now and not at the end of the time.
create or replace function services.lose_asset(p_market_id int, p_asset_id uuid, p_actor_id uuid,
	p_actor_role text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_rental services.rental;
begin
	update services.asset a
	set is_out = false, lost_at = p_now
	where a.market_id = p_market_id and a.asset_id = p_asset_id;
	for v_rental in
		update services.rental r
		set state = 'cancelled', version = r.version + 1
		where r.market_id = p_market_id and r.asset_id = p_asset_id and r.state = 'reserved'
		returning r.*
	loop
		perform services.give_back_asset(v_rental, false, p_now);
		perform services.tell_rental(v_rental, 'reserved', 'cancelled', 'cancelled', 'asset_lost',
			p_actor_id, p_actor_role, p_now);
	end loop;
end
$$;
comment on function services.lose_asset is 'takes a lost asset out of the fleet and cancels who has reserved it';

-- Closes an overdue rental for the partner that does not: returned, where the asset is back all the
-- same, or lost. Its days are charged until p_charged_until, as if it had come back then; what a lost
-- asset is worth is not: that is claimed elsewhere. A vehicle no longer counts for the enrolment.
create or replace function api.close_rental(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_deduction_id uuid, p_transaction_id uuid,
	p_rental_id uuid, p_outcome text, p_reason text, p_charged_until timestamptz,
	out replayed boolean, out "row" api.rental)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_until constant timestamptz := coalesce(p_charged_until, v_now);
	v_rental services.rental;
begin
	perform core.enter(p_market_id, null);
	replayed := core.claim_key(p_market_id, p_actor_id, 'close_rental', p_key, p_digest,
		p_rental_id, v_now) is not null;
	if not replayed then
		perform services.lock_asset_rentals(p_market_id, p_rental_id);
		select r.* into v_rental
		from services.rental r
		where r.market_id = p_market_id and r.rental_id = p_rental_id;
		if not found then
			perform core.refuse('rental_unknown');
		elsif v_rental.state <> 'active' then
			perform core.refuse('rental_not_active', jsonb_build_object('state', v_rental.state));
		elsif v_rental.ends_at > v_now then
			perform core.refuse('rental_not_overdue',
				core.explain_wait('ends_at', v_rental.ends_at, v_now));
		elsif v_until not between v_rental.ends_at and v_now then
			perform core.refuse('rental_times_wrong',
				'{"detail": "charged_until must lie between ends_at and now."}');
		end if;
		update services.rental r set reason = p_reason
		where r.market_id = p_market_id and r.rental_id = p_rental_id
		returning r.* into v_rental;
		if p_outcome = 'lost' then
			perform services.lose_asset(p_market_id, v_rental.asset_id, p_actor_id, p_actor_role,
				v_now);
		end if;
		perform services.end_rental(v_rental, p_outcome, v_until, p_reason, p_deduction_id,
			p_transaction_id, p_actor_id, p_actor_role, v_now);
	end if;
	"row" := services.rental_now(p_market_id, p_rental_id, v_now);
end
$$;
comment on function api.close_rental is 'Closes an overdue rental: its asset is back all the same, or lost. Refuses: rental_unknown rental_not_active rental_not_overdue rental_times_wrong balance_out_of_range key_reused.';
alter function api.close_rental owner to wall_operator;
grant execute on function api.close_rental to socius_gate;

-- Locks the rental and whoever waits for its asset, before the asset: as partners do.
create or replace function services.lock_asset_rentals(p_market_id int, p_rental_id uuid)
returns void
language plpgsql as $$
begin
	perform from services.rental r
	where r.market_id = p_market_id and r.state in ('reserved', 'active') and r.asset_id = (
		select o.asset_id
		from services.rental o
		where o.market_id = p_market_id and o.rental_id = p_rental_id)
	order by r.rental_id
	for no key update;
end
$$;
comment on function services.lock_asset_rentals is 'locks the open rentals of a rental''s asset';

grant execute on function services.lose_asset, services.lock_asset_rentals to wall_operator;
