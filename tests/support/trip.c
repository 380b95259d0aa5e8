/* trip: reports of trips for tests of SQL, and the scene in which they are sent. */
#include "trip.h"

#include <criterion/criterion.h>

#include "sql.h"

struct report
trip_of(int market, const char *partner_id)
{
	return (struct report){
		.market = market,
		.trip_id = sql_id(),
		.partner_id = partner_id,
		.digest = SQL_DIGEST,
		.status = "completed",
		.payment = "card",
		.currency = "EUR",
		.started_at = "2026-03-02 08:00+00",
		.ended_at = "2026-03-02 08:20+00",
		.fare = 1003,
		.tip = 200,
		.tolls = 50,
		.taxes = 80,
	};
}

struct report
trip_cancelled(int market, const char *partner_id, int64_t fee)
{
	struct report report = trip_of(market, partner_id);

	report.status = "cancelled_by_rider";
	report.fare = report.tip = report.tolls = report.taxes = 0;
	report.fee = fee;
	return report;
}

const char *
trip_call(const struct report *report)
{
	return sql_text("select $call$ select refused, detail, replayed, (\"row\").* "
			"from api.create_trip(%d, '" TRIP_SERVICE "', 'service', " SQL_NOW
			", '%s', '%s', %s, '%s', '%s', '%s', null, '%s', '%s', '%s', 5200, '%s', "
			"%lld, %lld, %lld, %lld, nullif(%lld, 0)) $call$",
	    report->market, sql_id(), sql_id(), report->digest, report->trip_id, report->partner_id,
	    report->status, report->payment, report->started_at, report->ended_at, report->currency,
	    (long long)report->fare, (long long)report->tip, (long long)report->tolls,
	    (long long)report->taxes, (long long)report->fee);
}

void
trip_send(const struct report *report)
{
	cr_assert(sql_true(
	    "select refused is null and replayed is not true from (%s) c", trip_call(report)));
}

void
trip_agree(int market, const char *from, int partner_ppm)
{
	sql_run("insert into ledger.share_agreement values (%d, '%s', 'Terms', 'fare', '%s', "
		"'{partner,platform}', '{%d,%d}', " SQL_NOW ")",
	    market, sql_id(), from, partner_ppm, 1000000 - partner_ppm);
}

struct trip_scene
trip_scene(void)
{
	struct trip_scene it = { .market = sql_market() };

	it.driver = sql_partner(it.market, "driver");
	trip_agree(it.market, "2026-01-01 00:00+00", 800000);
	sql_as("socius_gate");
	return it;
}

int64_t
trip_balance(const struct trip_scene *it)
{
	return sql_int("select balance_minor from api.get_balance(%d, '%s', " SQL_NOW ", '%s')",
	    it->market, it->driver, it->driver);
}

const char *
trip_last_entries(const struct trip_scene *it)
{
	return sql_text("select x.kind || (select string_agg(format(' %%s:%%s', e.account, "
			"e.amount_minor), '' order by n) from unnest(x.entries) with ordinality "
			"as e (account, name, amount_minor, n)) "
			"from api.list_ledger_transactions(%d, '%s', null, null, null, 200, null, "
			"null, null) x order by x.entry_no desc limit 1",
	    it->market, it->driver);
}
