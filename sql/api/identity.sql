-- Markets, accounts, partners and the test clock.

-- A market as the API shows it.
create or replace function identity.show_market(p_market core.market) returns api.market
language plpgsql immutable parallel safe as $$
begin
	return row(p_market.market_id, p_market.code, p_market.name, p_market.currency,
		p_market.currency_exponent, p_market.time_zone, p_market.is_test, p_market.created_at,
		p_market.version, ledger.posting_max(p_market))::api.market;
end
$$;
comment on function identity.show_market is 'a market as the API shows it';
grant execute on function identity.show_market to wall_platform, wall_member;

-- Makes a market under the smallest free number. Markets are made one at a time.
create or replace function api.create_market(p_actor_id uuid, p_actor_role text, p_now timestamptz,
	p_event_id uuid, p_key text, p_digest bytea, p_code text, p_name text, p_currency text,
	p_time_zone text, p_is_test boolean, out replayed boolean, out "row" api.market)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market_id int;
	v_currency core.currency;
begin
	perform core.enter(0, null);
	perform pg_advisory_xact_lock(5051, 0);
	select coalesce(min(m.market_id), 0) + 1 into v_market_id
	from (select 0 as market_id union all select k.market_id from core.market k) m
	where not exists (select from core.market k where k.market_id = m.market_id + 1);
	replayed := core.claim_key(0, p_actor_id, 'create_market', p_key, p_digest,
		core.id_of_market(v_market_id), p_now) is not null;
	if not replayed then
		select c.* into v_currency from core.currency c where c.code = p_currency;
		if not found then
			perform core.refuse('currency_unknown', jsonb_build_object('currency', p_currency));
		elsif v_currency.unusable_because is not null then
			perform core.refuse('currency_unusable', jsonb_build_object('currency', p_currency,
				'detail', v_currency.unusable_because));
		end if;
		if not exists (select from core.time_zone z where z.name = p_time_zone) then
			perform core.refuse('time_zone_unknown', jsonb_build_object('time_zone', p_time_zone));
		end if;
		insert into core.market (market_id, code, name, currency, currency_exponent, time_zone,
			is_test, created_at)
		values (v_market_id, p_code, p_name, p_currency, v_currency.exponent, p_time_zone,
			coalesce(p_is_test, false), p_now);
		perform core.enter(v_market_id, null);
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (v_market_id, p_event_id, 'market.created', 'market',
			core.id_of_market(v_market_id), 'open', p_actor_id, p_actor_role, p_now);
	end if;
	"row" := api.get_market(p_code);
end
$$;
comment on function api.create_market is 'Makes a market. Refuses: market_code_taken market_code_shape currency_unknown currency_unusable time_zone_unknown key_reused';

create or replace function api.get_market(p_market_code text, out "row" api.market)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	select (identity.show_market(m)).*
	into "row"
	from core.market m
	where m.code = p_market_code;
	if not found then
		perform core.refuse('market_unknown');
	end if;
end
$$;
comment on function api.get_market is 'Shows one market. Refuses: market_unknown';

-- Changes what is given and leaves the rest; p_if_match is what the caller has read. What was
-- agreed under another limit is posted under the one that holds when it is.
drop function if exists api.change_market(uuid, text, timestamptz, uuid, text, bigint, bigint);
drop function if exists api.change_market(uuid, text, timestamptz, uuid, text, text, bigint);
create or replace function api.change_market(p_actor_id uuid, p_actor_role text, p_now timestamptz,
	p_event_id uuid, p_market_code text, p_if_match text, p_posting_max_minor bigint,
	p_clears_posting_max_minor boolean, out "row" api.market)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_market core.market;
begin
	perform core.enter(0, null);
	select m.* into v_market
	from core.market m
	where m.code = p_market_code
	for no key update;
	if not found then
		perform core.refuse('market_unknown');
	elsif not core.etag_matches(p_if_match, v_market.version) then
		perform core.refuse('precondition_failed');
	end if;
	update core.market m
	set posting_max_minor = case when not p_clears_posting_max_minor
			then coalesce(p_posting_max_minor, m.posting_max_minor) end,
		version = m.version + 1
	where m.market_id = v_market.market_id;
	perform core.enter(v_market.market_id, null);
	insert into events.event (market_id, event_id, kind, subject, subject_id, actor_id, actor_role,
		occurred_at)
	values (v_market.market_id, p_event_id, 'market.changed', 'market',
		core.id_of_market(v_market.market_id), p_actor_id, p_actor_role,
		core.clock(v_market.market_id, p_now));
	"row" := api.get_market(p_market_code);
