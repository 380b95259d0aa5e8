-- What must hold of ideas, their supporters and their royalties. A row is a violation. Laws call
-- none of the functions that they watch.

create or replace view laws.supporters_are_counted as
select i.market_id, i.idea_id, i.supporters_count, coalesce(s.supporters, 0) as supporters
from cocreation.idea i
full join (
	select s.market_id, s.idea_id, count(*) as supporters
	from cocreation.support s
	group by s.market_id, s.idea_id
) s on s.market_id = i.market_id and s.idea_id = i.idea_id
where i.supporters_count is distinct from coalesce(s.supporters, 0);
comment on view laws.supporters_are_counted is 'The number of an idea''s supporters is that of the rows in force, and each row has its idea.';

create or replace view laws.supporters_are_counted_examined as
select count(*) as examined from cocreation.idea;

-- Stages below the present one were reached; a qualified idea has reached the present one too.
-- Withdrawals do not undo it, so those are counted who ever supported.
create or replace view laws.idea_reaches_a_stage_once as
select i.market_id, i.idea_id, i.stage, count(*) filter (where e.kind <> 'idea.supported') as flips,
	count(distinct e.actor_id) filter (where e.kind = 'idea.supported') as ever_supported
from cocreation.idea i
left join events.event e on e.market_id = i.market_id and e.subject = 'idea'
	and e.subject_id = i.idea_id
	and e.kind in ('idea.supported', 'idea.stage_reached', 'idea.qualified')
where not exists (
	select from events.archived k
	where k.market_id = i.market_id and k.occurred_until >= i.submitted_at)
group by i.market_id, i.idea_id
having count(*) filter (where e.kind = 'idea.stage_reached') <> i.stage - 1
	or count(*) filter (where e.kind = 'idea.qualified') <> (i.state = 'qualified')::int
	or count(distinct e.actor_id) filter (where e.kind = 'idea.supported') < coalesce((
		select max(g.supporters_needed)
		from cocreation.stage g
		where g.stage < i.stage or i.state = 'qualified'), 0);
comment on view laws.idea_reaches_a_stage_once is 'For each stage that an idea has passed there is exactly one event, and as many accounts as it needs have supported the idea.';

create or replace view laws.idea_reaches_a_stage_once_examined as
select count(*) as examined from cocreation.idea;

-- The primary key says it where it stands; an account's events say it too: it can take back only
-- what it gave.
create or replace view laws.account_supports_once as
select coalesce(e.market_id, s.market_id) as market_id, coalesce(e.idea_id, s.idea_id) as idea_id,
	coalesce(e.account_id, s.account_id) as account_id
from (
	select e.market_id, e.subject_id as idea_id, e.actor_id as account_id,
		sum(case e.kind when 'idea.supported' then 1 else -1 end) as standing
	from events.event e
	where e.kind in ('idea.supported', 'idea.support_withdrawn')
	group by e.market_id, e.subject_id, e.actor_id
) e
full join (
	select s.market_id, s.idea_id, s.account_id, count(*) as standing
	from cocreation.support s
	group by s.market_id, s.idea_id, s.account_id
) s on s.market_id = e.market_id and s.idea_id = e.idea_id and s.account_id = e.account_id
where (coalesce(e.standing, 0) <> coalesce(s.standing, 0)
		or coalesce(e.standing, 0) not between 0 and 1)
	and not exists (
		select from events.archived k
		join cocreation.idea i on i.market_id = k.market_id
			and i.idea_id = coalesce(e.idea_id, s.idea_id)
		where k.market_id = coalesce(e.market_id, s.market_id)
			and k.occurred_until >= i.submitted_at);
comment on view laws.account_supports_once is 'An account supports an idea at most once, as its events say.';

create or replace view laws.account_supports_once_examined as
select count(*) as examined from events.event where kind = 'idea.supported';

create or replace view laws.authors_support_no_own_idea as
select s.market_id, s.idea_id, s.account_id
from cocreation.support s
join identity.partner p on p.market_id = s.market_id and p.account_id = s.account_id
join cocreation.author a on a.market_id = s.market_id and a.idea_id = s.idea_id
	and a.partner_id = p.partner_id;
comment on view laws.authors_support_no_own_idea is 'No author supports the idea it made.';

create or replace view laws.authors_support_no_own_idea_examined as
select count(*) as examined from cocreation.support;

create or replace view laws.authors_share_a_million as
select i.market_id, i.idea_id, sum(a.share_ppm) as shares_ppm
from cocreation.idea i
left join cocreation.author a on a.market_id = i.market_id and a.idea_id = i.idea_id
group by i.market_id, i.idea_id
having sum(a.share_ppm) is distinct from 1000000 or max(a.line) <> count(*);
comment on view laws.authors_share_a_million is 'The shares of an idea''s authors sum to a million, and their lines count without a gap.';

create or replace view laws.authors_share_a_million_examined as
select count(*) as examined from cocreation.idea;

create or replace view laws.idea_stands_where_its_events_end as
select i.market_id, i.idea_id, i.state
from cocreation.idea i
where (
	select sum(case when e.to_state = i.state then 1 else 0 end
		- case when e.from_state = i.state then 1 else 0 end)
	from events.event e
	where e.market_id = i.market_id and e.subject = 'idea' and e.subject_id = i.idea_id
) is distinct from 1
	and not exists (
		select from events.archived k
		where k.market_id = i.market_id and k.occurred_until >= i.submitted_at);
