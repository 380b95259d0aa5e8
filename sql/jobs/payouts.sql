-- Jobs of money: closing statement weeks and running payouts.

-- Job: closes the weeks that ended more than 48 hours ago, by the market's clock. The first week to
-- be closed is the one in which the market was made: earlier ones stay open for an import until then.
-- At most a year's weeks a step, as the clock of a test market may have moved.
create or replace function jobs.close_weeks(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_time_zone text;
	v_week date;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	select m.time_zone, coalesce(
		(select max(c.week) + 7 from payouts.closed_week c where c.market_id = p_market_id),
		ledger.local_week(m.time_zone, m.created_at))
	into v_time_zone, v_week
	from core.market m
	where m.market_id = p_market_id;
	for v_i in 1 .. 53 loop
		if ledger.week_begins(v_time_zone, v_week + 7) + interval '48 hours' >= v_now then
			return null;
		end if;
		perform ledger.close_week(p_market_id, v_week, v_now);
		v_week := v_week + 7;
	end loop;
	return v_now;
end
$$;
comment on function jobs.close_weeks is 'closes statement weeks that ended more than 48 hours ago';

-- Pays the wallets of one chunk of a run: those with unsettled entries and enough on them, of the
-- owners behind p_after_owner_id up to p_last_owner_id, in one statement. Each payout is a row, a
-- ledger row (which ledger.post would write the same way, one wallet at a time) and an event; it takes
-- the wallet to zero and settles all its entries, its own included. Returns what was paid.
-- Whoever changed the IBAN a short time ago is left out, and so is who is enrolled under one of
-- p_programmes, which ask for a bank account, and has none: a row says so, and the wallet stays as it is.
-- Locks the wallets in the order in which all others lock them. The planner, whose statistics may be
-- older than the market, must not join the chunk to itself row by row: no nested loop. Where no
-- programme asks, no enrolment is looked at.
drop function if exists payouts.pay_chunk(int, uuid, bigint, uuid, uuid, date, timestamptz);
drop function if exists payouts.pay_chunk(int, uuid, bigint, uuid, uuid, uuid[], date, timestamptz);
create or replace function payouts.pay_chunk(p_market_id int, p_payout_run_id uuid,
	p_minimum_minor bigint, p_after_owner_id uuid, p_last_owner_id uuid, p_programmes uuid[],
	p_week date, p_now timestamptz, out payouts_count bigint, out total_minor numeric,
	out left_out_count bigint, out left_out_minor numeric)
language sql set enable_nestloop = off set jit = off as $$
	with
	accounts as materialized (
		select b.partner_id, b.frozen_until
		from onboarding.bank_account b
		where b.market_id = p_market_id
			and b.partner_id > p_after_owner_id and b.partner_id <= p_last_owner_id
	),
	waiting as materialized (
		select a.partner_id, a.frozen_until
		from accounts a
		where a.frozen_until > p_now
		union all
		select distinct n.partner_id, null::timestamptz
		from onboarding.enrolment n
		left join accounts a on a.partner_id = n.partner_id
		where p_programmes <> '{}' and n.market_id = p_market_id
			and n.programme_id = any (p_programmes)
			and n.partner_id > p_after_owner_id and n.partner_id <= p_last_owner_id
			and a.partner_id is null
	),
	left_out as (
		insert into payouts.left_out (market_id, payout_run_id, partner_id, reason, until,
			balance_minor, currency)
		select p_market_id, p_payout_run_id, w.owner_id, case when x.frozen_until is null
			then 'bank_account_due' else 'bank_account_changed' end, x.frozen_until,
			w.balance_minor, w.currency
		from waiting x
		join ledger.wallet w on w.market_id = p_market_id and w.owner_id = x.partner_id
		where w.dirty and w.owner_kind = 'partner' and w.balance_minor >= p_minimum_minor
			and w.owner_id > p_after_owner_id and w.owner_id <= p_last_owner_id
		returning balance_minor
	),
	due as materialized (
		select w.owner_id, w.balance_minor, w.settled_entries
		from ledger.wallet w
		where w.market_id = p_market_id and w.dirty and w.owner_kind = 'partner'
			and w.owner_id > p_after_owner_id and w.owner_id <= p_last_owner_id
			and w.balance_minor >= p_minimum_minor
			and not exists (select from waiting x where x.partner_id = w.owner_id)
		order by w.owner_id
		for no key update
	),
	paid as (
		update ledger.wallet w
		set balance_minor = 0, entries = w.entries + 1, settled_entries = w.entries + 1, dirty = false
		from due d
		where w.market_id = p_market_id and w.owner_id = d.owner_id
			and w.owner_id > p_after_owner_id and w.owner_id <= p_last_owner_id
		returning w.owner_id, w.currency, w.entries as entry_no, d.settled_entries, d.balance_minor,
			core.derived_id(uuid_send(p_payout_run_id) || uuid_send(w.owner_id)) as payout_id
	),
	posted as (
		insert into ledger.transaction
			(market_id, owner_id, entry_no, transaction_id, kind, cause_id, accounts,
			amounts, wallet_minor, balance_minor, currency, occurred_at, posted_at, week)
		select p_market_id, p.owner_id,
			p.entry_no, p.payout_id, 'payout', p.payout_id, '{2000,1100}',
			array[p.balance_minor, -p.balance_minor], -p.balance_minor, 0, p.currency, p_now, p_now,
			p_week
		from paid p
	),
	made as (
		insert into payouts.payout (market_id, payout_run_id, partner_id, payout_id, state,
			amount_minor, currency, first_entry_no, last_entry_no, created_at)
		select p_market_id, p_payout_run_id, p.owner_id, p.payout_id, 'in_run', p.balance_minor,
			p.currency, p.settled_entries + 1, p.entry_no - 1, p_now
		from paid p
	),
	told as (
		insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
			to_state, actor_id, actor_role, occurred_at)
		select p_market_id, core.derived_id(uuid_send(p.payout_id) || 'in_run'), 'payout.in_run',
			p.owner_id, 'payout', p.payout_id, 'in_run', '00000000-0000-0000-0000-000000000000',
			'runner', p_now
		from paid p
	)
	select count(*), coalesce(sum(p.balance_minor), 0),
		(select count(*) from left_out),
		(select coalesce(sum(l.balance_minor), 0) from left_out l)
	from paid p;
