-- What is due of a partner, and the state of its enrolments that follows from it.
--
-- An enrolment settles itself: applied while something that blocks work is due or rejected,
-- in_review while all that is missing has been submitted, active when nothing is. Restricted,
-- suspended and closed are people's decisions and are never touched here.

-- Who changes what a partner is asked for, or what satisfies it, takes this lock before the rows:
-- so two at once settle one after the other, and the second sees what the first did.
create or replace function onboarding.lock_partner(p_market_id int, p_partner_id uuid) returns void
language plpgsql as $$
begin
	perform pg_advisory_xact_lock(5053, hashtext(p_market_id || ' ' || p_partner_id));
end
$$;
comment on function onboarding.lock_partner is 'one change of a partner''s onboarding at a time';

-- The local date of a market.
create or replace function onboarding.local_date(p_market_id int, p_now timestamptz) returns date
language plpgsql stable as $$
begin
	return (
		select (p_now at time zone m.time_zone)::date
		from core.market m
		where m.market_id = p_market_id);
end
$$;
comment on function onboarding.local_date is 'the date on the market''s calendar';

-- The document that speaks for a requirement, of those of the accepted kinds: one that is good, the
-- one that is good for longest first; else one that is submitted; else the last that was.
-- Its state is that of the local date p_today, whether the runner has been by or not.
create or replace function onboarding.best_document(p_market_id int, p_partner_id uuid,
	p_accepts text[], p_today date) returns onboarding.document
language plpgsql stable as $$
declare
	v_document onboarding.document;
begin
	select d.* into v_document
	from onboarding.document d
	where d.market_id = p_market_id and d.partner_id = p_partner_id
		and d.kind = any (p_accepts)
	order by case
			when d.state = 'verified' and coalesce(d.expires_on >= p_today, true) then 0
			when d.state = 'submitted' and coalesce(d.expires_on >= p_today, true) then 1
			else 2
		end,
		case when d.state = 'verified' and coalesce(d.expires_on >= p_today, true)
			then coalesce(d.expires_on, 'infinity') end desc,
		d.submitted_at desc, d.document_id desc
	limit 1;
	if v_document.state in ('submitted', 'verified') and v_document.expires_on < p_today then
		v_document.state := 'expired';
	end if;
	return v_document;
end
$$;
comment on function onboarding.best_document is 'the document that speaks for a requirement';

-- How a requirement stands whose best document is this one.
create or replace function onboarding.stand_by_document(p_document onboarding.document,
	p_today date, out state text, out satisfied_by text)
language plpgsql immutable as $$
begin
	state := case p_document.state
		when 'submitted' then 'submitted'
		when 'rejected' then 'rejected'
		when 'verified' then
			case when p_document.expires_on <= p_today + 30 then 'expiring' else 'verified' end
		else 'due'
	end;
	if p_document.state = 'verified' then
		satisfied_by := p_document.kind;
	end if;
end
$$;
comment on function onboarding.stand_by_document is 'state of a requirement and what satisfies it, from its best document';

-- How the requirement bank_account stands: a changed IBAN is waited for.
create or replace function onboarding.stand_by_bank_account(p_market_id int, p_partner_id uuid,
	p_now timestamptz, out state text, out satisfied_by text, out reason text)
language plpgsql stable as $$
declare
	v_frozen_until timestamptz;
begin
	select b.frozen_until into v_frozen_until
	from onboarding.bank_account b
	where b.market_id = p_market_id and b.partner_id = p_partner_id;
	if not found then
		state := 'due';
	elsif v_frozen_until > p_now then
		state := 'submitted';
		reason := 'The IBAN was changed: payouts wait until '
			|| core.show_instant(v_frozen_until) || '.';
	else
		state := 'verified';
		satisfied_by := 'bank_account';
	end if;
end
$$;
comment on function onboarding.stand_by_bank_account is 'state of the requirement bank_account and what satisfies it';

-- How one requirement of a partner stands. What is rented satisfies it where no document does.
create or replace function onboarding.stand(p_market_id int, p_partner_id uuid,
	p_kind onboarding.requirement_kind, p_enrolment_kinds text[], p_today date,
	p_now timestamptz) returns api.requirement
language plpgsql stable as $$
declare
	v_document onboarding.document;
	v_state text;
	v_satisfied_by text;
	v_reason text;
begin
	if 'bank_account' = any (p_kind.accepts) then
		select b.state, b.satisfied_by, b.reason into v_state, v_satisfied_by, v_reason
		from onboarding.stand_by_bank_account(p_market_id, p_partner_id, p_now) b;
	else
		v_document := onboarding.best_document(p_market_id, p_partner_id, p_kind.accepts, p_today);
		select s.state, s.satisfied_by into v_state, v_satisfied_by
		from onboarding.stand_by_document(v_document, p_today) s;
		v_reason := case when v_state = 'rejected' then v_document.reason end;
	end if;
	if v_state <> 'verified' and 'vehicle_rental' = any (p_kind.accepts)
		and services.has_active_vehicle(p_market_id, p_partner_id) then
		v_state := 'verified';
		v_satisfied_by := 'vehicle_rental';
		v_reason := null;
		v_document := null;
	end if;
	return row(p_kind.requirement, v_state, p_kind.blocks, p_enrolment_kinds, p_kind.accepts,
		v_satisfied_by, v_document.document_id, v_reason,
		case when v_satisfied_by is not null then v_document.expires_on end)::api.requirement;
