-- Test markets that anyone may make: bounded for each network, and ended by who made them.

alter table testing.market add column network text;
comment on column testing.market.network is 'SHA-256 of the network that asked for it, to count those of one network; null: made before this was kept';
alter table testing.market add column session_id uuid;
comment on column testing.market.session_id is 'session of all its tokens, which end with it; null: made before its tokens had one';
grant update (expires_at) on testing.market to wall_test;

alter type api.signed_token add attribute session_id uuid;

-- Ending a market ends the tokens of its people and of its services.
grant usage on schema access to wall_test;
grant insert on access.ended_secret to wall_test;
grant select (secret_id) on access.ended_secret to wall_test;

-- Re-shaped since: sql/api/test_markets.sql.
drop function if exists api.create_test_market(timestamptz, uuid, int);
