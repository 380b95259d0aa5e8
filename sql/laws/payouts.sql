-- What must hold of payouts, runs, statements and closed weeks. A row is a violation.

-- The payout rows of the ledger cut a wallet's entries into stretches; each stretch must be what the
-- payout behind it says it settles. So it is counted twice, from the ledger and from the payout.
create or replace view laws.payouts_sum_their_entries as
with
cut as (
	select x.market_id, x.owner_id, x.entry_no, x.kind, x.cause_id, x.wallet_minor,
		count(*) filter (where x.kind = 'payout') over (
			partition by x.market_id, x.owner_id order by x.entry_no
			rows between unbounded preceding and 1 preceding) as stretch
	from ledger.transaction x
),
stretches as (
	select c.market_id, c.owner_id, c.stretch,
		sum(c.wallet_minor) filter (where c.kind <> 'payout') as sum_minor,
		min(c.entry_no) filter (where c.kind <> 'payout') as first_entry_no,
		max(c.entry_no) filter (where c.kind <> 'payout') as last_entry_no,
		sum(c.wallet_minor) filter (where c.kind = 'payout') as paid_minor,
		(array_agg(c.cause_id) filter (where c.kind = 'payout'))[1] as payout_id
	from cut c
	group by c.market_id, c.owner_id, c.stretch
)
select coalesce(p.market_id, s.market_id) as market_id, coalesce(p.payout_id, s.payout_id)
	as payout_id, p.amount_minor, s.sum_minor, s.paid_minor
from payouts.payout p
full join (select * from stretches where payout_id is not null) s
	on s.market_id = p.market_id and s.payout_id = p.payout_id
where p.partner_id is distinct from s.owner_id
	or p.amount_minor is distinct from s.sum_minor
	or p.amount_minor is distinct from -s.paid_minor
	or p.first_entry_no is distinct from s.first_entry_no
	or p.last_entry_no is distinct from s.last_entry_no;
comment on view laws.payouts_sum_their_entries is 'A payout is the sum of the entries that it settles, and is posted once, right behind them.';

create or replace view laws.payouts_sum_their_entries_examined as
select count(*) as examined from payouts.payout;

create or replace view laws.payouts_follow_on as
select f.market_id, f.partner_id, f.payout_id, f.first_entry_no
from (
	select p.market_id, p.partner_id, p.payout_id, p.first_entry_no,
		lag(p.last_entry_no + 1, 1, 0::bigint) over (
			partition by p.market_id, p.partner_id order by p.first_entry_no) as settled_before
	from payouts.payout p
) f
where f.first_entry_no <> f.settled_before + 1;
comment on view laws.payouts_follow_on is 'Each entry is settled by at most one payout and none is left out: their ranges follow on.';

create or replace view laws.payouts_follow_on_examined as
select count(*) as examined from payouts.payout;

create or replace view laws.wallets_know_what_is_settled as
select w.market_id, w.owner_id, w.settled_entries, w.entries, w.dirty, p.last_entry_no
from ledger.wallet w
left join (
	select k.market_id, k.partner_id, max(k.last_entry_no) as last_entry_no
	from payouts.payout k
	group by k.market_id, k.partner_id
) p on p.market_id = w.market_id and p.partner_id = w.owner_id
where w.settled_entries <> coalesce(p.last_entry_no + 1, 0)
	or w.dirty <> (w.settled_entries < w.entries);
comment on view laws.wallets_know_what_is_settled is 'A wallet is settled up to its last payout, and dirty when there are entries after it.';

create or replace view laws.wallets_know_what_is_settled_examined as
select count(*) as examined from ledger.wallet;

create or replace view laws.payout_runs_add_up as
select r.market_id, r.payout_run_id, r.payouts_count, p.counted, r.total_minor, p.sum_minor
from payouts.payout_run r
full join (
	select k.market_id, k.payout_run_id, count(*) as counted, sum(k.amount_minor) as sum_minor
	from payouts.payout k
	group by k.market_id, k.payout_run_id
) p on p.market_id = r.market_id and p.payout_run_id = r.payout_run_id
where r.payout_run_id is null
	or r.payouts_count <> coalesce(p.counted, 0)
	or r.total_minor <> coalesce(p.sum_minor, 0);
comment on view laws.payout_runs_add_up is 'A run''s total is the sum of its payouts.';

create or replace view laws.payout_runs_add_up_examined as
select (select count(*) from payouts.payout) + (select count(*) from payouts.payout_run)
	as examined;

create or replace view laws.payouts_are_owed as
select p.market_id, p.payout_id, p.amount_minor, r.minimum_minor, p.currency, w.currency
	as owed_in, w.owner_kind
from payouts.payout p
left join payouts.payout_run r
	on r.market_id = p.market_id and r.payout_run_id = p.payout_run_id
left join ledger.wallet w on w.market_id = p.market_id and w.owner_id = p.partner_id
where p.amount_minor <= 0
	or p.amount_minor < r.minimum_minor
	or w.owner_kind is distinct from 'partner'
	or p.currency is distinct from w.currency
	or p.currency is distinct from r.currency;
comment on view laws.payouts_are_owed is 'Only partners'' wallets above zero, and not below the run''s minimum, are paid, in their currency.';