end
$$;
comment on function onboarding.stand is 'one requirement of a partner as the API shows it';

-- All that a partner's programmes ask for. Who has left still needs a bank account to be paid; a
-- changed one keeps payouts waiting, whether a programme asks for it or not.
create or replace function onboarding.requirements_of(p_market_id int, p_partner_id uuid,
	p_now timestamptz) returns setof api.requirement
language plpgsql stable as $$
declare
	v_today constant date := onboarding.local_date(p_market_id, p_now);
begin
	return query
	select (onboarding.stand(p_market_id, p_partner_id, k, a.enrolment_kinds, v_today, p_now)).*
	from (
		select r.requirement, array_agg(e.kind order by e.kind)
			filter (where e.state <> 'closed' or r.requirement = 'bank_account')
			as enrolment_kinds
		from onboarding.enrolment e
		join onboarding.programme p
			on p.market_id = e.market_id and p.programme_id = e.programme_id
		cross join unnest(p.requirements) as r (requirement)
		where e.market_id = p_market_id and e.partner_id = p_partner_id
		group by r.requirement
		union all
		select 'bank_account', '{}'
		from onboarding.bank_account b
		where b.market_id = p_market_id and b.partner_id = p_partner_id
			and b.frozen_until > p_now
			and not exists (
				select from onboarding.enrolment e
				join onboarding.programme p
					on p.market_id = e.market_id and p.programme_id = e.programme_id
				where e.market_id = p_market_id and e.partner_id = p_partner_id
					and 'bank_account' = any (p.requirements))
	) a
	join onboarding.requirement_kind k on k.requirement = a.requirement
	where a.enrolment_kinds is not null
	order by k.requirement;
end
$$;
comment on function onboarding.requirements_of is 'what a partner''s programmes ask for, or payouts wait for, and how it stands';

-- The state that an enrolment has by what is due of its partner; why: what it waits for, in words.
create or replace function onboarding.state_by_requirements(p_market_id int, p_partner_id uuid,
	p_kind text, p_now timestamptz, out state text, out why text)
language plpgsql stable as $$
begin
	select case
			when bool_or(r.state in ('due', 'rejected')) then 'applied'
			when bool_or(r.state = 'submitted') then 'in_review'
			else 'active'
		end,
		string_agg(r.requirement || ' ' || r.state, ', ')
			filter (where r.state in ('due', 'rejected', 'submitted'))
	into state, why
	from onboarding.requirements_of(p_market_id, p_partner_id, p_now) r
	where r.blocks = 'work' and p_kind = any (r.enrolment_kinds);
end
$$;
comment on function onboarding.state_by_requirements is 'applied, in_review or active, by what is due';

-- When an enrolment was active, once it has come to another state.
create or replace function onboarding.active_with(p_active tstzmultirange, p_state text,
	p_now timestamptz) returns tstzmultirange
language plpgsql immutable parallel safe as $$
declare
	v_from_now constant tstzmultirange := tstzmultirange(tstzrange(p_now, null));
begin
	return case when p_state = 'active' then p_active + v_from_now else p_active - v_from_now end;
end
$$;
comment on function onboarding.active_with is 'when an enrolment was active, once it has come to another state';

-- Brings the enrolments of a partner to the states that follow from what is due: one event a
-- change, under the ids that follow p_event_id. For whoever changed what satisfies a requirement,
-- after the change and in its transaction.
create or replace function onboarding.settle(p_market_id int, p_partner_id uuid, p_event_id uuid,
	p_actor_id uuid, p_actor_role text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_each record;
	v_number int := 0;
begin
	perform onboarding.lock_partner(p_market_id, p_partner_id);
	for v_each in
		select e.kind, e.state, s.state as state_now, s.why
		from onboarding.enrolment e
		cross join lateral onboarding.state_by_requirements(p_market_id, p_partner_id, e.kind,
			p_now) s
		where e.market_id = p_market_id and e.partner_id = p_partner_id
			and e.state in ('applied', 'in_review', 'active') and e.state <> s.state
		order by e.kind
	loop
		v_number := v_number + 1;
		update onboarding.enrolment e
		set state = v_each.state_now, version = e.version + 1,
			active_during = onboarding.active_with(e.active_during, v_each.state_now, p_now)
		where e.market_id = p_market_id and e.partner_id = p_partner_id and e.kind = v_each.kind;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, reason, occurred_at)
		values (p_market_id, core.following_id(p_event_id, v_number),
			case v_each.state_now when 'active' then 'enrolment.activated'
				when 'in_review' then 'enrolment.in_review'
				else 'enrolment.requirements_due' end,
			p_partner_id, v_each.kind || '_enrolment', p_partner_id, v_each.state,
			v_each.state_now, p_actor_id, p_actor_role, v_each.why, p_now);
	end loop;
