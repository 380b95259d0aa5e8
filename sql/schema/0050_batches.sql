-- The wall of batches that write many partners' rows with one statement: one market, and of it only
-- what booking together touches. No partner is in socius.partner there.

do $$
begin
	if not exists (select from pg_catalog.pg_roles where rolname = 'wall_batch') then
		create role wall_batch nologin;
	end if;
end
$$;
comment on role wall_batch is 'batches of many partners: sees one market, writes seats, bookings and their events';

grant usage on schema api, core, onboarding, scheduling, events to wall_batch;
grant execute on function core.enter, core.refuse to wall_batch;
grant select on core.market to wall_batch;

do $$
declare
	v_table regclass;
begin
	foreach v_table in array array['onboarding.enrolment', 'scheduling.station', 'scheduling.slot',
		'scheduling.partner_day', 'scheduling.booking', 'events.event']::regclass[] loop
		execute format('create policy batch on %s to wall_batch '
			'using (market_id = current_setting(''socius.market'')::int)', v_table);
		execute format('grant select on %s to wall_batch', v_table);
	end loop;
end
$$;
grant insert on scheduling.booking, scheduling.partner_day, events.event to wall_batch;
grant update (seconds, busy) on scheduling.partner_day to wall_batch;
grant update (booked, version) on scheduling.slot to wall_batch;
