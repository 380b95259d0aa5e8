-- One station: shown, and changed by whoever has read it as it is.

create or replace function api.get_station(p_market_id int, p_station_id uuid,
	out "row" api.station)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	select t.station_id, t.zone_id, t.name, t.address, t.latitude_e7, t.longitude_e7, m.time_zone,
		t.created_at, t.version
	into "row"
	from scheduling.station t
	join core.market m on m.market_id = t.market_id
	where t.market_id = p_market_id and t.station_id = p_station_id;
	if not found then
		perform core.refuse('station_unknown');
	end if;
end
$$;
comment on function api.get_station is 'Shows a station. Refuses: station_unknown.';
alter function api.get_station owner to wall_member;
grant execute on function api.get_station to socius_gate, wall_operator;

-- Changes what is given and leaves the rest; p_if_match is what the caller has read.
create or replace function api.change_station(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_event_id uuid, p_station_id uuid, p_if_match text, p_name text,
	p_address text, p_clears_address boolean, p_latitude_e7 int, p_longitude_e7 int,
	out "row" api.station)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_version bigint;
begin
	perform core.enter(p_market_id, null);
	select t.version into v_version
	from scheduling.station t
	where t.market_id = p_market_id and t.station_id = p_station_id
	for no key update;
	if not found then
		perform core.refuse('station_unknown');
	elsif not core.etag_matches(p_if_match, v_version) then
		perform core.refuse('precondition_failed');
	end if;
	update scheduling.station t
	set name = coalesce(p_name, t.name),
		address = case when not p_clears_address then coalesce(p_address, t.address) end,
		latitude_e7 = coalesce(p_latitude_e7, t.latitude_e7),
		longitude_e7 = coalesce(p_longitude_e7, t.longitude_e7),
		version = t.version + 1
	where t.market_id = p_market_id and t.station_id = p_station_id;
	insert into events.event (market_id, event_id, kind, subject, subject_id, actor_id, actor_role,
		occurred_at)
	values (p_market_id, p_event_id, 'station.changed', 'station', p_station_id, p_actor_id,
		p_actor_role, core.clock(p_market_id, p_now));
	"row" := api.get_station(p_market_id, p_station_id);
end
$$;
comment on function api.change_station is 'Changes a station that was read before. Refuses: station_unknown precondition_failed.';
alter function api.change_station owner to wall_operator;
grant execute on function api.change_station to socius_gate;
