-- How the exchange with a partner reads: rule 1, its words, and the endpoint that shows why.
--
-- Rule 1, window 90 local days. Participation: P = floor(100 * S / (S + C)) from five counted events
-- on; below that the pole that the programme declares. Information: I = purposes used with effect of
-- those in force, in percent. Today no purpose is in force anywhere, so nothing can be observed of
-- it: below five events the pole that the programme declares counts (so a programme that declares
-- companion shows companion at first); from five events on what was not used is gathered.

-- Whether a percentage is high. p_was_high is the pole before; null: there is none, or it was
-- declared, which is no observation.
create or replace function exchange.is_high(p_percent int, p_was_high boolean) returns boolean
language sql immutable parallel safe as $$
	select p_percent >= case p_was_high when true then 45 when false then 55 else 50 end
$$;
comment on function exchange.is_high is 'the pole of a percentage: 50 at first, up at 55, down below 45';

-- Rule 1 itself. p_information null: no purpose is in force. p_declared plays no part from five
-- events on. p_before: the archetype observed before, or null. p_withdrawn: a consent was withdrawn,
-- so information is read at the raw 50. One row; a table, so that PostgreSQL writes it into the
-- query that asks: a call for each partner would take ten times as long.
create or replace function exchange.archetype_of(p_shared int, p_controlled int, p_events int,
	p_information int, p_declared text, p_before text, p_withdrawn boolean default false)
returns table (archetype text, participation int, basis text)
language sql immutable parallel safe as $$
	select case
			when k.is_shared and k.is_leveraged then 'companion'
			when k.is_shared then 'host'
			when k.is_leveraged then 'advisor'
			else 'director'
		end,
		k.percent,
		case when p_events >= 5 then 'observed' else 'declared' end
	from (
		select n.percent,
			case when p_events >= 5
				then exchange.is_high(n.percent, p_before in ('host', 'companion'))
				else p_declared in ('host', 'companion')
			end as is_shared,
			case
				when p_information is not null then exchange.is_high(p_information,
					case when not p_withdrawn then p_before in ('companion', 'advisor') end)
				else p_events < 5 and p_declared in ('companion', 'advisor')
			end as is_leveraged
		from (
			select case when p_events >= 5 then
				(100 * p_shared::bigint / (p_shared::bigint + p_controlled))::int end as percent
		) n
	) k
$$;
comment on function exchange.archetype_of is 'rule 1: the archetype of a partner''s window, P (null below five events) and the basis';

-- The version of the rule that counts.
create or replace function exchange.rule_in_force() returns int
language sql immutable parallel safe as $$
	select 1
$$;
comment on function exchange.rule_in_force is 'the version of the rule that counts';

-- What is declared for a partner: by the programme of that enrolment, or as a whole by that of the
-- oldest enrolment which has one and is not closed. Work under no programme is on the market's open
-- terms, where every slot may be booked or left: host.
create or replace function exchange.declared_of(p_market_id int, p_partner_id uuid, p_part text)
returns text
language sql stable parallel safe as $$
	select coalesce((
		select p.archetype
		from onboarding.enrolment e
		join onboarding.programme p
			on p.market_id = p_market_id and p.programme_id = e.programme_id
		where e.market_id = p_market_id and e.partner_id = p_partner_id
			and (p_part = 'whole' and e.state <> 'closed' or e.kind = p_part)
		order by e.created_at, e.kind
		limit 1), 'host')
$$;
comment on function exchange.declared_of is 'the archetype that a partner''s programme declares';

-- A reading as the API shows it.
create or replace function exchange.show(p_archetype text, p_basis text, p_rule_version int)
returns api.exchange
language sql immutable parallel safe as $$
	select row(
		case p_basis when 'declared' then 'As your programme declares: you' else 'You' end
		|| case when p_archetype in ('host', 'companion') then ' choose your work; '
			else ' are given your work; ' end
		|| case when p_archetype in ('companion', 'advisor') then 'we use your data to fit it to you.'
			else 'we use your data only to run it.' end,
		p_archetype,
		case when p_archetype in ('host', 'companion') then 'shared' else 'controlled' end,
		case when p_archetype in ('companion', 'advisor') then 'leveraged' else 'gathered' end,
		p_basis,
		p_rule_version)::api.exchange
$$;
comment on function exchange.show is 'a reading as the API shows it';

-- The reading of a partner, or of one enrolment: the latest, or what is declared where nothing was
-- ever counted.
create or replace function exchange.of_partner(p_market_id int, p_partner_id uuid, p_part text)
returns api.exchange
language sql stable parallel safe as $$
	select coalesce(
		(select exchange.show(r.archetype, r.basis, r.rule_version)
		from exchange.reading r
		where r.market_id = p_market_id and r.partner_id = p_partner_id and r.part = p_part),
		exchange.show(exchange.declared_of(p_market_id, p_partner_id, p_part), 'declared',
			exchange.rule_in_force()))
$$;
comment on function exchange.of_partner is 'the reading of a partner or enrolment as the API shows it';

