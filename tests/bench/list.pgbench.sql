-- A page of 50 open slots of one station.
\set t random(1, 20)
select * from api.list_slots(9001, lpad('1', 32, '0')::uuid, now(), lpad(to_hex(:t::int), 32, '0')::uuid, '2040-02-01Z', '2041-01-01Z', true, 51, null, null);
