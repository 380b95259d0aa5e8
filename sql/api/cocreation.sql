-- Ideas and their supporters.

-- An idea as the API shows it to an account. Its submitter and offices see who is behind it; others
-- see themselves, and handles.
create or replace function cocreation.show_idea(p_idea cocreation.idea, p_account_id uuid,
	p_role text) returns api.idea
language plpgsql stable as $$
declare
	v_self uuid;
	v_sees_all boolean := coalesce(p_role in ('operator', 'auditor'), false);
begin
	if not v_sees_all then
		select p.partner_id into v_self
		from identity.partner p
		where p.market_id = p_idea.market_id and p.account_id = p_account_id;
		v_sees_all := v_self is not distinct from p_idea.submitter_id;
	end if;
	return row(
		p_idea.idea_id,
		case when v_sees_all then p_idea.submitter_id
			else core.handle(p_idea.market_id, p_idea.submitter_id) end,
		p_idea.title,
		p_idea.summary,
		(select array_agg(row(case when v_sees_all or a.partner_id = v_self then a.partner_id
				else core.handle(a.market_id, a.partner_id) end, a.share_ppm)::api.idea_author
				order by a.line)
			from cocreation.author a
			where a.market_id = p_idea.market_id and a.idea_id = p_idea.idea_id),
		p_idea.state,
		p_idea.stage,
		p_idea.supporters_count,
		p_idea.supporters_needed,
		p_idea.gathering_until,
		exists (
			select from cocreation.support s
			where s.market_id = p_idea.market_id and s.idea_id = p_idea.idea_id
				and s.account_id = p_account_id),
		p_idea.submitted_at,
		p_idea.version
	)::api.idea;
end
$$;
comment on function cocreation.show_idea is 'an idea as the API shows it to an account';

-- The idea, locked: who changes it, its supporters or its reports waits for one another here.
-- Refuses: idea_unknown
create or replace function cocreation.lock_idea(p_market_id int, p_idea_id uuid)
returns cocreation.idea
language plpgsql as $$
declare
	v_idea cocreation.idea;
begin
	select i.* into v_idea
	from cocreation.idea i
	where i.market_id = p_market_id and i.idea_id = p_idea_id
	for no key update;
	if not found then
		perform core.refuse('idea_unknown');
	end if;
	return v_idea;
end
$$;
comment on function cocreation.lock_idea is 'an idea, locked';

-- Writes the authors of a new idea: p_authors is [{"partner_id", "share_ppm"}]; null: the submitter
-- alone. Refuses: authors_wrong partner_unknown
create or replace function cocreation.name_authors(p_market_id int, p_idea_id uuid,
	p_submitter_id uuid, p_authors jsonb) returns void
language plpgsql as $$
declare
	v_authors constant jsonb := coalesce(p_authors, jsonb_build_array(
		jsonb_build_object('partner_id', p_submitter_id, 'share_ppm', 1000000)));
	v_sum bigint;
	v_once boolean;
	v_unknown_id uuid;
begin
	select sum((e.item ->> 'share_ppm')::bigint),
		count(distinct (e.item ->> 'partner_id')::uuid) = count(*)
	into v_sum, v_once
	from jsonb_array_elements(v_authors) as e (item);
	if v_sum is distinct from 1000000 or not v_once then
		perform core.refuse('authors_wrong', jsonb_build_object('shares_ppm', v_sum));
	end if;
	select (e.item ->> 'partner_id')::uuid into v_unknown_id
	from jsonb_array_elements(v_authors) with ordinality as e (item, line)
	where not exists (
		select from identity.partner p
		where p.market_id = p_market_id and p.partner_id = (e.item ->> 'partner_id')::uuid)
	order by e.line
	limit 1;
	if found then
		perform core.refuse('partner_unknown', jsonb_build_object('partner_id', v_unknown_id));
	end if;
	insert into cocreation.author (market_id, idea_id, partner_id, line, share_ppm)
	select p_market_id, p_idea_id, (e.item ->> 'partner_id')::uuid, e.line,
		(e.item ->> 'share_ppm')::int
	from jsonb_array_elements(v_authors) with ordinality as e (item, line);
