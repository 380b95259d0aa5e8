-- Trips: what they come to, reporting them, reading them.

-- What a trip comes to. Exactly one of fare and cancellation fee may be above zero; that one is
-- split by the agreement, in the order of its parties. A cancellation fee is always collected by
-- the platform, so p_cash says whether the partner holds the money of a completed trip.
create or replace function fulfilment.price_trip(p_cash boolean, p_fare_minor bigint,
	p_tip_minor bigint, p_tolls_minor bigint, p_taxes_and_fees_minor bigint,
	p_cancellation_fee_minor bigint, p_parties text[], p_shares_ppm int[])
returns fulfilment.trip_money
language plpgsql immutable parallel safe as $$
declare
	v_parts constant bigint[] :=
		ledger.split(p_fare_minor + p_cancellation_fee_minor, p_shares_ppm);
	v_share constant bigint := v_parts[array_position(p_parties, 'partner')];
	v_commission constant bigint :=
		coalesce(v_parts[array_position(p_parties, 'platform')], 0);
	v_total constant bigint := p_fare_minor + p_cancellation_fee_minor + p_tip_minor
		+ p_tolls_minor + p_taxes_and_fees_minor;
	v_earnings constant bigint := v_share + p_tip_minor + p_tolls_minor;
	v_cash constant bigint := case when p_cash then v_total else 0 end;
begin
	return row(v_total, v_share, v_commission, v_earnings, v_cash, v_earnings - v_cash);
end
$$;
comment on function fulfilment.price_trip is 'what a trip comes to; the quote and the report call it alike';

-- Posts what a trip comes to. Who paid by card paid the platform; who paid cash paid the partner,
-- whose wallet then owes the platform its part and the taxes. Either way the share, and nothing but
-- the share, is what may be withheld from.
create or replace function fulfilment.post_trip(p_trip fulfilment.trip, p_transaction_id uuid)
returns bigint
language plpgsql as $$
declare
	v_accounts int[];
	v_amounts bigint[];
begin
	if p_trip.status <> 'completed' then
		v_accounts := array[1000, 2000, 4100];
		v_amounts := array[p_trip.total_minor, -p_trip.partner_share_minor, -p_trip.commission_minor];
	elsif p_trip.cash_collected_minor > 0 then
		v_accounts := array[2000, 4000, 2100];
		v_amounts := array[-p_trip.wallet_minor, -p_trip.commission_minor,
			-p_trip.taxes_and_fees_minor];
	else
		v_accounts := array[1000, 2000, 4000, 2100];
		v_amounts := array[p_trip.total_minor, -p_trip.earnings_minor, -p_trip.commission_minor,
			-p_trip.taxes_and_fees_minor];
	end if;
	return ledger.post(p_trip.market_id, p_trip.partner_id, p_transaction_id,
		case p_trip.status when 'completed' then 'trip' else 'cancellation_fee' end,
		p_trip.trip_id, v_accounts, v_amounts, p_trip.ended_at, p_trip.reported_at,
		p_trip.partner_share_minor);
end
$$;
comment on function fulfilment.post_trip is 'posts the one ledger transaction of a trip; returns its entry_no';

-- What follows from a new trip: its ledger transaction, unless it comes to nothing, and its event.
create or replace function fulfilment.finish_trip(p_trip fulfilment.trip, p_transaction_id uuid,
	p_event_id uuid, p_actor_id uuid, p_actor_role text, p_reason text) returns bigint
language plpgsql as $$
declare
	v_entry_no bigint;
begin
	if p_trip.status = 'completed' or p_trip.total_minor > 0 then
		v_entry_no := fulfilment.post_trip(p_trip, p_transaction_id);
	end if;
	insert into events.event (market_id, event_id, kind, partner_id, subject, subject_id, to_state,
		actor_id, actor_role, reason, occurred_at)
	values (p_trip.market_id, p_event_id, 'trip.' || p_trip.status, p_trip.partner_id, 'trip',
		p_trip.trip_id, p_trip.status::text, p_actor_id, p_actor_role, p_reason,
		p_trip.reported_at);
	return v_entry_no;
end
$$;
comment on function fulfilment.finish_trip is 'ledger transaction and event of a new trip; returns the entry_no, or null';

-- Whether somebody with this enrolment (null: none) could drive at a moment. Of the time before it
-- began nothing is known, as of trips that are imported: there its present state counts.
create or replace function fulfilment.could_drive(p_enrolment onboarding.enrolment, p_at timestamptz)
returns boolean
language sql immutable parallel safe as $$
	select coalesce(p_enrolment.active_during @> p_at
		or (p_at < p_enrolment.created_at and p_enrolment.state = 'active'), false)
