-- Monthly partitions follow the real clock, never that of a market (ADR 0026): of the ledger, whose
-- month is now the one in which a row is written, and of events.

-- The real month of this transaction, UTC; the partition that its rows go into.
create function core.month_now() returns date
language sql stable parallel safe as $$
	select date_trunc('month', now() at time zone 'UTC')::date
$$;
comment on function core.month_now is 'first day of the month of this transaction, by the real clock, UTC';
grant execute on function core.month_now to wall_partner, wall_member, wall_operator, wall_platform,
	wall_runner, wall_batch, wall_test, wall_law, socius_owner;

alter table ledger.transaction alter column posted_month
	set default date_trunc('month', now() at time zone 'UTC')::date;
comment on column ledger.transaction.posted_month is 'first day of the month in which it was posted, by the real clock, UTC; the partition';

-- Rows of test markets whose clock stood in another month move to this one, so that no partition is
-- kept, and none cannot be made, for their sake. entry_no is unique in a wallet, whatever the month.
alter table ledger.transaction disable trigger transaction_append_only;
update ledger.transaction x
set posted_month = core.month_now()
from core.market m
where m.market_id = x.market_id and m.is_test and m.test_now is not null
	and x.posted_month <> core.month_now();
update ledger.transaction x
set posted_month = core.month_now()
where x.posted_month > core.month_now();
alter table ledger.transaction enable trigger transaction_append_only;

-- Whether a partition holds no row, whoever asks.
create function core.is_empty(p_table regclass) returns boolean
language plpgsql stable security definer as $$
declare
	v_is_empty boolean;
begin
	execute format('select not exists (select from %s)', p_table) into v_is_empty;
	return v_is_empty;
end
$$;
comment on function core.is_empty is 'whether a table holds no row; as wall_law, who sees all';
alter function core.is_empty owner to wall_law;
grant execute on function core.is_empty to socius_owner;
grant usage on schema core, ledger, events to socius_owner;

-- The partitions of a table by month.
create function core.months_of(p_table regclass)
returns table (month date, partition regclass)
language sql stable as $$
	select to_date(right(c.relname, 7), 'YYYY_MM'), c.oid::regclass
	from pg_catalog.pg_inherits i
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	where i.inhparent = p_table and c.relname ~ '_[0-9]{4}_[0-9]{2}$'
$$;
comment on function core.months_of is 'the partitions of a table by month';
grant execute on function core.months_of to socius_owner;

-- The partitions of a table for so many months from the given one on. Attaching, unlike creating in
-- place, does not lock out those who write; locks that do not come at once are given up, and the job
-- tries again. A month of which the default partition holds rows already is left there.
create function core.make_months(p_table regclass, p_from date, p_months int) returns int
language plpgsql security definer set lock_timeout = '500ms' as $$
declare
	v_month date := date_trunc('month', p_from)::date;
	v_schema text;
	v_name text;
	v_made int := 0;
begin
	if p_table not in ('ledger.transaction'::regclass, 'events.event'::regclass) then
		raise exception '% is not partitioned by month', p_table;
	end if;
	select n.nspname, c.relname into v_schema, v_name
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.oid = p_table;
	for v_i in 1 .. p_months loop
		if to_regclass(format('%I.%I', v_schema, v_name || to_char(v_month, '_YYYY_MM'))) is null then
			v_made := v_made + core.make_month(p_table, v_schema,
				v_name || to_char(v_month, '_YYYY_MM'), v_month);
		end if;
		v_month := (v_month + interval '1 month')::date;
	end loop;
	return v_made;
end
$$;
comment on function core.make_months is 'partitions of a table for so many months from the given one on; returns how many it made';

create function core.make_month(p_table regclass, p_schema text, p_name text, p_month date)
returns int
language plpgsql as $$
begin
	execute format('create table %I.%I (like %s including all)', p_schema, p_name, p_table);
	call core.raise_walls(format('%I.%I', p_schema, p_name)::regclass,
		case p_table when 'ledger.transaction'::regclass then 'owner_id' else 'partner_id' end);
	if p_table = 'ledger.transaction'::regclass then
		execute format('create trigger transaction_never_truncated before truncate on %I.%I '
			'for each statement execute function ledger.guard_transaction()', p_schema, p_name);
	end if;
	execute format('alter table %s attach partition %I.%I for values from (%L) to (%L)',
		p_table, p_schema, p_name, p_month, (p_month + interval '1 month')::date);
	return 1;
exception when check_violation then
	return 0; -- rows of this month stand in the default partition
end
$$;
comment on function core.make_month is 'one partition; returns how many it made: 1 or 0';

