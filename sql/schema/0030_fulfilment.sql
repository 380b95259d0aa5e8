-- Finished trips, as the ride app reports them.

-- What one trip comes to. Commission is on the fare (or the cancellation fee) alone; tip and tolls
-- are the partner's; taxes and fees pass through.
create type fulfilment.trip_money as (
	total_minor bigint,
	partner_share_minor bigint,
	commission_minor bigint,
	earnings_minor bigint,
	cash_collected_minor bigint,
	wallet_minor bigint
);
comment on type fulfilment.trip_money is 'what one trip comes to; made by fulfilment.price_trip alone';

create type fulfilment.trip_status as enum
	('completed', 'cancelled_by_rider', 'cancelled_by_partner', 'no_show');
create type fulfilment.trip_origin as enum ('self', 'offer', 'reserved', 'assigned');
create type fulfilment.trip_payment as enum ('card', 'cash', 'unspecified');
comment on type fulfilment.trip_status is 'how a trip ended; a type, because a CHECK of names costs 20 us a row';

-- Whether amounts fit the status: none below zero, no cancellation fee on a completed trip and
-- nothing else on a cancelled one, and all together a number that JSON carries exactly. As plpgsql
-- it costs a CHECK 18 us a row; inlined or written out, PostgreSQL reads and plans it anew for
-- every statement, which costs 60 to 150 us.
create function fulfilment.amounts_fit(p_status fulfilment.trip_status, p_fare_minor bigint,
	p_tip_minor bigint, p_tolls_minor bigint, p_taxes_and_fees_minor bigint,
	p_cancellation_fee_minor bigint) returns boolean
language plpgsql immutable parallel safe as $$
declare
	v_trip_minor constant bigint :=
		p_fare_minor + p_tip_minor + p_tolls_minor + p_taxes_and_fees_minor;
begin
	return least(p_fare_minor, p_tip_minor, p_tolls_minor, p_taxes_and_fees_minor,
			p_cancellation_fee_minor) >= 0
		and v_trip_minor + p_cancellation_fee_minor <= 9007199254740991
		and case when p_status = 'completed'
			then p_cancellation_fee_minor = 0 else v_trip_minor = 0 end;
end
$$;
comment on function fulfilment.amounts_fit is 'whether the amounts of a trip fit its status';
grant execute on function fulfilment.amounts_fit to wall_member, wall_operator;

create table fulfilment.trip (
	market_id int not null,
	trip_id uuid not null,
	partner_id uuid not null,
	digest bytea not null,
	status fulfilment.trip_status not null,
	origin fulfilment.trip_origin not null,
	payment fulfilment.trip_payment not null,
	started_at timestamptz not null,
	ended_at timestamptz not null,
	distance_m int not null,
	currency text not null,
	fare_minor bigint not null,
	tip_minor bigint not null,
	tolls_minor bigint not null,
	taxes_and_fees_minor bigint not null,
	cancellation_fee_minor bigint not null,
	share_agreement_id uuid not null,
	total_minor bigint not null,
	partner_share_minor bigint not null,
	commission_minor bigint not null,
	earnings_minor bigint not null,
	cash_collected_minor bigint not null,
	wallet_minor bigint not null,
	reported_at timestamptz not null,
	primary key (market_id, trip_id),
	constraint trip_times_wrong check (ended_at >= started_at),
	constraint trip_amounts_wrong check (fulfilment.amounts_fit(status, fare_minor, tip_minor,
		tolls_minor, taxes_and_fees_minor, cancellation_fee_minor)),
	constraint trip_parts_sum check (
		partner_share_minor + commission_minor = fare_minor + cancellation_fee_minor)
);
comment on table fulfilment.trip is 'a finished trip; trip_id is the reporting app''s and makes the report idempotent; never changed';
comment on column fulfilment.trip.digest is 'SHA-256 of the report, to compare with a repetition';
comment on column fulfilment.trip.distance_m is 'metres';
comment on column fulfilment.trip.share_agreement_id is 'the agreement for fares in force at started_at';
comment on column fulfilment.trip.total_minor is 'what the rider paid';
comment on column fulfilment.trip.partner_share_minor is 'the partner''s part of fare or cancellation fee';
comment on column fulfilment.trip.commission_minor is 'the platform''s part of fare or cancellation fee';
comment on column fulfilment.trip.earnings_minor is 'share, tip and tolls';
comment on column fulfilment.trip.cash_collected_minor is 'what the partner took in cash';
comment on column fulfilment.trip.wallet_minor is 'earnings less the cash that the partner holds already';
alter table fulfilment.trip owner to socius_owner;
create index trip_of_partner on fulfilment.trip (market_id, partner_id, started_at, trip_id);
create index trip_of_market on fulfilment.trip (market_id, started_at, trip_id);
call core.raise_walls('fulfilment.trip', 'partner_id');
grant insert on fulfilment.trip to wall_operator;

