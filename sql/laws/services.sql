-- What must hold of vendors, listings, redemptions, assets and rentals. A row is a violation. Laws
-- call none of the functions that they watch.

create or replace view laws.redemptions_within_stock as
select l.market_id, l.listing_id, l.stock, l.redeemed, coalesce(r.redemptions, 0) as redemptions
from services.listing l
left join (
	select d.market_id, d.listing_id, count(*) as redemptions
	from services.redemption d
	group by d.market_id, d.listing_id
) r on r.market_id = l.market_id and r.listing_id = l.listing_id
where l.redeemed <> coalesce(r.redemptions, 0)
	or coalesce(r.redemptions, 0) > coalesce(l.stock, 0);
comment on view laws.redemptions_within_stock is 'A listing was redeemed as often as it has counted, never more often than its stock.';

create or replace view laws.redemptions_within_stock_examined as
select count(*) as examined from services.listing;

create or replace view laws.redeemed_once_per_partner as
select r.market_id, r.listing_id, r.partner_id, count(*) as redemptions
from services.redemption r
group by r.market_id, r.listing_id, r.partner_id
having count(*) > 1;
comment on view laws.redeemed_once_per_partner is 'A partner has redeemed a listing at most once.';

create or replace view laws.redeemed_once_per_partner_examined as
select count(*) as examined from services.redemption;

create or replace view laws.redemptions_reimbursed_once as
select coalesce(r.market_id, x.market_id) as market_id,
	coalesce(r.redemption_id, x.cause_id) as redemption_id, r.due_minor, x.postings, x.paid_minor
from (
	select d.market_id, d.redemption_id, d.reimbursed_minor, l.vendor_id,
		div((l.list_price_minor - l.partner_price_minor)::numeric * l.reimbursed_ppm, 1000000)
			as due_minor
	from services.redemption d
	left join services.listing l on l.market_id = d.market_id and l.listing_id = d.listing_id
) r
full join (
	select t.market_id, t.cause_id, t.owner_id, count(distinct t.entry_no) as postings,
		sum(e.amount) filter (where e.account = 5200) as paid_minor,
		-sum(e.amount) filter (where e.account = 2000) as got_minor
	from ledger.transaction t
	cross join lateral unnest(t.accounts, t.amounts) as e (account, amount)
	where t.kind = 'discount'
	group by t.market_id, t.cause_id, t.owner_id
) x on x.market_id = r.market_id and x.cause_id = r.redemption_id and x.owner_id = r.vendor_id
where r.redemption_id is null or r.due_minor is null
	or r.reimbursed_minor <> r.due_minor
	or coalesce(x.postings, 0) <> (r.due_minor > 0)::int
	or coalesce(x.paid_minor, 0) <> r.due_minor
	or coalesce(x.got_minor, 0) <> r.due_minor;
comment on view laws.redemptions_reimbursed_once is 'A vendor got the agreed part of the saving of each redemption back, exactly once; nothing else is paid for discounts.';

create or replace view laws.redemptions_reimbursed_once_examined as
select count(*) as examined from services.redemption;

-- Twice: as agreed, of what is still to come or under way; and as it was, of who has had the asset.
create or replace view laws.rentals_never_overlap as
select o.market_id, o.asset_id, o.rental_id
from (
	select r.market_id, r.asset_id, r.rental_id, r.starts_at,
		max(r.ends_at) over w as taken_until
	from services.rental r
	where r.state in ('reserved', 'active')
	window w as (partition by r.market_id, r.asset_id order by r.starts_at, r.rental_id
		rows between unbounded preceding and 1 preceding)
) o
where o.starts_at < o.taken_until
union all
select o.market_id, o.asset_id, o.rental_id
from (
	select r.market_id, r.asset_id, r.rental_id, r.started_at,
		max(coalesce(r.returned_at, 'infinity')) over w as out_until
	from services.rental r
	where r.state in ('active', 'returned', 'lost')
	window w as (partition by r.market_id, r.asset_id
		order by r.started_at, coalesce(r.returned_at, 'infinity'), r.rental_id
		rows between unbounded preceding and 1 preceding)
) o
where o.started_at < o.out_until;
comment on view laws.rentals_never_overlap is 'Nobody has or gets an asset at a time when somebody else has it.';