$$;
comment on function fulfilment.could_drive is 'whether an enrolment as a driver was active at a moment';

-- It judged by the present once.
drop function if exists fulfilment.no_driver(int, uuid);

-- Why nobody can have driven then: there is no such partner, or it was no active driver.
create or replace function fulfilment.no_driver(p_market_id int, p_partner_id uuid,
	p_started_at timestamptz, p_now timestamptz, out refused text, out detail jsonb)
language plpgsql stable as $$
begin
	if not exists (select from identity.partner p
		where p.market_id = p_market_id and p.partner_id = p_partner_id) then
		refused := 'partner_unknown';
		return;
	end if;
	select e.refused, e.detail into refused, detail
	from onboarding.explain_enrolment(p_market_id, p_partner_id, 'driver', null, p_now) e;
	detail := coalesce(detail, '{}') || jsonb_build_object('at', core.show_instant(p_started_at));
end
$$;
comment on function fulfilment.no_driver is 'the refusal for a partner who was no active driver at a moment';

-- A trip as the API shows it.
create or replace function fulfilment.show_trip(p_trip fulfilment.trip) returns api.trip
language sql stable parallel safe as $$
	select row(
		p_trip.trip_id,
		p_trip.partner_id,
		p_trip.status::text,
		p_trip.origin::text,
		p_trip.payment::text,
		p_trip.started_at,
		p_trip.ended_at,
		p_trip.distance_m,
		p_trip.currency,
		p_trip.fare_minor,
		p_trip.tip_minor,
		p_trip.tolls_minor,
		p_trip.taxes_and_fees_minor,
		p_trip.cancellation_fee_minor,
		p_trip.total_minor,
		p_trip.share_agreement_id,
		p_trip.partner_share_minor,
		p_trip.commission_minor,
		p_trip.earnings_minor,
		p_trip.cash_collected_minor,
		p_trip.wallet_minor,
		p_trip.reported_at
	)::api.trip
$$;
comment on function fulfilment.show_trip is 'a trip as the API shows it';

grant execute on function fulfilment.price_trip to wall_member, wall_operator;
grant execute on function fulfilment.post_trip, fulfilment.finish_trip, fulfilment.could_drive,
	fulfilment.no_driver
	to wall_operator;
grant execute on function fulfilment.show_trip to wall_member, wall_operator;

-- Takes the report of a finished trip: the row, its event and its ledger transaction at once.
-- The reporting app's trip id is the key: the same report again changes nothing and is answered
-- alike, whatever has become of the partner meanwhile, so a refusal first looks for the trip. A
-- trip that comes to nothing because it was cancelled posts nothing. Trips may overlap, take no
-- time and come in any order. Whether the partner could drive is judged by when the trip began; a
-- finished trip that was paid in cash posts all the same, because the partner holds the money, whoever it
-- is. Calls are assignments where they are hot: `perform` runs a query.
create or replace function api.create_trip(p_market_id int, p_actor_id uuid, p_actor_role text,
	p_now timestamptz, p_event_id uuid, p_transaction_id uuid, p_digest bytea, p_trip_id uuid,
	p_partner_id uuid, p_status text, p_origin text, p_payment text, p_started_at timestamptz,
	p_ended_at timestamptz, p_distance_m int, p_currency text, p_fare_minor bigint,
	p_tip_minor bigint, p_tolls_minor bigint, p_taxes_and_fees_minor bigint,
	p_cancellation_fee_minor bigint,
	out refused text, out detail jsonb, out replayed boolean, out "row" api.trip)
language plpgsql security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_status constant fulfilment.trip_status := p_status;
	v_fee_minor constant bigint := coalesce(p_cancellation_fee_minor, 0);
	v_cash constant boolean := p_payment = 'cash' and v_status = 'completed';
	v_max_minor bigint;
	v_entered boolean;
	v_entry_no bigint;
	v_currency text;
	v_could_drive boolean;
	v_is_partner boolean;
	v_agreement ledger.share_agreement;
	v_money fulfilment.trip_money;
	v_trip fulfilment.trip;