$$;
comment on function payouts.pay_chunk is 'pays the wallets of a range of owners, in one statement';

-- The programmes of a market that ask for a bank account.
create or replace function payouts.asking_programmes(p_market_id int) returns uuid[]
language plpgsql stable as $$
begin
	return array(
		select p.programme_id
		from onboarding.programme p
		where p.market_id = p_market_id and 'bank_account' = any (p.requirements));
end
$$;
comment on function payouts.asking_programmes is 'the programmes that ask for a bank account';

-- One transition of a payout run, told as an event.
create or replace function payouts.tell_run(p_market_id int, p_payout_run_id uuid, p_from text,
	p_to text, p_now timestamptz) returns void
language plpgsql as $$
begin
	-- a run that is resumed comes to the same state again: the version tells the two apart
	insert into events.event (market_id, event_id, kind, subject, subject_id, from_state, to_state,
		actor_id, actor_role, occurred_at)
	select p_market_id, core.derived_id(uuid_send(p_payout_run_id) || int8send(r.version)
			|| p_to::bytea),
		'payout_run.' || p_to, 'payout_run', p_payout_run_id, p_from, p_to,
		'00000000-0000-0000-0000-000000000000', 'runner', p_now
	from payouts.payout_run r
	where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id;
end
$$;

-- The last owner of the next chunk: so many wallets with unsettled entries behind p_after_owner_id.
-- Null: there are not that many left.
create or replace function payouts.chunk_end(p_market_id int, p_after_owner_id uuid, p_wallets int)
returns uuid
language plpgsql stable as $$
begin
	return (
		select case when count(*) = p_wallets
			then (array_agg(k.owner_id order by k.owner_id desc))[1] end
		from (
			select w.owner_id
			from ledger.wallet w
			where w.market_id = p_market_id and w.dirty and w.owner_id > p_after_owner_id
			order by w.owner_id
			limit p_wallets
		) k);
end
$$;

-- The runner has given the job of a run up.
create or replace function payouts.fail_run(p_market_id int, p_payout_run_id uuid, p_error text,
	p_now timestamptz) returns void
language plpgsql as $$
declare
	v_run payouts.payout_run;
begin
	select r.* into strict v_run
	from payouts.payout_run r
	where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id
	for no key update;
	if v_run.state not in ('queued', 'running') then
		return;
	end if;
	update payouts.payout_run r
	set state = 'failed', failure = left(p_error, 1000), version = r.version + 1
	where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id;
	-- it may fail again after it was resumed
	insert into events.event (market_id, event_id, kind, subject, subject_id, from_state, to_state,
		actor_id, actor_role, reason, occurred_at)
	values (p_market_id,
		core.derived_id(uuid_send(p_payout_run_id) || int8send(v_run.version) || 'failed'),
		'payout_run.failed', 'payout_run', p_payout_run_id, v_run.state, 'failed',
		'00000000-0000-0000-0000-000000000000', 'runner', left(p_error, 1000), p_now);
end
$$;
comment on function payouts.fail_run is 'a payout run has failed for good, until it is resumed';

-- A chunk could not be paid: the next step takes a smaller one, down to one wallet. That one is left
-- out with what went wrong, and the run goes on behind it. Where so many wallets cannot be paid, the
-- fault is no wallet's: the run fails.
create or replace function payouts.step_around(p_run payouts.payout_run, p_last_owner_id uuid,
	p_error text) returns void
language plpgsql as $$
declare
	v_failed_max constant int := 100;
