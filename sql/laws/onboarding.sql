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

alter view laws.enrolment_has_partner owner to wall_law;
alter view laws.enrolment_has_partner_examined owner to wall_law;
alter view laws.enrolment_fits_programme owner to wall_law;
alter view laws.enrolment_fits_programme_examined owner to wall_law;
grant select on laws.enrolment_has_partner, laws.enrolment_has_partner_examined,
	laws.enrolment_fits_programme, laws.enrolment_fits_programme_examined
	to socius_law;