begin
	v_entered := core.enter(p_market_id, null);
	select m.currency, ledger.posting_max(m), fulfilment.could_drive(e, p_started_at),
		p.partner_id is not null, a.share_agreement_id, a.parties, a.shares_ppm
	into v_currency, v_max_minor, v_could_drive, v_is_partner, v_agreement.share_agreement_id,
		v_agreement.parties, v_agreement.shares_ppm
	from core.market m
	left join identity.partner p on p.market_id = p_market_id and p.partner_id = p_partner_id
	left join onboarding.enrolment e on e.market_id = p_market_id
		and e.partner_id = p_partner_id and e.kind = 'driver'
	left join lateral ledger.agreement_at(p_market_id, 'fare', p_started_at) a on true
	where m.market_id = p_market_id;
	if p_fare_minor + p_tip_minor + p_tolls_minor + p_taxes_and_fees_minor + v_fee_minor
		> v_max_minor then
		refused := 'amount_too_large';
		detail := jsonb_build_object('posting_max_minor', v_max_minor, 'currency', v_currency);
	elsif p_ended_at < p_started_at then
		refused := 'trip_times_wrong';
	elsif p_ended_at > p_now then
		refused := 'trip_in_the_future';
		detail := core.explain_wait('ended_at', p_ended_at, p_now);
	elsif not fulfilment.amounts_fit(v_status, p_fare_minor, p_tip_minor, p_tolls_minor,
		p_taxes_and_fees_minor, v_fee_minor) then
		refused := 'trip_amounts_wrong';
	elsif p_currency <> v_currency then
		refused := 'trip_currency_differs';
		detail := jsonb_build_object('currency', v_currency);
	elsif not v_could_drive and not (v_is_partner and v_cash) then
		select n.refused, n.detail into refused, detail
		from fulfilment.no_driver(p_market_id, p_partner_id, p_started_at, p_now) n;
	elsif v_agreement.share_agreement_id is null then
		refused := 'agreement_missing';
	else
		v_money := fulfilment.price_trip(v_cash, p_fare_minor, p_tip_minor, p_tolls_minor, p_taxes_and_fees_minor, v_fee_minor,
			v_agreement.parties, v_agreement.shares_ppm);
		insert into fulfilment.trip values (p_market_id, p_trip_id, p_partner_id, p_digest,
			v_status, coalesce(p_origin, 'offer')::fulfilment.trip_origin,
			p_payment::fulfilment.trip_payment, p_started_at, p_ended_at,
			p_distance_m, p_currency, p_fare_minor, p_tip_minor, p_tolls_minor,
			p_taxes_and_fees_minor, v_fee_minor, v_agreement.share_agreement_id,
			v_money.total_minor, v_money.partner_share_minor, v_money.commission_minor,
			v_money.earnings_minor, v_money.cash_collected_minor, v_money.wallet_minor, p_now)
		on conflict (market_id, trip_id) do nothing
		returning * into v_trip;
		if found then
			v_entry_no := fulfilment.finish_trip(v_trip, p_transaction_id, p_event_id,
				p_actor_id, p_actor_role, case when not v_could_drive
					then 'The driver had no active enrolment then; the fare was paid in cash.' end);
			"row" := fulfilment.show_trip(v_trip);
			return;
		end if;
	end if;
	select t.* into v_trip
	from fulfilment.trip t
	where t.market_id = p_market_id and t.trip_id = p_trip_id;
	if v_trip.digest = p_digest then
		refused := null;
		detail := null;
		replayed := true;
		"row" := fulfilment.show_trip(v_trip);
	elsif found then
		refused := 'key_reused';
		detail := null;
	end if;
end
$$;
alter function api.create_trip owner to wall_operator;
comment on function api.create_trip is 'Takes the report of a finished trip and posts what it comes to. Refuses: partner_unknown not_enrolled requirements_due agreement_missing trip_times_wrong trip_in_the_future trip_amounts_wrong trip_currency_differs amount_too_large balance_out_of_range key_reused';
grant execute on function api.create_trip to socius_gate;
call core.make_batch('api.create_trip'::regproc::regprocedure, 'wall_operator', 'wallets');

-- What a trip would come to, by the same arithmetic; nothing is posted. What is not said is
-- nothing, completed, by card, and now.
create or replace function api.quote_earnings(p_market_id int, p_now timestamptz,
	p_started_at timestamptz, p_status text, p_payment text, p_currency text, p_fare_minor bigint,
	p_tip_minor bigint, p_tolls_minor bigint, p_taxes_and_fees_minor bigint,
	p_cancellation_fee_minor bigint, out "row" api.earnings_quote)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
declare
	v_status constant fulfilment.trip_status := coalesce(p_status, 'completed');
	v_tip_minor constant bigint := coalesce(p_tip_minor, 0);
	v_tolls_minor constant bigint := coalesce(p_tolls_minor, 0);
	v_taxes_minor constant bigint := coalesce(p_taxes_and_fees_minor, 0);
	v_fee_minor constant bigint := coalesce(p_cancellation_fee_minor, 0);
	v_market core.market;
	v_agreement ledger.share_agreement;
	v_money fulfilment.trip_money;
