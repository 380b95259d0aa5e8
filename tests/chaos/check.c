/* check: the record held against the database; see check.h. */
#include "check.h"

#include <poll.h>
#include <stdarg.h>

#include <libpq-fe.h>

#include "socius/instant.h"
#include "socius/log.h"
#include "socius/world.h"

enum { PATIENCE_US = 60 * 1000 * 1000, GLANCE_MS = 50, FAULTS_SAID_MAX = 20 };

static PGconn *pg;
static int faults_said;

static void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
fault(const char *format, ...)
{
	va_list list;

	if (faults_said++ >= FAULTS_SAID_MAX)
		return;
	va_start(list, format);
	(void)vfprintf(stderr, format, list); /* where nobody reads, nobody misses it */
	va_end(list);
	(void)fputs("\n", stderr);
}

void
check_open(const char *conninfo)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;

	while (PQstatus(pg = PQconnectdb(conninfo)) != CONNECTION_OK) {
		if (world_monotonic_us() > until_us)
			log_die("%s", PQerrorMessage(pg));
		PQfinish(pg);
		(void)poll(NULL, 0, GLANCE_MS); /* until it has recovered */
	}
}

/* Asks with up to three parameters; the result is the caller's to clear. */
static PGresult *
ask(const char *sql, const char *a, const char *b, const char *c)
{
	const char *const params[] = { a, b, c };
	int count = (a != NULL) + (b != NULL) + (c != NULL);
	PGresult *result = PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		log_die("%s: %s", sql, PQerrorMessage(pg));
	return result;
}

static long
number(const char *sql, const char *a, const char *b, const char *c)
{
	PGresult *result = ask(sql, a, b, c);
	long value = PQntuples(result) > 0 ? strtol(PQgetvalue(result, 0, 0), NULL, 10) : 0;

	PQclear(result);
	return value;
}

static const char *
market_text(const struct city *city)
{
	static char text[16];

	(void)snprintf(text, sizeof(text), "%d", city->market_id); /* fits */
	return text;
}

void
check_await_payouts(const struct city *city)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;

	while (number("select count(*) from payouts.payout_run where market_id = $1 "
		      "and state <> 'finished'",
		   market_text(city), NULL, NULL) > 0) {
		if (world_monotonic_us() > until_us)
			log_die("a payout run does not finish");
		(void)poll(NULL, 0, GLANCE_MS); /* the runner is at work */
	}
}

/* --- the record --- */

/* What the database knows of each kind, of all operations at once: number, count, id. Every pair of
 * partner and slot is booked under one key only. */
static const char *const looks[KINDS] = {
	[BOOK] = "select a.number, count(b.booking_id), min(b.booking_id::text) from asked a "
		 "left join scheduling.booking b on b.market_id = $1 "
		 "and b.partner_id = a.partner_id and b.slot_id = a.thing_id "
		 "where a.kind = $2 group by a.number",
	[FORFEIT] = "select a.number, count(e.event_id), min(b.booking_id::text) from asked a "
		    "left join scheduling.booking b on b.market_id = $1 "
		    "and b.booking_id = a.booking_id and b.state = 'forfeited' "
		    "left join events.event e on e.market_id = b.market_id "
		    "and e.partner_id = b.partner_id and e.subject = 'booking' "
		    "and e.subject_id = b.booking_id and e.to_state = 'forfeited' "
		    "where a.kind = $2 group by a.number",
	[TRIP] = "select a.number, count(t.trip_id), min(t.trip_id::text) from asked a "
		 "left join fulfilment.trip t on t.market_id = $1 and t.trip_id = a.key "
		 "left join ledger.transaction x on x.market_id = t.market_id "
		 "and x.owner_id = t.partner_id and x.cause_id = t.trip_id "
		 "where a.kind = $2 group by a.number",
	[PAY] = "select a.number, count(r.payout_run_id), min(r.payout_run_id::text) from asked a "
		"left join core.request_key k on k.market_id = $1 "
		"and k.operation = 'create_payout_run' and k.key = a.key::text "
		"left join payouts.payout_run r on r.market_id = k.market_id "
		"and r.payout_run_id = k.resource_id where a.kind = $2 group by a.number",
	[REDEEM] =
	    "select a.number, count(r.redemption_id), min(r.redemption_id::text) from asked a "
	    "left join services.redemption r on r.market_id = $1 "
	    "and r.partner_id = a.partner_id and r.listing_id = a.thing_id "
	    "where a.kind = $2 group by a.number",
	[SUPPORT] = "select a.number, count(s.idea_id), min(s.idea_id::text) from asked a "
		    "join identity.partner p on p.market_id = $1 and p.partner_id = a.partner_id "
		    "left join cocreation.support s on s.market_id = $1 "
		    "and s.account_id = p.account_id and s.idea_id = a.thing_id "
		    "where a.kind = $2 group by a.number",
	[RENT] = "select a.number, count(r.rental_id), min(r.rental_id::text) from asked a "
		 "left join services.rental r on r.market_id = $1 and r.partner_id = a.partner_id "
		 "and r.asset_id = a.thing_id and r.starts_at = a.starts_at "
		 "where a.kind = $2 group by a.number",
};

