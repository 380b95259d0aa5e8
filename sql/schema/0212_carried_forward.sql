-- What was posted in months that are over, summed by account and carried forward (ADR 0019), so that
-- the sums of a market's accounts read the rows of the months since then alone.

create table ledger.carried_forward (
	market_id int not null,
	is_whole boolean not null,
	month date not null constraint month_is_first check (extract(day from month) = 1),
	from_month date not null,
	accounts int[] not null default '{}',
	debits numeric[] not null default '{}',
	credits numeric[] not null default '{}',
	after_owner_id uuid not null default '00000000-0000-0000-0000-000000000000',
	after_month date not null default '-infinity',
	after_entry_no bigint not null default 0,
	primary key (market_id, is_whole)
);
comment on table ledger.carried_forward is 'sums of the ledger''s rows of the months before one, by account; follows from ledger.transaction; one row that is whole and one that a job makes the next of, per market';
comment on column ledger.carried_forward.is_whole is 'every row of the months before is in it; false: a job adds to it';
comment on column ledger.carried_forward.month is 'rows of this month and those after it are not in it';
comment on column ledger.carried_forward.from_month is 'rows of before were carried forward earlier; -infinity: none were';
comment on column ledger.carried_forward.debits is 'beside accounts, minor units';
comment on column ledger.carried_forward.credits is 'beside accounts, minor units';
comment on column ledger.carried_forward.after_owner_id is 'with after_month and after_entry_no the last row that is in it, in the order in which they are read';
alter table ledger.carried_forward owner to socius_owner;
call core.raise_walls('ledger.carried_forward');
revoke select on ledger.carried_forward from wall_partner, wall_member;
grant insert, update on ledger.carried_forward to wall_runner;