create or replace view laws.rentals_never_overlap_examined as
select count(*) as examined from services.rental;

create or replace view laws.assets_match_rentals as
select a.market_id, a.asset_id, a.busy, r.busy as rented, a.is_out
from services.asset a
left join (
	select n.market_id, n.asset_id, range_agg(tstzrange(n.starts_at, n.ends_at)) as busy,
		bool_or(n.state = 'active') as is_out
	from services.rental n
	where n.state in ('reserved', 'active')
	group by n.market_id, n.asset_id
) r on r.market_id = a.market_id and r.asset_id = a.asset_id
where a.busy <> coalesce(r.busy, '{}') or a.is_out <> coalesce(r.is_out, false);
comment on view laws.assets_match_rentals is 'The calendar of an asset holds exactly its reserved and active rentals, and says whether it is out.';

create or replace view laws.assets_match_rentals_examined as
select count(*) as examined from services.asset;

-- A lost asset is rented no more, and each loss is a rental's.
create or replace view laws.lost_assets_stay_lost as
select a.market_id, a.asset_id, r.rental_id
from services.asset a
join services.rental r on r.market_id = a.market_id and r.asset_id = a.asset_id
where a.lost_at is not null and (r.state in ('reserved', 'active') or r.created_at > a.lost_at)
union all
select r.market_id, r.asset_id, r.rental_id
from services.rental r
left join services.asset a on a.market_id = r.market_id and a.asset_id = r.asset_id
where r.state = 'lost' and a.lost_at is null
union all
select a.market_id, a.asset_id, null
from services.asset a
where a.lost_at is not null and not exists (
	select from services.rental r
	where r.market_id = a.market_id and r.asset_id = a.asset_id and r.state = 'lost');
comment on view laws.lost_assets_stay_lost is 'An asset is lost by a rental that says so, and nobody rents it after that.';

create or replace view laws.lost_assets_stay_lost_examined as
select count(*) as examined from services.asset a where a.lost_at is not null;

create or replace view laws.rentals_charged_once as
select coalesce(r.market_id, x.market_id) as market_id,
	coalesce(r.rental_id, x.cause_id) as rental_id, r.due_minor, r.charge_minor, r.vendor_minor,
	x.postings, x.receivable_minor, x.vendor_got_minor, x.platform_got_minor
from (
	select n.market_id, n.rental_id, n.charge_minor, n.vendor_minor, l.vendor_id, a.base,
		a.shares_ppm[array_position(a.parties, 'vendor')] as vendor_ppm,
		n.daily_price_minor * greatest(1, ceil(
			extract(epoch from n.returned_at - n.started_at) / 86400)) as due_minor
	from services.rental n
	left join services.listing l on l.market_id = n.market_id and l.listing_id = n.listing_id
	left join ledger.share_agreement a on a.market_id = n.market_id
		and a.share_agreement_id = n.share_agreement_id
	where n.state in ('returned', 'lost')
) r
full join (
	select t.market_id, t.cause_id, t.owner_id, count(distinct t.entry_no) as postings,
		sum(e.amount) filter (where e.account = 1200) as receivable_minor,
		-sum(e.amount) filter (where e.account = 2000) as vendor_got_minor,
		-sum(e.amount) filter (where e.account = 4000) as platform_got_minor
	from ledger.transaction t
	cross join lateral unnest(t.accounts, t.amounts) as e (account, amount)
	where t.kind = 'rental'
	group by t.market_id, t.cause_id, t.owner_id
) x on x.market_id = r.market_id and x.cause_id = r.rental_id and x.owner_id = r.vendor_id
where r.rental_id is null
	or r.charge_minor is distinct from r.due_minor
	or r.base is distinct from 'price'
	or (abs(r.vendor_minor::numeric * 1000000 - r.charge_minor::numeric * r.vendor_ppm) < 1000000)
		is not true
	or coalesce(x.postings, 0) <> (r.due_minor > 0)::int
	or coalesce(x.receivable_minor, 0) <> r.due_minor
	or coalesce(x.vendor_got_minor, 0) <> r.vendor_minor
	or coalesce(x.platform_got_minor, 0) <> r.charge_minor - r.vendor_minor;
comment on view laws.rentals_charged_once is 'A rental that is over costs its started days; vendor and platform got it by the agreement, exactly once; nothing else is charged for rentals.';

