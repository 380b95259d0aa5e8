-- Where couriers work and when: zones, stations, slots; who took which: bookings; and the one row
-- per partner and local day that holds the overlap rule and the 12 hours.
--
-- Laws watch the references: foreign keys on the booking path cost a third of its rate. What one
-- value may be stands in a domain: PostgreSQL reads a table's CHECKs anew for every statement (a list
-- of nine states: 12 us a booking), a domain's once a session. Only what concurrency could break
-- is a CHECK of a hot table: slot_full, day_limit_reached.

create domain scheduling.slot_kind as text check (value in ('prime', 'standard'));
create domain scheduling.slot_capacity as int check (value between 1 and 10000);
create domain scheduling.hourly_rate as bigint check (value between 0 and 1000000000);
create domain scheduling.booking_state as text check (value in ('confirmed', 'checked_in',
	'completed', 'forfeited', 'late_forfeited', 'forfeited_protected', 'cancelled_by_operator',
	'missed', 'abandoned'));
create domain scheduling.booking_origin as text
	check (value in ('self', 'offer', 'reserved', 'assigned'));
create domain scheduling.request_digest as bytea check (length(value) = 32);
create domain scheduling.pay as bigint check (value >= 0);

create table scheduling.zone (
	market_id int not null,
	zone_id uuid not null,
	name text not null check (length(name) between 1 and 200),
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, zone_id)
);
comment on table scheduling.zone is 'a part of the market that holds stations';
alter table scheduling.zone owner to socius_owner;
call core.raise_walls('scheduling.zone');
grant insert on scheduling.zone to wall_operator;

create table scheduling.station (
	market_id int not null,
	station_id uuid not null,
	zone_id uuid not null,
	name text not null check (length(name) between 1 and 200),
	address text check (length(address) between 1 and 500),
	latitude_e7 int not null check (latitude_e7 between -900000000 and 900000000),
	longitude_e7 int not null check (longitude_e7 between -1800000000 and 1800000000),
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, station_id),
	foreign key (market_id, zone_id) references scheduling.zone
);
comment on table scheduling.station is 'where slots start; its wall clock is the market''s';
comment on column scheduling.station.latitude_e7 is 'degrees times 10^7, WGS 84';
comment on column scheduling.station.longitude_e7 is 'degrees times 10^7, WGS 84';
alter table scheduling.station owner to socius_owner;
call core.raise_walls('scheduling.station');
grant insert on scheduling.station to wall_operator;
grant update (name, address, latitude_e7, longitude_e7, version)
	on scheduling.station to wall_operator;

-- booked is never indexed, and a fifth of each page stays free: taking a seat is a HOT update.
create table scheduling.slot (
	market_id int not null,
	slot_id uuid not null,
	station_id uuid not null,
	programme_id uuid,
	kind scheduling.slot_kind not null,
	starts_at timestamptz not null,
	ends_at timestamptz not null,
	time_zone text not null,
	day date not null,
	day_seconds int not null,
	next_day_seconds int not null,
	capacity scheduling.slot_capacity not null,
	booked int not null default 0,
	rate_minor scheduling.hourly_rate not null,
	currency text not null,
	released_at timestamptz not null,
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, slot_id),
	constraint slot_full check (booked between 0 and capacity)
) with (fillfactor = 80);
comment on table scheduling.slot is 'a block of work at a station that partners may book; made from local wall time once';
comment on column scheduling.slot.programme_id is 'only those enrolled in it may book; null: every courier';
comment on column scheduling.slot.time_zone is 'the market''s when the slot was made';
comment on column scheduling.slot.day is 'local calendar day of the start';
comment on column scheduling.slot.day_seconds is 'elapsed seconds on that day';
comment on column scheduling.slot.next_day_seconds is 'elapsed seconds on the day after it; 0: the slot ends by midnight';
comment on column scheduling.slot.booked is 'seats taken';
comment on column scheduling.slot.rate_minor is 'pay per hour, minor units';
comment on column scheduling.slot.released_at is 'partners see and book it from then on';
alter table scheduling.slot owner to socius_owner;
create index slot_of_station on scheduling.slot (market_id, station_id, starts_at, slot_id);
create index slot_of_market on scheduling.slot (market_id, starts_at, slot_id);
call core.raise_walls('scheduling.slot');
grant insert on scheduling.slot to wall_operator;
grant update (booked, version) on scheduling.slot to wall_partner;

create table scheduling.booking (
	market_id int not null,
	booking_id uuid not null,
	partner_id uuid not null,
	slot_id uuid not null,
	state scheduling.booking_state not null,
	origin scheduling.booking_origin not null,
	starts_at timestamptz not null,
	ends_at timestamptz not null,
	booked_at timestamptz not null,
	checked_in_at timestamptz,
	completed_at timestamptz,
	pay_minor scheduling.pay,
	digest scheduling.request_digest not null,
	version bigint not null default 1,
	primary key (market_id, booking_id)
) with (fillfactor = 85);
comment on table scheduling.booking is 'a partner''s seat in a slot; its id comes from the request''s key, so that a replay meets the primary key';
comment on column scheduling.booking.origin is 'who brought it about: the partner''s own choice, or the platform''s';
comment on column scheduling.booking.starts_at is 'the slot''s';
comment on column scheduling.booking.ends_at is 'the slot''s';
comment on column scheduling.booking.pay_minor is 'minor units of the slot''s currency; null until completed';
comment on column scheduling.booking.digest is 'SHA-256 of the request''s arguments';
alter table scheduling.booking owner to socius_owner;
create index booking_of_partner on scheduling.booking (market_id, partner_id, starts_at, booking_id);
create index booking_of_market on scheduling.booking (market_id, starts_at, booking_id);
call core.raise_walls('scheduling.booking', 'partner_id');
grant insert on scheduling.booking to wall_partner;
grant update (state, checked_in_at, completed_at, pay_minor, version)
	on scheduling.booking to wall_partner;
