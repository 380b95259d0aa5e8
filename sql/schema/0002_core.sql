-- What every room stands on: markets, the memory of keys, jobs, events.

create table core.currency (
	code text primary key check (code ~ '^[A-Z]{3}$'),
	exponent smallint not null check (exponent between 0 and 4)
);
comment on table core.currency is 'ISO 4217: currencies in use and the digits of their minor unit; a reference table';
alter table core.currency owner to socius_owner;
grant select on core.currency to wall_platform, wall_law;
insert into core.currency (code, exponent)
select code, 2
from unnest(string_to_array('AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD '
	'BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN '
	'ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS '
	'KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR '
	'MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK '
	'SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS '
	'VED VES WST XCD YER ZAR ZMW ZWG', ' ')) code;
insert into core.currency (code, exponent)
select code, 0
from unnest(string_to_array('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF',
	' ')) code;
insert into core.currency (code, exponent)
select code, 3
from unnest(string_to_array('BHD IQD JOD KWD LYD OMR TND', ' ')) code;

create table core.time_zone (
	name text primary key
);
comment on table core.time_zone is 'names of the IANA database as this server knows them; a reference table';
alter table core.time_zone owner to socius_owner;
grant select on core.time_zone to wall_platform, wall_law;

-- Copies the names, because asking PostgreSQL for one of them reads all files: 200 ms. Call it
-- again after an update of tzdata. Copies under other roots and the abbreviations beside them do
-- not count.
create procedure core.learn_time_zones()
language sql as $$
	insert into core.time_zone (name)
	select z.name
	from pg_catalog.pg_timezone_names z
	where (z.name = 'UTC' or z.name like '%/%') and z.name !~ '^(posix|right|SystemV)/'
	on conflict do nothing
$$;
call core.learn_time_zones();

create table core.market (
	market_id int primary key,
	code text not null constraint market_code_taken unique
		constraint market_code_shape check (code ~ '^[a-z][a-z0-9_-]{1,31}$'),
	name text not null,
	currency text not null constraint currency_unknown references core.currency (code),
	currency_exponent smallint not null check (currency_exponent between 0 and 4),
	time_zone text not null constraint time_zone_unknown references core.time_zone (name),
	is_test boolean not null default false,
	test_now timestamptz check (is_test or test_now is null),
	created_at timestamptz not null,
	version bigint not null default 1
);
comment on table core.market is 'a city or region; a reference table, the same on every shard';
comment on column core.market.market_id is 'the shard key of every other table; 0 is the platform and has no row';
comment on column core.market.time_zone is 'IANA name';
comment on column core.market.test_now is 'the clock of a test market stands here; null: the real clock';
alter table core.market owner to socius_owner;
grant select on core.market to wall_partner, wall_member, wall_operator, wall_platform,
	wall_runner, wall_law;
grant insert, update on core.market to wall_platform;
grant update (test_now, version) on core.market to wall_operator;

create table core.request_key (
	market_id int not null,
	account_id uuid not null,
	operation text not null,
	key text not null check (length(key) between 1 and 255),
	digest bytea not null check (length(digest) = 32),
	resource_id uuid not null,
	created_at timestamptz not null,
	primary key (market_id, account_id, operation, key)
);
comment on table core.request_key is 'Idempotency-Keys of operations whose row is not its own key; written in their transaction';
comment on column core.request_key.digest is 'SHA-256 of the request''s arguments';
comment on column core.request_key.resource_id is 'what the request made or moved';
alter table core.request_key owner to socius_owner;
call core.raise_walls('core.request_key');
grant insert on core.request_key to wall_partner, wall_member, wall_operator, wall_runner;
create policy platform on core.request_key to wall_platform using (market_id = 0);
grant select, insert on core.request_key to wall_platform;

create table core.job (
	market_id int not null,
	job_id uuid not null,
	kind text not null,
	subject_id uuid,
	state text not null default 'queued' check (state in ('queued', 'done', 'failed')),
	due_at timestamptz not null,
	attempts int not null default 0,
	last_error text,
	created_at timestamptz not null,
	finished_at timestamptz,
	primary key (market_id, job_id)
);
comment on table core.job is 'work for the runner; kind names the function jobs.<kind>';
comment on column core.job.subject_id is 'what the job is about, for example the payout run';
comment on column core.job.due_at is 'by the market''s clock';
alter table core.job owner to socius_owner;
create index job_due on core.job (due_at) where state = 'queued';
call core.raise_walls('core.job');
grant insert on core.job to wall_operator, wall_runner;
grant update on core.job to wall_runner;
-- the runner looks for due work in all markets
create policy runner on core.job to socius_runner using (true);

