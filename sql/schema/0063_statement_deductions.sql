-- Statements tell what was withheld for deductions from everything else.

create or replace view payouts.line with (security_invoker = true) as
select x.market_id, x.owner_id, x.week, x.entry_no, x.transaction_id, x.kind, x.cause_id,
	x.occurred_at, x.posted_at, x.currency,
	coalesce(t.partner_share_minor, 0) as share_minor,
	coalesce(t.tip_minor, 0) as tips_minor,
	coalesce(t.tolls_minor, 0) as tolls_minor,
	-coalesce(t.cash_collected_minor, 0) as cash_collected_minor,
	case when x.kind = 'slot_pay' then x.wallet_minor else 0 end as slot_pay_minor,
	case when x.kind = 'payout' then x.wallet_minor else 0 end as payouts_minor,
	case when x.kind in ('trip', 'cancellation_fee', 'slot_pay', 'payout', 'deduction') then 0
		else x.wallet_minor end as other_minor,
	x.wallet_minor as amount_minor,
	case when x.kind = 'deduction' then x.wallet_minor else 0 end as deductions_minor
from ledger.transaction x
left join fulfilment.trip t on t.market_id = x.market_id and t.trip_id = x.cause_id
	and x.kind in ('trip', 'cancellation_fee');

alter type api.statement add attribute deductions_minor bigint;
comment on type api.statement is 'A week of a wallet. Opening, the eight sums and nothing else make closing, which is the opening of the next.';
comment on column api.statement.deductions_minor is 'withheld for deductions, below zero; minor units';

alter type api.statement_line add attribute deductions_minor bigint;
comment on column api.statement_line.deductions_minor is 'withheld for a deduction, below zero; minor units';
comment on column api.statement_line.kind is 'trip, cancellation_fee, slot_pay, deduction, payout, ...';
comment on column api.statement_line.cause_id is 'the trip, booking, deduction, payout, ... behind it; of a reversal the transaction that it takes back';
comment on column api.earning.kind is 'trip, cancellation_fee, slot_pay, deduction, payout, ...';
comment on column api.earning.cause_id is 'the trip, booking, deduction, payout, ... behind it; of a reversal the transaction that it takes back';