end
$$;
comment on function cocreation.name_authors is 'writes the authors of a new idea';

-- Submits an idea: it gathers supporters from now on. Any partner of the market may be named as an
-- author, so the market is entered, not the partner.
create or replace function api.create_idea(p_market_id int, p_partner_id uuid, p_account_id uuid,
	p_now timestamptz, p_key text, p_digest bytea, p_idea_id uuid, p_event_id uuid, p_title text,
	p_summary text, p_authors jsonb, out replayed boolean, out "row" api.idea)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_idea_id uuid;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_idea_id := core.claim_key(p_market_id, p_account_id, 'create_idea', p_key, p_digest,
		p_idea_id, v_now);
	replayed := v_idea_id is not null;
	if not replayed then
		v_idea_id := p_idea_id;
		insert into cocreation.idea (market_id, idea_id, submitter_id, title, summary, state, stage,
			supporters_needed, gathering_until, submitted_at)
		select p_market_id, v_idea_id, p_partner_id, p_title, p_summary, 'gathering', s.stage,
			s.supporters_needed, v_now + make_interval(hours => 24 * s.days), v_now
		from cocreation.stage s
		where s.stage = 1;
		perform cocreation.name_authors(p_market_id, v_idea_id, p_partner_id, p_authors);
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'idea.submitted', p_partner_id, 'idea', v_idea_id,
			'gathering', p_account_id, 'partner', v_now);
	end if;
	"row" := api.get_idea(p_market_id, p_account_id, 'partner', v_idea_id);
end
$$;
comment on function api.create_idea is 'Submits an idea, which gathers supporters from now on. Refuses: authors_wrong partner_unknown key_reused';

-- Ideas of the market, the newest first. Nothing in them is one partner's alone.
create or replace function api.list_ideas(p_market_id int, p_account_id uuid, p_role text,
	p_state text, p_limit int, p_after_idea_id uuid) returns setof api.idea
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set plan_cache_mode = force_custom_plan as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select s.*
	from (
		select i.*
		from cocreation.idea i
		where i.market_id = p_market_id and (p_state is null or i.state = p_state)
			and i.idea_id < coalesce(p_after_idea_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
		order by i.idea_id desc
		limit p_limit
	) i
	cross join lateral cocreation.show_idea(i, p_account_id, p_role) s
	order by s.idea_id desc;
end
$$;
comment on function api.list_ideas is 'Lists ideas, the newest first. Refuses: nothing.';

create or replace function api.get_idea(p_market_id int, p_account_id uuid, p_role text,
	p_idea_id uuid,
	out "row" api.idea)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	select s.* into "row"
	from cocreation.idea i
	cross join lateral cocreation.show_idea(i, p_account_id, p_role) s
	where i.market_id = p_market_id and i.idea_id = p_idea_id;
	if not found then
		perform core.refuse('idea_unknown');
	end if;
end
$$;
comment on function api.get_idea is 'Shows an idea. Refuses: idea_unknown';

-- What one supporter more makes of an idea that gathers. At the number that its stage needs it goes
-- on to the next stage, or is qualified after the last; what it has reached it keeps.
create or replace function cocreation.count_supporter(p_idea cocreation.idea, p_event_id uuid,
	p_partner_id uuid, p_actor_id uuid, p_actor_role text, p_now timestamptz) returns void
language plpgsql as $$
declare
	v_reached constant boolean := p_idea.supporters_count + 1 >= p_idea.supporters_needed;
	v_next cocreation.stage;
begin
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, actor_id,
		actor_role, occurred_at)
	values (p_idea.market_id, p_event_id, 'idea.supported', p_partner_id, 'idea', p_idea.idea_id,
		p_actor_id, p_actor_role, p_now);
	if v_reached then
		select s.* into v_next from cocreation.stage s where s.stage = p_idea.stage + 1;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, reason, occurred_at)
		values (p_idea.market_id, core.following_id(p_event_id, 1),
			case when v_next.stage is null then 'idea.qualified' else 'idea.stage_reached' end,
			p_idea.submitter_id, 'idea', p_idea.idea_id, 'gathering',
			case when v_next.stage is null then 'qualified' else 'gathering' end, p_actor_id,
			p_actor_role, format('It has %s supporters.', p_idea.supporters_needed), p_now);
	end if;
	update cocreation.idea i
	set supporters_count = i.supporters_count + 1, version = i.version + 1,
		state = case when v_reached and v_next.stage is null then 'qualified' else i.state end,
		stage = coalesce(v_next.stage, i.stage),
		supporters_needed = coalesce(v_next.supporters_needed, i.supporters_needed),
		gathering_until = coalesce(p_now + make_interval(hours => 24 * v_next.days),
			i.gathering_until)
	where i.market_id = p_idea.market_id and i.idea_id = p_idea.idea_id;
