-- How test markets go.

call testing.open_doors();

-- Making a test market takes two steps of the runner's.
grant execute on function jobs.run_payouts, core.finish_step to wall_test;

-- Deletes at most so many rows of a market from a table, from one partition at a time; returns how many.
-- The planner must go to the rows by their places, and not look at all of the market's for each: 2,000
-- of 50,000 took 3.6 s that way.
create or replace function testing.remove_rows(p_table regclass, p_market_id int, p_rows int)
returns int
language plpgsql set enable_seqscan = off set enable_indexscan = off set enable_bitmapscan = off
	set jit = off
as $$
declare
	v_part oid;
	v_removed int;
begin
	execute format('select t.tableoid from %s t where t.market_id = $1 limit 1', p_table)
	into v_part using p_market_id;
	if v_part is null then
		return 0;
	end if;
	execute format('delete from %s t where t.market_id = $1 and t.tableoid = $2 and t.ctid = any ('
		'array(select r.ctid from %s r where r.market_id = $1 and r.tableoid = $2 limit $3))',
		p_table, p_table)
	using p_market_id, v_part, p_rows;
	get diagnostics v_removed = row_count;
	return v_removed;
end
$$;
comment on function testing.remove_rows is 'deletes some rows of a test market from a table';

-- Removes at most so many rows of one test market: its jobs first, which waits for one that is at
-- work; then table by table, none before those that refer to it; then the accounts that were made in
-- it and are at work nowhere else; the market last, because guards spare rows of test markets that
-- there are. True: all of it is gone.
create or replace function testing.remove_some(p_market_id int, p_rows int) returns boolean
language plpgsql as $$
declare
	v_tables regclass[] := array(select t from testing.tables() t);
	v_table regclass;
	v_removed int;
	v_left int := p_rows;
begin
	perform core.enter(p_market_id, null);
	update testing.market t set is_going = true where t.market_id = p_market_id and not t.is_going;
	delete from core.job j where j.market_id = p_market_id;
	get diagnostics v_removed = row_count;
	v_left := greatest(v_left - v_removed, 1);
	while cardinality(v_tables) > 0 loop
		select t into v_table
		from unnest(v_tables) t
		where not exists (
			select from pg_catalog.pg_constraint k
			where k.contype = 'f' and k.confrelid = t and k.conrelid <> t
				and k.conrelid = any (v_tables))
		limit 1;
		if v_table is null then
			raise exception 'these tables refer to each other: %', v_tables;
		end if;
		loop
			v_removed := testing.remove_rows(v_table, p_market_id, v_left);
			v_left := v_left - v_removed;
			if v_left = 0 then
				return false;
			end if;
			exit when v_removed = 0;
		end loop;
		v_tables := array_remove(v_tables, v_table);
	end loop;
	delete from identity.account a
	where a.account_id = any (array(
		select d.account_id
		from identity.account d
		where d.test_market_id = p_market_id
			and not exists (select from identity.partner p where p.account_id = d.account_id)
		limit v_left));
	get diagnostics v_removed = row_count;
	if v_removed = v_left then
		return false;
	end if;
	delete from core.market m where m.market_id = p_market_id;
	delete from testing.market t where t.market_id = p_market_id;
	return true;
end
$$;
comment on function testing.remove_some is 'removes some rows of one test market; true: all of it is gone';
grant execute on function testing.remove_rows, testing.remove_some to wall_test;

-- Job of the platform: removes some rows of one test market a step. Its tokens ended five minutes ago,
-- so that no request of its people is under way any more. One that cannot be removed says why, lets the
-- others go and is tried again after an hour.
create or replace function jobs.sweep_test_markets(p_market_id int, p_job_id uuid,
	p_now timestamptz) returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_market_id int;
	v_error text;
begin
	select t.market_id into v_market_id
	from testing.market t
	where t.expires_at <= p_now - interval '5 minutes'
		and (t.retry_at is null or t.retry_at <= p_now)
	order by t.expires_at, t.market_id
	limit 1;
	if not found then
		return null;
	end if;
	begin
		perform testing.remove_some(v_market_id, 2000);
	-- who only had to wait tries again at once, like any job
	exception
		when deadlock_detected or lock_not_available then
			raise;
		when others then
			v_error := sqlerrm;
	end;
	if v_error is not null then
		update testing.market t
		set retry_at = p_now + interval '1 hour', last_error = left(v_error, 1000)
		where t.market_id = v_market_id;
		raise notice 'test market % cannot be removed: %', v_market_id, v_error;
	end if;
	return p_now;
end
$$;
comment on function jobs.sweep_test_markets is 'removes test markets that have had their day';
alter function jobs.sweep_test_markets owner to wall_test;
grant execute on function jobs.sweep_test_markets to socius_runner;
