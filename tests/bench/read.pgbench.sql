-- One slot by its id.
\set s random(1, :slots)
select * from api.get_slot(9001, lpad('1', 32, '0')::uuid, now(), lpad(to_hex(:s::int), 32, '0')::uuid);
