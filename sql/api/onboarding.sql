-- Programmes and enrolments.

-- A programme as the API shows it, with what it asks for.
create or replace function onboarding.show_programme(p_programme onboarding.programme)
returns api.programme
language plpgsql stable as $$
begin
	return row(p_programme.programme_id, p_programme.name, p_programme.kind,
		p_programme.archetype, p_programme.created_at, p_programme.version,
		array(
			select row(k.requirement, k.blocks)::api.programme_requirement
			from onboarding.requirement_kind k
			where k.requirement = any (p_programme.requirements)
			order by k.requirement))::api.programme;
end
$$;
comment on function onboarding.show_programme is 'a programme as the API shows it';
grant execute on function onboarding.show_programme to wall_operator;

-- p_requirements is [{"requirement"}]; null: it asks for nothing.
do $$
begin
	-- its shape before requirements
	if to_regprocedure('api.create_programme(int, uuid, text, timestamptz, uuid, uuid, text, bytea, '
		'text, text, text)') is not null then
		drop function api.create_programme(int, uuid, text, timestamptz, uuid, uuid, text, bytea,
			text, text, text);
	end if;
end
$$;
create or replace function api.create_programme(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_event_id uuid, p_programme_id uuid, p_key text, p_digest bytea,
	p_name text, p_kind text, p_archetype text, p_requirements jsonb default null,
	out replayed boolean, out "row" api.programme)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now timestamptz;
	v_claimed_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_claimed_id := core.claim_key(p_market_id, p_actor_id, 'create_programme', p_key, p_digest,
		p_programme_id, v_now);
	replayed := v_claimed_id is not null;
	if not replayed then
		insert into onboarding.programme
			(market_id, programme_id, name, kind, archetype, created_at, requirements)
		values (p_market_id, p_programme_id, p_name, p_kind, p_archetype, v_now, array(
			select distinct r.item ->> 'requirement'
			from jsonb_array_elements(coalesce(p_requirements, '[]')) r (item)
			order by 1));
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'programme.created', 'programme', p_programme_id, 'open',
			p_actor_id, p_actor_role, v_now);
	end if;
	select (onboarding.show_programme(p)).* into "row"
	from onboarding.programme p
	where p.market_id = p_market_id and p.programme_id = coalesce(v_claimed_id, p_programme_id);
end
$$;
comment on function api.create_programme is 'Makes a programme. Refuses: key_reused';

create or replace function api.list_programmes(p_market_id int, p_limit int,
	p_after_programme_id uuid, p_kind text)
returns setof api.programme
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select (onboarding.show_programme(p)).*
	from onboarding.programme p
	where p.market_id = p_market_id
		and p.programme_id > coalesce(p_after_programme_id, '00000000-0000-0000-0000-000000000000')
		and (p_kind is null or p.kind = p_kind)
	order by p.programme_id
	limit p_limit;
end
$$;
comment on function api.list_programmes is 'Lists programmes by id. Refuses: nothing.';

create or replace function api.list_enrolments(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, p_limit int, p_after_kind text)
returns setof api.enrolment
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	if p_caller_id <> p_partner_id or not exists (
		select from identity.partner p
		where p.market_id = p_market_id and p.partner_id = p_partner_id) then
		perform core.refuse('partner_unknown');
	end if;
	return query
	select e.partner_id, e.kind, e.programme_id, e.state, e.created_at, e.version
	from onboarding.enrolment e
	where e.market_id = p_market_id and e.partner_id = p_partner_id
		and e.kind > coalesce(p_after_kind, '')
	order by e.kind
	limit p_limit;
end
$$;
comment on function api.list_enrolments is 'Lists a partner''s enrolments by kind; a partner sees its own only. Refuses: partner_unknown';

alter function api.create_programme owner to wall_operator;
alter function api.list_programmes owner to wall_operator;
alter function api.list_enrolments owner to wall_member;
grant execute on function api.create_programme, api.list_programmes, api.list_enrolments
	to socius_gate;
