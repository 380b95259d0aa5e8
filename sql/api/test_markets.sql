-- A test market in one call: a city in mid-week, made through the API's own functions.
--
-- Its people have worked since Monday by a clock that the operator moves on. What they are called and
-- earn is always the same; their ids follow from p_seed_id, in the order in which they are made.

-- The id of the n-th thing in a market; events have a range of their own.
create or replace function testing.id(p_seed_id uuid, p_n int) returns uuid
language sql immutable as $$
	select core.following_id(p_seed_id, p_n)
$$;

create or replace function testing.event_id(p_seed_id uuid, p_n int) returns uuid
language sql immutable as $$
	select core.following_id(p_seed_id, 100000 + 64 * p_n)
$$;

-- A wall time of the week, in a market of Europe/Rome: day 1 is its Monday.
create or replace function testing.at(p_day int, p_time time) returns timestamptz
language sql stable as $$
	select (date '2026-03-01' + p_day + p_time) at time zone 'Europe/Rome'
$$;

-- The market itself and the accounts of its office, under a number of its own. Owned by the wall of
-- markets and accounts.
create or replace function testing.found_market(p_seed_id uuid, p_code text,
	p_founded_at timestamptz) returns int
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id constant int := nextval('testing.market_number');
begin
	insert into core.market (market_id, code, name, currency, currency_exponent, time_zone,
		is_test, test_now, created_at)
	values (v_market_id, p_code, 'Test city', 'EUR', 2, 'Europe/Rome', true, p_founded_at,
		p_founded_at);
	perform core.enter(v_market_id, null);
	insert into events.event (market_id, event_id, kind, subject, subject_id, to_state, actor_id,
		actor_role, occurred_at)
	values (v_market_id, testing.event_id(p_seed_id, 0), 'market.created', 'market',
		core.id_of_market(v_market_id), 'open', testing.id(p_seed_id, 1), 'operator',
		p_founded_at);
	insert into identity.account (account_id, name, created_at, test_market_id)
	select testing.id(p_seed_id, a.n), a.name, p_founded_at, v_market_id
	from (values (1, 'Olga, operator'), (2, 'Aldo, auditor'), (3, 'The ride app'),
		(4, 'Carla, customer')) a (n, name);
	return v_market_id;
end
$$;
comment on function testing.found_market is 'a test market and the accounts of its office; returns its number';
alter function testing.found_market owner to wall_platform;

-- The session of all tokens of a test market: what ends them together.
create or replace function testing.session_id(p_seed_id uuid) returns uuid
language sql immutable as $$
	select core.following_id(p_seed_id, 99999)
$$;

-- Everyone in a test market, with a token each.
create or replace function testing.people(p_market_id int, p_seed_id uuid,
	p_expires_at timestamptz) returns api.test_token[]
language plpgsql stable as $$
begin
	return array(
		select row(p.name, p.says, p.role, testing.id(p_seed_id, p.account),
			testing.id(p_seed_id, p.partner),
			row(p.role, testing.id(p_seed_id, p.account), p_market_id,
				testing.id(p_seed_id, p.partner), p_expires_at,
				testing.session_id(p_seed_id))::api.signed_token,
			p_expires_at)::api.test_token
		from (values
			(1, 'operator', 'Olga runs the market: sets it up, moves its clock, pays.',
				'operator', 1, null),
			(2, 'auditor', 'Aldo reads everything and writes nothing.', 'auditor', 2, null),
			(3, 'service', 'The ride app, which reports trips.', 'service', 3, null),
			(4, 'customer', 'Carla is no partner yet; she supports Irene''s idea.', 'customer', 4,
				null),
			(5, 'courier', 'Giulia worked on Monday and Tuesday evening, was paid 72.00 for '
				'Monday, and works again tomorrow evening; the operator gave her Friday''s lunch.',
				'partner', 61, 51),
			(6, 'second_courier', 'Marco has the only seat of the full slot.', 'partner', 62, 52),
			(7, 'driver', 'Elena drives since Monday: by card, in cash, over a toll road, and '
				'once for a rider who cancelled.', 'partner', 63, 53),
			(8, 'second_driver', 'Davide drove on Monday; Tuesday''s payout run left him out: his '
				'programme asks for a bank account, and he has none.', 'partner', 64, 54),
			(9, 'co_creator', 'Irene''s idea sold 9,500.00 in February: 95.00 for her.',
				'partner', 65, 55)
		) p (line, name, says, role, account, partner)
		order by p.line);
