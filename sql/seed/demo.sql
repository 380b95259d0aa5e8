-- The demo market: Torino, with people who work there and slots over the coming days.
--
-- Everything goes through the API's own functions under fixed ids and keys, so that the file can
-- run again: what is there is a replay, and days that came nearer get their slots. Partners are
-- 00000000-0000-7000-8000-000000000101 and following. The setting socius.seed_now (an instant)
-- stands for the present; without it the real clock does.

-- An id that belongs to a name: the first 16 bytes of its SHA-256 as UUID version 8, as the command
-- line makes the accounts of operator and auditor.
create function pg_temp.id(p_name text) returns uuid
language plpgsql as $$
declare
	v_bytes bytea := substr(sha256(convert_to(p_name, 'UTF8')), 1, 16);
begin
	v_bytes := set_byte(v_bytes, 6, get_byte(v_bytes, 6) & 15 | 128);
	v_bytes := set_byte(v_bytes, 8, get_byte(v_bytes, 8) & 63 | 128);
	return encode(v_bytes, 'hex')::uuid;
end
$$;

-- An id that is easy to read and to type.
create function pg_temp.number(p_number int) returns uuid
language plpgsql as $$
begin
	return ('00000000-0000-7000-8000-' || lpad(p_number::text, 12, '0'))::uuid;
end
$$;

do $$
declare
	v_now constant timestamptz :=
		coalesce(nullif(current_setting('socius.seed_now', true), '')::timestamptz, now());
	v_operator constant uuid := pg_temp.id('socius account operator demo');
	v_market_id int;
	v_time_zone text;
	v_each record;
	v_key text;
