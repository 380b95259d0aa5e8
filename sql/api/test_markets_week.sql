-- What happens in a test market before it is handed over: see test_markets.sql.

-- Places, terms and what the operator sets up before the week begins.
create or replace function testing.set_up(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
	v_operator constant uuid := testing.id(p_seed_id, 1);
	v_each record;
	v_key text;
begin
	for v_each in
		select * from (values
			(11, 'Centro'), (12, 'San Salvario')
		) z (n, name)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_zone(p_market_id => p_market_id, p_actor_id => v_operator,
			p_now => p_now, p_key => v_key, p_digest => sha256(v_key::bytea),
			p_zone_id => testing.id(p_seed_id, v_each.n), p_name => v_each.name);
	end loop;
	for v_each in
		select * from (values
			(21, 11, 'Porta Nuova', 'Piazza Carlo Felice', 450625000, 76785000),
			(22, 12, 'Madama Cristina', 'Piazza Madama Cristina', 450561000, 76807000)
		) s (n, zone, name, address, latitude_e7, longitude_e7)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_station(p_market_id => p_market_id, p_actor_id => v_operator,
			p_now => p_now, p_key => v_key, p_digest => sha256(v_key::bytea),
			p_station_id => testing.id(p_seed_id, v_each.n),
			p_zone_id => testing.id(p_seed_id, v_each.zone), p_name => v_each.name,
			p_address => v_each.address, p_latitude_e7 => v_each.latitude_e7,
			p_longitude_e7 => v_each.longitude_e7);
	end loop;
	for v_each in
		select * from (values
			(31, 'City couriers', 'courier', 'host', 'bank_account'),
			(32, 'Recipe makers', 'co_creator', 'companion', null),
			(33, 'Reserved rides', 'driver', 'advisor', 'bank_account'),
			(34, 'Rides on call', 'driver', 'director', null)
		) p (n, name, kind, archetype, requirement)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_programme(p_market_id => p_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => p_now,
			p_event_id => testing.event_id(p_seed_id, v_each.n),
			p_programme_id => testing.id(p_seed_id, v_each.n), p_key => v_key,
			p_digest => sha256(v_key::bytea), p_name => v_each.name, p_kind => v_each.kind,
			p_archetype => v_each.archetype,
			p_requirements => case when v_each.requirement is not null then
				jsonb_build_array(jsonb_build_object('requirement', v_each.requirement)) end);
	end loop;
	for v_each in
		select * from (values
			(41, 'Rides: four fifths to the driver', 'fare', 'partner', 800000),
			(42, 'Ideas: one per cent of net sales', 'net_sales', 'partner', 10000),
			(43, 'Vendors keep nine tenths', 'price', 'vendor', 900000)
		) s (n, name, base, party, share_ppm)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_share_agreement(p_market_id => p_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => p_now,
			p_event_id => testing.event_id(p_seed_id, v_each.n), p_key => v_key,
			p_digest => sha256(v_key::bytea),
			p_share_agreement_id => testing.id(p_seed_id, v_each.n), p_name => v_each.name,
			p_base => v_each.base, p_effective_from => '2025-01-01 00:00+00',
			p_parties => jsonb_build_array(
				jsonb_build_object('party', v_each.party, 'share_ppm', v_each.share_ppm),
				jsonb_build_object('party', 'platform', 'share_ppm', 1000000 - v_each.share_ppm)));
	end loop;
end
$$;

-- The people who work there; partner n has account n + 10. The first gives her bank account.
create or replace function testing.enrol(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
	v_each record;
	v_key text;
begin
	for v_each in
		select * from (values
			(51, 'Giulia Ferrero', 'courier', 31),
			(52, 'Marco Gallo', 'courier', 31),
			(53, 'Elena Marchetti', 'driver', 34),
			(54, 'Davide Bruno', 'driver', 33),
			(55, 'Irene Sacco', 'co_creator', 32)
		) p (n, name, kind, programme)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_partner(p_market_id => p_market_id,
			p_actor_id => testing.id(p_seed_id, 1), p_actor_role => 'operator', p_now => p_now,
			p_event_id => testing.event_id(p_seed_id, v_each.n),
			p_new_partner_id => testing.id(p_seed_id, v_each.n),
			p_new_account_id => testing.id(p_seed_id, v_each.n + 10), p_key => v_key,
			p_digest => sha256(v_key::bytea), p_partner_id => null, p_account_id => null,
			p_name => v_each.name,
			p_enrolments => jsonb_build_array(jsonb_build_object('kind', v_each.kind,
				'programme_id', testing.id(p_seed_id, v_each.programme))));
	end loop;
	perform api.put_bank_account(p_market_id => p_market_id,
		p_caller_id => testing.id(p_seed_id, 51), p_actor_id => testing.id(p_seed_id, 61),
		p_actor_role => 'partner', p_now => p_now,
		p_event_id => testing.event_id(p_seed_id, 61),
		p_partner_id => testing.id(p_seed_id, 51), p_if_match => null,
		p_iban => 'IT60X0542811101000000123456', p_holder_name => 'Giulia Ferrero');
end
$$;

-- Nine days of slots at both stations, one seat of tomorrow's lunch, and Saturday's, to be released.
create or replace function testing.plan(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
	v_each record;
	v_key text;
begin
	for v_each in
		select * from (values
			(100, 21, 1, '12:00', 180, 5, 1500, 'prime', 9, null),
			(120, 21, 1, '17:00', 240, 6, 1800, 'prime', 9, null),
			(140, 21, 1, '22:00', 240, 2, 1600, 'standard', 9, null),
			(160, 22, 1, '12:00', 180, 5, 1500, 'standard', 9, null),
			(180, 22, 1, '17:00', 240, 6, 1800, 'standard', 9, null),
			(200, 22, 4, '08:00', 240, 1, 1800, 'standard', 1, null),
			(201, 21, 6, '10:00', 240, 8, 2000, 'prime', 1, testing.at(4, '17:00'))
		) s (n, station, day, starts, minutes, capacity, rate_minor, kind, days, release_at)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_slot(p_market_id => p_market_id,
			p_actor_id => testing.id(p_seed_id, 1), p_actor_role => 'operator', p_now => p_now,
			p_key => v_key, p_digest => sha256(v_key::bytea),
			p_slot_id => testing.id(p_seed_id, v_each.n),
			p_event_id => testing.event_id(p_seed_id, v_each.n),
			p_station_id => testing.id(p_seed_id, v_each.station),
			p_programme_id => testing.id(p_seed_id, 31),
			p_starts_local => date '2026-03-01' + v_each.day + v_each.starts::time,
			p_ends_local => null, p_duration_minutes => v_each.minutes, p_fold => null,
			p_ends_fold => null, p_capacity => v_each.capacity,
			p_rate_minor => v_each.rate_minor, p_kind => v_each.kind,
			p_release_at => v_each.release_at, p_repeat_days => v_each.days);
	end loop;
end
$$;

-- A vendor with a discount on tyres, of which there are a hundred, and a van to rent.
create or replace function testing.offer(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
	v_operator constant uuid := testing.id(p_seed_id, 1);
	v_each record;
	v_key text;
begin
	perform api.create_vendor(p_market_id => p_market_id, p_actor_id => v_operator,
		p_actor_role => 'operator', p_now => p_now, p_key => 'seed 91',
		p_digest => sha256('seed 91'), p_vendor_id => testing.id(p_seed_id, 91),
		p_event_id => testing.event_id(p_seed_id, 91), p_name => 'Officina Po');
	for v_each in
		select * from (values
			(92, 'discount', 'Four tyres, fitted', 32000, 24000, 100, 500000, null),
			(93, 'rental', 'A van for a day', 4500, 3500, null, null, 'vehicle')
		) l (n, kind, title, list_price_minor, partner_price_minor, stock, reimbursed_ppm,
			asset_kind)
	loop
		v_key := 'seed ' || v_each.n;
		perform api.create_listing(p_market_id => p_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => p_now, p_key => v_key,
			p_digest => sha256(v_key::bytea), p_listing_id => testing.id(p_seed_id, v_each.n),
			p_event_id => testing.event_id(p_seed_id, v_each.n), p_kind => v_each.kind,
			p_vendor_id => testing.id(p_seed_id, 91), p_title => v_each.title,
			p_description => null, p_list_price_minor => v_each.list_price_minor,
			p_partner_price_minor => v_each.partner_price_minor, p_stock => v_each.stock,
			p_reimbursed_ppm => v_each.reimbursed_ppm, p_asset_kind => v_each.asset_kind,
			p_enrolment_kind => null, p_available_from => null, p_available_until => null);
	end loop;
	perform api.create_asset(p_market_id => p_market_id, p_actor_id => v_operator,
		p_actor_role => 'operator', p_now => p_now, p_key => 'seed 94',
		p_digest => sha256('seed 94'), p_asset_id => testing.id(p_seed_id, 94),
		p_event_id => testing.event_id(p_seed_id, 94), p_listing_id => testing.id(p_seed_id, 93),
		p_name => 'Fiat Ducato, TO 123 AB');
end
$$;

-- The operator moves the clock on.
create or replace function testing.move_on(p_market_id int, p_seed_id uuid, p_n int,
	p_now timestamptz) returns void
language plpgsql as $$
begin
	perform api.move_test_clock(p_market_id => p_market_id,
		p_actor_id => testing.id(p_seed_id, 1), p_actor_role => 'operator',
		p_event_id => testing.event_id(p_seed_id, p_n), p_real_now => p_now, p_now => p_now);
end
$$;

-- Partner p_partner books slot p_slot; the booking is the n-th thing.
create or replace function testing.book(p_market_id int, p_seed_id uuid, p_n int, p_partner int,
	p_slot int, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_done record;
begin
	v_done := api.book_slot(p_market_id => p_market_id,
		p_partner_id => testing.id(p_seed_id, p_partner),
		p_account_id => testing.id(p_seed_id, p_partner + 10), p_now => p_now,
		p_booking_id => testing.id(p_seed_id, p_n), p_digest => sha256(p_n::text::bytea),
		p_event_id => testing.event_id(p_seed_id, p_n),
		p_slot_id => testing.id(p_seed_id, p_slot));
	if v_done.refused is not null then
		raise exception 'booking % of a test market was refused: %', p_n, v_done.refused;
	end if;
end
$$;

-- The courier works one evening: checks in ten minutes before it begins, and completes at its end.
create or replace function testing.work(p_market_id int, p_seed_id uuid, p_n int, p_booking int,
	p_day int) returns void
language plpgsql as $$
declare
	v_key constant text := 'seed ' || p_n;
	v_courier constant uuid := testing.id(p_seed_id, 51);
	v_account constant uuid := testing.id(p_seed_id, 61);
begin
	perform testing.move_on(p_market_id, p_seed_id, p_n, testing.at(p_day, '16:50'));
	perform api.check_in_booking(p_market_id => p_market_id, p_partner_id => v_courier,
		p_account_id => v_account, p_now => testing.at(p_day, '16:50'), p_key => v_key,
		p_digest => sha256(v_key::bytea), p_event_id => testing.event_id(p_seed_id, p_n + 1),
		p_booking_id => testing.id(p_seed_id, p_booking));
	perform testing.move_on(p_market_id, p_seed_id, p_n + 2, testing.at(p_day, '21:00'));
	perform api.complete_booking(p_market_id => p_market_id, p_partner_id => v_courier,
		p_account_id => v_account, p_now => testing.at(p_day, '21:00'), p_key => v_key,
		p_digest => sha256(v_key::bytea), p_event_id => testing.event_id(p_seed_id, p_n + 3),
		p_transaction_id => testing.id(p_seed_id, p_n), p_booking_id =>
		testing.id(p_seed_id, p_booking));
end
$$;

-- The trips of one day, each reported a minute after it ended: by card with a tip, in cash, over a
-- toll road, and one that the rider cancelled.
create or replace function testing.drive(p_market_id int, p_seed_id uuid, p_day int) returns void
language plpgsql as $$
declare
	v_each record;
	v_done record;
begin
	for v_each in
		select t.*, 300 + 10 * t.day + t.line as n, testing.at(t.day, t.ends::time) as ended_at
		from (values
			(1, 1, 53, '09:32', 22, 6400, 'completed', 'card', 1250, 200, 0, 60, 0),
			(1, 2, 53, '11:05', 15, 3900, 'completed', 'cash', 840, 0, 0, 40, 0),
			(1, 3, 53, '15:10', 41, 18200, 'completed', 'card', 3200, 300, 350, 120, 0),
			(1, 4, 54, '12:20', 25, 9100, 'completed', 'card', 1900, 0, 0, 90, 0),
			(2, 1, 53, '08:50', 18, 5200, 'completed', 'card', 1100, 0, 0, 50, 0),
			(2, 2, 53, '10:15', 6, 700, 'cancelled_by_rider', 'card', 0, 0, 0, 0, 400),
			(2, 3, 53, '18:45', 27, 8800, 'completed', 'card', 1780, 150, 0, 80, 0),
			(3, 1, 53, '09:05', 19, 5600, 'completed', 'cash', 1160, 100, 0, 50, 0),
			(3, 2, 53, '12:40', 33, 14100, 'completed', 'card', 2640, 0, 210, 110, 0)
		) t (day, line, driver, ends, minutes, distance_m, status, payment, fare_minor, tip_minor,
			tolls_minor, taxes_minor, fee_minor)
		where t.day = p_day
		order by t.line
	loop
		v_done := api.create_trip(p_market_id => p_market_id,
			p_actor_id => testing.id(p_seed_id, 3), p_actor_role => 'service',
			p_now => v_each.ended_at + interval '1 minute',
			p_event_id => testing.event_id(p_seed_id, v_each.n),
			p_transaction_id => testing.id(p_seed_id, v_each.n + 100),
			p_digest => sha256(v_each.n::text::bytea),
			p_trip_id => testing.id(p_seed_id, v_each.n),
			p_partner_id => testing.id(p_seed_id, v_each.driver), p_status => v_each.status,
			p_origin => 'offer', p_payment => v_each.payment,
			p_started_at => v_each.ended_at - make_interval(mins => v_each.minutes),
			p_ended_at => v_each.ended_at, p_distance_m => v_each.distance_m,
			p_currency => 'EUR', p_fare_minor => v_each.fare_minor,
			p_tip_minor => v_each.tip_minor, p_tolls_minor => v_each.tolls_minor,
			p_taxes_and_fees_minor => v_each.taxes_minor,
			p_cancellation_fee_minor => v_each.fee_minor);
		if v_done.refused is not null then
			raise exception 'trip % of a test market was refused: %', v_each.n, v_done.refused;
		end if;
	end loop;
end
$$;

-- An idea with two supporters, and what it sold in February: 1 % of 9,500.00.
create or replace function testing.imagine(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
begin
	perform api.create_idea(p_market_id => p_market_id,
		p_partner_id => testing.id(p_seed_id, 55), p_account_id => testing.id(p_seed_id, 65),
		p_now => p_now, p_key => 'seed 71', p_digest => sha256('seed 71'),
		p_idea_id => testing.id(p_seed_id, 71), p_event_id => testing.event_id(p_seed_id, 71),
		p_title => 'Lunch bags that keep warm',
		p_summary => 'A bag with a lining of cork, sewn in town.', p_authors => null);
	perform api.support_idea(p_market_id => p_market_id,
		p_account_id => testing.id(p_seed_id, 61), p_actor_role => 'partner', p_now => p_now,
		p_event_id => testing.event_id(p_seed_id, 72), p_idea_id => testing.id(p_seed_id, 71));
	perform api.support_idea(p_market_id => p_market_id,
		p_account_id => testing.id(p_seed_id, 4), p_actor_role => 'customer', p_now => p_now,
		p_event_id => testing.event_id(p_seed_id, 73), p_idea_id => testing.id(p_seed_id, 71));
end
$$;

create or replace function testing.sell(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
begin
	perform api.create_sales_report(p_market_id => p_market_id,
		p_actor_id => testing.id(p_seed_id, 1), p_actor_role => 'operator', p_now => p_now,
		p_key => 'seed 74', p_digest => sha256('seed 74'),
		p_sales_report_id => testing.id(p_seed_id, 74),
		p_event_id => testing.event_id(p_seed_id, 74), p_idea_id => testing.id(p_seed_id, 71),
		p_period => '2026-02', p_gross_minor => 1000000, p_returns_minor => 50000,
		p_restates => null);
end
$$;

-- Tuesday's payout run, as the runner does it.
create or replace function testing.pay(p_market_id int, p_seed_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
	v_run_id constant uuid := testing.id(p_seed_id, 81);
begin
	perform api.create_payout_run(p_market_id => p_market_id,
		p_actor_id => testing.id(p_seed_id, 1), p_actor_role => 'operator', p_now => p_now,
		p_event_id => testing.event_id(p_seed_id, 81), p_payout_run_id => v_run_id,
		p_key => 'seed 81', p_digest => sha256('seed 81'), p_minimum_minor => 100);
	while jobs.run_payouts(p_market_id, v_run_id, p_now) is not null loop
		null;
	end loop;
	perform core.finish_step(p_market_id, v_run_id, null, p_now);
end
$$;

-- The week until Wednesday, 14:00.
create or replace function testing.live(p_market_id int, p_seed_id uuid, p_founded_at timestamptz)
returns void
language plpgsql as $$
declare
	v_monday constant timestamptz := testing.at(1, '08:00');
	v_tuesday constant timestamptz := testing.at(2, '10:00');
	v_now constant timestamptz := testing.at(3, '14:00');
begin
	perform testing.set_up(p_market_id, p_seed_id, p_founded_at);
	perform testing.enrol(p_market_id, p_seed_id, p_founded_at);
	perform testing.imagine(p_market_id, p_seed_id, p_founded_at);
	perform testing.offer(p_market_id, p_seed_id, p_founded_at);
	perform testing.move_on(p_market_id, p_seed_id, 90, v_monday);
	perform testing.sell(p_market_id, p_seed_id, v_monday);
	perform testing.plan(p_market_id, p_seed_id, v_monday);
	perform testing.book(p_market_id, p_seed_id, 221, 51, 120, v_monday);
	perform testing.book(p_market_id, p_seed_id, 222, 51, 121, v_monday);
	perform testing.book(p_market_id, p_seed_id, 223, 51, 123, v_monday);
	perform testing.book(p_market_id, p_seed_id, 224, 52, 200, v_monday);
	perform testing.drive(p_market_id, p_seed_id, 1);
	perform testing.work(p_market_id, p_seed_id, 230, 221, 1);
	perform testing.move_on(p_market_id, p_seed_id, 240, v_tuesday);
	perform testing.pay(p_market_id, p_seed_id, v_tuesday);
	perform testing.drive(p_market_id, p_seed_id, 2);
	perform testing.work(p_market_id, p_seed_id, 250, 222, 2);
	perform testing.drive(p_market_id, p_seed_id, 3);
	perform testing.move_on(p_market_id, p_seed_id, 260, v_now);
	perform api.assign_booking(p_market_id => p_market_id,
		p_actor_id => testing.id(p_seed_id, 1), p_actor_role => 'operator', p_now => v_now,
		p_key => 'seed 225', p_digest => sha256('seed 225'),
		p_event_id => testing.event_id(p_seed_id, 225),
		p_booking_id => testing.id(p_seed_id, 225), p_slot_id => testing.id(p_seed_id, 104),
		p_partner_id => testing.id(p_seed_id, 51));
end
$$;

-- What the makers of a test market call, which nobody else may.
do $$
declare
	v_function regprocedure;
begin
	for v_function in
		select p.oid::regprocedure
		from pg_catalog.pg_proc p
		join pg_catalog.pg_namespace n on n.oid = p.pronamespace
		where n.nspname = 'testing' and p.prokind = 'f'
			and p.proname in ('id', 'event_id', 'at', 'found_market', 'set_up', 'enrol', 'plan',
				'offer', 'move_on', 'book', 'work', 'drive', 'imagine', 'sell', 'pay', 'live', 'people',
				'session_id')
	loop
		execute format('grant execute on function %s to wall_test', v_function);
	end loop;
end
$$;
grant execute on function testing.id, testing.event_id to wall_platform;
grant execute on function api.create_zone, api.create_station, api.create_programme,
	api.create_share_agreement, api.create_partner, api.create_slot, api.move_test_clock,
	api.book_slot, api.check_in_booking, api.complete_booking, api.assign_booking, api.create_trip,
	api.create_idea, api.support_idea, api.create_sales_report, api.create_payout_run,
	api.put_bank_account, api.create_vendor, api.create_listing, api.create_asset
	to wall_test;