begin
	perform core.enter(p_market_id, null);
	perform ledger.need_amounts(p_market_id, p_fare_minor + v_tip_minor + v_tolls_minor
		+ v_taxes_minor + v_fee_minor);
	select m.* into v_market from core.market m where m.market_id = p_market_id;
	select a.* into v_agreement
	from ledger.agreement_at(p_market_id, 'fare',
		coalesce(p_started_at, v_market.test_now, p_now)) a;
	if not fulfilment.amounts_fit(v_status, p_fare_minor, v_tip_minor, v_tolls_minor,
		v_taxes_minor, v_fee_minor) then
		perform core.refuse('trip_amounts_wrong');
	elsif p_currency <> v_market.currency then
		perform core.refuse('trip_currency_differs',
			jsonb_build_object('currency', v_market.currency));
	elsif v_agreement.share_agreement_id is null then
		perform core.refuse('agreement_missing');
	end if;
	v_money := fulfilment.price_trip(coalesce(p_payment = 'cash', false) and v_status = 'completed', p_fare_minor,
		v_tip_minor, v_tolls_minor, v_taxes_minor, v_fee_minor, v_agreement.parties,
		v_agreement.shares_ppm);
	"row" := row(v_agreement.share_agreement_id, p_currency, v_money.total_minor,
		v_money.partner_share_minor, v_money.commission_minor, v_tip_minor, v_tolls_minor,
		v_taxes_minor, v_money.earnings_minor, v_money.cash_collected_minor,
		v_money.wallet_minor);
end
$$;
alter function api.quote_earnings owner to wall_operator;
comment on function api.quote_earnings is 'Shows what a trip would come to; posts nothing. Refuses: trip_amounts_wrong trip_currency_differs amount_too_large agreement_missing';
grant execute on function api.quote_earnings to socius_gate;

-- Trips, the newest first: a partner's own, or those of the market, of one partner if asked.
create or replace function api.list_trips(p_market_id int, p_caller_id uuid, p_partner_id uuid,
	p_from timestamptz, p_to timestamptz, p_limit int, p_after_started_at timestamptz,
	p_after_trip_id uuid) returns setof api.trip
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000'
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
	v_of constant uuid := coalesce(p_caller_id, p_partner_id);
	v_from constant timestamptz := coalesce(p_from, '-infinity');
	v_to constant timestamptz := coalesce(p_to, 'infinity');
	v_after_started_at constant timestamptz := coalesce(p_after_started_at, 'infinity');
	v_after_trip_id constant uuid :=
		coalesce(p_after_trip_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
	perform core.enter(p_market_id, p_caller_id);
	if p_partner_id <> p_caller_id then
		return;
	elsif v_of is not null then
		return query
		select (fulfilment.show_trip(t)).*
		from fulfilment.trip t
		where t.market_id = p_market_id and t.partner_id = v_of
			and t.started_at >= v_from and t.started_at < v_to
			and (t.started_at, t.trip_id) < (v_after_started_at, v_after_trip_id)
		order by t.started_at desc, t.trip_id desc
		limit p_limit;
	else
		return query
		select (fulfilment.show_trip(t)).*
		from fulfilment.trip t
		where t.market_id = p_market_id
			and t.started_at >= v_from and t.started_at < v_to
			and (t.started_at, t.trip_id) < (v_after_started_at, v_after_trip_id)
		order by t.started_at desc, t.trip_id desc
		limit p_limit;
	end if;
end
$$;
alter function api.list_trips owner to wall_member;
comment on function api.list_trips is 'Lists trips, the newest first. Refuses: nothing.';
grant execute on function api.list_trips to socius_gate;

-- One trip; another partner's is not there.
create or replace function api.get_trip(p_market_id int, p_caller_id uuid, p_trip_id uuid,
	out "row" api.trip)
language plpgsql stable security definer
set socius.market = '0' set socius.partner = '00000000-0000-0000-0000-000000000000' as $$
begin
	perform core.enter(p_market_id, p_caller_id);
	select (fulfilment.show_trip(t)).* into "row"
	from fulfilment.trip t
	where t.market_id = p_market_id and t.trip_id = p_trip_id
		and (p_caller_id is null or t.partner_id = p_caller_id);
	if not found then
		perform core.refuse('trip_unknown');
	end if;
end
$$;
alter function api.get_trip owner to wall_member;
comment on function api.get_trip is 'Shows one trip. Refuses: trip_unknown';
grant execute on function api.get_trip to socius_gate;
