-- What operators set up and everyone reads: zones, stations, slots.

create or replace function api.create_zone(p_market_id int, p_actor_id uuid, p_now timestamptz,
	p_key text, p_digest bytea, p_zone_id uuid, p_name text,
	out replayed boolean, out "row" api.zone)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_zone_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_zone_id := core.claim_key(p_market_id, p_actor_id, 'create_zone', p_key, p_digest,
		p_zone_id, v_now);
	replayed := v_zone_id is not null;
	if not replayed then
		v_zone_id := p_zone_id;
		insert into scheduling.zone (market_id, zone_id, name, created_at)
		values (p_market_id, v_zone_id, p_name, v_now);
	end if;
	select z.zone_id, z.name, z.created_at, z.version into "row"
	from scheduling.zone z
	where z.market_id = p_market_id and z.zone_id = v_zone_id;
end
$$;
comment on function api.create_zone is 'Makes a zone. Refuses: key_reused.';
alter function api.create_zone owner to wall_operator;
grant execute on function api.create_zone to socius_gate;

create or replace function api.list_zones(p_market_id int, p_limit int, p_after_zone_id uuid)
returns setof api.zone
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select z.zone_id, z.name, z.created_at, z.version
	from scheduling.zone z
	where z.market_id = p_market_id
		and z.zone_id > coalesce(p_after_zone_id, '00000000-0000-0000-0000-000000000000')
	order by z.zone_id
	limit p_limit;
end
$$;
comment on function api.list_zones is 'Lists the zones of the market, oldest first. Refuses: nothing.';
alter function api.list_zones owner to wall_member;
grant execute on function api.list_zones to socius_gate;

create or replace function api.create_station(p_market_id int, p_actor_id uuid, p_now timestamptz,
	p_key text, p_digest bytea, p_station_id uuid, p_zone_id uuid, p_name text, p_address text,
	p_latitude_e7 int, p_longitude_e7 int, out replayed boolean, out "row" api.station)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_station_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_station_id := core.claim_key(p_market_id, p_actor_id, 'create_station', p_key, p_digest,
		p_station_id, v_now);
	replayed := v_station_id is not null;
	if not replayed then
		if not exists (
			select from scheduling.zone z
			where z.market_id = p_market_id and z.zone_id = p_zone_id) then
			perform core.refuse('zone_unknown');
		end if;
		v_station_id := p_station_id;
		insert into scheduling.station (market_id, station_id, zone_id, name, address, latitude_e7,
			longitude_e7, created_at)
		values (p_market_id, v_station_id, p_zone_id, p_name, p_address, p_latitude_e7,
			p_longitude_e7, v_now);
	end if;
	select t.station_id, t.zone_id, t.name, t.address, t.latitude_e7, t.longitude_e7, m.time_zone,
		t.created_at, t.version
	into "row"
	from scheduling.station t
	join core.market m on m.market_id = t.market_id
	where t.market_id = p_market_id and t.station_id = v_station_id;
end
$$;
comment on function api.create_station is 'Makes a station in a zone. Refuses: zone_unknown key_reused.';
alter function api.create_station owner to wall_operator;
grant execute on function api.create_station to socius_gate;

create or replace function api.list_stations(p_market_id int, p_zone_id uuid, p_limit int,
	p_after_station_id uuid) returns setof api.station
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select t.station_id, t.zone_id, t.name, t.address, t.latitude_e7, t.longitude_e7, m.time_zone,
		t.created_at, t.version
	from scheduling.station t
	join core.market m on m.market_id = t.market_id
	where t.market_id = p_market_id
		and t.station_id > coalesce(p_after_station_id, '00000000-0000-0000-0000-000000000000')
		and (p_zone_id is null or t.zone_id = p_zone_id)
	order by t.station_id
	limit p_limit;
end
$$;
comment on function api.list_stations is 'Lists stations, oldest first. Refuses: nothing.';
alter function api.list_stations owner to wall_member;
grant execute on function api.list_stations to socius_gate;

-- The moments between which a slot lasts, and its seconds on each local day.
-- Refuses: local_time_missing local_time_twice slot_times_wrong slot_in_the_past
create or replace function scheduling.time_slot(p_starts_local timestamp, p_ends_local timestamp,
	p_duration_minutes int, p_fold int, p_ends_fold int, p_time_zone text, p_now timestamptz,
	out starts_at timestamptz, out ends_at timestamptz, out day date, out day_seconds int,
	out next_day_seconds int)
language plpgsql as $$
declare
	v_midnight timestamptz;
