-- Programmes and enrolments.

-- Enrols a partner: p_enrolments is [{"kind", "programme_id"}], all active at once. Their events
-- take the ids that follow p_event_id.
-- Refuses: programme_unknown programme_kind_differs enrolment_exists
create or replace function onboarding.enrol(p_market_id int, p_partner_id uuid, p_enrolments jsonb,
	p_event_id uuid, p_actor_id uuid, p_actor_role text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_kind text;
	v_programme_id uuid;
	v_programme_kind text;
	v_number bigint;
begin
	for v_kind, v_programme_id, v_number in
		select e.item ->> 'kind', (e.item ->> 'programme_id')::uuid, e.number
		from jsonb_array_elements(p_enrolments) with ordinality as e (item, number)
	loop
		if v_programme_id is not null then
			select p.kind into v_programme_kind
			from onboarding.programme p
			where p.market_id = p_market_id and p.programme_id = v_programme_id;
			if not found then
				perform core.refuse('programme_unknown',
					jsonb_build_object('programme_id', v_programme_id));
			elsif v_programme_kind <> v_kind then
				perform core.refuse('programme_kind_differs',
					jsonb_build_object('programme_id', v_programme_id, 'kind', v_programme_kind));
			end if;
		end if;
		insert into onboarding.enrolment
			(market_id, partner_id, kind, programme_id, state, created_at)
		values (p_market_id, p_partner_id, v_kind, v_programme_id, 'active', p_now)
		on conflict (market_id, partner_id, kind) do nothing;
		if not found then
			perform core.refuse('enrolment_exists', jsonb_build_object('kind', v_kind));
		end if;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, core.following_id(p_event_id, v_number::int), 'enrolment.activated',
			p_partner_id, v_kind || '_enrolment', p_partner_id, 'active', p_actor_id,
			p_actor_role, p_now);
	end loop;
end
$$;
grant execute on function onboarding.enrol to wall_operator;

create or replace function api.create_programme(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_event_id uuid, p_programme_id uuid, p_key text, p_digest bytea,
	p_name text, p_kind text, p_archetype text, out replayed boolean, out "row" api.programme)
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
			(market_id, programme_id, name, kind, archetype, created_at)
		values (p_market_id, p_programme_id, p_name, p_kind, p_archetype, v_now);
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'programme.created', 'programme', p_programme_id, 'open',
			p_actor_id, p_actor_role, v_now);
	end if;
	select p.programme_id, p.name, p.kind, p.archetype, p.created_at, p.version
	into "row"
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
	select p.programme_id, p.name, p.kind, p.archetype, p.created_at, p.version
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
