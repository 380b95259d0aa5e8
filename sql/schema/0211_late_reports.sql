-- What is reported late is judged by the time at which it happened: so an enrolment remembers when it
-- was active, and an idea when it was closed.

alter table onboarding.enrolment add column active_during tstzmultirange not null default '{}';
comment on column onboarding.enrolment.active_during is 'when it was active; open to the end while it is';
grant update (active_during) on onboarding.enrolment
	to wall_partner, wall_member, wall_operator, wall_runner;

-- Of enrolments that there are, the events tell. Nothing is known of the time before they began.
update onboarding.enrolment e
set active_during = coalesce((
	select range_agg(tstzrange(s.occurred_at, s.until_at))
	from (
		select n.occurred_at, sum(n.turns) over (order by n.occurred_at) as active,
			lead(n.occurred_at) over (order by n.occurred_at) as until_at
		from (
			select v.occurred_at, count(*) filter (where v.to_state = 'active')
				- count(*) filter (where v.from_state = 'active') as turns
			from events.event v
			where v.market_id = e.market_id and v.partner_id = e.partner_id
				and v.subject = e.kind || '_enrolment'
			group by v.occurred_at
		) n
	) s
	where s.active > 0), '{}');
update onboarding.enrolment e
set active_during = e.active_during + tstzmultirange(tstzrange(e.created_at, null))
where e.state = 'active' and not upper_inf(e.active_during);
update onboarding.enrolment e
set active_during = e.active_during - tstzmultirange(tstzrange(coalesce((
	select max(v.occurred_at)
	from events.event v
	where v.market_id = e.market_id and v.partner_id = e.partner_id
		and v.subject = e.kind || '_enrolment' and v.from_state = 'active'), e.created_at), null))
where e.state <> 'active' and upper_inf(e.active_during);

alter table cocreation.idea add column closed_at timestamptz;
comment on column cocreation.idea.closed_at is 'when it expired or was withdrawn; null: it did not';
grant update (closed_at) on cocreation.idea to wall_runner;
update cocreation.idea i
set closed_at = coalesce((
	select max(v.occurred_at)
	from events.event v
	where v.market_id = i.market_id and v.partner_id = i.submitter_id
		and v.kind in ('idea.expired', 'idea.withdrawn') and v.subject_id = i.idea_id),
	i.gathering_until)
where i.state in ('expired', 'withdrawn');
alter table cocreation.idea add constraint idea_closed_at check (
	(state in ('expired', 'withdrawn')) = (closed_at is not null));

comment on column api.payout_run.left_out_count is 'wallets left as they are: a bank account is due, or its IBAN was changed';

-- Its reason is one argument more; of two functions of the name every call would be ambiguous.
set local client_min_messages = warning;
drop function if exists fulfilment.finish_trip(fulfilment.trip, uuid, uuid, uuid, text);
drop function if exists cocreation.require_reportable(int, uuid, date, uuid);
reset client_min_messages;
