-- Reports of sales, and the royalties that they post.

-- A report as the API shows it.
create or replace function cocreation.show_report(p_report cocreation.sales_report)
returns api.sales_report
language plpgsql stable as $$
begin
	return row(
		p_report.sales_report_id,
		p_report.idea_id,
		to_char(p_report.period, 'YYYY-MM'),
		p_report.currency,
		p_report.gross_minor,
		p_report.returns_minor,
		p_report.gross_minor - p_report.returns_minor,
		p_report.share_agreement_id,
		p_report.royalty_minor,
		(select array_agg(row(core.shown_id(t.market_id, t.partner_id), t.share_ppm,
				t.amount_minor)::api.sales_report_part order by t.line)
			from cocreation.sales_report_part t
			where t.market_id = p_report.market_id
				and t.sales_report_id = p_report.sales_report_id),
		p_report.restates,
		(select n.sales_report_id
			from cocreation.sales_report n
			where n.market_id = p_report.market_id and n.restates = p_report.sales_report_id),
		p_report.occurred_at,
		p_report.reported_at
	)::api.sales_report;
end
$$;
comment on function cocreation.show_report is 'a report of sales as the API shows it';

-- What a report may stand on: the idea, the month, the report that it restates. Whoever reports of
-- an idea waits here for whoever else does. A report of a month that began after the idea was closed
-- (expired, withdrawn) is refused, however late one comes of a month before; one that is restated is
-- not, because what was posted must be put right whenever it turns out wrong.
-- Refuses: idea_unknown idea_closed sales_report_exists sales_report_unknown
-- sales_report_of_another sales_report_restated_already
create or replace function cocreation.require_reportable(p_market_id int, p_idea_id uuid,
	p_period date, p_begins_at timestamptz, p_restates uuid) returns void
language plpgsql as $$
declare
	v_idea cocreation.idea;
	v_report cocreation.sales_report;
	v_other_id uuid;
begin
	v_idea := cocreation.lock_idea(p_market_id, p_idea_id);
	if p_restates is null then
		if v_idea.closed_at <= p_begins_at then
			perform core.refuse('idea_closed', jsonb_build_object('state', v_idea.state,
				'closed_at', core.show_instant(v_idea.closed_at)));
		end if;
		select r.sales_report_id into v_other_id
		from cocreation.sales_report r
		where r.market_id = p_market_id and r.idea_id = p_idea_id and r.period = p_period
			and not exists (
				select from cocreation.sales_report n
				where n.market_id = p_market_id and n.restates = r.sales_report_id);
		if found then
			perform core.refuse('sales_report_exists',
				jsonb_build_object('sales_report_id', v_other_id));
		end if;
		return;
	end if;
	select r.* into v_report
	from cocreation.sales_report r
	where r.market_id = p_market_id and r.sales_report_id = p_restates;
	if not found then
		perform core.refuse('sales_report_unknown');
	elsif v_report.idea_id <> p_idea_id or v_report.period <> p_period then
		perform core.refuse('sales_report_of_another', jsonb_build_object(
			'idea_id', v_report.idea_id, 'period', to_char(v_report.period, 'YYYY-MM')));
	end if;
	select n.sales_report_id into v_other_id
	from cocreation.sales_report n
	where n.market_id = p_market_id and n.restates = p_restates;
	if found then
		perform core.refuse('sales_report_restated_already',
			jsonb_build_object('restated_by', v_other_id));
	end if;
end
$$;
comment on function cocreation.require_reportable is 'refuses a report that its idea, its month or the report that it restates does not allow';

-- Takes back what a report posted: each author's transaction is reversed.
create or replace function cocreation.reverse_report(p_report cocreation.sales_report,
	p_now timestamptz) returns void
language plpgsql as $$
declare
	v_part cocreation.sales_report_part;
begin
	for v_part in
		select t.*
		from cocreation.sales_report_part t
		where t.market_id = p_report.market_id and t.sales_report_id = p_report.sales_report_id
			and t.transaction_id is not null
		order by t.partner_id
	loop
		perform ledger.reverse(p_report.market_id, v_part.partner_id, v_part.transaction_id,
			core.derived_id(uuid_send(v_part.transaction_id) || 'reversal'), p_report.occurred_at,
			p_now);
	end loop;
end
$$;
comment on function cocreation.reverse_report is 'takes back what a report of sales posted';

