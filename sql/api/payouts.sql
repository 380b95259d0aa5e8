-- Payout runs and payouts.

create or replace function payouts.show_run(p_run payouts.payout_run) returns api.payout_run
language sql stable as $$
	select row(p_run.payout_run_id, p_run.state, p_run.minimum_minor, p_run.currency,
		p_run.payouts_count, ledger.exact(p_run.total_minor), p_run.created_by, p_run.created_at,
		p_run.started_at, p_run.finished_at, p_run.version, p_run.left_out_count,
		ledger.exact(p_run.left_out_minor), p_run.failure)::api.payout_run
$$;

create or replace function payouts.show_payout(p_payout payouts.payout) returns api.payout
language sql stable as $$
	select row(p_payout.payout_id, p_payout.payout_run_id, p_payout.partner_id, p_payout.state,
		p_payout.amount_minor, p_payout.currency, p_payout.first_entry_no, p_payout.last_entry_no,
		p_payout.last_entry_no - p_payout.first_entry_no + 1, p_payout.created_at,
		p_payout.version)::api.payout
$$;

create or replace function payouts.show_line(p_line payouts.line) returns api.statement_line
language sql stable as $$
	select row(p_line.entry_no, p_line.transaction_id, p_line.kind, p_line.cause_id, p_line.week,
		p_line.occurred_at, p_line.posted_at, p_line.currency, p_line.share_minor,
		p_line.tips_minor, p_line.tolls_minor, p_line.cash_collected_minor, p_line.slot_pay_minor,
		p_line.payouts_minor, p_line.other_minor, p_line.amount_minor,
		p_line.deductions_minor)::api.statement_line
$$;

-- Asks for a payout run; the runner does it. One at a time in a market: the index payout_run_open
-- says so where two ask at once. The run's job has the run's id.
create or replace function api.create_payout_run(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_now timestamptz, p_event_id uuid, p_payout_run_id uuid, p_key text,
	p_digest bytea, p_minimum_minor bigint, out replayed boolean, out "row" api.payout_run)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_now timestamptz;
	v_run_id uuid;
	v_open record;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_run_id := core.claim_key(p_market_id, p_actor_id, 'create_payout_run', p_key, p_digest,
		p_payout_run_id, v_now);
	replayed := v_run_id is not null;
	if not replayed then
		v_run_id := p_payout_run_id;
		perform ledger.need_amounts(p_market_id, p_minimum_minor);
		select r.payout_run_id, r.state, r.failure into v_open
		from payouts.payout_run r
		where r.market_id = p_market_id and r.state <> 'finished';
		if found then
			perform core.refuse('payout_run_open', jsonb_strip_nulls(to_jsonb(v_open)));
		end if;
		insert into payouts.payout_run (market_id, payout_run_id, state, minimum_minor, currency,
			created_by, created_at)
		select p_market_id, v_run_id, 'queued', coalesce(p_minimum_minor, 1), m.currency,
			p_actor_id, v_now
		from core.market m
		where m.market_id = p_market_id;
		insert into core.job (market_id, job_id, kind, subject_id, due_at, created_at)
		values (p_market_id, v_run_id, 'run_payouts', v_run_id, v_now, v_now);
		insert into events.event (market_id, event_id, kind, subject, subject_id, to_state,
			actor_id, actor_role, occurred_at)
		values (p_market_id, p_event_id, 'payout_run.queued', 'payout_run', v_run_id, 'queued',
			p_actor_id, p_actor_role, v_now);
	end if;
	select (payouts.show_run(r)).* into "row"
	from payouts.payout_run r
	where r.market_id = p_market_id and r.payout_run_id = v_run_id;
end
$$;
comment on function api.create_payout_run is 'Asks for a payout run. Refuses: payout_run_open amount_too_large key_reused';

create or replace function api.get_payout_run(p_market_id int, p_payout_run_id uuid,
	out "row" api.payout_run)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	select (payouts.show_run(r)).* into "row"
	from payouts.payout_run r
	where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id;
	if not found then
		perform core.refuse('payout_run_unknown');
	end if;
end
$$;
comment on function api.get_payout_run is 'Shows one payout run. Refuses: payout_run_unknown';

-- Ids of runs are made in the order of time.
create or replace function api.list_payout_runs(p_market_id int, p_limit int,
	p_after_payout_run_id uuid) returns setof api.payout_run
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	return query
	select (payouts.show_run(r)).*
	from payouts.payout_run r
	where r.market_id = p_market_id and r.payout_run_id <
		coalesce(p_after_payout_run_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
	order by r.payout_run_id desc
	limit p_limit;
end
$$;
comment on function api.list_payout_runs is 'Lists payout runs, the newest first. Refuses: nothing.';

create or replace function api.list_payouts_of_run(p_market_id int, p_payout_run_id uuid,
	p_limit int, p_after_partner_id uuid) returns setof api.payout
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	if not exists (select from payouts.payout_run r
		where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id) then
		perform core.refuse('payout_run_unknown');
	end if;
	return query
	select (payouts.show_payout(p)).*
	from payouts.payout p
	where p.market_id = p_market_id and p.payout_run_id = p_payout_run_id
		and p.partner_id > coalesce(p_after_partner_id, '00000000-0000-0000-0000-000000000000')
	order by p.partner_id
	limit p_limit;
end
$$;
comment on function api.list_payouts_of_run is 'Lists the payouts of a run, by partner. Refuses: payout_run_unknown';

create or replace function api.list_left_out_of_run(p_market_id int, p_payout_run_id uuid,
	p_limit int, p_after_partner_id uuid) returns setof api.left_out
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, null);
	if not exists (select from payouts.payout_run r
		where r.market_id = p_market_id and r.payout_run_id = p_payout_run_id) then
		perform core.refuse('payout_run_unknown');
	end if;
	return query
	select l.partner_id, l.reason, l.until, l.balance_minor, l.currency, l.error
	from payouts.left_out l
	where l.market_id = p_market_id and l.payout_run_id = p_payout_run_id
		and l.partner_id > coalesce(p_after_partner_id, '00000000-0000-0000-0000-000000000000')
	order by l.partner_id
	limit p_limit;
