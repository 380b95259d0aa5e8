-- Jobs of the runner; payout runs and payouts; the lines of statements.

-- An id made of bytes: the same bytes give the same id, so that a step that is taken again makes
-- nothing twice. UUID version 8 (RFC 9562 section 5.8) with 112 bits of SHA-256. Only immutable
-- functions in here: so the planner writes it into the statement, and it takes 2 us instead of 7.
create function core.derived_id(p_from bytea) returns uuid
language sql immutable parallel safe as $$
	select encode(set_byte(set_byte(substr(sha256(p_from), 1, 16), 6, 136), 8, 136), 'hex')::uuid
$$;
comment on function core.derived_id is 'the id that belongs to some bytes, UUID version 8';
grant execute on function core.derived_id to wall_partner, wall_member, wall_operator, wall_runner;

alter table core.job
	add column every_s int constraint job_period check (every_s > 0),
	add column retry_at timestamptz;
comment on column core.job.every_s is 'a periodic job is queued again so many seconds after each end; null: it runs once';
comment on column core.job.retry_at is 'after a failure: not before this moment of the real clock, which moves in test markets too';
-- core.take_job looks for due work in all markets
alter policy runner on core.job to wall_runner;

create table payouts.payout_run (
	market_id int not null,
	payout_run_id uuid not null,
	state text not null
		constraint payout_run_state check (state in ('queued', 'running', 'finished')),
	minimum_minor bigint not null constraint payout_run_minimum check (minimum_minor > 0),
	currency text not null,
	payouts_count bigint not null default 0,
	total_minor bigint not null default 0,
	after_owner_id uuid not null default '00000000-0000-0000-0000-000000000000',
	created_by uuid not null,
	created_at timestamptz not null,
	started_at timestamptz,
	finished_at timestamptz,
	version bigint not null default 1,
	primary key (market_id, payout_run_id),
	constraint payout_run_times check (
		(state = 'queued') = (started_at is null) and (state = 'finished') = (finished_at is not null))
);
comment on table payouts.payout_run is 'pays every wallet with enough on it, in the order of owner_id';
comment on column payouts.payout_run.minimum_minor is 'smaller balances are left for a later run; minor units';
comment on column payouts.payout_run.payouts_count is 'payouts made so far';
comment on column payouts.payout_run.total_minor is 'their sum; minor units';
comment on column payouts.payout_run.after_owner_id is 'the last wallet looked at; the next step goes on behind it';
comment on column payouts.payout_run.created_by is 'the operator''s account';
alter table payouts.payout_run owner to socius_owner;
create unique index payout_run_open on payouts.payout_run (market_id) where state <> 'finished';
call core.raise_walls('payouts.payout_run');
grant insert on payouts.payout_run to wall_operator;
grant update (state, payouts_count, total_minor, after_owner_id, started_at, finished_at, version)
	on payouts.payout_run to wall_runner;

create table payouts.payout (
	market_id int not null,
	payout_run_id uuid not null,
	partner_id uuid not null,
	payout_id uuid not null,
	state text not null constraint payout_state check (state in ('draft', 'approved', 'in_run',
		'exported', 'sent', 'settled', 'returned', 'reissued', 'on_hold')),
	amount_minor bigint not null constraint payout_positive check (amount_minor > 0),
	currency text not null,
	first_entry_no bigint not null check (first_entry_no > 0),
	last_entry_no bigint not null,
	created_at timestamptz not null,
	version bigint not null default 1,
	primary key (market_id, payout_run_id, partner_id),
	constraint payout_unique unique (market_id, payout_id),
	constraint payout_settles_once unique (market_id, partner_id, first_entry_no),
	constraint payout_range check (first_entry_no <= last_entry_no)
);
comment on table payouts.payout is 'settles the entries first_entry_no to last_entry_no of one wallet; its own ledger row is the entry after them';
comment on column payouts.payout.payout_id is 'derived from run and partner; also the id and cause of its ledger transaction';
comment on column payouts.payout.amount_minor is 'the wallet''s balance, which is the sum of the entries; minor units';
alter table payouts.payout owner to socius_owner;
call core.raise_walls('payouts.payout', 'partner_id');
grant insert on payouts.payout to wall_runner;

-- The months to come of the ledger. A month of which the default partition holds rows already is
-- left there. Attaching, unlike creating in place, does not lock out those who post; locks that do
-- not come at once are given up, and the job tries again.
create function ledger.make_months(p_from date, p_months int) returns int
language plpgsql security definer set lock_timeout = '500ms' as $$
declare
	v_month date := date_trunc('month', p_from)::date;
	v_name text;
	v_made int := 0;