begin
	starts_at := scheduling.instant_of(p_starts_local, p_time_zone, p_fold);
	if num_nonnulls(p_ends_local, p_duration_minutes) <> 1 then
		perform core.refuse('slot_times_wrong',
			'{"detail": "Give either ends_local or duration_minutes."}');
	elsif p_ends_local is not null then
		ends_at := scheduling.instant_of(p_ends_local, p_time_zone, p_ends_fold);
	else
		ends_at := starts_at + make_interval(mins => p_duration_minutes);
	end if;
	day := p_starts_local::date;
	if ends_at <= starts_at or ends_at > starts_at + interval '86400 seconds' then
		perform core.refuse('slot_times_wrong');
	elsif ends_at > scheduling.day_begins(day + 2, p_time_zone) then
		perform core.refuse('slot_times_wrong', '{"detail": "It would touch three local days."}');
	elsif starts_at <= p_now then
		perform core.refuse('slot_in_the_past');
	end if;
	v_midnight := least(ends_at, scheduling.day_begins(day + 1, p_time_zone));
	day_seconds := extract(epoch from v_midnight - starts_at);
	next_day_seconds := extract(epoch from ends_at - v_midnight);
	if greatest(day_seconds, next_day_seconds) > 43200 then
		perform core.refuse('slot_times_wrong', '{"detail": '
			'"Nobody could book it: it has more than 12 hours on one local day."}');
	end if;
end
$$;
comment on function scheduling.time_slot is 'the moments between which a slot lasts, and its seconds on each local day';

-- Makes one slot, or one on each of p_repeat_days days at the same wall time; the ids of the later
-- ones follow that of the first, which is shown.
create or replace function api.create_slot(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_key text, p_digest bytea, p_slot_id uuid, p_event_id uuid,
	p_station_id uuid, p_programme_id uuid, p_starts_local timestamp, p_ends_local timestamp,
	p_duration_minutes int, p_fold int, p_ends_fold int, p_capacity int, p_rate_minor bigint,
	p_kind text, p_release_at timestamptz, p_repeat_days int,
	out replayed boolean, out "row" api.slot)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_slot_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_slot_id := core.claim_key(p_market_id, p_actor_id, 'create_slot', p_key, p_digest,
		p_slot_id, v_now);
	replayed := v_slot_id is not null;
	if not replayed then
		v_slot_id := p_slot_id;
		perform ledger.need_amounts(p_market_id, p_rate_minor);
		if not exists (
			select from scheduling.station t
			where t.market_id = p_market_id and t.station_id = p_station_id) then
			perform core.refuse('station_unknown');
		elsif p_programme_id is not null then
			perform scheduling.check_programme(p_market_id, p_programme_id);
		end if;
		for v_day in 0 .. coalesce(p_repeat_days, 1) - 1 loop
			perform scheduling.make_slot(p_market_id, core.following_id(p_slot_id, v_day),
				core.following_id(p_event_id, v_day), p_actor_id, p_actor_role, v_now,
				p_station_id, p_programme_id, p_starts_local + make_interval(days => v_day),
				p_ends_local + make_interval(days => v_day), p_duration_minutes, p_fold,
				p_ends_fold, p_capacity, p_rate_minor, coalesce(p_kind, 'standard'),
				coalesce(p_release_at, v_now));
		end loop;
	end if;
	select (scheduling.show_slot(s, t, v_now)).* into "row"
	from scheduling.slot s
	join scheduling.station t on t.market_id = s.market_id and t.station_id = s.station_id
	where s.market_id = p_market_id and s.slot_id = v_slot_id;
end
$$;
comment on function api.create_slot is 'Makes a slot from local wall time, or one on each of several days. Refuses: station_unknown programme_unknown programme_kind_differs local_time_missing local_time_twice slot_times_wrong slot_in_the_past amount_too_large key_reused.';
alter function api.create_slot owner to wall_operator;
grant execute on function api.create_slot to socius_gate;

-- Slots are couriers' work. Refuses: programme_unknown programme_kind_differs
create or replace function scheduling.check_programme(p_market_id int, p_programme_id uuid)
returns void
language plpgsql as $$
declare
	v_kind text;
begin
	select p.kind into v_kind
	from onboarding.programme p
	where p.market_id = p_market_id and p.programme_id = p_programme_id;
	if not found then
		perform core.refuse('programme_unknown');
	elsif v_kind <> 'courier' then
		perform core.refuse('programme_kind_differs', jsonb_build_object('kind', v_kind));
	end if;
end
$$;
comment on function scheduling.check_programme is 'refuses a programme that is not of couriers';

-- Makes one slot and its event.
-- Refuses: local_time_missing local_time_twice slot_times_wrong slot_in_the_past amount_too_large
create or replace function scheduling.make_slot(p_market_id int, p_slot_id uuid, p_event_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz, p_station_id uuid, p_programme_id uuid,
	p_starts_local timestamp, p_ends_local timestamp, p_duration_minutes int, p_fold int,
	p_ends_fold int, p_capacity int, p_rate_minor bigint, p_kind text, p_released_at timestamptz)
