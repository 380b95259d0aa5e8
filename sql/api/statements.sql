-- Weekly statements: opening, lines, closing.

-- Refuses: partner_unknown, also where the caller is another partner.
create or replace function payouts.require_partner(p_market_id int, p_caller_id uuid,
	p_partner_id uuid) returns void
language plpgsql stable as $$
begin
	if p_partner_id <> p_caller_id or not exists (
		select from ledger.wallet w
		where w.market_id = p_market_id and w.owner_id = p_partner_id
			and w.owner_kind = 'partner') then
		perform core.refuse('partner_unknown');
	end if;
end
$$;

-- Refuses: week_wrong
create or replace function payouts.require_week(p_week date) returns void
language plpgsql immutable as $$
begin
	if extract(isodow from p_week) is distinct from 1 then
		perform core.refuse('week_wrong');
	end if;
end
$$;

-- All statements of a partner: one for each week that has lines. A week is opened by what the weeks
-- before it left, so the chain holds whatever week a line has come into.
create or replace function payouts.statements_of(p_market_id int, p_partner_id uuid)
returns setof api.statement
language plpgsql stable as $$
begin
	return query
	select w.week, ledger.week_begins(m.time_zone, w.week),
		ledger.week_begins(m.time_zone, w.week + 7),
		case when c.closed_at is null then 'open' else 'closed' end, c.closed_at, m.currency,
		w.lines_count, ledger.exact(w.closing_minor - w.amount_minor),
		ledger.exact(w.share_minor), ledger.exact(w.tips_minor), ledger.exact(w.tolls_minor),
		ledger.exact(w.cash_collected_minor), ledger.exact(w.slot_pay_minor),
		ledger.exact(w.payouts_minor), ledger.exact(w.other_minor),
		ledger.exact(w.closing_minor), ledger.exact(w.deductions_minor)
	from (
		select l.week, count(*) as lines_count, sum(l.share_minor) as share_minor,
			sum(l.tips_minor) as tips_minor, sum(l.tolls_minor) as tolls_minor,
			sum(l.cash_collected_minor) as cash_collected_minor,
			sum(l.slot_pay_minor) as slot_pay_minor,
			sum(l.payouts_minor) as payouts_minor,
			sum(l.other_minor) as other_minor,
			sum(l.deductions_minor) as deductions_minor,
			sum(l.amount_minor) as amount_minor,
			sum(sum(l.amount_minor)) over (order by l.week) as closing_minor
		from payouts.line l
		where l.market_id = p_market_id and l.owner_id = p_partner_id
		group by l.week
	) w
	join core.market m on m.market_id = p_market_id
	cross join lateral (
		select min(k.closed_at) as closed_at
		from payouts.closed_week k
		where k.market_id = p_market_id and k.week >= w.week
	) c;
end
$$;

create or replace function api.list_statements(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, p_limit int, p_after_week date) returns setof api.statement
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform payouts.require_partner(p_market_id, p_caller_id, p_partner_id);
	return query
	select s.*
	from payouts.statements_of(p_market_id, p_partner_id) s
	where s.week < coalesce(p_after_week, 'infinity')
	order by s.week desc
	limit p_limit;
end
$$;
comment on function api.list_statements is 'Lists the weekly statements of a partner, the newest first. Refuses: partner_unknown';

create or replace function api.get_statement(p_market_id int, p_caller_id uuid, p_partner_id uuid,
	p_week date, out "row" api.statement)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform payouts.require_week(p_week);
	perform payouts.require_partner(p_market_id, p_caller_id, p_partner_id);
	select s.* into "row"
	from payouts.statements_of(p_market_id, p_partner_id) s
	where s.week = p_week;
	if not found then
		perform core.refuse('statement_unknown');
	end if;
end
$$;
comment on function api.get_statement is 'Shows the statement of one week. Refuses: week_wrong partner_unknown statement_unknown';

create or replace function api.list_statement_lines(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, p_week date, p_limit int, p_after_entry_no bigint)
returns setof api.statement_line
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	perform payouts.require_week(p_week);
	perform payouts.require_partner(p_market_id, p_caller_id, p_partner_id);
	return query
	select (payouts.show_line(l)).*
	from payouts.line l
	where l.market_id = p_market_id and l.owner_id = p_partner_id and l.week = p_week
		and l.entry_no > coalesce(p_after_entry_no, 0)
	order by l.entry_no
	limit p_limit;
	if not found and p_after_entry_no is null then
		perform core.refuse('statement_unknown');
	end if;
end
$$;
comment on function api.list_statement_lines is 'Lists the lines of one statement, in the order of posting. Refuses: week_wrong partner_unknown statement_unknown';

-- The same lines, all of them, for a file.
create or replace function api.export_statement(p_market_id int, p_caller_id uuid,
	p_partner_id uuid, p_week date) returns setof api.statement_line
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	return query
	select l.*
	from api.list_statement_lines(p_market_id, p_caller_id, p_partner_id, p_week, null, null) l;
end
$$;
comment on function api.export_statement is 'Gives the lines of one statement as a file. Refuses: week_wrong partner_unknown statement_unknown';

grant execute on function payouts.require_partner, payouts.require_week, payouts.statements_of
	to wall_member;
alter function api.list_statements owner to wall_member;
alter function api.get_statement owner to wall_member;
alter function api.list_statement_lines owner to wall_member;
alter function api.export_statement owner to wall_member;
grant execute on function api.list_statements, api.get_statement, api.list_statement_lines,
	api.export_statement to socius_gate;
