-- Operators may queue the failed job of a payout run again; of the columns of a job only these.

grant update (state, due_at, attempts, last_error, retry_at) on core.job to wall_operator;