static void
tell(const char *sql)
{
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_COPY_IN)
		log_die("%s: %s", sql, PQerrorMessage(pg));
	PQclear(result);
}

/* The id of what an operation asked for. */
static const char *
thing_of(const struct city *city, const struct operation *operation)
{
	switch (operation->kind) {
	case REDEEM:
		return city->discounts[operation->thing];
	case SUPPORT:
		return city->ideas[operation->thing];
	case RENT:
		return city->vans[operation->thing % CITY_VANS];
	default:
		return city->slots[operation->thing];
	}
}

/* The record as a temporary table. */
static void
upload(const struct city *city, const struct record *record)
{
	char line[256], starts[INSTANT_TEXT_BYTES_MAX];

	tell("set client_min_messages = warning");
	tell("drop table if exists pg_temp.asked; create temporary table asked (number int, kind "
	     "int, "
	     "partner_id uuid, thing_id uuid, starts_at timestamptz, "
	     "key uuid, booking_id uuid)");
	tell("copy pg_temp.asked from stdin");
	for (int i = 0; i < record->count; i++) {
		const struct operation *of = &record->operations[i];
		const char *booking =
		    of->kind == FORFEIT ? record->operations[of->booking].made : "\\N";
		int bytes;

		(void)instant_write(record_rental_starts(city, of), starts);
		bytes = snprintf(line, sizeof(line), "%d\t%d\t%s\t%s\t%s\t%s\t%s\n", i, of->kind,
		    city->partners[of->partner], thing_of(city, of), starts, of->key, booking);

		if (PQputCopyData(pg, line, bytes) != 1)
			log_die("%s", PQerrorMessage(pg));
	}
	if (PQputCopyEnd(pg, NULL) != 1)
		log_die("%s", PQerrorMessage(pg));
	PQclear(PQgetResult(pg)); /* a failed copy shows in what follows: rows are missing */
	while (PQgetResult(pg) != NULL)
		continue;
	tell("analyze pg_temp.asked");
}

static int
check_operation(struct operation *operation, long count, const char *id)
{
	bool done = operation->outcome == DONE;
	bool wrong =
	    count > 1 || (done && count == 0) || (done && strcmp(id, operation->made) != 0) ||
	    ((operation->outcome == REFUSED || operation->outcome == NOT_SENT) && count != 0);

	operation->is_there = count == 1;
	if (wrong)
		fault("%s under key %s: %s (%s), but its effect is there %ld times (%s)",
		    record_kinds[operation->kind], operation->key,
		    record_outcomes[operation->outcome], operation->made, count, id);
	return wrong;
}

