-- Laws of markets that come and go.

-- create or replace view laws.rows_have_their_market, laws.rows_have_their_market_examined: over all
-- tables of the catalog that have a market_id, as of this migration. Market 0 is the platform.
do $$
begin
	execute 'create or replace view laws.rows_have_their_market as '
		|| (select string_agg(format(
			'select r.market_id, %L::text as table_name, count(*) as rows from %s r '
			'where r.market_id <> 0 and not exists (select from core.market m '
			'where m.market_id = r.market_id) group by r.market_id', t::text, t), ' union all ')
			from testing.tables() t)
		|| ' union all select a.test_market_id, ''identity.account'', count(*) '
			'from identity.account a where not exists (select from core.market m '
			'where m.market_id = a.test_market_id) and not exists (select from identity.partner p '
			'where p.account_id = a.account_id) and a.test_market_id is not null '
			'group by a.test_market_id '
			'union all select t.market_id, ''testing.market'', 1 from testing.market t '
			'where not exists (select from core.market m where m.market_id = t.market_id '
			'and m.is_test)';
	execute 'create or replace view laws.rows_have_their_market_examined as select sum(x.rows)::bigint '
		'as examined from (' || (select string_agg(format('select count(*) as rows from %s', t),
			' union all ') from testing.tables() t) || ') x';
end
$$;
comment on view laws.rows_have_their_market is 'No row stands in a market that there is not: what went, went whole.';
alter view laws.rows_have_their_market owner to wall_law;
alter view laws.rows_have_their_market_examined owner to wall_law;
grant select on laws.rows_have_their_market, laws.rows_have_their_market_examined to socius_law;
