-- Bookings of many partners at once. Most of a batch wants different seats on different days: those
-- are booked together, by one statement; whoever is in another's way, asks twice or is to be refused
-- goes one by one through api.book_slot after them. Nobody together takes what an earlier ask in the
-- batch could need, so that the outcome is that of asking in order (docs/adr/0005).
--
-- Order of locks: market, partner_days, slots, the bookings that are made.

-- Books those of a batch that stand in nobody's way: the first ask of a partner, for a slot that has
-- seats for every ask before it. One element an ask: the booking, or null: not booked here.
-- Refuses: not_together, when rows changed under it; nothing has happened then.
create or replace function scheduling.book_together(p_market_id int, p_partner_id uuid[],
	p_account_id uuid[], p_now timestamptz[], p_booking_id uuid[], p_digest bytea[],
	p_event_id uuid[], p_slot_id uuid[]) returns api.booking[]
language plpgsql as $$
declare
	v_done record;
begin
	with ask as (
		select o.*, row_number() over (partition by o.partner_id order by o.n) as turn,
			row_number() over (partition by o.slot_id order by o.n) as seats_wanted
		from unnest(p_partner_id, p_account_id, p_now, p_booking_id, p_digest, p_event_id,
			p_slot_id) with ordinality
			as o (partner_id, account_id, now, booking_id, digest, event_id, slot_id, n)
	), fit as materialized (
		select a.*, s.starts_at, s.ends_at, s.day, s.day_seconds, s.next_day_seconds, s.time_zone,
			s.rate_minor, s.currency, s.station_id, t.name as station_name,
			case when s.next_day_seconds > 0 then 2 else 1 end as days
		from ask a
		join scheduling.slot s on s.market_id = p_market_id and s.slot_id = a.slot_id
		join scheduling.station t on t.market_id = p_market_id and t.station_id = s.station_id
		where a.turn = 1 and a.seats_wanted <= s.capacity - s.booked
			and s.released_at <= a.now and s.starts_at > a.now
			and greatest(s.day_seconds, s.next_day_seconds) <= 43200
			and exists (
				select from onboarding.enrolment e
				where e.market_id = p_market_id and e.partner_id = a.partner_id
					and e.kind = 'courier' and e.state = 'active'
					and (s.programme_id is null or e.programme_id = s.programme_id))
	), taken as (
		insert into scheduling.partner_day as d (market_id, partner_id, day, seconds, busy)
		select p_market_id, f.partner_id, n.day, n.seconds,
			tstzmultirange(tstzrange(f.starts_at, f.ends_at))
		from fit f,
			lateral (values (f.day, f.day_seconds), (f.day + 1, f.next_day_seconds)) as n (day, seconds)
		where n.seconds > 0
		on conflict (market_id, partner_id, day) do update
		set seconds = d.seconds + excluded.seconds, busy = d.busy + excluded.busy
		where not d.busy && excluded.busy
			and d.seconds + excluded.seconds <= 43200
		returning d.partner_id
	), held as materialized (
		select f.*
		from fit f
		join (select t.partner_id, count(*) as days from taken t group by t.partner_id) d
			on d.partner_id = f.partner_id and d.days = f.days
	), seated as (
		update scheduling.slot s
		set booked = s.booked + h.seats, version = s.version + h.seats
		from (select slot_id, count(*) as seats from held group by slot_id) h
		where s.market_id = p_market_id and s.slot_id = h.slot_id
			and s.booked + h.seats <= s.capacity
		returning h.seats
	), booked as (
		insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, origin,
			starts_at, ends_at, booked_at, digest)
		select p_market_id, h.booking_id, h.partner_id, h.slot_id, 'confirmed', 'self',
			h.starts_at, h.ends_at, h.now, h.digest
		from held h
		on conflict (market_id, booking_id) do nothing
		returning booking_id
	), told as (
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			to_state, actor_id, actor_role, occurred_at)
		select p_market_id, h.event_id, 'booking.confirmed', h.partner_id, 'booking',
			h.booking_id, 'confirmed', h.account_id, 'partner', h.now
		from held h
	)
	select array_agg(case when h.n is not null then scheduling.shape_booking(h.booking_id,
			h.slot_id, h.partner_id, 'confirmed', 'self', h.station_id, h.station_name,
			h.starts_at, h.ends_at, h.time_zone, h.rate_minor, null, h.currency, h.now, null,
			null, 1, null) end order by g.n) as bookings,
		count(h.n) as held, coalesce(sum(h.days), 0) as days_held,
		(select count(*) from taken) as days_taken,
		(select coalesce(sum(s.seats), 0) from seated s) as seats,
		(select count(*) from booked) as booked
	into v_done
	from generate_series(1, array_length(p_slot_id, 1)) as g (n)
	left join held h on h.n = g.n;
	if v_done.days_taken <> v_done.days_held or v_done.seats <> v_done.held
		or v_done.booked <> v_done.held then
		perform core.refuse('not_together');
	end if;
	return v_done.bookings;
end
$$;
comment on function scheduling.book_together is 'books those of a batch that stand in nobody''s way; null for the others';

create or replace function api.book_slot_batch(p_market_id int, p_partner_id uuid[],
	p_account_id uuid[], p_now timestamptz[], p_booking_id uuid[], p_digest bytea[],
	p_event_id uuid[], p_slot_id uuid[])
returns table (refused text, detail jsonb, replayed boolean, "row" api.booking)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
#variable_conflict use_column
declare
	v_test_now timestamptz;
	v_now timestamptz[] := p_now;
	v_bookings api.booking[];
	v_one record;
begin
	perform core.enter(p_market_id, null);
	perform pg_advisory_xact_lock(5051, p_market_id);
	select m.test_now into v_test_now from core.market m where m.market_id = p_market_id;
	if v_test_now is not null then
		v_now := array_fill(v_test_now, array[array_length(p_now, 1)]);
	end if;
	if array_length(p_slot_id, 1) > 1 then
		begin
			v_bookings := scheduling.book_together(p_market_id, p_partner_id, p_account_id, v_now,
				p_booking_id, p_digest, p_event_id, p_slot_id);
		exception when sqlstate 'SO001' then
			v_bookings := null;
		end;
	end if;
	for v_i in 1 .. coalesce(array_length(p_slot_id, 1), 0) loop
		"row" := v_bookings[v_i];
		if ("row").booking_id is not null then
			refused := null; detail := null; replayed := null;
		else
			v_one := api.book_slot(p_market_id, p_partner_id[v_i], p_account_id[v_i], v_now[v_i],
				p_booking_id[v_i], p_digest[v_i], p_event_id[v_i], p_slot_id[v_i]);
			refused := v_one.refused; detail := v_one.detail; replayed := v_one.replayed;
			"row" := v_one."row";
		end if;
		return next;
	end loop;
end
$$;
comment on function api.book_slot_batch is 'api.book_slot for many asks of one market, as if in their order';
alter function api.book_slot_batch owner to wall_batch;
grant execute on function scheduling.book_together, scheduling.shape_booking to wall_batch;
grant execute on function api.book_slot to wall_batch;
grant execute on function api.book_slot_batch to socius_gate;