-- Drops empty partitions outside of the given months, at most so many; returns how many it dropped.
-- One that is in use is left for the next time.
create function core.drop_empty_months(p_table regclass, p_from date, p_until date, p_limit int)
returns int
language plpgsql security definer set lock_timeout = '500ms' as $$
declare
	v_partition regclass;
	v_dropped int := 0;
begin
	for v_partition in
		select m.partition
		from core.months_of(p_table) m
		where (m.month < p_from or m.month > p_until) and core.is_empty(m.partition)
		order by m.month desc
		limit p_limit
	loop
		begin
			execute format('lock table %s in access exclusive mode', p_table);
			execute format('lock table %s in access exclusive mode', v_partition);
			if core.is_empty(v_partition) then
				execute format('drop table %s', v_partition);
				v_dropped := v_dropped + 1;
			end if;
		exception when lock_not_available then
			null;
		end;
	end loop;
	return v_dropped;
end
$$;
comment on function core.drop_empty_months is 'drops empty partitions outside of the given months';

drop function ledger.make_months(date, int);
alter function core.months_of owner to socius_owner;
alter function core.make_months owner to socius_owner;
alter function core.make_month owner to socius_owner;
alter function core.drop_empty_months owner to socius_owner;
grant execute on function core.make_months, core.drop_empty_months to wall_runner;

-- One job of the platform's takes the place of one in each market.
delete from core.job where kind = 'make_months' and market_id <> 0;

-- Events. What there is becomes the partition of this month and all before it; its primary key is
-- made anew, no row moves. sql/api and sql/laws, which name the table, are applied after this.
drop function if exists events.show_event(events.event);
drop function if exists events.show_event(events.event, uuid);
alter table events.event rename to event_before;
alter index events.event_pkey rename to event_before_pkey;
alter index events.event_of_partner rename to event_before_of_partner;

do $$
begin
	execute format('alter table events.event_before add column recorded_month date not null '
		'default %L', core.month_now());
end
$$;
alter table events.event_before
	alter column recorded_month set default date_trunc('month', now() at time zone 'UTC')::date,
	drop constraint event_before_pkey,
	add primary key (market_id, epoch, xid, event_id, recorded_month);

create table events.event (
	like events.event_before including defaults including comments,
	primary key (market_id, epoch, xid, event_id, recorded_month)
) partition by range (recorded_month);
comment on table events.event is 'each transition of anything, one row; read in the order (epoch, xid, event_id) below the oldest running transaction; by month, which the archive takes away as a whole';
comment on column events.event.recorded_month is 'first day of the month in which it was written, by the real clock, UTC; the partition';
alter table events.event owner to socius_owner;
create index event_of_partner on events.event (market_id, partner_id, epoch, xid, event_id);
call core.raise_walls('events.event', 'partner_id');
grant insert on events.event to wall_partner, wall_member, wall_operator, wall_platform,
	wall_runner, wall_batch;
create policy platform on events.event for insert to wall_platform
	with check (market_id = current_setting('socius.market')::int);
create policy batch on events.event to wall_batch
	using (market_id = current_setting('socius.market')::int);
grant select on events.event to wall_batch;

-- Months that nobody prepared, the runner having been away for long, fall here.
create table events.event_other partition of events.event default;
alter table events.event_other owner to socius_owner;
call core.raise_walls('events.event_other', 'partner_id');

do $$
declare
	v_month constant date := core.month_now();
	v_name constant text := to_char(v_month, '"event_"YYYY_MM');
begin
	execute format('alter table events.event_before rename to %I', v_name);
	execute format('alter index events.event_before_pkey rename to %I', v_name || '_pkey');
	execute format('alter index events.event_before_of_partner rename to %I',
		v_name || '_of_partner');
	execute format('alter table events.event attach partition events.%I for values from '
		'(minvalue) to (%L)', v_name, (v_month + interval '1 month')::date);
	perform core.make_months('events.event', v_month, 4);
	perform core.make_months('ledger.transaction', v_month, 4);
end
$$;

-- How far the feed of a market was archived and dropped: readers that come from before are told so,
-- and laws do not ask for events of what happened until then.
create table events.archived (
	market_id int primary key,
	epoch int not null,
	xid xid8 not null,
	event_id uuid not null,
	occurred_until timestamptz not null
);
comment on table events.archived is 'the last event of a market that is in an archive and no more in the feed; one row per market';
comment on column events.archived.occurred_until is 'of the archived ones the latest, by the market''s clock';
alter table events.archived owner to socius_owner;
call core.raise_walls('events.archived');

create table events.archived_month (
	month date primary key,
	events bigint not null,
	digest text not null,
	archived_at timestamptz not null
);
comment on table events.archived_month is 'months of events that are files of the archive and no more in the feed';
comment on column events.archived_month.digest is 'SHA-256 of the file, hexadecimal';
alter table events.archived_month owner to socius_owner;
grant select on events.archived_month to wall_law;