end
$$;
comment on function api.change_market is 'Changes a market that was read before. Refuses: market_unknown precondition_failed';

create or replace function api.list_markets(p_limit int, p_after_code text)
returns setof api.market
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(0, null);
	return query
	select (identity.show_market(m)).*
	from core.market m
	where m.code > coalesce(p_after_code, '')
	order by m.code
	limit p_limit;
end
$$;
comment on function api.list_markets is 'Lists all markets by code. Refuses: nothing.';

create or replace function api.get_test_clock(p_market_id int, p_now timestamptz,
	out "row" api.test_clock)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	select coalesce(m.test_now, p_now), m.test_now is not null
	into "row"
	from core.market m
	where m.market_id = p_market_id;
end
$$;
comment on function api.get_test_clock is 'Shows the market''s clock. Refuses: nothing.';

-- Holds a test market's clock at an instant: the first time at any earlier one, so that a test can
-- choose its day; from then on forward only. At most a year at a time, as a year is what the jobs of
-- one market may find to do at once. The same instant again is fine: a retry.
create or replace function api.move_test_clock(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_event_id uuid, p_real_now timestamptz, p_now timestamptz, out "row" api.test_clock)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_earliest constant timestamptz := '1970-01-01 00:00+00';
	v_is_test boolean;
	v_before timestamptz;
	v_latest timestamptz;
begin
	perform core.enter(p_market_id, null);
	select m.is_test, m.test_now into v_is_test, v_before
	from core.market m
	where m.market_id = p_market_id
	for no key update;
	v_latest := least(coalesce(v_before, p_real_now) + interval '1 year', '2200-01-01 00:00+00');
	if v_is_test is not true then
		perform core.refuse('clock_not_test');
	elsif p_now < v_before then
		perform core.refuse('clock_backwards',
			jsonb_build_object('now', core.show_instant(v_before)));
	elsif p_now < v_earliest or p_now > v_latest then
		perform core.refuse('clock_too_far', jsonb_build_object('earliest',
			core.show_instant(coalesce(v_before, v_earliest)), 'latest',
			core.show_instant(v_latest)));
	end if;
	update core.market set test_now = p_now, version = version + 1
	where market_id = p_market_id;
	insert into events.event (market_id, event_id, kind, subject, subject_id, actor_id, actor_role,
		occurred_at)
	values (p_market_id, p_event_id, 'clock.moved', 'market', core.id_of_market(p_market_id),
		p_actor_id, p_actor_role, p_now);
	"row" := (p_now, true);
end
$$;
comment on function api.move_test_clock is 'Holds the clock of a test market, and moves it forward. Refuses: clock_not_test clock_backwards clock_too_far';

-- Partners as the API shows them.
create or replace view identity.partner_shown with (security_invoker = true) as
select p.market_id, p.partner_id, p.account_id,
	row('identity.partner.name', p.partner_id, p.name)::core.sealed as name, p.state,
	array(
		select row(e.kind, e.programme_id, e.state)::api.partner_enrolment
		from onboarding.enrolment e
		where e.market_id = p.market_id and e.partner_id = p.partner_id
		order by e.kind
	) as enrolments,
	p.created_at, p.version,
	exchange.of_partner(p.market_id, p.partner_id, 'whole') as exchange
from identity.partner p;
alter view identity.partner_shown owner to socius_owner;
grant select on identity.partner_shown to wall_member, wall_operator;

-- Makes a partner with its wallet and its enrolments [{"kind", "programme_id"}].
-- True: made. False: there is a partner of this id already. The account is the caller's affair.
-- Refuses: partner_exists programme_unknown programme_kind_differs enrolment_exists
create or replace function identity.make_partner(p_market_id int, p_partner_id uuid,
	p_account_id uuid, p_name text, p_enrolments jsonb, p_digest bytea, p_event_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz) returns boolean
language plpgsql as $$
declare
	v_currency text;
