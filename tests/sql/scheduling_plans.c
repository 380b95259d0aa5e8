/* scheduling: the queries inside the hot functions use their indexes behind the walls, as the roles
 * that run them. auto_explain shows the plans of what really runs. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

enum { PLANS_BYTES_MAX = 256 * 1024 };

static int market;
static const char *partner, *station, *slot;
static char plans[PLANS_BYTES_MAX];
static size_t plans_bytes;

static void
hear(void *of, const PGresult *notice)
{
	const char *said = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	size_t bytes = strlen(said);

	(void)of;
	cr_assert_lt(plans_bytes + bytes, sizeof(plans));
	memcpy(plans + plans_bytes, said, bytes + 1);
	plans_bytes += bytes;
}

/* 20 stations, so many slots and as many bookings, of 256 partners. */
static void
fill(int some_market, int slots)
{
	sql_run(
	    "insert into scheduling.station (market_id, station_id, zone_id, name, latitude_e7, "
	    "longitude_e7, created_at) select %d, md5('t' || n)::uuid, zone_id, 'T' || n, 0, 0, "
	    "created_at from scheduling.zone, generate_series(1, 20) n where market_id = %d",
	    some_market, some_market);
	sql_run(
	    "insert into scheduling.slot (market_id, slot_id, station_id, kind, starts_at, "
	    "ends_at, "
	    "time_zone, day, day_seconds, next_day_seconds, capacity, rate_minor, currency, "
	    "released_at, created_at) select %d, md5('s' || n)::uuid, md5('t' || n %% 20 + "
	    "1)::uuid, "
	    "'standard', at, at + interval '1 hour', 'Europe/Rome', at::date, 3600, 0, 5, 1800, "
	    "'EUR', " SQL_NOW ", " SQL_NOW " from generate_series(1, %d) n, "
	    "lateral (select '2026-03-03 08:00+00'::timestamptz + n * interval '1 hour') m (at)",
	    some_market, slots);
	sql_run(
	    "insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, "
	    "origin, starts_at, ends_at, booked_at, digest) select s.market_id, "
	    "md5('b' || s.slot_id)::uuid, md5('p' || right(s.slot_id::text, 2))::uuid, s.slot_id, "
	    "'confirmed', 'self', s.starts_at, s.ends_at, " SQL_NOW ", " SQL_DIGEST
	    " from scheduling.slot s where s.market_id = %d",
	    some_market);
	sql_run("insert into scheduling.partner_day (market_id, partner_id, day, seconds, busy) "
		"select %d, md5('p' || n)::uuid, '2026-03-03'::date + d, 0, '{}' "
		"from generate_series(1, 200) n, generate_series(0, 9) d",
	    some_market);
	sql_run("insert into onboarding.enrolment (market_id, partner_id, kind, state, created_at) "
		"select %d, md5('p' || n)::uuid, 'courier', 'active', " SQL_NOW
		" from generate_series(1000, 1999) n",
	    some_market);
}

static void
begin(void)
{
	sql_begin();
	for (int i = 0; i < 3; i++) {
		market = sql_market();
		given_station(market);
		fill(market, i < 2 ? 2000 : 20000);
	}
	partner = sql_partner(market, "courier");
	station = sql_text("select md5('t7')::uuid");
	slot = sql_text("select md5('s77')::uuid");
	sql_run("analyze scheduling.slot; analyze scheduling.booking; analyze scheduling.station; "
		"analyze onboarding.enrolment; analyze scheduling.partner_day");
	sql_run("load 'auto_explain'; set local auto_explain.log_min_duration = 0; "
		"set local auto_explain.log_nested_statements = on; "
		"set local auto_explain.log_level = notice");
	PQsetNoticeReceiver(sql_connection(), hear, NULL);
	plans[plans_bytes = 0] = '\0';
	sql_as("socius_gate");
}

TestSuite(plans, .init = begin, .fini = sql_end);

/* Whether some plan walks this index with all these columns in one condition. */
static bool
walks(const char *index, const char *const columns[])
{
	const char *at = plans;

	while ((at = strstr(at, index)) != NULL) {
		const char *condition = strstr(at, "Index Cond: ");
		const char *end = condition == NULL ? NULL : strchr(condition, '\n');
		bool all = end != NULL;

		for (int i = 0; all && columns[i] != NULL; i++) {
			const char *column = strstr(condition, columns[i]);

			all = column != NULL && column < end;
		}
		if (all)
			return true;
		at++;
	}
	return false;
}

#define WALKS(index, ...) \
	cr_assert(walks(index, (const char *const[]){ __VA_ARGS__, NULL }), \
	    "no walk along " index " in:\n%s", plans)

/* The shapes of the replies are inlined; otherwise they would run once per column and row. */
static void
never_shape_apart(void)
{
	cr_assert_null(strstr(plans, "select row("), "a shape was not inlined:\n%s", plans);
}

static void
never(const char *what)
{
	cr_assert_null(strstr(plans, what), "%s in:\n%s", what, plans);
}

Test(plans, list_the_slots_of_a_station_along_their_index)
{
	sql_run("select api.list_slots(%d, '%s', " SQL_NOW
		", '%s', null, '2026-04-03', true, 51, null, null)",
	    market, partner, station);
	WALKS("slot_of_station", "market_id", "station_id", "starts_at", "slot_id");
	never("Seq Scan on slot");
	never("Sort");
	never_shape_apart();
}

Test(plans, list_the_slots_of_a_market_along_their_index)
{
	sql_run("select api.list_slots(%d, null, " SQL_NOW
		", null, null, null, true, 51, '2026-03-09 00:00+00', '%s')",
	    market, slot);
	WALKS("slot_of_market", "market_id", "starts_at", "slot_id");
	never("Seq Scan on slot");
	never("Sort");
	never_shape_apart();
}

Test(plans, list_bookings_along_their_indexes)
{
	sql_run("select api.list_bookings(%d, '%s', null, null, null, 51, null, null)", market,
	    partner);
	WALKS("booking_of_partner", "market_id", "partner_id", "starts_at", "booking_id");
	sql_run(
	    "select api.list_bookings(%d, null, '2026-03-09', null, null, 51, null, null)", market);
	WALKS("booking_of_market", "market_id", "starts_at", "booking_id");
	never("Seq Scan on booking");
	never("Sort");
	never_shape_apart();
}

Test(plans, book_by_keys_alone)
{
	sql_as(NULL);
	sql_run("%s", book_call(market, partner, slot, "key", "2026-03-02 10:00+00"));
	WALKS("slot_pkey", "market_id", "slot_id");
	WALKS("enrolment_", "market_id", "partner_id", "kind");
	never("Seq Scan on slot");
	never("Seq Scan on booking");
	never("Seq Scan on enrolment");
	never("Seq Scan on partner_day");
	never_shape_apart();
}

Test(plans, forfeit_and_sweep_by_keys_alone)
{
	const char *booking;

	sql_as(NULL);
	booking = given_booking(market, partner, slot);
	sql_run("%s", forfeit_call(market, partner, booking, "key", "2026-03-02 10:00+00"));
	WALKS("booking_pkey", "market_id", "booking_id");
	WALKS("partner_day_pkey", "market_id", "partner_id", "day");
	sql_run("select jobs.mark_missed(%d, '%s', '2026-03-04 00:00+00')", market, sql_id());
	WALKS("booking_of_market", "market_id", "starts_at");
	never("Seq Scan on slot");
	never("Seq Scan on booking");
	never("Seq Scan on partner_day");
	never_shape_apart();
}