create or replace view laws.rentals_charged_once_examined as
select count(*) as examined from services.rental r
where r.state in ('returned', 'lost');

create or replace view laws.rentals_owed_by_their_partners as
select coalesce(r.market_id, d.market_id) as market_id,
	coalesce(r.rental_id, d.cause_id) as rental_id, r.charge_minor, d.debts, d.owed_minor
from (
	select n.market_id, n.rental_id, n.partner_id, n.charge_minor
	from services.rental n
	where n.state in ('returned', 'lost')
) r
full join (
	select k.market_id, k.cause_id, k.owner_id, count(*) as debts, sum(k.owed_minor) as owed_minor
	from ledger.deduction k
	where k.kind = 'rental'
	group by k.market_id, k.cause_id, k.owner_id
) d on d.market_id = r.market_id and d.cause_id = r.rental_id and d.owner_id = r.partner_id
where r.rental_id is null
	or coalesce(d.debts, 0) <> (r.charge_minor > 0)::int
	or coalesce(d.owed_minor, 0) <> r.charge_minor;
comment on view laws.rentals_owed_by_their_partners is 'What a partner owes for a rental is its charge, once.';

create or replace view laws.rentals_owed_by_their_partners_examined as
select count(*) as examined from services.rental r
where r.state in ('returned', 'lost');

create or replace view laws.rentals_tell_each_transition as
select r.market_id, r.rental_id, r.state, e.balance
from services.rental r
left join lateral (
	select sum((v.to_state = r.state)::int - coalesce(v.from_state = r.state, false)::int)
		as balance
	from events.event v
	where v.market_id = r.market_id and v.subject = 'rental' and v.subject_id = r.rental_id
) e on true
where e.balance is distinct from 1
	and not exists (
		select from events.archived k
		where k.market_id = r.market_id and k.occurred_until >= r.created_at);
comment on view laws.rentals_tell_each_transition is 'The state of a rental is the one to which its events lead.';

create or replace view laws.rentals_tell_each_transition_examined as
select count(*) as examined from services.rental;

create or replace view laws.services_are_whole as
select l.market_id, l.listing_id as id
from services.listing l
join core.market m on m.market_id = l.market_id
left join services.vendor v on v.market_id = l.market_id and v.vendor_id = l.vendor_id
left join ledger.wallet w on w.market_id = l.market_id and w.owner_id = l.vendor_id
where v.vendor_id is null or w.owner_kind is distinct from 'vendor' or l.currency <> m.currency
union all
select r.market_id, r.redemption_id
from services.redemption r
left join services.listing l on l.market_id = r.market_id and l.listing_id = r.listing_id
left join identity.partner p on p.market_id = r.market_id and p.partner_id = r.partner_id
where l.kind is distinct from 'discount' or p.partner_id is null
union all
select a.market_id, a.asset_id
from services.asset a
left join services.listing l on l.market_id = a.market_id and l.listing_id = a.listing_id
where l.kind is distinct from 'rental'
union all
select r.market_id, r.rental_id
from services.rental r
left join services.asset a on a.market_id = r.market_id and a.asset_id = r.asset_id
left join services.listing l on l.market_id = r.market_id and l.listing_id = r.listing_id
left join identity.partner p on p.market_id = r.market_id and p.partner_id = r.partner_id
where a.listing_id is distinct from r.listing_id or p.partner_id is null
	or l.currency is distinct from r.currency;
comment on view laws.services_are_whole is 'A listing has its vendor, who has a wallet; redemptions, assets and rentals have their listings and partners.';

create or replace view laws.services_are_whole_examined as
select count(*) as examined from services.listing;

do $$
declare
	v_law text;
begin
	foreach v_law in array array['redemptions_within_stock', 'redeemed_once_per_partner',
		'redemptions_reimbursed_once', 'rentals_never_overlap', 'assets_match_rentals',
		'rentals_charged_once', 'rentals_owed_by_their_partners', 'rentals_tell_each_transition',
		'lost_assets_stay_lost', 'services_are_whole'] loop
		execute format('alter view laws.%I owner to wall_law', v_law);
		execute format('alter view laws.%I owner to wall_law', v_law || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_law,
			v_law || '_examined');
	end loop;
end
$$;