begin
	select m.currency into strict v_currency from core.market m where m.market_id = p_market_id;
	insert into identity.partner
		(market_id, partner_id, account_id, name, digest, created_at)
	values (p_market_id, p_partner_id, p_account_id, p_name, p_digest, p_now)
	on conflict (market_id, partner_id) do nothing;
	if not found then
		return false;
	end if;
	insert into ledger.wallet (market_id, owner_id, owner_kind, currency)
	values (p_market_id, p_partner_id, 'partner', v_currency);
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, to_state,
		actor_id, actor_role, occurred_at)
	values (p_market_id, p_event_id, 'partner.created', p_partner_id, 'partner', p_partner_id,
		'active', p_actor_id, p_actor_role, p_now);
	perform onboarding.enrol(p_market_id, p_partner_id, p_enrolments, p_event_id, p_actor_id,
		p_actor_role, p_now);
	return true;
end
$$;
grant execute on function identity.make_partner to wall_operator;

-- What stands in the way of a partner that is not there yet; all of it is asked for before the partner
-- gets a key, so that no refusal leaves one. Refuses: account_foreign programme_required
-- programme_unknown programme_kind_differs enrolment_exists
create or replace function identity.check_application(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_partner_id uuid, p_account_id uuid, p_enrolments jsonb) returns void
language plpgsql stable as $$
declare
	v_kind text;
begin
	if p_account_id <> p_actor_id or p_actor_role <> 'customer' and p_account_id is not null
		or p_actor_role = 'customer' and p_partner_id is not null then
		perform core.refuse('account_foreign');
	end if;
	perform onboarding.need_programmes(p_actor_role, p_enrolments);
	perform onboarding.programme_asks(p_market_id, (e.item ->> 'programme_id')::uuid,
		e.item ->> 'kind')
	from jsonb_array_elements(p_enrolments) as e (item);
	select e.item ->> 'kind' into v_kind
	from jsonb_array_elements(p_enrolments) as e (item)
	group by e.item ->> 'kind'
	having count(*) > 1;
	if found then
		perform core.refuse('enrolment_exists', jsonb_build_object('kind', v_kind));
	end if;
end
$$;
grant execute on function identity.check_application to wall_operator;

-- The same before anything is sealed, and whether the id is the client's to take. A replay passes.
create or replace function api.ask_partner(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_key text, p_digest bytea, p_partner_id uuid, p_account_id uuid, p_enrolments jsonb,
	out "row" api.person_ask)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_digest bytea;
begin
	perform core.enter(p_market_id, null);
	select k.digest into v_digest
	from core.request_key k
	where k.market_id = p_market_id and k.account_id = p_actor_id
		and k.operation = 'create_partner' and k.key = p_key;
	if not found then
		select p.digest into v_digest
		from identity.partner p
		where p.market_id = p_market_id and p.partner_id = p_partner_id;
	end if;
	if v_digest <> p_digest then
		perform core.refuse('key_reused');
	elsif v_digest is null then
		perform identity.check_application(p_market_id, p_actor_id, p_actor_role, p_partner_id,
			p_account_id, p_enrolments);
		if identity.is_taken(p_partner_id) then
			perform core.refuse('person_id_taken');
		end if;
	end if;
	"row" := row(true);
end
$$;
comment on function api.ask_partner is 'Refuses a partner that cannot be made, before it has a key. Refuses: account_foreign person_id_taken programme_required programme_unknown programme_kind_differs enrolment_exists key_reused';