create or replace view laws.payouts_are_owed_examined as
select count(*) as examined from payouts.payout;

create or replace view laws.payouts_have_events as
select s.market_id, s.subject, s.subject_id, s.state
from (
	select p.market_id, 'payout' as subject, p.payout_id as subject_id, p.state, p.partner_id,
		p.created_at
	from payouts.payout p
	union all
	select r.market_id, 'payout_run', r.payout_run_id, r.state, null, r.created_at
	from payouts.payout_run r
) s
left join events.event e on e.market_id = s.market_id and e.subject = s.subject
	and e.subject_id = s.subject_id and e.to_state = s.state
	and e.kind = s.subject || '.' || s.state and e.partner_id is not distinct from s.partner_id
where not exists (
	select from events.archived k
	where k.market_id = s.market_id and k.occurred_until >= s.created_at)
group by s.market_id, s.subject, s.subject_id, s.state
having count(e.event_id) = 0 or (s.subject = 'payout' and count(e.event_id) > 1);
comment on view laws.payouts_have_events is 'The state of a payout was told by exactly one event, in its partner''s feed; that of a run, which may fail and be resumed, by one or more.';

create or replace view laws.payouts_have_events_examined as
select (select count(*) from payouts.payout) + (select count(*) from payouts.payout_run)
	as examined;

-- How statements take a line apart, said again: a view with the reader's rights cannot be read here.
create or replace view laws.statement_lines_add_up as
select x.market_id, x.owner_id, x.entry_no, x.kind, x.wallet_minor
from ledger.transaction x
left join fulfilment.trip t on t.market_id = x.market_id and t.trip_id = x.cause_id
where x.kind in ('trip', 'cancellation_fee')
	and x.wallet_minor is distinct from
		t.partner_share_minor + t.tip_minor + t.tolls_minor - t.cash_collected_minor;
comment on view laws.statement_lines_add_up is 'The parts of a statement''s line sum to what it did to the wallet.';

create or replace view laws.statement_lines_add_up_examined as
select count(*) as examined from ledger.transaction;

-- Statements are chained by week, wallets by entry: both must come to the same.
create or replace view laws.statements_reach_the_balance as
select w.market_id, w.owner_id, w.balance_minor, s.closing_minor
from ledger.wallet w
left join (
	select distinct on (k.market_id, k.owner_id) k.market_id, k.owner_id, k.closing_minor
	from (
		select x.market_id, x.owner_id, x.week,
			sum(sum(case when x.kind in ('trip', 'cancellation_fee')
				then t.partner_share_minor + t.tip_minor + t.tolls_minor - t.cash_collected_minor
				else x.wallet_minor end))
				over (partition by x.market_id, x.owner_id order by x.week) as closing_minor
		from ledger.transaction x
		left join fulfilment.trip t on t.market_id = x.market_id and t.trip_id = x.cause_id
			and x.kind in ('trip', 'cancellation_fee')
		group by x.market_id, x.owner_id, x.week
	) k
	order by k.market_id, k.owner_id, k.week desc
) s on s.market_id = w.market_id and s.owner_id = w.owner_id
where w.balance_minor <> coalesce(s.closing_minor, 0);
comment on view laws.statements_reach_the_balance is 'Opening and lines make closing, week by week, and the last closing is the wallet''s balance.';

create or replace view laws.statements_reach_the_balance_examined as
select count(*) as examined from ledger.wallet;

create or replace view laws.closed_weeks_stay as
select x.market_id, x.owner_id, x.entry_no, x.week, x.posted_at, c.closed_at
from ledger.transaction x
join (
	select k.market_id, k.week, min(k.closed_at) over (
		partition by k.market_id order by k.week desc) as closed_at,
		lag(k.week) over (partition by k.market_id order by k.week) as week_before
	from payouts.closed_week k
) c on c.market_id = x.market_id and x.week <= c.week
	and x.week > coalesce(c.week_before, '-infinity')
where x.posted_at > c.closed_at;
comment on view laws.closed_weeks_stay is 'No line comes into a week after it, or a later one, was closed.';

create or replace view laws.closed_weeks_stay_examined as
select count(*) as examined from payouts.closed_week;

create or replace view laws.lines_stand_in_their_week as
select n.market_id, n.owner_id, n.entry_no, n.week, n.own_week
from (
	select x.market_id, x.owner_id, x.entry_no, x.week,
		date_trunc('week', x.occurred_at at time zone m.time_zone - interval '4 hours')::date
			as own_week
	from ledger.transaction x
	join core.market m on m.market_id = x.market_id
) n
where n.week <> n.own_week
	and (n.week < n.own_week or not exists (
		select from payouts.closed_week c
		where c.market_id = n.market_id and c.week = n.week - 7));
comment on view laws.lines_stand_in_their_week is 'A line stands in the week in which it happened, or in the first one behind a closed week.';

create or replace view laws.lines_stand_in_their_week_examined as
select count(*) as examined from ledger.transaction;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['payouts_sum_their_entries', 'payouts_follow_on',
		'wallets_know_what_is_settled', 'payout_runs_add_up', 'payouts_are_owed',
		'payouts_have_events', 'statement_lines_add_up', 'statements_reach_the_balance',
		'closed_weeks_stay', 'lines_stand_in_their_week'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
