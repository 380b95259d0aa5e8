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