-- Makes a partner. A partner_id of the client's is an identity of its own: the same request under
-- it is a replay, whatever its key; an id that is another person's is refused. An account joins by
-- itself alone: a customer applies with its own, whose row is made here where nobody has made it yet;
-- whoever makes a partner for another makes a new account with it. p_name is sealed for the partner,
-- p_account_name is the same sealed for the account, p_owner_id; made-up people come in clear and
-- without.
create or replace function api.create_partner(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_event_id uuid, p_new_partner_id uuid, p_new_account_id uuid, p_key text,
	p_digest bytea, p_partner_id uuid, p_account_id uuid, p_name text, p_enrolments jsonb,
	p_owner_id uuid default null, p_account_name text default null, out replayed boolean, out "row" api.partner)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now timestamptz;
	v_account_id constant uuid := case p_actor_role when 'customer' then p_actor_id
		else p_new_account_id end;
	v_partner_id uuid := coalesce(p_partner_id, p_new_partner_id);
	v_claimed_id uuid;
	v_digest bytea;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_claimed_id := core.claim_key(p_market_id, p_actor_id, 'create_partner', p_key, p_digest,
		v_partner_id, v_now);
	replayed := v_claimed_id is not null;
	if replayed then
		v_partner_id := v_claimed_id;
	else
		perform identity.check_application(p_market_id, p_actor_id, p_actor_role, p_partner_id,
			p_account_id, p_enrolments);
		-- waits for whoever makes the same partner at the moment
		perform identity.claim_person(v_partner_id, 'partner', p_market_id);
		select p.digest into v_digest
		from identity.partner p
		where p.market_id = p_market_id and p.partner_id = v_partner_id;
		replayed := found;
		if not replayed then
			insert into identity.account (account_id, name, created_at)
			select v_account_id, coalesce(p_account_name, p_name), v_now
			where not exists (select from identity.account a where a.account_id = v_account_id)
			on conflict (account_id) do nothing; -- it applies in another market, too
			perform identity.make_partner(p_market_id, v_partner_id, v_account_id, p_name,
				p_enrolments, p_digest, p_event_id, p_actor_id, p_actor_role, v_now);
		elsif v_digest <> p_digest then
			perform core.refuse('key_reused');
		end if;
	end if;
	select s.partner_id, s.account_id, s.name, s.state, s.enrolments, s.created_at, s.version,
		s.exchange
	into "row"
	from identity.partner_shown s
	where s.market_id = p_market_id and s.partner_id = v_partner_id;
end
$$;
comment on function api.create_partner is 'Makes a partner with wallet and enrolments; a customer applies for itself. Refuses: account_foreign person_id_taken partner_exists programme_required programme_unknown programme_kind_differs enrolment_exists key_reused';

create or replace function api.get_partner(p_market_id int, p_caller_id uuid, p_partner_id uuid,
	out "row" api.partner)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	select s.partner_id, s.account_id, s.name, s.state, s.enrolments, s.created_at, s.version,
		s.exchange
	into "row"
	from identity.partner_shown s
	where s.market_id = p_market_id and s.partner_id = p_partner_id
		and (p_caller_id is null or p_caller_id = p_partner_id);
	if not found then
		perform core.refuse('partner_unknown');
	end if;
end
$$;
comment on function api.get_partner is 'Shows one partner; a partner sees itself only. Refuses: partner_unknown';

-- A partner's list holds itself.
create or replace function api.list_partners(p_market_id int, p_caller_id uuid, p_limit int,
	p_after_partner_id uuid, p_kind text)
returns setof api.partner
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off
set plan_cache_mode = force_custom_plan
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	return query
	select s.partner_id, s.account_id, s.name, s.state, s.enrolments, s.created_at, s.version,
		s.exchange
	from identity.partner_shown s
	where s.market_id = p_market_id
		and s.partner_id > coalesce(p_after_partner_id, '00000000-0000-0000-0000-000000000000')
		and (p_caller_id is null or s.partner_id = p_caller_id)
		and (p_kind is null or s.partner_id = any (array(
			select e.partner_id
			from onboarding.enrolment e
			where e.market_id = p_market_id and e.kind = p_kind
				and e.partner_id > coalesce(p_after_partner_id,
					'00000000-0000-0000-0000-000000000000')
				and (p_caller_id is null or e.partner_id = p_caller_id)
			order by e.partner_id
			limit p_limit)))
	order by s.partner_id
	limit p_limit;
end
$$;
comment on function api.list_partners is 'Lists partners by id; a partner sees itself only. Refuses: nothing.';

alter function api.create_market owner to wall_platform;
alter function api.get_market owner to wall_platform;
alter function api.change_market owner to wall_platform;
alter function api.list_markets owner to wall_platform;
alter function api.get_test_clock owner to wall_operator;
alter function api.move_test_clock owner to wall_operator;
alter function api.ask_partner owner to wall_operator;
alter function api.create_partner owner to wall_operator;
alter function api.get_partner owner to wall_member;
alter function api.list_partners owner to wall_member;
grant execute on function api.create_market, api.get_market, api.change_market, api.list_markets,
	api.get_test_clock, api.move_test_clock, api.ask_partner, api.create_partner, api.get_partner,
	api.list_partners
	to socius_gate;