end
$$;
comment on function cocreation.count_supporter is 'counts one supporter more; at the number needed the stage is reached, once';

-- Why an account may not support an idea that it does not support yet; null: it may.
create or replace function cocreation.no_supporter(p_idea cocreation.idea, p_partner_id uuid,
	p_now timestamptz) returns text
language plpgsql stable as $$
begin
	return case
		when p_idea.idea_id is null then 'idea_unknown'
		when p_partner_id = p_idea.submitter_id or exists (
			select from cocreation.author a
			where a.market_id = p_idea.market_id and a.idea_id = p_idea.idea_id
				and a.partner_id = p_partner_id) then 'own_idea'
		when p_idea.state <> 'gathering' or p_now >= p_idea.gathering_until
			then 'idea_not_gathering'
	end;
end
$$;
comment on function cocreation.no_supporter is 'the refusal for an account that would support an idea, or null';

-- Supports an idea in the name of the account, be it a partner's or a customer's. An account that
-- supports the idea already is answered with it, whatever has become of the idea: an app may send
-- this again whenever a reply was lost. Those who write supporters of a market's ideas take turns,
-- so that two batches never wait for each other's ideas.
create or replace function api.support_idea(p_market_id int, p_account_id uuid, p_actor_role text,
	p_now timestamptz, p_event_id uuid, p_idea_id uuid, out refused text, out detail jsonb,
	out "row" api.idea)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_idea cocreation.idea;
	v_partner_id uuid;
begin
	perform core.enter(p_market_id, null);
	perform pg_advisory_xact_lock(5053, p_market_id);
	v_now := core.clock(p_market_id, p_now);
	select i.* into v_idea
	from cocreation.idea i
	where i.market_id = p_market_id and i.idea_id = p_idea_id
	for no key update;
	if not exists (
		select from cocreation.support s
		where s.market_id = p_market_id and s.idea_id = p_idea_id
			and s.account_id = p_account_id) then
		select p.partner_id into v_partner_id
		from identity.partner p
		where p.market_id = p_market_id and p.account_id = p_account_id;
		refused := cocreation.no_supporter(v_idea, v_partner_id, v_now);
		if refused is not null then
			if refused = 'idea_not_gathering' then
				detail := jsonb_build_object('state', v_idea.state,
					'gathering_until', core.show_instant(v_idea.gathering_until));
			end if;
			return;
		end if;
		insert into cocreation.support (market_id, idea_id, account_id, supported_at)
		values (p_market_id, p_idea_id, p_account_id, v_now);
		perform cocreation.count_supporter(v_idea, p_event_id, v_partner_id, p_account_id,
			p_actor_role, v_now);
	end if;
	"row" := api.get_idea(p_market_id, p_account_id, 'partner', p_idea_id);
end
$$;
comment on function api.support_idea is 'Supports an idea in the name of the account, once. Refuses: idea_unknown own_idea idea_not_gathering';