begin
	for v_i in 1 .. p_months loop
		v_name := 'transaction_' || to_char(v_month, 'YYYY_MM');
		if to_regclass(format('ledger.%I', v_name)) is null then
			begin
				execute format('create table ledger.%I (like ledger.transaction including all)',
					v_name);
				call core.raise_walls(format('ledger.%I', v_name)::regclass, 'owner_id');
				execute format('create trigger transaction_never_truncated before truncate '
					'on ledger.%I for each statement execute function ledger.guard_transaction()',
					v_name);
				execute format('alter table ledger.transaction attach partition ledger.%I '
					'for values from (%L) to (%L)', v_name, v_month, v_month + interval '1 month');
				v_made := v_made + 1;
			exception when check_violation then
				null; -- rows of this month stand in ledger.transaction_other
			end;
		end if;
		v_month := v_month + interval '1 month';
	end loop;
	return v_made;
end
$$;
comment on function ledger.make_months is 'partitions of ledger.transaction for so many months from the given one on; returns how many it made';
grant execute on procedure core.raise_walls to socius_owner;
alter function ledger.make_months owner to socius_owner;
grant execute on function ledger.make_months to wall_runner;

do $$
begin
	perform ledger.make_months((now() at time zone 'UTC')::date, 3);
end
$$;

-- The lines of statements: what each ledger row did to its wallet, taken apart. The parts sum to
-- amount_minor. With the rights of whoever reads, so that the walls stand.
create view payouts.line with (security_invoker = true) as
select x.market_id, x.owner_id, x.week, x.entry_no, x.transaction_id, x.kind, x.cause_id,
	x.occurred_at, x.posted_at, x.currency,
	coalesce(t.partner_share_minor, 0) as share_minor,
	coalesce(t.tip_minor, 0) as tips_minor,
	coalesce(t.tolls_minor, 0) as tolls_minor,
	-coalesce(t.cash_collected_minor, 0) as cash_collected_minor,
	case when x.kind = 'slot_pay' then x.wallet_minor else 0 end as slot_pay_minor,
	case when x.kind = 'payout' then x.wallet_minor else 0 end as payouts_minor,
	case when x.kind in ('trip', 'cancellation_fee', 'slot_pay', 'payout') then 0
		else x.wallet_minor end as other_minor,
	x.wallet_minor as amount_minor
from ledger.transaction x
left join fulfilment.trip t on t.market_id = x.market_id and t.trip_id = x.cause_id
	and x.kind in ('trip', 'cancellation_fee');
comment on view payouts.line is 'ledger rows as lines of statements, taken apart; the parts sum to amount_minor';
alter view payouts.line owner to socius_owner;
grant select on payouts.line to wall_member;

create type api.payout_run as (
	payout_run_id uuid,
	state text,
	minimum_minor bigint,
	currency text,
	payouts_count bigint,
	total_minor bigint,
	created_by uuid,
	created_at timestamptz,
	started_at timestamptz,
	finished_at timestamptz,
	version bigint
);
comment on type api.payout_run is 'Pays every wallet of the market that has enough on it.';
comment on column api.payout_run.payout_run_id is 'identifies the run';
comment on column api.payout_run.state is 'queued, running or finished';
comment on column api.payout_run.minimum_minor is 'smaller balances are left for a later run; minor units';
comment on column api.payout_run.currency is 'ISO 4217, of every amount';
comment on column api.payout_run.payouts_count is 'payouts made so far; all of them once it has finished';
comment on column api.payout_run.total_minor is 'the sum of these payouts; minor units';
comment on column api.payout_run.created_by is 'account of the operator who started it';
comment on column api.payout_run.created_at is 'when it was asked for, by the market''s clock';
comment on column api.payout_run.started_at is 'when its first step was done; null while queued';
comment on column api.payout_run.finished_at is 'when its last step was done; null before';
comment on column api.payout_run.version is 'counts changes; the ETag';

