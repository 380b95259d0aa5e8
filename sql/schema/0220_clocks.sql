-- Clocks of test markets stand between 1970 and 2200.

-- also takes the real clock now
drop function if exists api.move_test_clock(int, uuid, text, uuid, timestamptz);

update core.market
set test_now = greatest(least(test_now, '2200-01-01 00:00+00'), '1970-01-01 00:00+00')
where test_now not between '1970-01-01 00:00+00' and '2200-01-01 00:00+00';
alter table core.market add constraint market_clock_range
	check (test_now between '1970-01-01 00:00+00' and '2200-01-01 00:00+00');
