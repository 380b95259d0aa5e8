-- What must hold of trips. A row is a violation. Laws call none of the functions that they watch.

create or replace view laws.trip_parts_sum_to_the_fare as
select t.market_id, t.trip_id
from fulfilment.trip t
where t.partner_share_minor + t.commission_minor <> t.fare_minor + t.cancellation_fee_minor;
comment on view laws.trip_parts_sum_to_the_fare is 'The parts of a trip''s split sum to the fare, or to the cancellation fee.';

create or replace view laws.trip_parts_sum_to_the_fare_examined as
select count(*) as examined from fulfilment.trip;

-- With two parties the largest remainder is the nearest unit. Ties may go either way here.
create or replace view laws.commission_is_on_the_fare as
select t.market_id, t.trip_id, t.commission_minor
from fulfilment.trip t
left join ledger.share_agreement a on a.market_id = t.market_id
	and a.share_agreement_id = t.share_agreement_id
where a.share_agreement_id is null
	or 2 * abs(t.commission_minor * 1000000::numeric
		- (t.fare_minor + t.cancellation_fee_minor)::numeric
			* coalesce(a.shares_ppm[array_position(a.parties, 'platform')], 0)) > 1000000;
comment on view laws.commission_is_on_the_fare is 'Commission is the agreed part of the fare (or cancellation fee) to the nearest unit, and of nothing else.';

create or replace view laws.commission_is_on_the_fare_examined as
select count(*) as examined from fulfilment.trip;

create or replace view laws.trip_amounts_add_up as
select t.market_id, t.trip_id
from fulfilment.trip t
where t.total_minor <> t.fare_minor + t.tip_minor + t.tolls_minor + t.taxes_and_fees_minor
		+ t.cancellation_fee_minor
	or t.earnings_minor <> t.partner_share_minor + t.tip_minor + t.tolls_minor
	or t.cash_collected_minor <> case when t.payment = 'cash' and t.status = 'completed'
		then t.total_minor else 0 end
	or t.wallet_minor <> t.earnings_minor - t.cash_collected_minor;
comment on view laws.trip_amounts_add_up is 'Tip and tolls are the driver''s untouched, and a wallet gets the earnings less the cash collected.';

create or replace view laws.trip_amounts_add_up_examined as
select count(*) as examined from fulfilment.trip;

-- Both sides are looked at: trips without their transaction, and transactions without their trip.
create or replace view laws.trips_are_posted_once as
select coalesce(t.market_id, x.market_id) as market_id, coalesce(t.trip_id, x.cause_id) as trip_id,
	x.posted
from (
	select t.*
	from fulfilment.trip t
	where t.status = 'completed' or t.total_minor > 0
) t
full join (
	select x.market_id, x.cause_id, count(*) as posted, min(x.owner_id::text)::uuid as owner_id,
		min(x.kind) as kind, sum(x.wallet_minor) as wallet_minor,
		sum((select sum(e.amount) from unnest(x.accounts, x.amounts) as e (account, amount)
			where e.account = 1000)) as collected_minor,
		sum((select sum(e.amount) from unnest(x.accounts, x.amounts) as e (account, amount)
			where e.account in (4000, 4100))) as commission_minor,
		sum((select sum(e.amount) from unnest(x.accounts, x.amounts) as e (account, amount)
			where e.account = 2100)) as taxes_minor
	from ledger.transaction x
	where x.kind in ('trip', 'cancellation_fee')
	group by x.market_id, x.cause_id
) x on x.market_id = t.market_id and x.cause_id = t.trip_id
where t.trip_id is null
	or x.posted is distinct from 1
	or x.owner_id <> t.partner_id
	or x.kind <> case t.status when 'completed' then 'trip' else 'cancellation_fee' end
	or x.wallet_minor <> t.wallet_minor
	or coalesce(x.collected_minor, 0) <> t.total_minor - t.cash_collected_minor
	or x.commission_minor <> -t.commission_minor
	or coalesce(x.taxes_minor, 0) <> -t.taxes_and_fees_minor;
comment on view laws.trips_are_posted_once is 'A completed trip, or one with a cancellation fee, has exactly one ledger transaction, of the same amounts; every such transaction has its trip.';

create or replace view laws.trips_are_posted_once_examined as
select count(*) as examined from fulfilment.trip;

create or replace view laws.trips_have_events as
select t.market_id, t.trip_id, t.status
from fulfilment.trip t
left join events.event e on e.market_id = t.market_id and e.subject = 'trip'
	and e.subject_id = t.trip_id
where not exists (
	select from events.archived k
	where k.market_id = t.market_id and k.occurred_until >= t.reported_at)
group by t.market_id, t.trip_id
having count(e.event_id) <> 1 or min(e.to_state) <> t.status::text
	or min(e.partner_id::text) <> t.partner_id::text;
comment on view laws.trips_have_events is 'Each trip has exactly one event, of its status, in its driver''s feed.';

create or replace view laws.trips_have_events_examined as
select count(*) as examined from fulfilment.trip;

-- What the events tell, not the intervals that the enrolment keeps; where they are gone nothing is
-- said. Who was paid in cash may have been anybody.
create or replace view laws.trips_have_drivers as
with stands as materialized (
	select n.market_id, n.partner_id, n.occurred_at,
		sum(n.turns) over (partition by n.market_id, n.partner_id order by n.occurred_at) as active,
		lead(n.occurred_at) over (partition by n.market_id, n.partner_id order by n.occurred_at)
			as until_at
	from (
		select v.market_id, v.partner_id, v.occurred_at,
			count(*) filter (where v.to_state = 'active')
				- count(*) filter (where v.from_state = 'active') as turns
		from events.event v
		where v.subject = 'driver_enrolment'
		group by v.market_id, v.partner_id, v.occurred_at
	) n
)
select t.market_id, t.trip_id, t.partner_id, t.started_at, s.active
from fulfilment.trip t
left join onboarding.enrolment e on e.market_id = t.market_id
	and e.partner_id = t.partner_id and e.kind = 'driver'
left join stands s on s.market_id = t.market_id and s.partner_id = t.partner_id
	and s.occurred_at <= t.started_at and t.started_at < coalesce(s.until_at, 'infinity')
where not (t.payment = 'cash' and t.status = 'completed')
	and (e.partner_id is null or s.active <> 1);
comment on view laws.trips_have_drivers is 'Who drove was an active driver when the trip began, unless it was finished and paid in cash.';

create or replace view laws.trips_have_drivers_examined as
select count(*) as examined from fulfilment.trip;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['trip_parts_sum_to_the_fare', 'commission_is_on_the_fare',
		'trip_amounts_add_up', 'trips_are_posted_once', 'trips_have_events', 'trips_have_drivers'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
