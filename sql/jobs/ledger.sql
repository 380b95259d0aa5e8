-- Jobs of the ledger: carrying sums of months that are over forward.

-- Adds rows to the sums that a market's row carries, and notes the last of them.
create or replace function ledger.carry(p_carried ledger.carried_forward,
	p_rows ledger.transaction[]) returns void
language sql as $$
	update ledger.carried_forward c
	set (accounts, debits, credits) = (
			select coalesce(array_agg(s.account order by s.account), '{}'),
				coalesce(array_agg(s.debit order by s.account), '{}'),
				coalesce(array_agg(s.credit order by s.account), '{}')
			from (
				select n.account, sum(n.debit) as debit, sum(n.credit) as credit
				from (
					select * from unnest(p_carried.accounts, p_carried.debits, p_carried.credits)
						as o (account, debit, credit)
					union all
					select e.account, greatest(e.amount, 0), greatest(-e.amount, 0)
					from unnest(p_rows) x
					cross join lateral unnest(x.accounts, x.amounts) as e (account, amount)
				) n
				group by n.account
			) s),
		after_owner_id = p_rows[cardinality(p_rows)].owner_id,
		after_month = p_rows[cardinality(p_rows)].posted_month,
		after_entry_no = p_rows[cardinality(p_rows)].entry_no
	where c.market_id = p_carried.market_id and not c.is_whole and cardinality(p_rows) > 0
$$;
comment on function ledger.carry is 'adds rows to the sums that are being carried forward';

-- The row that is being made of a market, begun anew where a month has ended since it was whole; no
-- row: there is nothing to carry. A month counts as over a day after its end, by the runner's clock and
-- the database's: no transaction that began in it runs for so long.
create or replace function ledger.begin_carrying(p_market_id int, p_now timestamptz)
returns setof ledger.carried_forward
language plpgsql as $$
declare
	v_month constant date := least(core.month_now(),
		date_trunc('month', (p_now - interval '1 day') at time zone 'UTC')::date);
	v_whole date := (
		select c.month
		from ledger.carried_forward c
		where c.market_id = p_market_id and c.is_whole);
begin
	insert into ledger.carried_forward as c (market_id, is_whole, month, from_month)
	values (p_market_id, false, v_month, '-infinity')
	on conflict (market_id, is_whole) do update
	set month = excluded.month, from_month = c.month, after_owner_id = excluded.after_owner_id,
		after_month = excluded.after_month, after_entry_no = excluded.after_entry_no
	where c.month = v_whole and c.month < excluded.month;
	return query
	select c.*
	from ledger.carried_forward c
	where c.market_id = p_market_id and not c.is_whole and c.month is distinct from v_whole;
end
$$;
comment on function ledger.begin_carrying is 'the row of sums that is being made of a market';

-- Job: carries the sums of the months that are over forward, at most 10,000 rows a step in the order
-- of the primary key. What was carried before stands until all is in.
create or replace function jobs.carry_forward(p_market_id int, p_job_id uuid, p_now timestamptz)
returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set plan_cache_mode = force_custom_plan as $$
declare
	v_limit constant int := 10000;
	v_carried ledger.carried_forward;
	v_rows ledger.transaction[];
begin
	perform core.enter(p_market_id, null);
	select c.* into v_carried from ledger.begin_carrying(p_market_id, p_now) c;
	if not found then
		return null;
	end if;
	v_rows := array(
		select x
		from ledger.transaction x
		where x.market_id = p_market_id
			and x.posted_month >= v_carried.from_month and x.posted_month < v_carried.month
			and (x.owner_id, x.posted_month, x.entry_no)
				> (v_carried.after_owner_id, v_carried.after_month, v_carried.after_entry_no)
		order by x.owner_id, x.posted_month, x.entry_no
		limit v_limit);
	perform ledger.carry(v_carried, v_rows);
	if cardinality(v_rows) = v_limit then
		return core.clock(p_market_id, p_now);
	end if;
	insert into ledger.carried_forward
		(market_id, is_whole, month, from_month, accounts, debits, credits)
	select c.market_id, true, c.month, c.from_month, c.accounts, c.debits, c.credits
	from ledger.carried_forward c
	where c.market_id = p_market_id and not c.is_whole
	on conflict (market_id, is_whole) do update
	set month = excluded.month, from_month = excluded.from_month, accounts = excluded.accounts,
		debits = excluded.debits, credits = excluded.credits;
	return null;
end
$$;
comment on function jobs.carry_forward is 'carries the sums of the months that are over forward';

grant execute on function ledger.carry, ledger.begin_carrying to wall_runner;
alter function jobs.carry_forward owner to wall_runner;
grant execute on function jobs.carry_forward to socius_runner;