-- Divides a report's royalty over the idea's authors and posts each one's part: the whole of it is a
-- share, from which deductions may be withheld. A part of nothing posts nothing.
create or replace function cocreation.post_report(p_report cocreation.sales_report,
	p_now timestamptz) returns void
language plpgsql as $$
declare
	v_parts bigint[];
	v_part cocreation.sales_report_part;
begin
	select ledger.split(p_report.royalty_minor, array_agg(a.share_ppm order by a.line))
	into strict v_parts
	from cocreation.author a
	where a.market_id = p_report.market_id and a.idea_id = p_report.idea_id;
	insert into cocreation.sales_report_part (market_id, sales_report_id, partner_id, line,
		share_ppm, amount_minor, transaction_id)
	select p_report.market_id, p_report.sales_report_id, a.partner_id, a.line, a.share_ppm,
		v_parts[a.line], case when v_parts[a.line] > 0 then core.derived_id(
			uuid_send(p_report.sales_report_id) || uuid_send(a.partner_id)) end
	from cocreation.author a
	where a.market_id = p_report.market_id and a.idea_id = p_report.idea_id;
	for v_part in
		select t.*
		from cocreation.sales_report_part t
		where t.market_id = p_report.market_id and t.sales_report_id = p_report.sales_report_id
			and t.transaction_id is not null
		order by t.partner_id
	loop
		perform ledger.post(p_report.market_id, v_part.partner_id, v_part.transaction_id,
			'royalty', p_report.sales_report_id, array[5100, 2000],
			array[v_part.amount_minor, -v_part.amount_minor], p_report.occurred_at, p_now,
			p_share_minor => v_part.amount_minor);
	end loop;
end
$$;
comment on function cocreation.post_report is 'divides a royalty over the authors and posts each one''s part';

-- Tells every author of a report. The first author's event is the transition; those of the others
-- carry no states, because a subject has one life.
create or replace function cocreation.tell_authors(p_report cocreation.sales_report, p_kind text,
	p_from_state text, p_to_state text, p_event_id uuid, p_actor_id uuid, p_actor_role text,
	p_now timestamptz) returns void
language plpgsql as $$
begin
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id,
		from_state, to_state, actor_id, actor_role, occurred_at)
	select p_report.market_id, core.following_id(p_event_id, a.line - 1), p_kind, a.partner_id,
		'sales_report', p_report.sales_report_id, case when a.line = 1 then p_from_state end,
		case when a.line = 1 then p_to_state end, p_actor_id, p_actor_role, p_now
	from cocreation.author a
	where a.market_id = p_report.market_id and a.idea_id = p_report.idea_id;
end
$$;
comment on function cocreation.tell_authors is 'one event of a report for each author';

-- Takes the report of an idea's sales in a month that is over and posts the royalty on net sales by
-- the agreement in force when the month ended. With p_restates, what the earlier report posted is
-- reversed in the same transaction. The wallets of the authors are locked in the order of their ids.
create or replace function api.create_sales_report(p_market_id int, p_actor_id uuid,
	p_actor_role text, p_now timestamptz, p_key text, p_digest bytea, p_sales_report_id uuid,
	p_event_id uuid, p_idea_id uuid, p_period text, p_gross_minor bigint, p_returns_minor bigint,
	p_restates uuid, out replayed boolean, out "row" api.sales_report)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_period constant date := (p_period || '-01')::date;
	v_now timestamptz;
	v_market core.market;
	v_ends_at timestamptz;
	v_claimed_id uuid;
	v_agreement ledger.share_agreement;
	v_restated cocreation.sales_report;
	v_report cocreation.sales_report;