-- Takes the account's support back. Who does not support the idea is answered alike, with the idea:
-- a phone that asks again after a lost reply sees what it wanted. What the idea has reached it keeps,
-- and people may take their name back whatever has become of it.
create or replace function api.withdraw_support(p_market_id int, p_account_id uuid,
	p_actor_role text, p_now timestamptz, p_event_id uuid, p_idea_id uuid, out refused text,
	out detail jsonb, out "row" api.idea)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	perform pg_advisory_xact_lock(5053, p_market_id);
	perform from cocreation.idea i
	where i.market_id = p_market_id and i.idea_id = p_idea_id
	for no key update;
	if not found then
		refused := 'idea_unknown';
		return;
	end if;
	delete from cocreation.support s
	where s.market_id = p_market_id and s.idea_id = p_idea_id and s.account_id = p_account_id;
	if found then
		update cocreation.idea i
		set supporters_count = i.supporters_count - 1, version = i.version + 1
		where i.market_id = p_market_id and i.idea_id = p_idea_id;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'idea.support_withdrawn', (
				select p.partner_id
				from identity.partner p
				where p.market_id = p_market_id and p.account_id = p_account_id),
			'idea', p_idea_id, p_account_id, p_actor_role, core.clock(p_market_id, p_now));
	end if;
	"row" := api.get_idea(p_market_id, p_account_id, 'partner', p_idea_id);
end
$$;
comment on function api.withdraw_support is 'Takes the account''s support of an idea back. Refuses: idea_unknown';

-- Withdraws an idea that gathers: its submitter alone. It stays to be read.
create or replace function api.withdraw_idea(p_market_id int, p_partner_id uuid, p_account_id uuid,
	p_now timestamptz, p_key text, p_digest bytea, p_event_id uuid, p_idea_id uuid,
	out replayed boolean, out "row" api.idea)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_idea cocreation.idea;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	replayed := core.claim_key(p_market_id, p_account_id, 'withdraw_idea', p_key, p_digest,
		p_idea_id, v_now) is not null;
	if not replayed then
		v_idea := cocreation.lock_idea(p_market_id, p_idea_id);
		if v_idea.submitter_id <> p_partner_id then
			perform core.refuse('idea_of_another');
		elsif v_idea.state <> 'gathering' then
			perform core.refuse('idea_not_gathering', jsonb_build_object('state', v_idea.state,
				'gathering_until', core.show_instant(v_idea.gathering_until)));
		end if;
		update cocreation.idea i
		set state = 'withdrawn', closed_at = v_now, version = i.version + 1
		where i.market_id = p_market_id and i.idea_id = p_idea_id;
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			from_state, to_state, actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'idea.withdrawn', p_partner_id, 'idea', p_idea_id,
			'gathering', 'withdrawn', p_account_id, 'partner', v_now);
	end if;
	"row" := api.get_idea(p_market_id, p_account_id, 'partner', p_idea_id);
end
$$;
comment on function api.withdraw_idea is 'Withdraws an idea that gathers; its submitter alone. Refuses: idea_unknown idea_of_another idea_not_gathering key_reused';

alter function api.create_idea owner to wall_member;
alter function api.list_ideas owner to wall_member;
alter function api.get_idea owner to wall_member;
alter function api.support_idea owner to wall_member;
alter function api.withdraw_support owner to wall_member;
alter function api.withdraw_idea owner to wall_member;
grant execute on function api.create_idea, api.list_ideas, api.get_idea, api.support_idea,
	api.withdraw_support, api.withdraw_idea to socius_gate;
grant execute on function cocreation.show_idea, cocreation.name_authors, cocreation.no_supporter,
	cocreation.count_supporter to wall_member;
grant execute on function cocreation.lock_idea to wall_member, wall_operator;
call core.make_batch('api.support_idea'::regproc::regprocedure, 'wall_member', 'none');
call core.make_batch('api.withdraw_support'::regproc::regprocedure, 'wall_member', 'none');
