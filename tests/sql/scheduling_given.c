/* scheduling_given: what the tests of scheduling begin with; see scheduling_given.h. */
#include "sql/scheduling_given.h"

#include <stdarg.h>

#include <criterion/criterion.h>

#include "support/sql.h"

/* Who sets up and assigns. */
#define OPERATOR "'00000000-0000-7000-8000-00000000000a'"

enum { CALL_BYTES_MAX = 2048 };

/* Text that is valid until the test ends, as what sql_text gives. */
static const char *__attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	char call[CALL_BYTES_MAX];
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(call, sizeof(call), format, arguments);
	va_end(arguments);
	cr_assert(bytes >= 0 && bytes < CALL_BYTES_MAX, "the call is too long");
	return sql_text("select $call$%s$call$", call);
}

/* 'value' or null. */
static const char *
quoted(const char *value)
{
	return value == NULL ? "null" : print("'%s'", value);
}

static const char *
or_else(const char *value, const char *otherwise)
{
	return value != NULL ? value : otherwise;
}

/* Far from every other id, so that those that follow it are free too. */
static const char *
far_id(void)
{
	return sql_text("select gen_random_uuid()");
}

const char *
given_station(int market_id)
{
	const char *zone_id = sql_id(), *station_id = sql_id();

	if (sql_count("select from scheduling.station where market_id = %d", market_id) > 0)
		return sql_text(
		    "select station_id from scheduling.station where market_id = %d", market_id);
	sql_run("select api.create_zone(%d, '%s', " SQL_NOW ", 'zone', " SQL_DIGEST
		", '%s', 'North')",
	    market_id, sql_operator(), zone_id);
	sql_run("select api.create_station(%d, '%s', " SQL_NOW ", 'station', " SQL_DIGEST
		", '%s', '%s', 'Bovisa', null, 455027000, 91598000)",
	    market_id, sql_operator(), station_id, zone_id);
	return station_id;
}

const char *
slot_call(int market_id, struct slot_plan plan)
{
	return print("select replayed, (\"row\").* from api.create_slot(%d, " OPERATOR
		     ", 'operator', %s, '%s', %s, '%s', '%s', "
		     "%s, %s, %s, %s, %s, %s, %s, %d, %s, %s, %s, %s)",
	    market_id, or_else(plan.now, SQL_NOW), or_else(plan.key, sql_id()),
	    or_else(plan.digest, SQL_DIGEST), far_id(), far_id(),
	    quoted(or_else(plan.station_id, given_station(market_id))), quoted(plan.programme_id),
	    quoted(plan.starts_local), quoted(plan.ends_local),
	    plan.minutes == 0 ? "null" : print("%d", plan.minutes), or_else(plan.fold, "null"),
	    or_else(plan.ends_fold, "null"), plan.capacity == 0 ? 1 : plan.capacity,
	    or_else(plan.rate_minor, "1800"), quoted(plan.kind), quoted(plan.release_at),
	    or_else(plan.repeat_days, "null"));
}

const char *
given_slot(int market_id, struct slot_plan plan)
{
	return sql_text("select slot_id from (%s) made", slot_call(market_id, plan));
}

/* Equal keys of one partner give equal ids, as KEYED does. The digest is that of the slot. */
const char *
book_call(
    int market_id, const char *partner_id, const char *slot_id, const char *key, const char *now)
{
	return print(
	    "select refused, detail, replayed, (\"row\").* from api.book_slot(%d, '%s', '%s', "
	    "'%s', md5('%s %s')::uuid, sha256('%s'), '%s', '%s')",
	    market_id, partner_id, partner_id, now, partner_id, key, slot_id, far_id(), slot_id);
}

const char *
forfeit_call(
    int market_id, const char *partner_id, const char *booking_id, const char *key, const char *now)
{
	return print(
	    "select refused, detail, replayed, (\"row\").* from api.forfeit_booking(%d, '%s', "
	    "'%s', '%s', '%s', sha256('%s'), '%s', '%s')",
	    market_id, partner_id, partner_id, now, key, booking_id, far_id(), booking_id);
}

const char *
act_call(const char *verb, int market_id, const char *partner_id, const char *booking_id,
    const char *key, const char *now)
{
	return print("select replayed, (\"row\").* from api.%s(%d, '%s', '%s', '%s', '%s', "
		     "sha256('%s'), '%s', %s%s%s '%s')",
	    verb, market_id, partner_id, partner_id, now, key, booking_id, far_id(),
	    strcmp(verb, "complete_booking") == 0 ? "'" : "",
	    strcmp(verb, "complete_booking") == 0 ? far_id() : "",
	    strcmp(verb, "complete_booking") == 0 ? "'," : "", booking_id);
}

const char *
assign_call(
    int market_id, const char *partner_id, const char *slot_id, const char *key, const char *now)
{
	return print("select replayed, (\"row\").* from api.assign_booking(%d, " OPERATOR
		     ", 'operator', "
		     "'%s', '%s', sha256('%s %s'), '%s', '%s', '%s', '%s')",
	    market_id, now, key, slot_id, partner_id, far_id(), far_id(), slot_id, partner_id);
}

const char *
cancel_call(int market_id, const char *booking_id, const char *key, const char *now)
{
	return print("select replayed, (\"row\").* from api.cancel_booking(%d, " OPERATOR
		     ", 'operator', "
		     "'%s', '%s', sha256('%s'), '%s', '%s', 'The station is closed.')",
	    market_id, now, key, booking_id, far_id(), booking_id);
}

const char *
given_assigned(int market_id, const char *partner_id, const char *slot_id)
{
	return sql_text("select booking_id from (%s) made",
	    assign_call(market_id, partner_id, slot_id, sql_id(), "2026-03-02 10:00:00+00"));
}

const char *
given_station_of(const char *slot_id)
{
	return sql_text("select station_id from scheduling.slot where slot_id = '%s'", slot_id);
}

const char *
given_booking(int market_id, const char *partner_id, const char *slot_id)
{
	const char *booking_id = sql_text("select case when refused is null then booking_id end "
					  "from (%s) made",
	    book_call(market_id, partner_id, slot_id, sql_id(), "2026-03-02 10:00:00+00"));

	cr_assert_not_null(booking_id, "the slot could not be booked");
	return booking_id;
}

const char *
given_checked_in(int market_id, const char *partner_id, const char *slot_id)
{
	const char *booking_id = given_booking(market_id, partner_id, slot_id);

	sql_run("%s",
	    act_call("check_in_booking", market_id, partner_id, booking_id, sql_id(),
		sql_text("select starts_at from scheduling.slot where slot_id = '%s'", slot_id)));
	return booking_id;
}

const char *
given_completed(int market_id, const char *partner_id, const char *slot_id)
{
	const char *booking_id = given_checked_in(market_id, partner_id, slot_id);

	sql_run("%s",
	    act_call("complete_booking", market_id, partner_id, booking_id, sql_id(),
		sql_text("select ends_at from scheduling.slot where slot_id = '%s'", slot_id)));
	return booking_id;
}

const char *
state_of(const char *booking_id)
{
	return sql_text("select state from scheduling.booking where booking_id = '%s'", booking_id);
}

int64_t
booked_of(const char *slot_id)
{
	return sql_int("select booked from scheduling.slot where slot_id = '%s'", slot_id);
}

int64_t
seconds_of(const char *partner_id)
{
	return sql_int("select coalesce(sum(seconds), 0) from scheduling.partner_day "
		       "where partner_id = '%s'",
	    partner_id);
}