create table events.event (
	market_id int not null,
	epoch int not null default current_setting('socius.epoch')::int,
	xid xid8 not null default pg_current_xact_id(),
	event_id uuid not null,
	kind text not null,
	partner_id uuid,
	subject text not null,
	subject_id uuid not null,
	from_state text,
	to_state text,
	actor_id uuid not null,
	actor_role text not null,
	reason text,
	occurred_at timestamptz not null,
	primary key (market_id, epoch, xid, event_id)
);
comment on table events.event is 'each transition of anything, one row; read in the order (epoch, xid, event_id) below the oldest running transaction';
comment on column events.event.epoch is 'counts restores: transaction ids begin anew in a restored database';
comment on column events.event.xid is 'the transaction that wrote it';
comment on column events.event.subject is 'what changed: partner, booking, ...; with subject_id it has one life';
comment on column events.event.from_state is 'null: the life begins here, or this is no transition';
comment on column events.event.kind is '<subject>.<what happened>: booking.confirmed';
comment on column events.event.partner_id is 'whose feed it is in; null: operators'' only';
comment on column events.event.actor_id is 'the account that did it; the nil UUID for the runner';
alter table events.event owner to socius_owner;
create index event_of_partner on events.event (market_id, partner_id, epoch, xid, event_id);
call core.raise_walls('events.event', 'partner_id');
grant insert on events.event to wall_partner, wall_member, wall_operator, wall_platform,
	wall_runner;
create policy platform on events.event for insert to wall_platform
	with check (market_id = current_setting('socius.market')::int);

-- Refuses by name: the one way for a function to say no. Becomes a problem with that slug; the
-- members of p_detail are shown beside it.
create function core.refuse(p_slug text, p_detail jsonb default '{}') returns void
language plpgsql as $$
begin
	raise exception using errcode = 'SO001', message = p_slug, detail = p_detail::text;
end
$$;

