-- What must hold of those whom payout runs left out, and of those whom they did not.

-- Two minutes: a request's clock and a runner's are read before they wait for each other. What was
-- changed when is told by the events of everybody, not by what payout runs go by.
create or replace view laws.payouts_reach_a_bank_account as
select p.market_id, p.payout_id, p.partner_id, p.created_at, b.created_at as account_since
from payouts.payout p
left join onboarding.bank_account b
	on b.market_id = p.market_id and b.partner_id = p.partner_id
where exists (
		select from events.event v
		where v.market_id = p.market_id and v.partner_id = p.partner_id
			and v.kind = 'bank_account.changed'
			and v.occurred_at < p.created_at - interval '2 minutes'
			and v.occurred_at > p.created_at - interval '72 hours')
	or ((b.partner_id is null or b.created_at > p.created_at + interval '2 minutes')
		and exists (
			select from onboarding.enrolment e
			join onboarding.programme g
				on g.market_id = e.market_id and g.programme_id = e.programme_id
			where e.market_id = p.market_id and e.partner_id = p.partner_id
				and e.created_at < p.created_at - interval '2 minutes'
				and 'bank_account' = any (g.requirements)));
comment on view laws.payouts_reach_a_bank_account is 'Nobody was paid who changed the IBAN in the 72 hours before, or whose programme asks for a bank account and who had none.';

create or replace view laws.payouts_reach_a_bank_account_examined as
select count(*) as examined from payouts.payout;

create or replace view laws.left_out_adds_up as
select r.market_id, r.payout_run_id, r.left_out_count, l.counted, r.left_out_minor, l.sum_minor
from payouts.payout_run r
full join (
	select k.market_id, k.payout_run_id, count(*) as counted, sum(k.balance_minor) as sum_minor,
		bool_or(exists (
			select from payouts.payout p
			where p.market_id = k.market_id and p.payout_run_id = k.payout_run_id
				and p.partner_id = k.partner_id)) as paid_too
	from payouts.left_out k
	group by k.market_id, k.payout_run_id
) l on l.market_id = r.market_id and l.payout_run_id = r.payout_run_id
where r.payout_run_id is null
	or r.left_out_count <> coalesce(l.counted, 0)
	or r.left_out_minor <> coalesce(l.sum_minor, 0)
	or l.paid_too;
comment on view laws.left_out_adds_up is 'A run counts whom it left out, and paid none of them.';

create or replace view laws.left_out_adds_up_examined as
select (select count(*) from payouts.left_out) + (select count(*) from payouts.payout_run)
	as examined;

do $$
declare
	v_view text;
begin
	foreach v_view in array array['payouts_reach_a_bank_account', 'left_out_adds_up'] loop
		execute format('alter view laws.%I owner to wall_law', v_view);
		execute format('alter view laws.%I owner to wall_law', v_view || '_examined');
		execute format('grant select on laws.%I, laws.%I to socius_law', v_view,
			v_view || '_examined');
	end loop;
end
$$;