-- What would have made it read otherwise: how many points on the other side, so many that P meets
-- the bound of the hysteresis. It never speaks of consents: nobody shall give one for a tag.
create or replace function exchange.counterfactual(p_shared int, p_controlled int, p_events int,
	p_archetype text) returns text
language plpgsql immutable parallel safe as $$
declare
	v_all constant bigint := p_shared::bigint + p_controlled;
	v_points bigint;
begin
	if p_events < 5 then
		return format('It is read from five counted events on; there are %s. Until then it says '
			'what your programme declares.', p_events);
	elsif p_archetype in ('host', 'companion') then
		v_points := 100 * p_shared::bigint / 45 - v_all + 1;
		return format('With %s more of work that we assigned, it would say that you are given '
			'your work.', v_points || case v_points when 1 then ' point' else ' points' end);
	end if;
	v_points := (55 * v_all - 100 * p_shared::bigint + 44) / 45;
	return format('With %s more of work that you chose or brought, it would say that you choose '
		'your work.', v_points || case v_points when 1 then ' point' else ' points' end);
end
$$;
comment on function exchange.counterfactual is 'what would have made a reading read otherwise';

-- What counted most for a partner in the window that ends with p_until_day, strongest first.
create or replace function exchange.contributions(p_market_id int, p_partner_id uuid,
	p_until_day date, p_rule_version int) returns api.exchange_contribution[]
language sql stable parallel safe as $$
	select coalesce(array_agg(row(k.what, k.says, k.side, k.events, k.weight,
		k.points)::api.exchange_contribution order by k.points desc, k.what), '{}')
	from (
		select w.what, w.says, w.side, sum(d.events)::int as events, w.weight,
			(sum(d.events) * w.weight)::int as points
		from exchange.daily_count d
		join exchange.weight w on w.rule_version = p_rule_version and w.what = d.what
		where d.market_id = p_market_id and d.partner_id = p_partner_id
			and d.day > p_until_day - 90
		group by w.rule_version, w.what
		order by points desc, w.what
		limit 5
	) k
$$;
comment on function exchange.contributions is 'the five things that counted most, strongest first';

-- The reading of each enrolment of a partner, by kind.
create or replace function exchange.of_enrolments(p_market_id int, p_partner_id uuid)
returns api.enrolment_exchange[]
language sql stable parallel safe as $$
	select array(
		select row(e.kind, exchange.of_partner(p_market_id, p_partner_id, e.kind),
			coalesce(r.shared, 0), coalesce(r.controlled, 0),
			coalesce(r.events, 0))::api.enrolment_exchange
		from onboarding.enrolment e
		left join exchange.reading r on r.market_id = p_market_id
			and r.partner_id = p_partner_id and r.part = e.kind
		where e.market_id = p_market_id and e.partner_id = p_partner_id
		order by e.kind)
$$;
comment on function exchange.of_enrolments is 'the reading of each enrolment of a partner';

create or replace function api.get_archetype(p_market_id int, p_caller_id uuid, p_now timestamptz,
	p_partner_id uuid, out "row" api.archetype)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_reading exchange.reading;
begin
	perform core.enter(p_market_id, p_caller_id);
	if p_caller_id <> p_partner_id or not exists (
		select from identity.partner p
		where p.market_id = p_market_id and p.partner_id = p_partner_id) then
		perform core.refuse('partner_unknown');
	end if;
	select r.* into v_reading
	from exchange.reading r
	where r.market_id = p_market_id and r.partner_id = p_partner_id and r.part = 'whole';
	if not found then
		select 0, 0, 0, 0, exchange.rule_in_force(),
			(core.clock(p_market_id, p_now) at time zone m.time_zone)::date
		into v_reading.shared, v_reading.controlled, v_reading.events, v_reading.changes,
			v_reading.rule_version, v_reading.until_day
		from core.market m
		where m.market_id = p_market_id;
	end if;
	"row" := row(p_partner_id, exchange.of_partner(p_market_id, p_partner_id, 'whole'),
		v_reading.until_day - 89, v_reading.until_day, v_reading.events, v_reading.shared,
		v_reading.controlled,
		case when v_reading.events >= 5 then
			100 * v_reading.shared::bigint / (v_reading.shared::bigint + v_reading.controlled) end,
		v_reading.information,
		exchange.contributions(p_market_id, p_partner_id, v_reading.until_day,
			v_reading.rule_version),
		exchange.counterfactual(v_reading.shared, v_reading.controlled, v_reading.events,
			v_reading.archetype),
		exchange.of_enrolments(p_market_id, p_partner_id),
		v_reading.changes, v_reading.changed_at);
end
$$;
comment on function api.get_archetype is 'Shows how the exchange with a partner reads, and why; a partner sees its own only. Refuses: partner_unknown';
alter function api.get_archetype owner to wall_member;
grant execute on function api.get_archetype to socius_gate;
grant execute on function exchange.is_high, exchange.archetype_of, exchange.rule_in_force,
	exchange.declared_of, exchange.show, exchange.of_partner, exchange.counterfactual,
	exchange.contributions, exchange.of_enrolments
	to wall_partner, wall_member, wall_operator, wall_runner;