comment on view laws.idea_stands_where_its_events_end is 'The state of an idea is the one to which its events lead.';

create or replace view laws.idea_stands_where_its_events_end_examined as
select count(*) as examined from cocreation.idea;

-- Net sales, not gross; by an agreement on net sales and the latest one when the period ended. With
-- two parties the largest remainder is the nearest unit; ties may go either way here.
create or replace view laws.royalty_is_on_net_sales as
select r.market_id, r.sales_report_id, r.royalty_minor
from cocreation.sales_report r
left join ledger.share_agreement a on a.market_id = r.market_id
	and a.share_agreement_id = r.share_agreement_id
where a.base is distinct from 'net_sales'
	or a.effective_from > r.occurred_at
	or 2 * abs(r.royalty_minor * 1000000::numeric - (r.gross_minor - r.returns_minor)
		* a.shares_ppm[array_position(a.parties, 'partner')]::numeric) > 1000000;
comment on view laws.royalty_is_on_net_sales is 'A royalty is the agreed part of gross sales less returns to the nearest unit.';

create or replace view laws.royalty_is_on_net_sales_examined as
select count(*) as examined from cocreation.sales_report;

create or replace view laws.royalty_parts_sum as
select r.market_id, r.sales_report_id, r.royalty_minor
from cocreation.sales_report r
left join cocreation.sales_report_part t on t.market_id = r.market_id
	and t.sales_report_id = r.sales_report_id
left join cocreation.author a on a.market_id = r.market_id and a.idea_id = r.idea_id
	and a.partner_id = t.partner_id
group by r.market_id, r.sales_report_id
having sum(t.amount_minor) is distinct from r.royalty_minor
	or not bool_and(a.share_ppm is not distinct from t.share_ppm)
	or max(abs(t.amount_minor * 1000000::numeric - r.royalty_minor * t.share_ppm::numeric))
		>= 1000000;
comment on view laws.royalty_parts_sum is 'The parts of a royalty sum to it, each within one unit of its author''s share.';

create or replace view laws.royalty_parts_sum_examined as
select count(*) as examined from cocreation.sales_report_part;

-- Both sides are looked at: parts without their transaction, and transactions without their part.
create or replace view laws.royalties_are_posted_once as
select coalesce(t.market_id, x.market_id) as market_id,
	coalesce(t.sales_report_id, x.cause_id) as sales_report_id,
	coalesce(t.partner_id, x.owner_id) as partner_id, x.posted_minor, x.standing_minor
from (
	select t.market_id, t.sales_report_id, t.partner_id, t.amount_minor, t.transaction_id,
		exists (
			select from cocreation.sales_report n
			where n.market_id = t.market_id and n.restates = t.sales_report_id) as is_restated
	from cocreation.sales_report_part t
	where t.amount_minor > 0
) t
full join (
	select x.market_id, x.owner_id, x.cause_id, count(*) as posted,
		min(x.transaction_id::text)::uuid as transaction_id,
		sum(x.wallet_minor) as posted_minor,
		sum(x.wallet_minor) + coalesce(sum((
			select sum(v.wallet_minor)
			from ledger.transaction v
			where v.market_id = x.market_id and v.owner_id = x.owner_id
				and v.kind = 'reversal' and v.cause_id = x.transaction_id)), 0) as standing_minor
	from ledger.transaction x
	where x.kind = 'royalty'
	group by x.market_id, x.owner_id, x.cause_id
) x on x.market_id = t.market_id and x.cause_id = t.sales_report_id and x.owner_id = t.partner_id
where t.sales_report_id is null
	or x.posted is distinct from 1
	or x.transaction_id <> t.transaction_id
	or x.posted_minor <> t.amount_minor
	or x.standing_minor <> case when t.is_restated then 0 else t.amount_minor end;
comment on view laws.royalties_are_posted_once is 'Each part of a royalty is posted once, to its author; nothing is left of it where the report was restated; every royalty that is posted has its part.';

create or replace view laws.royalties_are_posted_once_examined as
select count(*) as examined from cocreation.sales_report_part where amount_minor > 0;

-- An idea and month has one first report, each report at most one that restates it, of the same
-- idea and month: so one is in force.
create or replace view laws.one_sales_report_is_in_force as
select r.market_id, r.idea_id, r.period
from cocreation.sales_report r
left join cocreation.sales_report n on n.market_id = r.market_id
	and n.restates = r.sales_report_id
left join cocreation.sales_report o on o.market_id = r.market_id
	and o.sales_report_id = r.restates
group by r.market_id, r.idea_id, r.period
having count(*) filter (where n.sales_report_id is null) <> 1
	or not bool_and(r.restates is null
		or (o.idea_id, o.period) is not distinct from (r.idea_id, r.period));
comment on view laws.one_sales_report_is_in_force is 'Of an idea and a month exactly one report is in force.';

create or replace view laws.one_sales_report_is_in_force_examined as
select count(*) as examined from cocreation.sales_report;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['supporters_are_counted', 'idea_reaches_a_stage_once',
		'account_supports_once', 'authors_support_no_own_idea', 'authors_share_a_million',
		'idea_stands_where_its_events_end', 'royalty_is_on_net_sales', 'royalty_parts_sum',
		'royalties_are_posted_once', 'one_sales_report_is_in_force'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
