-- Laws of events: each life is one chain, and the present state is its end. Wherever a law asks for the
-- events of something, it asks for none that are in the archive (events.archived).

-- A chain without its order: events of one subject lie in the order of their transactions' ids,
-- and two transactions that met may have begun the other way round. So each life is held against
-- what any order of it must show: one birth, and every state entered as often as left, but for
-- the one in which it stands, entered once more.
create or replace view laws.event_chain_holds as
select b.market_id, b.subject, b.subject_id
from (
	select s.market_id, s.subject, s.subject_id, s.state, sum(s.entered) as balance,
		sum(s.born) as births
	from (
		select e.market_id, e.subject, e.subject_id, e.to_state as state, 1 as entered,
			(e.from_state is null)::int as born
		from events.event e
		where e.to_state is not null
		union all
		select e.market_id, e.subject, e.subject_id, e.from_state, -1, 0
		from events.event e
		where e.from_state is not null
	) s
	group by s.market_id, s.subject, s.subject_id, s.state
) b
group by b.market_id, b.subject, b.subject_id
having (sum(b.balance) <> 1 or min(b.balance) < 0 or max(b.balance) > 1)
	and (sum(b.births) > 0 or not exists (
		select from events.archived k where k.market_id = b.market_id));
comment on view laws.event_chain_holds is 'The events of one subject are one chain from its birth to the state in which it stands.';

create or replace view laws.event_chain_holds_examined as
select count(*) as examined
from events.event
where to_state is not null;

create or replace view laws.event_has_market as
select e.market_id, e.event_id
from events.event e
where not exists (select from core.market m where m.market_id = e.market_id)
union all
select e.market_id, e.event_id
from events.event e
where e.partner_id is not null and not exists (
	select from identity.partner p
	where p.market_id = e.market_id and p.partner_id = e.partner_id);
comment on view laws.event_has_market is 'Every event stands in a market, and the partner in whose feed it is exists there.';

create or replace view laws.event_has_market_examined as
select count(*) as examined from events.event;

create or replace view laws.enrolment_stands_where_its_events_end as
select e.market_id, e.partner_id, e.kind, e.state
from onboarding.enrolment e
where (
	select sum(case when v.to_state = e.state then 1 else 0 end
		- case when v.from_state = e.state then 1 else 0 end)
	from events.event v
	where v.market_id = e.market_id and v.partner_id = e.partner_id
		and v.subject = e.kind || '_enrolment' and v.subject_id = e.partner_id
) is distinct from 1
	and not exists (
		select from events.archived k
		where k.market_id = e.market_id and k.occurred_until >= e.created_at);
comment on view laws.enrolment_stands_where_its_events_end is 'The state of an enrolment is the one to which its events lead.';

create or replace view laws.enrolment_stands_where_its_events_end_examined as
select count(*) as examined from onboarding.enrolment;

-- A CHECK of this would cost a quarter of each insert: it is parsed again by every statement.
create or replace view laws.event_is_named as
select e.market_id, e.event_id, e.kind
from events.event e
where e.kind !~ '^[a-z_]+\.[a-z_]+$';
comment on view laws.event_is_named is 'An event''s kind says what it is about and what happened: booking.confirmed.';

create or replace view laws.event_is_named_examined as
select count(*) as examined from events.event;

alter view laws.event_is_named owner to wall_law;
alter view laws.event_is_named_examined owner to wall_law;
grant select on laws.event_is_named, laws.event_is_named_examined to socius_law;

alter view laws.event_chain_holds owner to wall_law;
alter view laws.event_chain_holds_examined owner to wall_law;
alter view laws.event_has_market owner to wall_law;
alter view laws.event_has_market_examined owner to wall_law;
alter view laws.enrolment_stands_where_its_events_end owner to wall_law;
alter view laws.enrolment_stands_where_its_events_end_examined owner to wall_law;
grant select on laws.event_chain_holds, laws.event_chain_holds_examined,
	laws.event_has_market, laws.event_has_market_examined,
	laws.enrolment_stands_where_its_events_end,
	laws.enrolment_stands_where_its_events_end_examined
	to socius_law;
