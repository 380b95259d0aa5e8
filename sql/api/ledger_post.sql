-- The one way into the ledger, and the arithmetic of money that rooms share.

-- Monday of the statement week that a moment belongs to: weeks start Monday 04:00, local time.
create or replace function ledger.local_week(p_time_zone text, p_at timestamptz) returns date
language sql immutable parallel safe as $$
	select (date_trunc('week', (p_at at time zone p_time_zone) - interval '4 hours'))::date
$$;
comment on function ledger.local_week is 'Monday of the statement week that a moment belongs to';

-- When a statement week begins; it ends when the next one begins.
create or replace function ledger.week_begins(p_time_zone text, p_week date) returns timestamptz
language sql immutable parallel safe as $$
	select (p_week + interval '4 hours') at time zone p_time_zone
$$;
comment on function ledger.week_begins is 'the moment at which a statement week begins';

-- The week of a line: that of its moment if it is open, else the oldest open one.
create or replace function ledger.week_of(p_market_id int, p_occurred_at timestamptz) returns date
language plpgsql stable as $$
begin
	return (
		select greatest(ledger.local_week(m.time_zone, p_occurred_at),
			(select max(c.week) + 7 from payouts.closed_week c where c.market_id = p_market_id))
		from core.market m
		where m.market_id = p_market_id);
end
$$;
comment on function ledger.week_of is 'Monday of the statement week that a line posted now belongs to';

-- Closes a week and all before it. Posting shares this lock, so that no line falls into the week
-- after it was closed. Waits for the postings under way, but shorter than PostgreSQL waits before
-- it looks for deadlocks: after that 55P03 is raised and the caller tries again.
create or replace function ledger.close_week(p_market_id int, p_week date, p_now timestamptz)
returns void
language plpgsql set lock_timeout = '200ms' as $$
begin
	perform pg_advisory_xact_lock(5052, p_market_id);
	insert into payouts.closed_week (market_id, week, closed_at)
	values (p_market_id, p_week, p_now)
	on conflict do nothing;
end
$$;
comment on function ledger.close_week is 'closes a statement week and all before it';

-- The largest amount of one posting in a market.
create or replace function ledger.posting_max(p_market core.market) returns bigint
language sql immutable parallel safe as $$
	select coalesce(p_market.posting_max_minor,
		1000000 * (10::numeric ^ p_market.currency_exponent)::bigint)
$$;
comment on function ledger.posting_max is 'the largest amount of one posting in a market';

-- For whatever will be posted later (prices, rates), where it is agreed. Refuses: amount_too_large
create or replace function ledger.need_amounts(p_market_id int, variadic p_amounts bigint[])
returns void
language plpgsql stable as $$
declare
	v_max_minor bigint;
	v_currency text;
begin
	select ledger.posting_max(m), m.currency into v_max_minor, v_currency
	from core.market m
	where m.market_id = p_market_id;
	if exists (select from unnest(p_amounts) as e (amount) where abs(e.amount) > v_max_minor) then
		perform core.refuse('amount_too_large', jsonb_build_object('posting_max_minor',
			v_max_minor, 'currency', v_currency));
	end if;
end
$$;
comment on function ledger.need_amounts is 'refuses amounts that are too large to be posted';

-- A sum as JSON carries it exactly; null: it is beyond that.
create or replace function ledger.exact(p_sum numeric) returns bigint
language sql immutable parallel safe as $$
	select case when abs(p_sum) <= 9007199254740991 then p_sum::bigint end
$$;
comment on function ledger.exact is 'a sum, or null where it is beyond 2^53 - 1';

-- Posts one transaction to one wallet and returns its entry_no. The only writer of
-- ledger.transaction. Debit is positive; the wallet changes by minus what stands on account 2000.
-- The wallet's row lock orders the entries, so entry_no has no gap. p_share_minor is the part of an
-- earning of which a quarter may be withheld for what the owner owes (tips and tolls are no part of
-- it); who owes nothing pays nothing for that, the wallet's update tells.
-- No amount may pass the market's limit, except where money moves on that was posted before (what is
-- paid out, withheld or taken back), or follows from what was agreed within it (pay of a slot that
-- was worked, days of a rental that came back late). No balance may pass what JSON carries exactly.
-- Refuses: amount_too_large balance_out_of_range
create or replace function ledger.post(p_market_id int, p_owner_id uuid, p_transaction_id uuid,
	p_kind text, p_cause_id uuid, p_accounts int[], p_amounts bigint[],
	p_occurred_at timestamptz, p_now timestamptz, p_share_minor bigint default 0) returns bigint
language plpgsql as $$
declare
	v_wallet_minor bigint := 0;
	v_largest_minor bigint := 0;
	v_max_minor bigint;
	v_balance_minor bigint;
	v_entry_no bigint;
	v_currency text;
	v_owed_minor bigint;