begin
	insert into identity.account (account_id, name, created_at) values
		(v_operator, 'Operator of Torino', v_now),
		(pg_temp.id('socius account auditor demo'), 'Auditor of Torino', v_now)
	on conflict do nothing;

	v_key := 'seed market demo';
	select (c."row").market_id, (c."row").time_zone into v_market_id, v_time_zone
	from api.create_market(p_actor_id => v_operator, p_actor_role => 'operator', p_now => v_now,
		p_event_id => pg_temp.id('event ' || v_key), p_key => v_key,
		p_digest => sha256(v_key::bytea), p_code => 'demo', p_name => 'Torino',
		p_currency => 'EUR', p_time_zone => 'Europe/Rome', p_is_test => false) c;

	for v_each in
		select * from (values
			(11, 'City couriers', 'courier', 'host'),
			(12, 'Recipe makers', 'co_creator', 'companion'),
			(13, 'Reserved rides', 'driver', 'advisor'),
			(14, 'Rides on call', 'driver', 'director')
		) p (number, name, kind, archetype)
	loop
		v_key := 'seed programme ' || v_each.number;
		perform api.create_programme(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now,
			p_event_id => pg_temp.id('event ' || v_key),
			p_programme_id => pg_temp.number(v_each.number), p_key => v_key,
			p_digest => sha256(v_key::bytea), p_name => v_each.name, p_kind => v_each.kind,
			p_archetype => v_each.archetype);
	end loop;

	for v_each in
		select * from (values
			(21, 'Rides: four fifths to the driver', 'fare', 'partner', 800000),
			(22, 'Sales: a hundredth to who had the idea', 'net_sales', 'partner', 10000),
			(23, 'Rentals: nine tenths to the vendor', 'price', 'vendor', 900000)
		) a (number, name, base, party, share_ppm)
	loop
		v_key := 'seed agreement ' || v_each.number;
		perform api.create_share_agreement(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now,
			p_event_id => pg_temp.id('event ' || v_key), p_key => v_key,
			p_digest => sha256(v_key::bytea), p_share_agreement_id => pg_temp.number(v_each.number),
			p_name => v_each.name, p_base => v_each.base,
			p_effective_from => '2020-01-01 00:00+00', p_parties => jsonb_build_array(
				jsonb_build_object('party', v_each.party, 'share_ppm', v_each.share_ppm),
				jsonb_build_object('party', 'platform', 'share_ppm', 1000000 - v_each.share_ppm)));
	end loop;

	for v_each in
		select * from (values
			(101, 'Giulia Ferrero', 'courier', 11),
			(102, 'Marco Gallo', 'courier', 11),
			(103, 'Amina Haddad', 'courier', 11),
			(104, 'Luca Barbero', 'courier', 11),
			(105, 'Chiara Rinaldi', 'courier', 11),
			(106, 'Ion Popescu', 'courier', 11),
			(107, 'Sara Costamagna', 'courier', 11),
			(108, 'Davide Bruno', 'driver', 14),
			(109, 'Elena Marchetti', 'driver', 14),
			(110, 'Youssef Amrani', 'driver', 13),
			(111, 'Paolo Vercelli', 'driver', 13),
			(112, 'Irene Sacco', 'co_creator', 12)
		) p (number, name, kind, programme)
	loop
		v_key := 'seed partner ' || v_each.number;
		perform api.create_partner(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now,
			p_event_id => pg_temp.id('event ' || v_key), p_new_partner_id => null,
			p_new_account_id => pg_temp.number(v_each.number + 900), p_key => v_key,
			p_digest => sha256(v_key::bytea), p_partner_id => pg_temp.number(v_each.number),
			p_account_id => null, p_name => v_each.name,
			p_enrolments => jsonb_build_array(jsonb_build_object('kind', v_each.kind,
				'programme_id', pg_temp.number(v_each.programme))));
	end loop;

	for v_each in
		select * from (values (31, 'Centro'), (32, 'San Salvario'), (33, 'Lingotto')) z (number, name)
	loop
		v_key := 'seed zone ' || v_each.number;
		perform api.create_zone(p_market_id => v_market_id, p_actor_id => v_operator,
			p_now => v_now, p_key => v_key, p_digest => sha256(v_key::bytea),
			p_zone_id => pg_temp.number(v_each.number), p_name => v_each.name);
	end loop;

	for v_each in
		select * from (values
			(41, 31, 'Porta Nuova', 'Piazza Carlo Felice', 450625000, 76785000),
			(42, 31, 'Piazza Vittorio', 'Piazza Vittorio Veneto', 450648000, 76955000),
			(43, 32, 'Madama Cristina', 'Piazza Madama Cristina', 450561000, 76807000),
			(44, 33, 'Lingotto', 'Via Nizza', 450320000, 76650000)
		) s (number, zone, name, address, latitude_e7, longitude_e7)
	loop
		v_key := 'seed station ' || v_each.number;
		perform api.create_station(p_market_id => v_market_id, p_actor_id => v_operator,
			p_now => v_now, p_key => v_key, p_digest => sha256(v_key::bytea),
			p_station_id => pg_temp.number(v_each.number),
			p_zone_id => pg_temp.number(v_each.zone), p_name => v_each.name,
			p_address => v_each.address, p_latitude_e7 => v_each.latitude_e7,
			p_longitude_e7 => v_each.longitude_e7);
	end loop;

	for v_each in
		select * from (values (51, 'Autonoleggio Dora'), (52, 'Ciclofficina Po')) v (number, name)
	loop
		v_key := 'seed vendor ' || v_each.number;
		perform api.create_vendor(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now, p_key => v_key,
			p_digest => sha256(v_key::bytea), p_vendor_id => pg_temp.number(v_each.number),
			p_event_id => pg_temp.id('event ' || v_key), p_name => v_each.name);
	end loop;

	for v_each in
		select * from (values
			(61, 'rental', 51, 'Cargo van, by the day', 5500, 3500, null, 'vehicle'),
			(62, 'rental', 52, 'Cargo bike, by the day', 2000, 1200, null, 'bike'),
			(63, 'discount', 52, 'Yearly check of a bike', 6000, 4500, 100, null),
			(64, 'discount', 51, 'Winter tyres, fitted', 42000, 36000, 25, null)
		) l (number, kind, vendor, title, list_price_minor, partner_price_minor, stock, asset_kind)
	loop
		v_key := 'seed listing ' || v_each.number;
		perform api.create_listing(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now, p_key => v_key,
			p_digest => sha256(v_key::bytea), p_listing_id => pg_temp.number(v_each.number),
			p_event_id => pg_temp.id('event ' || v_key), p_kind => v_each.kind,
			p_vendor_id => pg_temp.number(v_each.vendor), p_title => v_each.title,
			p_description => null, p_list_price_minor => v_each.list_price_minor,
			p_partner_price_minor => v_each.partner_price_minor, p_stock => v_each.stock,
			p_reimbursed_ppm => null, p_asset_kind => v_each.asset_kind,
			p_enrolment_kind => null, p_available_from => null, p_available_until => null);
	end loop;

	for v_each in
		select * from (values
			(71, 61, 'Van GA 482 TR'), (72, 61, 'Van GC 117 LM'), (73, 62, 'Bike 1'),
			(74, 62, 'Bike 2'), (75, 62, 'Bike 3')
		) a (number, listing, name)
	loop
		v_key := 'seed asset ' || v_each.number;
		perform api.create_asset(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now, p_key => v_key,
			p_digest => sha256(v_key::bytea), p_asset_id => pg_temp.number(v_each.number),
			p_event_id => pg_temp.id('event ' || v_key),
			p_listing_id => pg_temp.number(v_each.listing), p_name => v_each.name);
	end loop;

	v_key := 'seed idea 81';
	perform api.create_idea(p_market_id => v_market_id, p_partner_id => pg_temp.number(112),
		p_account_id => pg_temp.number(1012), p_now => v_now, p_key => v_key,
		p_digest => sha256(v_key::bytea), p_idea_id => pg_temp.number(81),
		p_event_id => pg_temp.id('event ' || v_key), p_title => 'Agnolotti kit for two',
		p_summary => 'Fresh dough and filling with a card that shows how to fold them.',
		p_authors => null);

	-- Lunch and dinner pay best; the late slot ends after midnight.
	for v_each in
		select s.station, s.hour, s.minutes, s.capacity, s.rate_minor, s.kind, d.day,
			d.day + make_interval(hours => s.hour) as starts_local
		from generate_series(0, 7) n
		cross join lateral (select (v_now at time zone v_time_zone)::date::timestamp
			+ make_interval(days => n) as day) d
		cross join (
			select t.station, h.hour, h.minutes, h.capacity, h.rate_minor, h.kind
			from (values (41), (42), (43), (44)) t (station)
			cross join (values
				(8, 240, 3, 1200, 'standard'),
				(12, 180, 5, 1500, 'prime'),
				(15, 180, 3, 1200, 'standard'),
				(18, 240, 6, 1800, 'prime'),
				(22, 180, 2, 1600, 'standard')
			) h (hour, minutes, capacity, rate_minor, kind)
		) s
		where (d.day + make_interval(hours => s.hour)) at time zone v_time_zone > v_now
		order by d.day, s.hour, s.station
	loop
		v_key := format('seed slot %s %s %s', v_each.station, v_each.day::date, v_each.hour);
		perform api.create_slot(p_market_id => v_market_id, p_actor_id => v_operator,
			p_actor_role => 'operator', p_now => v_now, p_key => v_key,
			p_digest => sha256(v_key::bytea), p_slot_id => pg_temp.id(v_key),
			p_event_id => pg_temp.id('event ' || v_key),
			p_station_id => pg_temp.number(v_each.station),
			p_programme_id => pg_temp.number(11), p_starts_local => v_each.starts_local,
			p_ends_local => null, p_duration_minutes => v_each.minutes, p_fold => null,
			p_ends_fold => null, p_capacity => v_each.capacity,
			p_rate_minor => v_each.rate_minor, p_kind => v_each.kind, p_release_at => null,
			p_repeat_days => null);
	end loop;
end
$$;

drop function pg_temp.id, pg_temp.number;