grant update (state, version) on scheduling.booking to wall_runner;

create table scheduling.partner_day (
	market_id int not null,
	partner_id uuid not null,
	day date not null,
	seconds int not null constraint day_limit_reached check (seconds between 0 and 43200),
	busy tstzmultirange not null,
	primary key (market_id, partner_id, day)
) with (fillfactor = 80);
comment on table scheduling.partner_day is 'what a partner has booked on one local calendar day: one upsert holds overlap and the 12 hours';
comment on column scheduling.partner_day.seconds is 'elapsed seconds of that day in bookings that hold a seat';
comment on column scheduling.partner_day.busy is 'the whole times of those bookings, beyond the day''s midnights too';
alter table scheduling.partner_day owner to socius_owner;
call core.raise_walls('scheduling.partner_day', 'partner_id');
grant insert, update (seconds, busy) on scheduling.partner_day to wall_partner;

create table scheduling.missed_sweep (
	market_id int primary key,
	swept_until timestamptz not null
);
comment on table scheduling.missed_sweep is 'how far jobs.mark_missed has come';
comment on column scheduling.missed_sweep.swept_until is 'no booking of a slot that started an hour before is still confirmed';
alter table scheduling.missed_sweep owner to socius_owner;
call core.raise_walls('scheduling.missed_sweep');
grant insert, update on scheduling.missed_sweep to wall_runner;

create type api.zone as (
	zone_id uuid,
	name text,
	created_at timestamptz,
	version bigint
);
comment on type api.zone is 'A part of the market that holds stations.';
comment on column api.zone.name is 'what people call it';

create type api.station as (
	station_id uuid,
	zone_id uuid,
	name text,
	address text,
	latitude_e7 int,
	longitude_e7 int,
	time_zone text,
	created_at timestamptz,
	version bigint
);
comment on type api.station is 'A place where slots start.';
comment on column api.station.name is 'what people call it';
comment on column api.station.address is 'for people; null when none was given';
comment on column api.station.latitude_e7 is 'degrees times 10^7, WGS 84';
comment on column api.station.longitude_e7 is 'degrees times 10^7, WGS 84';
comment on column api.station.time_zone is 'IANA name of its wall clock';

create type api.slot as (
	slot_id uuid,
	station_id uuid,
	zone_id uuid,
	programme_id uuid,
	station_name text,
	kind text,
	state text,
	starts_at timestamptz,
	ends_at timestamptz,
	time_zone text,
	starts_local timestamp,
	ends_local timestamp,
	capacity int,
	free int,
	rate_minor bigint,
	pay_minor bigint,
	currency text,
	released_at timestamptz,
	version bigint
);
comment on type api.slot is 'A block of work at a station that partners may book.';
comment on column api.slot.programme_id is 'only those enrolled in it may book; null: every courier';
comment on column api.slot.kind is 'prime or standard';
comment on column api.slot.state is 'scheduled, released, in_progress or ended, by the request''s clock';
comment on column api.slot.time_zone is 'IANA name of the station''s wall clock';
comment on column api.slot.starts_local is 'the same moment on that clock';
comment on column api.slot.ends_local is 'the same moment on that clock';
comment on column api.slot.capacity is 'seats in all';
comment on column api.slot.free is 'seats not taken';
comment on column api.slot.rate_minor is 'pay per hour, minor units';
comment on column api.slot.pay_minor is 'pay for the whole slot, minor units';
comment on column api.slot.released_at is 'partners see and book it from then on';
comment on column api.slot.version is 'grows with every change of this reply, the clock''s included';

create type api.booking as (
	booking_id uuid,
	slot_id uuid,
	partner_id uuid,
	state text,
	origin text,
	station_id uuid,
	station_name text,
	starts_at timestamptz,
	ends_at timestamptz,
	time_zone text,
	rate_minor bigint,
	pay_minor bigint,
	currency text,
	booked_at timestamptz,
	free_forfeit_until timestamptz,
	check_in_opens_at timestamptz,
	check_in_closes_at timestamptz,
	checked_in_at timestamptz,
	completed_at timestamptz,
	version bigint
);
comment on type api.booking is 'A partner''s seat in a slot.';
comment on column api.booking.state is 'confirmed, checked_in, completed, forfeited, late_forfeited, cancelled_by_operator or missed';
comment on column api.booking.origin is 'self, offer, reserved or assigned: who brought it about';
comment on column api.booking.time_zone is 'IANA name of the station''s wall clock';
comment on column api.booking.rate_minor is 'pay per hour, minor units';
comment on column api.booking.pay_minor is 'what it was paid, minor units; null until completed';
comment on column api.booking.free_forfeit_until is 'giving the seat back later counts as late; 45 minutes before the start';
comment on column api.booking.check_in_opens_at is '15 minutes before the start';
comment on column api.booking.check_in_closes_at is '5 minutes after the start';
comment on column api.booking.checked_in_at is 'null until checked in';
comment on column api.booking.completed_at is 'null until completed';
