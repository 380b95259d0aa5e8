-- The markets of the bench: ids are plain numbers written as UUIDs, so that load generators can make
-- them up. Four markets in UTC, :partners couriers each, :slots slots of 20 minutes from 2040 on.
-- Nobody has a name: it is sealed for nobody.

insert into core.market (market_id, code, name, currency, currency_exponent, time_zone, created_at)
select 9000 + m, 'bench' || m, 'Bench ' || m, 'EUR', 2, 'UTC', '2026-01-01Z'
from generate_series(1, 4) m;

insert into identity.account (account_id, name, created_at)
select lpad(to_hex(p), 32, '0')::uuid, 'sealed1:' || repeat('A', 60), '2026-01-01Z'
from generate_series(1, :partners) p;

-- one id in four markets, which the registry of persons would refuse
set session_replication_role = replica;
insert into identity.partner (market_id, partner_id, account_id, name, digest, created_at)
select 9000 + m, lpad(to_hex(p), 32, '0')::uuid, lpad(to_hex(p), 32, '0')::uuid,
	'sealed1:' || repeat('A', 60), sha256('bench'), '2026-01-01Z'
from generate_series(1, 4) m, generate_series(1, :partners) p;

reset session_replication_role;

insert into onboarding.enrolment (market_id, partner_id, kind, state, created_at)
select 9000 + m, lpad(to_hex(p), 32, '0')::uuid, 'courier', 'active', '2026-01-01Z'
from generate_series(1, 4) m, generate_series(1, :partners) p;

insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, to_state,
	actor_id, actor_role, occurred_at)
select e.market_id, gen_random_uuid(), 'enrolment.activated', e.partner_id, e.kind || '_enrolment', e.partner_id,
	'active', e.partner_id, 'operator', e.created_at
from onboarding.enrolment e
where e.market_id between 9001 and 9004;

insert into ledger.wallet (market_id, owner_id, owner_kind, currency)
select 9000 + m, lpad(to_hex(p), 32, '0')::uuid, 'partner', 'EUR'
from generate_series(1, 4) m, generate_series(1, :partners) p;

insert into scheduling.zone (market_id, zone_id, name, created_at)
select 9000 + m, lpad('1', 32, '0')::uuid, 'Bench', '2026-01-01Z'
from generate_series(1, 4) m;

insert into scheduling.station
	(market_id, station_id, zone_id, name, latitude_e7, longitude_e7, created_at)
select 9000 + m, lpad(to_hex(t), 32, '0')::uuid, lpad('1', 32, '0')::uuid, 'Bench', 0, 0,
	'2026-01-01Z'
from generate_series(1, 4) m, generate_series(1, 20) t;

insert into scheduling.slot (market_id, slot_id, station_id, kind, starts_at, ends_at, time_zone,
	day, day_seconds, next_day_seconds, capacity, rate_minor, currency, released_at, created_at)
select 9000 + m, lpad(to_hex(s), 32, '0')::uuid, lpad(to_hex(s % 20 + 1), 32, '0')::uuid,
	'standard', t.at, t.at + interval '20 minutes', 'UTC', t.at::date, 1200, 0, 10000, 1800, 'EUR',
	'2026-01-01Z', '2026-01-01Z'
from generate_series(1, 4) m, generate_series(1, :slots) s,
	lateral (select timestamptz '2040-01-01Z' + (s - 1) * interval '20 minutes' as at) t;

analyze;