returns void
language plpgsql as $$
declare
	v_market core.market;
	v_times record;
	v_state constant text := case when p_released_at > p_now then 'scheduled' else 'released' end;
begin
	select m.* into v_market from core.market m where m.market_id = p_market_id;
	v_times := scheduling.time_slot(p_starts_local, p_ends_local, p_duration_minutes, p_fold,
		p_ends_fold, v_market.time_zone, p_now);
	if p_released_at >= v_times.starts_at then
		perform core.refuse('slot_times_wrong', '{"detail": "It would start before its release."}');
	end if;
	perform ledger.need_amounts(p_market_id,
		scheduling.pay_of(p_rate_minor, v_times.starts_at, v_times.ends_at));
	insert into scheduling.slot (market_id, slot_id, station_id, programme_id, kind, starts_at,
		ends_at, time_zone, day, day_seconds, next_day_seconds, capacity, rate_minor, currency,
		released_at, created_at)
	values (p_market_id, p_slot_id, p_station_id, p_programme_id, p_kind, v_times.starts_at,
		v_times.ends_at, v_market.time_zone, v_times.day, v_times.day_seconds,
		v_times.next_day_seconds, p_capacity, p_rate_minor, v_market.currency, p_released_at,
		p_now);
	insert into events.event (market_id, event_id, kind, subject, subject_id, to_state, actor_id,
		actor_role, occurred_at)
	values (p_market_id, p_event_id, 'slot.' || v_state, 'slot', p_slot_id, v_state, p_actor_id,
		p_actor_role, p_now);
end
$$;
comment on function scheduling.make_slot is 'makes one slot and its event';

-- Lists slots by start, from p_from (absent: now) to before p_to. Partners see released ones. Two
-- queries, so that each walks its own index in order and stops at the limit.
create or replace function api.list_slots(p_market_id int, p_partner_id uuid, p_now timestamptz,
	p_station_id uuid, p_from timestamptz, p_to timestamptz, p_free boolean, p_limit int,
	p_after_starts_at timestamptz, p_after_slot_id uuid) returns setof api.slot
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_released_by constant timestamptz :=
		case when p_partner_id is null then 'infinity' else v_now end;
	v_taken constant int := case when p_free then 1 else 0 end;
	v_to constant timestamptz := coalesce(p_to, 'infinity');
	-- what has begun can be booked no more, so that full slots of the past are never walked through
	v_after_starts_at constant timestamptz := greatest(coalesce(p_after_starts_at, p_from, v_now),
		case when p_free then v_now end);
	v_after_slot_id constant uuid := coalesce(p_after_slot_id,
		'00000000-0000-0000-0000-000000000000');
begin
	perform core.enter(p_market_id, p_partner_id);
	if p_station_id is not null then
		return query
		select (scheduling.show_slot(s, t, v_now)).*
		from scheduling.slot s
		join scheduling.station t on t.market_id = p_market_id and t.station_id = p_station_id
		where s.market_id = p_market_id and s.station_id = p_station_id
			and (s.starts_at, s.slot_id) > (v_after_starts_at, v_after_slot_id)
			and s.starts_at < v_to and s.released_at <= v_released_by
			and s.booked + v_taken <= s.capacity
		order by s.starts_at, s.slot_id
		limit p_limit;
	else
		return query
		select (scheduling.show_slot(s, t, v_now)).*
		from scheduling.slot s
		join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
		where s.market_id = p_market_id
			and (s.starts_at, s.slot_id) > (v_after_starts_at, v_after_slot_id)
			and s.starts_at < v_to and s.released_at <= v_released_by
			and s.booked + v_taken <= s.capacity
		order by s.starts_at, s.slot_id
		limit p_limit;
	end if;
end
$$;
comment on function api.list_slots is 'Lists slots by start, from now on or in a window; partners see released ones. Refuses: nothing.';
alter function api.list_slots owner to wall_member;
grant execute on function api.list_slots to socius_gate;

create or replace function api.get_slot(p_market_id int, p_partner_id uuid, p_now timestamptz,
	p_slot_id uuid, out "row" api.slot)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
begin
	perform core.enter(p_market_id, p_partner_id);
	select (scheduling.show_slot(s, t, v_now)).* into "row"
	from scheduling.slot s
	join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
	where s.market_id = p_market_id and s.slot_id = p_slot_id
		and (p_partner_id is null or s.released_at <= v_now);
	if not found then
		perform core.refuse('slot_unknown');
	end if;
end
$$;
comment on function api.get_slot is 'Shows a slot; to partners a released one. Refuses: slot_unknown.';
alter function api.get_slot owner to wall_member;
grant execute on function api.get_slot to socius_gate;

grant execute on function scheduling.time_slot, scheduling.check_programme, scheduling.make_slot
	to wall_operator;
