-- Payout runs that have failed for good say so, and why; a wallet that cannot be paid is left out.

alter table payouts.payout_run
	add column failure text,
	add column step_wallets int not null default 2000
		constraint payout_run_step check (step_wallets between 1 and 2000);
comment on column payouts.payout_run.failure is 'why it failed; null: it has not';
comment on column payouts.payout_run.step_wallets is 'how many wallets the next step pays: fewer behind one that cannot be paid';
grant update (failure, step_wallets) on payouts.payout_run to wall_runner;
grant update (state, failure, version) on payouts.payout_run to wall_operator;

alter table payouts.payout_run drop constraint payout_run_state, drop constraint payout_run_times;
alter table payouts.payout_run
	add constraint payout_run_state check (state in ('queued', 'running', 'finished', 'failed')),
	add constraint payout_run_failure check ((state = 'failed') = (failure is not null)),
	add constraint payout_run_times check ((state = 'finished') = (finished_at is not null)
		and (state <> 'queued' or started_at is null)
		and (state not in ('running', 'finished') or started_at is not null));

alter table payouts.left_out add column error text;
alter table payouts.left_out drop constraint left_out_reason;
alter table payouts.left_out
	add constraint left_out_reason check (
		reason in ('bank_account_due', 'bank_account_changed', 'payout_failed')),
	add constraint left_out_error check ((reason = 'payout_failed') = (error is not null));
comment on column payouts.left_out.error is 'payout_failed: what went wrong';

alter type api.payout_run add attribute failure text;
comment on column api.payout_run.state is 'queued, running or finished; or failed: then it is resumed once what its failure says is mended';
comment on column api.payout_run.failure is 'why it failed; null: it has not';
comment on column api.payout_run.left_out_count is 'wallets left as they are: for want of a bank account, or because paying them failed';

alter type api.left_out add attribute error text;
comment on column api.left_out.reason is 'bank_account_due, bank_account_changed or payout_failed';
comment on column api.left_out.error is 'what went wrong, with payout_failed; else null';

-- Runs whose job had been given up before there was this state.
with failed as (
	update payouts.payout_run r
	set state = 'failed', failure = coalesce(j.last_error, 'unknown'), version = r.version + 1
	from core.job j, payouts.payout_run b
	where j.market_id = r.market_id and j.subject_id = r.payout_run_id and j.kind = 'run_payouts'
		and j.state = 'failed' and r.state in ('queued', 'running')
		and b.market_id = r.market_id and b.payout_run_id = r.payout_run_id
	returning r.market_id, r.payout_run_id, r.failure, b.state as before
)
insert into events.event (market_id, event_id, kind, subject, subject_id, from_state, to_state,
	actor_id, actor_role, reason, occurred_at)
select f.market_id, core.derived_id(uuid_send(f.payout_run_id) || 'failed'), 'payout_run.failed',
	'payout_run', f.payout_run_id, f.before, 'failed', '00000000-0000-0000-0000-000000000000',
	'runner', f.failure, core.clock(f.market_id, now())
from failed f;