begin
	for v_line in 1 .. array_length(p_accounts, 1) loop
		v_largest_minor := greatest(v_largest_minor, abs(p_amounts[v_line]));
		if p_accounts[v_line] = 2000 then
			v_wallet_minor := v_wallet_minor - p_amounts[v_line];
		end if;
	end loop;
	-- shared with ledger.close_week; nearly always free, and an expression costs less than a query
	if not pg_try_advisory_xact_lock_shared(5052, p_market_id) then
		perform pg_advisory_xact_lock_shared(5052, p_market_id);
	end if;
	update ledger.wallet w
	set entries = w.entries + 1, balance_minor = w.balance_minor + v_wallet_minor, dirty = true
	from core.market m
	where w.market_id = p_market_id and w.owner_id = p_owner_id and m.market_id = p_market_id
	returning w.entries, w.balance_minor, w.currency, w.owed_minor, ledger.posting_max(m)
	into v_entry_no, v_balance_minor, v_currency, v_owed_minor, v_max_minor;
	if not found then
		raise exception 'no wallet of % in market %', p_owner_id, p_market_id;
	elsif v_largest_minor > v_max_minor
		and p_kind not in ('payout', 'deduction', 'reversal', 'slot_pay', 'rental') then
		perform core.refuse('amount_too_large', jsonb_build_object('posting_max_minor',
			v_max_minor, 'currency', v_currency));
	elsif abs(v_balance_minor) > 9007199254740991 then
		perform core.refuse('balance_out_of_range');
	end if;
	insert into ledger.transaction
		(market_id, owner_id, entry_no, transaction_id, kind, cause_id, accounts,
		amounts, wallet_minor, balance_minor, currency, occurred_at, posted_at, week)
	values (p_market_id, p_owner_id,
		v_entry_no, p_transaction_id, p_kind, p_cause_id, p_accounts, p_amounts, v_wallet_minor,
		v_balance_minor, v_currency, p_occurred_at, p_now,
		ledger.week_of(p_market_id, p_occurred_at));
	if v_owed_minor > 0 and p_share_minor > 0 then
		perform ledger.withhold(p_market_id, p_owner_id, p_transaction_id, p_share_minor,
			p_occurred_at, p_now);
	end if;
	return v_entry_no;
end
$$;
comment on function ledger.post is 'posts one balanced transaction to one wallet; returns its entry_no';

-- Splits an amount by parts of a million with the largest remainder: every part is within one unit
-- of its exact share and the parts sum to the amount, always. What is left after rounding down goes,
-- one unit each, to the lines with the largest remainders; between equal remainders to the line
-- with the lower number. A negative amount (a refund) mirrors the positive one.
-- The amount is taken apart first (millions and the rest), so that no product overflows.
create or replace function ledger.split(p_amount bigint, p_ppm int[]) returns bigint[]
language plpgsql immutable parallel safe as $$
declare
	v_lines constant int := coalesce(array_length(p_ppm, 1), 0);
	v_sign constant int := case when p_amount < 0 then -1 else 1 end;
	v_millions constant bigint := abs(p_amount) / 1000000;
	v_rest constant bigint := abs(p_amount) % 1000000;
	v_left bigint := abs(p_amount);
	v_sum bigint := 0;
	v_part bigint;
	v_largest int;
	v_parts bigint[] := array_fill(0::bigint, array[v_lines]);
	v_remainders bigint[] := v_parts;
begin
	for v_line in 1 .. v_lines loop
		if p_ppm[v_line] < 0 or p_ppm[v_line] is null then
			raise exception 'a share of % ppm', p_ppm[v_line];
		end if;
		v_part := v_millions * p_ppm[v_line] + v_rest * p_ppm[v_line] / 1000000;
		v_parts[v_line] := v_part * v_sign;
		v_remainders[v_line] := v_rest * p_ppm[v_line] % 1000000;
		v_left := v_left - v_part;
		v_sum := v_sum + p_ppm[v_line];
	end loop;
	if v_sum <> 1000000 then
		raise exception 'shares of % ppm sum to %', p_ppm, v_sum;
	end if;
	while v_left > 0 loop
		v_largest := 1;
		for v_line in 2 .. v_lines loop
			if v_remainders[v_line] > v_remainders[v_largest] then
				v_largest := v_line;
			end if;
		end loop;
		v_parts[v_largest] := v_parts[v_largest] + v_sign;
		v_remainders[v_largest] := 0;
		v_left := v_left - 1;
	end loop;
	return v_parts;
end
$$;
comment on function ledger.split is 'parts of an amount by largest remainder, ties to the line with the lower number';

grant execute on function ledger.local_week, ledger.week_begins, ledger.week_of, ledger.split
	to wall_partner, wall_member, wall_operator, wall_runner, wall_law;
grant execute on function ledger.posting_max
	to wall_partner, wall_member, wall_operator, wall_platform, wall_runner, wall_law;
grant execute on function ledger.need_amounts, ledger.exact
	to wall_partner, wall_member, wall_operator, wall_runner;
grant execute on function ledger.post to wall_partner, wall_member, wall_operator, wall_runner;
grant execute on function ledger.close_week to wall_operator, wall_runner;