begin
	if p_last_owner_id is null and p_run.step_wallets = 1 then
		raise exception 'no wallet is left, and yet: %', p_error;
	elsif p_run.step_wallets > 1 then
		update payouts.payout_run r
		set step_wallets = greatest(r.step_wallets / 8, 1), version = r.version + 1
		where r.market_id = p_run.market_id and r.payout_run_id = p_run.payout_run_id;
		return;
	end if;
	if v_failed_max <= (
		select count(*) from payouts.left_out l
		where l.market_id = p_run.market_id and l.payout_run_id = p_run.payout_run_id
			and l.reason = 'payout_failed') then
		raise exception '% wallets cannot be paid; the next one: %', v_failed_max, p_error;
	end if;
	with left_out as (
		insert into payouts.left_out (market_id, payout_run_id, partner_id, reason, error,
			balance_minor, currency)
		select w.market_id, p_run.payout_run_id, w.owner_id, 'payout_failed', left(p_error, 1000),
			w.balance_minor, w.currency
		from ledger.wallet w
		where w.market_id = p_run.market_id and w.owner_id = p_last_owner_id
		returning balance_minor
	)
	update payouts.payout_run r
	set after_owner_id = p_last_owner_id, left_out_count = r.left_out_count + 1,
		left_out_minor = r.left_out_minor + l.balance_minor, version = r.version + 1
	from left_out l
	where r.market_id = p_run.market_id and r.payout_run_id = p_run.payout_run_id;
end
$$;
comment on function payouts.step_around is 'goes on with a smaller chunk, or leaves out the one wallet that cannot be paid';

-- Job: one chunk of a payout run. The run's row remembers how far it came, in the transaction that
-- pays; so a run that was cut off goes on where it stood. A wallet that is too low is looked at once
-- in a run and stays dirty for the next. A chunk is at most 2,000 wallets: these stay locked until it
-- commits, and postings to them wait; so it is a tenth of a second, at no more than a few hundredths
-- of the run's time.
create or replace function jobs.run_payouts(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_run payouts.payout_run;
	v_last uuid;
	v_paid record;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	select r.* into strict v_run
	from core.job j
	join payouts.payout_run r on r.market_id = j.market_id and r.payout_run_id = j.subject_id
	where j.market_id = p_market_id and j.job_id = p_job_id
	for no key update of r;
	if v_run.state = 'finished' then
		return null;
	end if;
	if v_run.state = 'queued' then
		perform payouts.tell_run(p_market_id, v_run.payout_run_id, 'queued', 'running', v_now);
		update payouts.payout_run r set state = 'running', started_at = v_now
		where r.market_id = p_market_id and r.payout_run_id = v_run.payout_run_id;
	end if;
	-- shared with ledger.close_week, and taken before the wallets as ledger.post does
	perform pg_advisory_xact_lock_shared(5052, p_market_id);
	-- with api.put_bank_account: an account is changed before the chunk or after it
	perform pg_advisory_xact_lock_shared(5054, p_market_id);
	v_last := payouts.chunk_end(p_market_id, v_run.after_owner_id, v_run.step_wallets);
	begin
		v_paid := payouts.pay_chunk(p_market_id, v_run.payout_run_id, v_run.minimum_minor,
			v_run.after_owner_id, coalesce(v_last, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
			payouts.asking_programmes(p_market_id), ledger.week_of(p_market_id, v_now), v_now);
	exception when data_exception or integrity_constraint_violation or raise_exception
		or sqlstate 'SO001' or sqlstate 'SO002' then
		perform payouts.step_around(v_run, v_last, sqlerrm);
		return v_now;
	end;
	update payouts.payout_run r
	set state = case when v_last is null then 'finished' else 'running' end,
		finished_at = case when v_last is null then v_now end,
		payouts_count = r.payouts_count + v_paid.payouts_count,
		total_minor = r.total_minor + v_paid.total_minor,
		left_out_count = r.left_out_count + v_paid.left_out_count,
		left_out_minor = r.left_out_minor + v_paid.left_out_minor,
		after_owner_id = coalesce(v_last, r.after_owner_id),
		step_wallets = least(2 * r.step_wallets, 2000),
		version = r.version + 1
	where r.market_id = p_market_id and r.payout_run_id = v_run.payout_run_id;
	if v_last is not null then
		return v_now;
	end if;
	perform payouts.tell_run(p_market_id, v_run.payout_run_id, 'running', 'finished', v_now);
	return null;
end
$$;
comment on function jobs.run_payouts is 'one chunk of a payout run';

alter function jobs.close_weeks owner to wall_runner;
alter function jobs.run_payouts owner to wall_runner;
grant execute on function payouts.pay_chunk, payouts.asking_programmes, payouts.chunk_end,
	payouts.tell_run, payouts.fail_run, payouts.step_around to wall_runner;
grant execute on function jobs.close_weeks, jobs.run_payouts to socius_runner;
