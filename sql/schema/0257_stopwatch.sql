-- Steps of the purge end by time, too.

-- The real time within a transaction, to measure how long work takes; never to be stored or compared
-- with an instant of a market.
create function jobs.stopwatch() returns timestamptz
language sql volatile as $$ select clock_timestamp() $$;
comment on function jobs.stopwatch is 'the real time, to measure how long a step takes';
grant execute on function jobs.stopwatch to wall_purge;