end
$$;

-- Makes a test market. p_test_markets of them may live at once, and of one network
-- p_test_markets_per_network; they are made one at a time.
create or replace function api.create_test_market(p_now timestamptz, p_seed_id uuid, p_peer text,
	p_test_markets int, p_test_markets_per_network int, out "row" api.test_market)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_code constant text := 'test-' || left(encode(sha256(uuid_send(p_seed_id)), 'hex'), 8);
	v_founded_at constant timestamptz := '2026-01-12 08:00+00';
	v_expires_at constant timestamptz := p_now + interval '24 hours';
	v_network constant text := access.hide(access.network_of(p_peer));
	v_living record;
	v_market_id int;
begin
	perform core.enter(0, null);
	if p_test_markets = 0 then
		perform core.refuse('test_markets_off');
	end if;
	perform pg_advisory_xact_lock(5051, 0);
	select count(*) as markets, min(t.expires_at) as next_goes_at,
		count(*) filter (where t.network = v_network and t.expires_at > p_now) as of_network,
		min(t.expires_at) filter (where t.network = v_network and t.expires_at > p_now)
			as next_of_network_goes_at
	into v_living
	from testing.market t;
	if v_living.of_network >= p_test_markets_per_network then
		perform core.refuse('test_markets_full', jsonb_build_object('living', v_living.of_network)
			|| core.explain_wait('next_goes_at', v_living.next_of_network_goes_at, p_now));
	elsif v_living.markets >= p_test_markets then
		perform core.refuse('test_markets_full', jsonb_build_object('living', v_living.markets)
			|| core.explain_wait('next_goes_at', v_living.next_goes_at, p_now));
	end if;
	v_market_id := testing.found_market(p_seed_id, v_code, v_founded_at);
	insert into testing.market (market_id, made_at, expires_at, network, session_id)
	values (v_market_id, p_now, v_expires_at, v_network, testing.session_id(p_seed_id));
	perform testing.live(v_market_id, p_seed_id, v_founded_at);
	select m.market_id, m.code, m.name, m.currency, m.time_zone, m.test_now, v_expires_at,
		testing.people(v_market_id, p_seed_id, v_expires_at), testing.id(p_seed_id, 21),
		testing.id(p_seed_id, 122), testing.id(p_seed_id, 200), testing.id(p_seed_id, 201),
		testing.id(p_seed_id, 223), testing.id(p_seed_id, 225), testing.id(p_seed_id, 71),
		testing.id(p_seed_id, 81), testing.id(p_seed_id, 92), testing.id(p_seed_id, 93),
		testing.id(p_seed_id, 94)
	into "row"
	from core.market m
	where m.market_id = v_market_id;
end
$$;
comment on function api.create_test_market is 'Makes a test market: a city in mid-week and a token for everyone in it. Refuses: test_markets_off test_markets_full.';
alter function api.create_test_market owner to wall_test;
grant execute on function api.create_test_market to socius_gate;
grant execute on function access.network_of, access.hide to wall_test;

-- Ends a test market before its day is over: its tokens and those of its services are worth nothing
-- from now on, which workers are told until they would have expired; the runner removes it.
create or replace function api.end_test_market(p_market_id int, p_test_market_code text,
	p_now timestamptz) returns void
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market testing.market;
begin
	perform core.enter(p_market_id, null);
	select t.* into v_market
	from testing.market t
	join core.market m on m.market_id = t.market_id
	where t.market_id = p_market_id and m.code = p_test_market_code and t.session_id is not null;
	if not found then
		perform core.refuse('market_unknown');
	end if;
	insert into access.ended_secret (secret_id, ended_at)
	select v_market.session_id, v_market.expires_at
	union all
	select s.secret_id, greatest(v_market.expires_at, p_now)
	from access.service_secret s
	where s.market_id = p_market_id
	on conflict (secret_id) do nothing;
	update testing.market t set expires_at = least(t.expires_at, p_now)
	where t.market_id = p_market_id;
end
$$;
comment on function api.end_test_market is 'Ends a test market and its tokens. Refuses: market_unknown.';
alter function api.end_test_market owner to wall_test;
grant execute on function api.end_test_market to socius_gate;
