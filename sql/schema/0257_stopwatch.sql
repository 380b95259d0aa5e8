-- Steps of the purge end by time, too.

-- The real time within a transaction, to measure how long work takes; never to be stored or compared
-- with an instant of a market.
create function core.stopwatch() returns timestamptz
language sql volatile as $$ select clock_timestamp() $$;
comment on function core.stopwatch is 'the real time, to measure how long a step takes';
grant execute on function core.stopwatch to wall_purge;