-- An instant as the API writes it (RFC 3339, Z), for the details of refusals.
create function core.show_instant(p_instant timestamptz) returns text
language plpgsql stable as $$
begin
	return replace(to_json(p_instant) #>> '{}', '+00:00', 'Z');
end
$$;

-- The request's clock: the market's where it stands still, else the given one.
create function core.clock(p_market_id int, p_now timestamptz) returns timestamptz
language plpgsql stable as $$
begin
	return coalesce(
		(select m.test_now from core.market m where m.market_id = p_market_id), p_now);
end
$$;

-- Steps through the wall: every entry point's first statement. Always true: an assignment
-- (v_entered := core.enter(...)) takes half the time of `perform`, so hot functions assign.
-- p_partner_id null: the whole market (wall_member and wall_operator).
create function core.enter(p_market_id int, p_partner_id uuid) returns boolean
language plpgsql as $$
begin
	return set_config('socius.market', p_market_id::text, true) is not null
		and set_config('socius.partner',
			coalesce(p_partner_id::text, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), true) is not null;
end
$$;

-- Remembers an Idempotency-Key in the transaction of its effect. Null: the key is new, go on.
-- Otherwise the resource that the first request made: answer with it, replayed.
-- Waits for a concurrent twin. Refuses: key_reused.
create function core.claim_key(p_market_id int, p_account_id uuid, p_operation text, p_key text,
	p_digest bytea, p_resource_id uuid, p_now timestamptz) returns uuid
language plpgsql as $$
declare
	v_digest bytea;
	v_resource_id uuid;
begin
	insert into core.request_key
		(market_id, account_id, operation, key, digest, resource_id, created_at)
	values (p_market_id, p_account_id, p_operation, p_key, p_digest, p_resource_id, p_now)
	on conflict do nothing;
	if found then
		return null;
	end if;
	select k.digest, k.resource_id into v_digest, v_resource_id
	from core.request_key k
	where k.market_id = p_market_id and k.account_id = p_account_id
		and k.operation = p_operation and k.key = p_key;
	if v_digest is distinct from p_digest then
		perform core.refuse('key_reused');
	end if;
	return v_resource_id;
end
$$;

-- A market where a UUID is asked for: as the subject of an event, as the owner of a wallet.
create function core.id_of_market(p_market_id int) returns uuid
language plpgsql immutable as $$
begin
	return ('00000000-0000-0000-0000-' || lpad(to_hex(p_market_id), 12, '0'))::uuid;
end
$$;

-- After a restore, by hand of whoever restored: events from now on follow all that were restored,
-- though transaction ids begin anew. Sessions must connect again.
create procedure core.begin_epoch()
language plpgsql as $$
begin
	execute format('alter database %I set socius.epoch = %L', current_database(),
		(select coalesce(max(e.epoch), 0) + 1 from events.event e));
end
$$;

-- The id that stands p_steps after another: for the second, third, ... row of one request.
create function core.following_id(p_id uuid, p_steps int) returns uuid
language plpgsql immutable as $$
begin
	return (left(p_id::text, 28) || lpad(to_hex(
		(('x' || right(p_id::text, 8))::bit(32)::bigint + p_steps) & 4294967295), 8, '0'))::uuid;
end
$$;

-- Makes api.<f>_batch over api.<f>: arrays in, one row out for each call, in order.
-- p_lock: market (slots and partner days are written), wallets (money is posted; p_partner_id[] are
-- locked in order), or none. In a test market every call gets the market's clock.
create procedure core.make_batch(p_function regprocedure, p_owner name, p_lock text)
language plpgsql as $$
declare
	v_name text;
	v_names text[];
	v_types oid[];
	v_modes "char"[];
	v_takes text := '';
	v_passes text := '';
	v_gives text := '';
	v_copies text := '';
	v_first text;
	v_lock text := '';
	v_i int;
begin
	select p.proname, p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]),
		coalesce(p.proargmodes, array_fill('i'::"char", array[p.pronargs]))
	into strict v_name, v_names, v_types, v_modes
	from pg_catalog.pg_proc p where p.oid = p_function;
	for v_i in 1 .. array_length(v_names, 1) loop
		if v_modes[v_i] = 'i' and v_names[v_i] = 'p_market_id' then
			v_passes := v_passes || 'p_market_id';
		elsif v_modes[v_i] = 'i' then
			v_takes := v_takes || format(', %I %s[]', v_names[v_i], format_type(v_types[v_i], null));
			v_passes := v_passes || case when v_names[v_i] = 'p_now'
				then ', coalesce(v_test_now, p_now[v_i])' else format(', %I[v_i]', v_names[v_i]) end;
			v_first := coalesce(v_first, v_names[v_i]);
		else
			v_gives := v_gives || format(', %I %s', v_names[v_i], format_type(v_types[v_i], null));
			v_copies := v_copies || format('%1$I := v_one.%1$I; ', v_names[v_i]);
		end if;
	end loop;
	if p_lock = 'market' then
		v_lock := 'perform pg_advisory_xact_lock(5051, p_market_id);';
	elsif p_lock = 'wallets' and p_owner = 'wall_partner' then
		raise exception 'wall_partner sees no wallet before a partner has entered: wall_member does';
	elsif p_lock = 'wallets' then
		v_lock := 'perform 1 from ledger.wallet w where w.market_id = p_market_id '
			'and w.owner_id = any (p_partner_id) order by w.owner_id for no key update;';
	end if;
	execute format($f$
		create or replace function api.%1$I(p_market_id int%2$s) returns table (%3$s)
		language plpgsql security definer
		set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
		as $b$
		#variable_conflict use_column
		declare
			v_test_now timestamptz;
			v_one record;
		begin
			perform core.enter(p_market_id, null);
			%4$s
			select m.test_now into v_test_now from core.market m where m.market_id = p_market_id;
			for v_i in 1 .. coalesce(array_length(%5$I, 1), 0) loop
				v_one := api.%6$I(%7$s);
				%8$s
				return next;
			end loop;
		end
		$b$ $f$, v_name || '_batch', v_takes, substr(v_gives, 3), v_lock, v_first,
		v_name, v_passes, v_copies);
	execute format('alter function api.%I owner to %I', v_name || '_batch', p_owner);
	execute format('grant execute on function api.%I to socius_gate', v_name || '_batch');
	execute format('grant execute on function api.%I to %I', v_name, p_owner);
end
$$;

grant execute on function core.show_instant, core.refuse, core.clock, core.enter, core.claim_key,
	core.following_id, core.id_of_market
	to wall_partner, wall_member, wall_operator, wall_platform, wall_runner;