create type api.trip as (
	trip_id uuid,
	partner_id uuid,
	status text,
	origin text,
	payment text,
	started_at timestamptz,
	ended_at timestamptz,
	distance_m int,
	currency text,
	fare_minor bigint,
	tip_minor bigint,
	tolls_minor bigint,
	taxes_and_fees_minor bigint,
	cancellation_fee_minor bigint,
	total_minor bigint,
	share_agreement_id uuid,
	partner_share_minor bigint,
	commission_minor bigint,
	earnings_minor bigint,
	cash_collected_minor bigint,
	wallet_minor bigint,
	reported_at timestamptz
);
comment on type api.trip is 'A finished trip and what it came to.';
comment on column api.trip.trip_id is 'identifies the trip; chosen by the app that reports it';
comment on column api.trip.partner_id is 'the driver';
comment on column api.trip.status is 'completed, cancelled_by_rider, cancelled_by_partner or no_show';
comment on column api.trip.origin is 'how it came to the driver: self, offer, reserved or assigned';
comment on column api.trip.payment is 'card, cash or unspecified, which is collected by the platform like card';
comment on column api.trip.started_at is 'start; the agreement in force at this moment splits the fare';
comment on column api.trip.ended_at is 'end; may be the start';
comment on column api.trip.distance_m is 'metres';
comment on column api.trip.currency is 'ISO 4217, of every amount';
comment on column api.trip.fare_minor is 'the fare, which alone is split; minor units';
comment on column api.trip.tip_minor is 'tip, all the driver''s; minor units';
comment on column api.trip.tolls_minor is 'tolls, all the driver''s; minor units';
comment on column api.trip.taxes_and_fees_minor is 'passed on to authorities; minor units';
comment on column api.trip.cancellation_fee_minor is 'what the rider paid for a cancelled trip, split like a fare; minor units';
comment on column api.trip.total_minor is 'what the rider paid in all; minor units';
comment on column api.trip.share_agreement_id is 'the agreement that split it';
comment on column api.trip.partner_share_minor is 'the driver''s part of fare or cancellation fee; minor units';
comment on column api.trip.commission_minor is 'the platform''s part of fare or cancellation fee; minor units';
comment on column api.trip.earnings_minor is 'share, tip and tolls; minor units';
comment on column api.trip.cash_collected_minor is 'what the driver took in cash; minor units';
comment on column api.trip.wallet_minor is 'what it did to the wallet: earnings less cash collected; minor units';
comment on column api.trip.reported_at is 'when it was reported, by the market''s clock';

create type api.earnings_quote as (
	share_agreement_id uuid,
	currency text,
	total_minor bigint,
	partner_share_minor bigint,
	commission_minor bigint,
	tip_minor bigint,
	tolls_minor bigint,
	taxes_and_fees_minor bigint,
	earnings_minor bigint,
	cash_collected_minor bigint,
	wallet_minor bigint
);
comment on type api.earnings_quote is 'What a trip would come to; nothing is posted.';
comment on column api.earnings_quote.share_agreement_id is 'the agreement that would split it';
comment on column api.earnings_quote.currency is 'ISO 4217, of every amount';
comment on column api.earnings_quote.total_minor is 'what the rider would pay in all; minor units';
comment on column api.earnings_quote.partner_share_minor is 'the driver''s part of fare or cancellation fee; minor units';
comment on column api.earnings_quote.commission_minor is 'the platform''s part of fare or cancellation fee; minor units';
comment on column api.earnings_quote.tip_minor is 'tip, all the driver''s; minor units';
comment on column api.earnings_quote.tolls_minor is 'tolls, all the driver''s; minor units';
comment on column api.earnings_quote.taxes_and_fees_minor is 'passed on to authorities; minor units';
comment on column api.earnings_quote.earnings_minor is 'share, tip and tolls; minor units';
comment on column api.earnings_quote.cash_collected_minor is 'what the driver would take in cash; minor units';
comment on column api.earnings_quote.wallet_minor is 'what it would do to the wallet: earnings less cash collected; minor units';
