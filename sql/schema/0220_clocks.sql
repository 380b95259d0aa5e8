-- Clocks of test markets stand between 1970 and 2200.

-- also takes the real clock now
drop function if exists api.move_test_clock(int, uuid, text, uuid, timestamptz);

-- Markets whose clock was moved beyond stay as they are until they go.
alter table core.market add constraint market_clock_range
	check (test_now between '1970-01-01 00:00+00' and '2200-01-01 00:00+00') not valid;
