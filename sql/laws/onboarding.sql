-- Laws of onboarding: enrolments hang on partners and programmes.

create or replace view laws.enrolment_has_partner as
select e.market_id, e.partner_id, e.kind
from onboarding.enrolment e
where not exists (
	select from identity.partner p
	where p.market_id = e.market_id and p.partner_id = e.partner_id);
comment on view laws.enrolment_has_partner is 'Every enrolment has its partner.';

create or replace view laws.enrolment_has_partner_examined as
select count(*) as examined from onboarding.enrolment;

create or replace view laws.enrolment_fits_programme as
select e.market_id, e.partner_id, e.kind, e.programme_id
from onboarding.enrolment e
where e.programme_id is not null and not exists (
	select from onboarding.programme p
	where p.market_id = e.market_id and p.programme_id = e.programme_id and p.kind = e.kind);
comment on view laws.enrolment_fits_programme is 'The programme of an enrolment exists and is for its kind.';

create or replace view laws.enrolment_fits_programme_examined as
select count(*) as examined from onboarding.enrolment where programme_id is not null;

-- By the states that are written down: between midnight and the runner's next look a document may
-- be over that still stands verified.
create or replace view laws.active_enrolment_lacks_nothing as
select e.market_id, e.partner_id, e.kind, k.requirement
from onboarding.enrolment e
join onboarding.programme p on p.market_id = e.market_id and p.programme_id = e.programme_id
join onboarding.requirement_kind k on k.requirement = any (p.requirements) and k.blocks = 'work'
where e.state = 'active'
	and not exists (
		select from onboarding.document d
		where d.market_id = e.market_id and d.partner_id = e.partner_id
			and d.state = 'verified' and d.kind = any (k.accepts))
	and not ('vehicle_rental' = any (k.accepts) and exists (
		select from services.rental r
		join services.listing l on l.market_id = r.market_id and l.listing_id = r.listing_id
		where r.market_id = e.market_id and r.partner_id = e.partner_id
			and r.state = 'active' and l.asset_kind = 'vehicle'));
comment on view laws.active_enrolment_lacks_nothing is 'Nothing that blocks work is due of an active enrolment.';

create or replace view laws.active_enrolment_lacks_nothing_examined as
select count(*) as examined
from onboarding.enrolment e
join onboarding.programme p on p.market_id = e.market_id and p.programme_id = e.programme_id
where e.state = 'active' and p.requirements <> '{}';

create or replace view laws.enrolment_knows_when_it_was_active as
select e.market_id, e.partner_id, e.kind, e.state, e.active_during
from onboarding.enrolment e
where (e.state = 'active') <> upper_inf(e.active_during)
	or lower(e.active_during) < e.created_at;
comment on view laws.enrolment_knows_when_it_was_active is 'An enrolment is active now where what it remembers goes on, and was not before it began.';

create or replace view laws.enrolment_knows_when_it_was_active_examined as
select count(*) as examined from onboarding.enrolment;

create or replace view laws.review_has_reviewer as
select d.market_id, d.document_id, d.state, d.reviewed_by
from onboarding.document d
where d.state in ('verified', 'rejected') and (
	select count(*)
	from events.event v
	where v.market_id = d.market_id and v.subject = 'document' and v.subject_id = d.document_id
		and v.kind = 'document.' || d.state and v.actor_id = d.reviewed_by
		and v.actor_role = 'operator' and v.occurred_at = d.reviewed_at) <> 1
	and not exists (
		select from events.archived k
		where k.market_id = d.market_id and k.occurred_until >= d.reviewed_at);
comment on view laws.review_has_reviewer is 'A document is verified or rejected by an operator, once, and an event says by whom.';

create or replace view laws.review_has_reviewer_examined as
select count(*) as examined from onboarding.document where state in ('verified', 'rejected');

create or replace view laws.document_stands_where_its_events_end as
select d.market_id, d.document_id, d.state
from onboarding.document d
where (
	select sum(case when v.to_state = d.state then 1 else 0 end
		- case when v.from_state = d.state then 1 else 0 end)
	from events.event v
	where v.market_id = d.market_id and v.partner_id = d.partner_id
		and v.subject = 'document' and v.subject_id = d.document_id
) is distinct from 1
	and not exists (
		select from events.archived k
		where k.market_id = d.market_id and k.occurred_until >= d.submitted_at);
comment on view laws.document_stands_where_its_events_end is 'The state of a document is the one to which its events lead.';

create or replace view laws.document_stands_where_its_events_end_examined as
select count(*) as examined from onboarding.document;

alter view laws.enrolment_has_partner owner to wall_law;
alter view laws.enrolment_has_partner_examined owner to wall_law;
alter view laws.enrolment_fits_programme owner to wall_law;
alter view laws.enrolment_fits_programme_examined owner to wall_law;
grant select on laws.enrolment_has_partner, laws.enrolment_has_partner_examined,
	laws.enrolment_fits_programme, laws.enrolment_fits_programme_examined
	to socius_law;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['active_enrolment_lacks_nothing',
		'enrolment_knows_when_it_was_active', 'review_has_reviewer',
		'document_stands_where_its_events_end'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
