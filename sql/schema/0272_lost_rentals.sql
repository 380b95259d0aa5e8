-- A rental whose partner never brings the asset back is closed by an operator: the asset is back all the
-- same, or it is lost.

alter table services.rental
	add column reason text constraint rental_says_why check (length(reason) between 1 and 500),
	drop constraint rental_state_check,
	drop constraint rental_marks_its_state,
	add constraint rental_state_check
		check (state in ('reserved', 'active', 'returned', 'lost', 'cancelled')),
	add constraint rental_marks_its_state check (
		(started_at is not null) = (state in ('active', 'returned', 'lost'))
		and (returned_at is not null) = (state in ('returned', 'lost'))
		and (charge_minor is not null) = (state in ('returned', 'lost'))
		and (vendor_minor is not null) = (state in ('returned', 'lost'))
		and (state <> 'lost' or reason is not null)
		and started_at >= starts_at and returned_at >= started_at);
comment on column services.rental.reason is 'why an operator closed it; null: none did';
comment on column services.rental.returned_at is 'when it came back, or until when an operator has charged it; null: it is not over';
grant update (state, returned_at, charge_minor, vendor_minor, reason, version)
	on services.rental to wall_operator;

alter table services.asset
	add column lost_at timestamptz,
	add constraint asset_lost_is_not_out check (lost_at is null or not is_out);
comment on column services.asset.lost_at is 'since when nobody rents it any more, because it is lost; null: it is not';
grant update (busy, is_out, came_back_at, lost_at) on services.asset to wall_operator;

alter type api.rental add attribute reason text;
comment on column api.rental.state is 'reserved, active, overdue, returned, lost or cancelled, by the request''s clock';
comment on column api.rental.days_so_far is 'started days until now, or until what returned_at says';
comment on column api.rental.charge_minor is 'started days times the daily price, minor units; null until it is over';
comment on column api.rental.returned_at is 'when it came back, or until when a lost asset was charged; null until then';
comment on column api.rental.reason is 'why an operator closed it; null: none did';
alter type api.asset add attribute lost_at timestamptz;
comment on column api.asset.lost_at is 'since when it is lost and not rented any more; null: it is not';