end
$$;
comment on function api.list_left_out_of_run is 'Lists whom a run left out and why, by partner. Refuses: payout_run_unknown';
alter function api.list_left_out_of_run owner to wall_operator;
grant execute on function api.list_left_out_of_run to socius_gate;

-- Payouts, the newest first: of one partner in the order of its wallet, of the market by run; each
-- order has its index, and the cursor carries the keys of both.
create or replace function api.list_payouts(p_market_id int, p_caller_id uuid, p_partner_id uuid,
	p_limit int, p_after_payout_run_id uuid, p_after_partner_id uuid, p_after_first_entry_no bigint)
returns setof api.payout
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
	v_of constant uuid := coalesce(p_caller_id, p_partner_id);
	v_last constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
begin
	perform core.enter(p_market_id, p_caller_id);
	if p_partner_id <> p_caller_id then
		return;
	elsif v_of is not null then
		return query
		select (payouts.show_payout(p)).*
		from payouts.payout p
		where p.market_id = p_market_id and p.partner_id = v_of
			and p.first_entry_no < coalesce(p_after_first_entry_no, 9223372036854775807)
		order by p.first_entry_no desc
		limit p_limit;
	else
		return query
		select (payouts.show_payout(p)).*
		from payouts.payout p
		where p.market_id = p_market_id and (p.payout_run_id, p.partner_id) <
			(coalesce(p_after_payout_run_id, v_last), coalesce(p_after_partner_id, v_last))
		order by p.payout_run_id desc, p.partner_id desc
		limit p_limit;
	end if;
end
$$;
comment on function api.list_payouts is 'Lists payouts, the newest first; a partner''s own. Refuses: nothing.';

-- One payout as it stands in its table; another partner's is not there. Refuses: payout_unknown
create or replace function payouts.find_payout(p_market_id int, p_caller_id uuid, p_payout_id uuid)
returns payouts.payout
language plpgsql stable as $$
declare
	v_payout payouts.payout;
begin
	select p.* into v_payout
	from payouts.payout p
	where p.market_id = p_market_id and p.payout_id = p_payout_id
		and (p_caller_id is null or p.partner_id = p_caller_id);
	if not found then
		perform core.refuse('payout_unknown');
	end if;
	return v_payout;
end
$$;

create or replace function api.get_payout(p_market_id int, p_caller_id uuid, p_payout_id uuid,
	out "row" api.payout)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	"row" := payouts.show_payout(payouts.find_payout(p_market_id, p_caller_id, p_payout_id));
end
$$;
comment on function api.get_payout is 'Shows one payout. Refuses: payout_unknown';

-- What a payout settles; the amounts of all lines sum to the payout's.
create or replace function api.list_entries_of_payout(p_market_id int, p_caller_id uuid,
	p_payout_id uuid, p_limit int, p_after_entry_no bigint) returns setof api.statement_line
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_payout payouts.payout;
begin
	perform core.enter(p_market_id, p_caller_id);
	v_payout := payouts.find_payout(p_market_id, p_caller_id, p_payout_id);
	return query
	select (payouts.show_line(l)).*
	from payouts.line l
	where l.market_id = p_market_id and l.owner_id = v_payout.partner_id
		and l.entry_no > coalesce(p_after_entry_no, 0)
		and l.entry_no between v_payout.first_entry_no and v_payout.last_entry_no
	order by l.entry_no
	limit p_limit;
end
$$;
comment on function api.list_entries_of_payout is 'Lists the entries that a payout settles. Refuses: payout_unknown';

grant execute on function payouts.show_run to wall_operator;
grant execute on function payouts.show_payout to wall_operator, wall_member;
grant execute on function payouts.show_line, payouts.find_payout to wall_member;
alter function api.create_payout_run owner to wall_operator;
alter function api.get_payout_run owner to wall_operator;
alter function api.list_payout_runs owner to wall_operator;
alter function api.list_payouts_of_run owner to wall_operator;
alter function api.list_payouts owner to wall_member;
alter function api.get_payout owner to wall_member;
alter function api.list_entries_of_payout owner to wall_member;
grant execute on function api.create_payout_run, api.get_payout_run, api.list_payout_runs,
	api.list_payouts_of_run, api.list_payouts, api.get_payout, api.list_entries_of_payout
	to socius_gate;
