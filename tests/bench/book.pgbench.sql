-- What the gate calls, one per transaction: random partner, random slot, in one of :markets markets.
\set m random(1, :markets)
\set p random(1, :partners)
\set s random(1, :slots)
select refused, "row" from api.book_slot(9000 + :m, lpad(to_hex(:p::int), 32, '0')::uuid, lpad(to_hex(:p::int), 32, '0')::uuid, now(), gen_random_uuid(), sha256('x'), gen_random_uuid(), lpad(to_hex(:s::int), 32, '0')::uuid);
