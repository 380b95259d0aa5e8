-- How test markets go.

call testing.open_doors();

-- Making a test market takes two steps of the runner's.
grant execute on function jobs.run_payouts, core.finish_step to wall_test;

-- Removes every row of one test market: its jobs first, which waits for one that is at work; then
-- table by table, none before those that refer to it; then the accounts that were made in it and are
-- at work nowhere else; the market last, because guards spare rows of test markets that there are.
create or replace function testing.remove_market(p_market_id int) returns void
language plpgsql as $$
declare
	v_left regclass[] := array(select t from testing.tables() t);
	v_ready regclass[];
	v_table regclass;
begin
	perform core.enter(p_market_id, null);
	delete from core.job j where j.market_id = p_market_id;
	while cardinality(v_left) > 0 loop
		v_ready := array(
			select t
			from unnest(v_left) t
			where not exists (
				select from pg_catalog.pg_constraint k
				where k.contype = 'f' and k.confrelid = t and k.conrelid <> t
					and k.conrelid = any (v_left)));
		if cardinality(v_ready) = 0 then
			raise exception 'these tables refer to each other: %', v_left;
		end if;
		foreach v_table in array v_ready loop
			execute format('delete from %s where market_id = $1', v_table) using p_market_id;
		end loop;
		v_left := array(select t from unnest(v_left) t where t <> all (v_ready));
	end loop;
	delete from identity.account a
	where a.test_market_id = p_market_id
		and not exists (select from identity.partner p where p.account_id = a.account_id);
	delete from core.market m where m.market_id = p_market_id;
	delete from testing.market t where t.market_id = p_market_id;
end
$$;
comment on function testing.remove_market is 'removes every row of one test market';
grant execute on function testing.remove_market to wall_test;

-- Job of the platform: removes one test market a step. Its tokens ended five minutes ago, so that no
-- request of its people is under way any more.
create or replace function jobs.sweep_test_markets(p_market_id int, p_job_id uuid,
	p_now timestamptz) returns timestamptz
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_market_id int;
begin
	select t.market_id into v_market_id
	from testing.market t
	where t.expires_at <= p_now - interval '5 minutes'
	order by t.expires_at, t.market_id
	limit 1;
	if not found then
		return null;
	end if;
	perform testing.remove_market(v_market_id);
	return p_now;
end
$$;
comment on function jobs.sweep_test_markets is 'removes test markets that have had their day';
alter function jobs.sweep_test_markets owner to wall_test;
grant execute on function jobs.sweep_test_markets to socius_runner;
