-- Everybody wants the same slot; the next one when each partner has had it.
\set n :n + 1
\set k :n * :clients + :client_id
\set p :k % :partners + 1
\set s :base + :k / :partners
select refused, "row" from api.book_slot(9001, lpad(to_hex(:p::int), 32, '0')::uuid, lpad(to_hex(:p::int), 32, '0')::uuid, now(), gen_random_uuid(), sha256('x'), gen_random_uuid(), lpad(to_hex(:s::int), 32, '0')::uuid);