int
check_record(const struct city *city, struct record *record)
{
	static const char *const kinds[KINDS] = { "0", "1", "2", "3", "4", "5", "6" };
	int faults = 0, checked = 0;

	upload(city, record);
	for (int kind = 0; kind < KINDS; kind++) {
		PGresult *rows = ask(looks[kind], market_text(city), kinds[kind], NULL);

		for (int i = 0; i < PQntuples(rows); i++)
			faults += check_operation(
			    &record->operations[strtol(PQgetvalue(rows, i, 0), NULL, 10)],
			    strtol(PQgetvalue(rows, i, 1), NULL, 10), PQgetvalue(rows, i, 2));
		checked += PQntuples(rows);
		PQclear(rows);
	}
	if (checked != record->count)
		log_die("of %d operations only %d were looked up", record->count, checked);
	return faults;
}

/* --- the rest --- */

static int
check_count(const char *what, long count, long expected)
{
	if (count == expected)
		return 0;
	fault("%s: %ld, not %ld", what, count, expected);
	return 1;
}

static int
check_laws(void)
{
	PGresult *laws = ask("select c.relname from pg_catalog.pg_class c "
			     "where c.relnamespace = 'laws'::regnamespace "
			     "and c.relname !~ '_examined$' order by c.relname",
	    NULL, NULL, NULL);
	char sql[256];
	int broken = 0;

	for (int i = 0; i < PQntuples(laws); i++) {
		(void)snprintf(sql, sizeof(sql), "select count(*) from laws.%s",
		    PQgetvalue(laws, i, 0)); /* a name has at most 63 bytes */
		broken += check_count(PQgetvalue(laws, i, 0), number(sql, NULL, NULL, NULL), 0);
	}
	(void)printf("%d laws, %d broken\n", PQntuples(laws), broken);
	PQclear(laws);
	return broken;
}

static long
known(const struct record *record, enum kind kind)
{
	long count = 0;

	for (int i = 0; i < record->count; i++)
		count += record->operations[i].kind == kind && record->operations[i].is_there;
	return count;
}

int
check_rest(const struct city *city, const struct record *record)
{
	const char *market = market_text(city);
	int faults = 0;

	faults += check_count("bookings of the market",
	    number(
		"select count(*) from scheduling.booking where market_id = $1", market, NULL, NULL),
	    known(record, BOOK));
	faults += check_count("trips of the market",
	    number("select count(*) from fulfilment.trip where market_id = $1", market, NULL, NULL),
	    known(record, TRIP));
	faults += check_count("payout runs of the market",
	    number(
		"select count(*) from payouts.payout_run where market_id = $1", market, NULL, NULL),
	    known(record, PAY));
	faults += check_count("redemptions of the market",
	    number("select count(*) from services.redemption where market_id = $1", market, NULL,
		NULL),
	    known(record, REDEEM));
	faults += check_count("supporters in the market",
	    number("select sum(supporters_count) from cocreation.idea where market_id = $1", market,
		NULL, NULL),
	    known(record, SUPPORT));
	faults += check_count("rentals of the market",
	    number("select count(*) from services.rental where market_id = $1", market, NULL, NULL),
	    known(record, RENT));
	faults += check_count("slots whose seats are not their bookings",
	    number("select count(*) from scheduling.slot s where s.market_id = $1 and (s.booked > "
		   "s.capacity or s.booked <> (select count(*) from scheduling.booking b "
		   "where b.market_id = s.market_id and b.slot_id = s.slot_id "
		   "and b.state in ('confirmed', 'checked_in', 'completed', 'missed')))",
		market, NULL, NULL),
	    0);
	faults += check_count("transactions that the gate left open",
	    number("select count(*) from pg_catalog.pg_stat_activity where usename = 'socius_gate' "
		   "and state like 'idle in transaction%'",
		NULL, NULL, NULL),
	    0);
	return faults + check_laws();
}