create type api.payout as (
	payout_id uuid,
	payout_run_id uuid,
	partner_id uuid,
	state text,
	amount_minor bigint,
	currency text,
	first_entry_no bigint,
	last_entry_no bigint,
	entries_count bigint,
	created_at timestamptz,
	version bigint
);
comment on type api.payout is 'One wallet paid out: the sum of the entries that it settles.';
comment on column api.payout.payout_id is 'identifies the payout and its ledger transaction';
comment on column api.payout.payout_run_id is 'the run that made it';
comment on column api.payout.partner_id is 'who is paid';
comment on column api.payout.state is 'in_run; approval and the bank''s answer will add states';
comment on column api.payout.amount_minor is 'the sum of the entries; minor units';
comment on column api.payout.currency is 'ISO 4217';
comment on column api.payout.first_entry_no is 'the first entry of the wallet that it settles';
comment on column api.payout.last_entry_no is 'the last one; every entry between belongs to it';
comment on column api.payout.entries_count is 'how many entries it settles';
comment on column api.payout.created_at is 'when it was made, by the market''s clock';
comment on column api.payout.version is 'counts changes; the ETag';

create type api.statement as (
	week date,
	opens_at timestamptz,
	closes_at timestamptz,
	state text,
	closed_at timestamptz,
	currency text,
	lines_count bigint,
	opening_minor bigint,
	share_minor bigint,
	tips_minor bigint,
	tolls_minor bigint,
	cash_collected_minor bigint,
	slot_pay_minor bigint,
	payouts_minor bigint,
	other_minor bigint,
	closing_minor bigint
);
comment on type api.statement is 'A week of a wallet. Opening, the seven sums and nothing else make closing, which is the opening of the next.';
comment on column api.statement.week is 'Monday of the week, local date';
comment on column api.statement.opens_at is 'Monday 04:00 local time';
comment on column api.statement.closes_at is 'the Monday after, 04:00 local time';
comment on column api.statement.state is 'open, or closed: then no line is added any more';
comment on column api.statement.closed_at is 'when it was closed; null while open';
comment on column api.statement.currency is 'ISO 4217, of every amount';
comment on column api.statement.lines_count is 'how many lines it has';
comment on column api.statement.opening_minor is 'the wallet before the first line; minor units';
comment on column api.statement.share_minor is 'the partner''s part of fares and cancellation fees; minor units';
comment on column api.statement.tips_minor is 'tips; minor units';
comment on column api.statement.tolls_minor is 'tolls; minor units';
comment on column api.statement.cash_collected_minor is 'what the partner took in cash and so has already, below zero; minor units';
comment on column api.statement.slot_pay_minor is 'pay by the hour; minor units';
comment on column api.statement.payouts_minor is 'paid out, below zero; minor units';
comment on column api.statement.other_minor is 'all other lines; minor units';
comment on column api.statement.closing_minor is 'the wallet after the last line; minor units';

create type api.statement_line as (
	entry_no bigint,
	transaction_id uuid,
	kind text,
	cause_id uuid,
	week date,
	occurred_at timestamptz,
	posted_at timestamptz,
	currency text,
	share_minor bigint,
	tips_minor bigint,
	tolls_minor bigint,
	cash_collected_minor bigint,
	slot_pay_minor bigint,
	payouts_minor bigint,
	other_minor bigint,
	amount_minor bigint
);
comment on type api.statement_line is 'One entry of a wallet, taken apart; the parts sum to its amount.';
comment on column api.statement_line.entry_no is 'its number in the wallet, without gaps';
comment on column api.statement_line.transaction_id is 'its ledger transaction';
comment on column api.statement_line.kind is 'trip, cancellation_fee, slot_pay, payout, ...';
comment on column api.statement_line.cause_id is 'the trip, booking, payout, ... behind it';
comment on column api.statement_line.week is 'Monday of the statement week that it belongs to';
comment on column api.statement_line.occurred_at is 'when it happened';
comment on column api.statement_line.posted_at is 'when it was posted, by the market''s clock';
comment on column api.statement_line.currency is 'ISO 4217, of every amount';
comment on column api.statement_line.share_minor is 'the partner''s part of fare or cancellation fee; minor units';
comment on column api.statement_line.tips_minor is 'tip; minor units';
comment on column api.statement_line.tolls_minor is 'tolls; minor units';
comment on column api.statement_line.cash_collected_minor is 'taken in cash by the partner, below zero; minor units';
comment on column api.statement_line.slot_pay_minor is 'pay by the hour; minor units';
comment on column api.statement_line.payouts_minor is 'paid out, below zero; minor units';
comment on column api.statement_line.other_minor is 'anything else; minor units';
comment on column api.statement_line.amount_minor is 'what it did to the wallet; minor units';