begin
	perform core.enter(p_market_id, null);
	v_now := core.clock(p_market_id, p_now);
	v_claimed_id := core.claim_key(p_market_id, p_actor_id, 'create_sales_report', p_key,
		p_digest, p_sales_report_id, v_now);
	replayed := v_claimed_id is not null;
	if replayed then
		"row" := api.get_sales_report(p_market_id, null, v_claimed_id);
		return;
	end if;
	perform ledger.need_amounts(p_market_id, p_gross_minor, p_returns_minor);
	select m.* into strict v_market from core.market m where m.market_id = p_market_id;
	v_ends_at := (v_period + interval '1 month') at time zone v_market.time_zone;
	if p_returns_minor > p_gross_minor then
		perform core.refuse('returns_exceed_gross');
	elsif v_ends_at > v_now then
		perform core.refuse('period_not_over',
			core.explain_wait('ends_at', v_ends_at, v_now));
	end if;
	perform cocreation.require_reportable(p_market_id, p_idea_id, v_period,
		v_period::timestamp at time zone v_market.time_zone, p_restates);
	select a.* into v_agreement
	from ledger.agreement_at(p_market_id, 'net_sales', v_ends_at - interval '1 second') a;
	if v_agreement.share_agreement_id is null then
		perform core.refuse('agreement_missing');
	end if;
	insert into cocreation.sales_report values (p_market_id, p_sales_report_id, p_idea_id,
		v_period, p_gross_minor, p_returns_minor, v_market.currency,
		v_agreement.share_agreement_id,
		(ledger.split(p_gross_minor - p_returns_minor, v_agreement.shares_ppm))
			[array_position(v_agreement.parties, 'partner')],
		p_restates, v_ends_at - interval '1 second', v_now)
	returning * into v_report;
	perform from ledger.wallet w
	where w.market_id = p_market_id and w.owner_id in (
		select a.partner_id
		from cocreation.author a
		where a.market_id = p_market_id and a.idea_id = p_idea_id)
	order by w.owner_id
	for no key update;
	if p_restates is not null then
		select r.* into strict v_restated
		from cocreation.sales_report r
		where r.market_id = p_market_id and r.sales_report_id = p_restates;
		perform cocreation.reverse_report(v_restated, v_now);
		-- far from the ids of the events below
		perform cocreation.tell_authors(v_restated, 'sales_report.restated', 'posted', 'restated',
			core.following_id(p_event_id, 1000), p_actor_id, p_actor_role, v_now);
	end if;
	perform cocreation.post_report(v_report, v_now);
	perform cocreation.tell_authors(v_report, 'sales_report.posted', null, 'posted', p_event_id,
		p_actor_id, p_actor_role, v_now);
	"row" := api.get_sales_report(p_market_id, null, p_sales_report_id);
end
$$;
comment on function api.create_sales_report is 'Takes the report of an idea''s sales in a month, or restates one, and posts the royalty. Refuses: idea_unknown idea_closed returns_exceed_gross period_not_over sales_report_exists sales_report_unknown sales_report_of_another sales_report_restated_already agreement_missing amount_too_large balance_out_of_range key_reused';

-- Reports, the newest first: a partner's are those of ideas that it is an author of.
create or replace function api.list_sales_reports(p_market_id int, p_caller_id uuid,
	p_idea_id uuid, p_limit int, p_after_sales_report_id uuid) returns setof api.sales_report
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set plan_cache_mode = force_custom_plan as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	return query
	select s.*
	from (
		select r.*
		from cocreation.sales_report r
		where r.market_id = p_market_id and (p_idea_id is null or r.idea_id = p_idea_id)
			and (p_caller_id is null or exists (
				select from cocreation.author a
				where a.market_id = p_market_id and a.idea_id = r.idea_id
					and a.partner_id = p_caller_id))
			and r.sales_report_id < coalesce(p_after_sales_report_id,
				'ffffffff-ffff-ffff-ffff-ffffffffffff')
		order by r.sales_report_id desc
		limit p_limit
	) r
	cross join lateral cocreation.show_report(r) s
	order by s.sales_report_id desc;
end
$$;
comment on function api.list_sales_reports is 'Lists reports of sales, the newest first. Refuses: nothing.';

create or replace function api.get_sales_report(p_market_id int, p_caller_id uuid,
	p_sales_report_id uuid, out "row" api.sales_report)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	select s.* into "row"
	from cocreation.sales_report r
	cross join lateral cocreation.show_report(r) s
	where r.market_id = p_market_id and r.sales_report_id = p_sales_report_id
		and (p_caller_id is null or exists (
			select from cocreation.author a
			where a.market_id = p_market_id and a.idea_id = r.idea_id
				and a.partner_id = p_caller_id));
	if not found then
		perform core.refuse('sales_report_unknown');
	end if;
end
$$;
comment on function api.get_sales_report is 'Shows a report of sales; an author of the idea sees it. Refuses: sales_report_unknown';

alter function api.create_sales_report owner to wall_operator;
alter function api.list_sales_reports owner to wall_member;
alter function api.get_sales_report owner to wall_member;
grant execute on function api.create_sales_report, api.list_sales_reports, api.get_sales_report
	to socius_gate;
grant execute on function api.get_sales_report to wall_operator;
grant execute on function cocreation.show_report to wall_member;
grant execute on function cocreation.require_reportable, cocreation.reverse_report,
	cocreation.post_report, cocreation.tell_authors to wall_operator;