end
$$;
comment on function onboarding.settle is 'brings a partner''s enrolments to the states that follow from what is due';

-- Enrols a partner: p_enrolments is [{"kind", "programme_id"}]; active at once where nothing that
-- blocks work is due. Their events take the ids that follow p_event_id.
-- Refuses: programme_unknown programme_kind_differs enrolment_exists
create or replace function onboarding.enrol(p_market_id int, p_partner_id uuid, p_enrolments jsonb,
	p_event_id uuid, p_actor_id uuid, p_actor_role text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_kind text;
	v_programme_id uuid;
	v_number bigint;
	v_asks boolean;
	v_state text;
	v_why text;
begin
	for v_kind, v_programme_id, v_number in
		select e.item ->> 'kind', (e.item ->> 'programme_id')::uuid, e.number
		from jsonb_array_elements(p_enrolments) with ordinality as e (item, number)
	loop
		v_asks := onboarding.programme_asks(p_market_id, v_programme_id, v_kind);
		v_state := 'active';
		v_why := null;
		insert into onboarding.enrolment
			(market_id, partner_id, kind, programme_id, state, active_during, created_at)
		values (p_market_id, p_partner_id, v_kind, v_programme_id, v_state,
			onboarding.active_with('{}', v_state, p_now), p_now)
		on conflict (market_id, partner_id, kind) do nothing;
		if not found then
			perform core.refuse('enrolment_exists', jsonb_build_object('kind', v_kind));
		end if;
		if v_asks then
			select s.state, s.why into v_state, v_why
			from onboarding.state_by_requirements(p_market_id, p_partner_id, v_kind, p_now) s;
			update onboarding.enrolment e
			set state = v_state,
				active_during = onboarding.active_with(e.active_during, v_state, p_now)
			where e.market_id = p_market_id and e.partner_id = p_partner_id and e.kind = v_kind;
		end if;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			to_state, actor_id, actor_role, reason, occurred_at)
		values (p_market_id, core.following_id(p_event_id, v_number::int), 'enrolment.'
			|| case v_state when 'active' then 'activated' else v_state end, p_partner_id,
			v_kind || '_enrolment', p_partner_id, v_state, p_actor_id, p_actor_role, v_why, p_now);
	end loop;
end
$$;
comment on function onboarding.enrol is 'enrols a partner under programmes of the kinds';

-- Whether a programme, which must be for this kind, asks for anything; null: there is none.
-- Refuses: programme_unknown programme_kind_differs
create or replace function onboarding.programme_asks(p_market_id int, p_programme_id uuid,
	p_kind text) returns boolean
language plpgsql stable as $$
declare
	v_kind text;
	v_asks boolean;
begin
	if p_programme_id is null then
		return false;
	end if;
	select p.kind, p.requirements <> '{}' into v_kind, v_asks
	from onboarding.programme p
	where p.market_id = p_market_id and p.programme_id = p_programme_id;
	if not found then
		perform core.refuse('programme_unknown',
			jsonb_build_object('programme_id', p_programme_id));
	elsif v_kind <> p_kind then
		perform core.refuse('programme_kind_differs',
			jsonb_build_object('programme_id', p_programme_id, 'kind', v_kind));
	end if;
	return v_asks;
end
$$;
comment on function onboarding.programme_asks is 'whether a programme of this kind asks its partners for anything';

-- Why somebody may not work who has no active enrolment of a kind (under a programme, where one is
-- needed): requirements_due naming each, or not_enrolled.
create or replace function onboarding.explain_enrolment(p_market_id int, p_partner_id uuid,
	p_kind text, p_programme_id uuid, p_now timestamptz, out refused text, out detail jsonb)
language plpgsql stable as $$
begin
	refused := 'not_enrolled';
	if exists (
		select from onboarding.enrolment e
		where e.market_id = p_market_id and e.partner_id = p_partner_id and e.kind = p_kind
			and e.state in ('applied', 'in_review')
			and (p_programme_id is null or e.programme_id = p_programme_id)) then
		refused := 'requirements_due';
		select jsonb_build_object('requirements', coalesce(jsonb_agg(jsonb_build_object(
			'requirement', r.requirement, 'state', r.state, 'enrolment_kind', p_kind)
			order by r.requirement), '[]'))
		into detail
		from onboarding.requirements_of(p_market_id, p_partner_id, p_now) r
		where r.blocks = 'work' and p_kind = any (r.enrolment_kinds)
			and r.state in ('due', 'rejected', 'submitted');
	end if;
end
$$;
comment on function onboarding.explain_enrolment is 'requirements_due with what is due, or not_enrolled';

grant execute on function onboarding.lock_partner, onboarding.local_date, onboarding.best_document,
	onboarding.stand_by_document, onboarding.stand_by_bank_account, onboarding.stand,
	onboarding.requirements_of, onboarding.state_by_requirements, onboarding.active_with,
	onboarding.settle
	to wall_partner, wall_member, wall_operator, wall_runner;
grant execute on function onboarding.enrol, onboarding.programme_asks
	to wall_member, wall_operator;
grant execute on function onboarding.explain_enrolment
	to wall_partner, wall_member, wall_operator;
