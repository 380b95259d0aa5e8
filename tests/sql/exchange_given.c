/* exchange_given: see exchange_given.h. */
#include "sql/exchange_given.h"

#include <criterion/criterion.h>

#include "support/sql.h"

/* A transaction of long ago each: who still runs hides its own events. */
static int transactions = 10;

#define TELL \
	"insert into events.event (market_id, epoch, xid, event_id, kind, partner_id, subject, " \
	"subject_id, to_state, actor_id, actor_role, occurred_at) "

void
happened_bookings(
    int market_id, const char *partner_id, const char *origin, int count, const char *at)
{
	sql_run("with made as (insert into scheduling.booking (market_id, booking_id, partner_id, "
		"slot_id, state, origin, starts_at, ends_at, booked_at, digest) "
		"select %d, gen_random_uuid(), '%s', '%s', 'confirmed', '%s', '%s', '%s', '%s', "
		"" SQL_DIGEST " from generate_series(1, %d) returning booking_id) " TELL
		"select %d, 1, '%d', gen_random_uuid(), 'booking.confirmed', '%s', 'booking', "
		"booking_id, 'confirmed', '%s', 'partner', '%s' from made",
	    market_id, partner_id, sql_id(), origin, at, at, at, count, market_id, transactions++,
	    partner_id, partner_id, at);
}

void
happened_trips(int market_id, const char *partner_id, const char *origin, int count, const char *at)
{
	sql_run(
	    "with made as (insert into fulfilment.trip (market_id, trip_id, partner_id, digest, "
	    "status, origin, payment, started_at, ended_at, distance_m, currency, fare_minor, "
	    "tip_minor, tolls_minor, taxes_and_fees_minor, cancellation_fee_minor, "
	    "share_agreement_id, total_minor, partner_share_minor, commission_minor, "
	    "earnings_minor, cash_collected_minor, wallet_minor, reported_at) "
	    "select %d, gen_random_uuid(), '%s', " SQL_DIGEST ", 'completed', '%s', 'card', "
	    "'%s', '%s', 0, 'EUR', 0, 0, 0, 0, 0, '%s', 0, 0, 0, 0, 0, 0, '%s' "
	    "from generate_series(1, %d) returning trip_id) " TELL
	    "select %d, 1, '%d', gen_random_uuid(), 'trip.completed', '%s', 'trip', "
	    "trip_id, 'completed', '%s', 'service', '%s' from made",
	    market_id, partner_id, origin, at, at, sql_id(), at, count, market_id, transactions++,
	    partner_id, partner_id, at);
}

void
happened(int market_id, const char *partner_id, const char *kind, int count, const char *at)
{
	sql_run(TELL
	    "select %d, 1, '%d', gen_random_uuid(), '%s', nullif('%s', '')::uuid, 'thing', "
	    "gen_random_uuid(), null, '%s', 'partner', '%s' from generate_series(1, %d)",
	    market_id, transactions++, kind, partner_id == NULL ? "" : partner_id, sql_id(), at,
	    count);
}

const char *
fold_step(int market_id, const char *now)
{
	const char *again_at;

	sql_as("socius_runner");
	again_at = sql_text("select jobs.fold_exchange(%d, '%s', '%s')", market_id, sql_id(), now);
	sql_as(NULL);
	return again_at;
}

void
fold(int market_id, const char *now)
{
	while (fold_step(market_id, now) != NULL)
		continue;
}

const char *
reading_of(int market_id, const char *partner_id, const char *part)
{
	return sql_text("select max(concat_ws(' ', archetype, basis, shared || '/' || controlled, "
			"'of', events)) from exchange.reading "
			"where market_id = %d and partner_id = '%s' and part = '%s'",
	    market_id, partner_id, part);
}

int
exchange_breaches(int market_id)
{
	return (int)sql_int(
	    "select (select count(*) from laws.exchange_counts_its_events where market_id = %d) "
	    "+ (select count(*) from laws.exchange_sums_its_counts where market_id = %d) "
	    "+ (select count(*) from laws.exchange_leaves_its_window where market_id = %d) "
	    "+ (select count(*) from laws.exchange_reads_by_the_rule where market_id = %d) "
	    "+ (select count(*) from laws.exchange_changes_are_on_record where market_id = %d) "
	    "+ (select count(*) from laws.event_chain_holds where market_id = %d "
	    "and subject ~ 'exchange$')",
	    market_id, market_id, market_id, market_id, market_id, market_id);
}
