-- Programmes, enrolments, and what is due of a partner.

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
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
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

-- Refuses whoever is not there, or not the caller's to see: partner_unknown
create or replace function onboarding.know_partner(p_market_id int, p_caller_id uuid,
	p_partner_id uuid) returns void
language plpgsql stable as $$
begin
	if p_caller_id <> p_partner_id or not exists (
		select from identity.partner p
		where p.market_id = p_market_id and p.partner_id = p_partner_id) then
		perform core.refuse('partner_unknown');
	end if;
end
$$;
comment on function onboarding.know_partner is 'refuses a partner that is not there, or not the caller''s to see';

-- Refuses people who enrol themselves without a programme: what is asked of them stands in it. Only
-- operators may enrol under no terms. Refuses: programme_required
create or replace function onboarding.need_programmes(p_actor_role text, p_enrolments jsonb)
returns void
language plpgsql as $$
declare
	v_kind text;
begin
	select e.item ->> 'kind' into v_kind
	from jsonb_array_elements(p_enrolments) as e (item)
	where p_actor_role in ('customer', 'partner') and e.item ->> 'programme_id' is null
	limit 1;
	if found then
		perform core.refuse('programme_required', jsonb_build_object('kind', v_kind));
	end if;
end
$$;
comment on function onboarding.need_programmes is 'refuses people who enrol themselves without a programme';

-- Enrols a partner in one more kind of work.
create or replace function api.create_enrolment(p_market_id int, p_caller_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz, p_event_id uuid, p_key text,
	p_digest bytea, p_partner_id uuid, p_kind text, p_programme_id uuid, out replayed boolean,
	out "row" api.enrolment)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
declare
	v_now constant timestamptz := core.clock(p_market_id, p_now);
	v_enrolments constant jsonb := jsonb_build_array(jsonb_build_object('kind', p_kind,
		'programme_id', p_programme_id));
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	replayed := core.claim_key(p_market_id, p_actor_id, 'create_enrolment', p_key, p_digest,
		p_partner_id, v_now) is not null;
	if not replayed then
		perform onboarding.need_programmes(p_actor_role, v_enrolments);
		perform onboarding.lock_partner(p_market_id, p_partner_id);
		perform onboarding.enrol(p_market_id, p_partner_id, v_enrolments, p_event_id, p_actor_id,
			p_actor_role, v_now);
	end if;
	select e.partner_id, e.kind, e.programme_id, e.state, e.created_at, e.version
	into "row"
	from onboarding.enrolment e
	where e.market_id = p_market_id and e.partner_id = p_partner_id and e.kind = p_kind;
end
$$;
comment on function api.create_enrolment is 'Enrols a partner in one more kind of work. Refuses: partner_unknown programme_required programme_unknown programme_kind_differs enrolment_exists key_reused';

create or replace function api.list_requirements(p_market_id int, p_caller_id uuid,
	p_now timestamptz, p_partner_id uuid, p_limit int, p_after_requirement text)
returns setof api.requirement
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform onboarding.know_partner(p_market_id, p_caller_id, p_partner_id);
	return query
	select r.*
	from onboarding.requirements_of(p_market_id, p_partner_id,
		core.clock(p_market_id, p_now)) r
	where r.requirement > coalesce(p_after_requirement, '')
	order by r.requirement
	limit p_limit;
end
$$;
comment on function api.list_requirements is 'Lists what a partner''s programmes ask for, by name, and how each stands. Refuses: partner_unknown';

grant execute on function onboarding.know_partner to wall_member, wall_operator;
grant execute on function onboarding.need_programmes to wall_member, wall_operator;
alter function api.create_enrolment owner to wall_member;
alter function api.list_requirements owner to wall_member;
grant execute on function api.create_enrolment, api.list_requirements to socius_gate;

alter function api.create_programme owner to wall_operator;
alter function api.list_programmes owner to wall_operator;
alter function api.list_enrolments owner to wall_member;
grant execute on function api.create_programme, api.list_programmes, api.list_enrolments
	to socius_gate;
