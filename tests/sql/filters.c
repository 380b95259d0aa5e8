/* filters: a list walks an index whatever is asked for, as the server's role behind the walls,
 * where nearly all rows do not fit. auto_explain shows the plans of what really runs, with the rows
 * that each step has thrown away. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

enum { PLANS_BYTES_MAX = 512 * 1024, ROWS_MAX = 300 };

static int market;
static const char *station;
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

static void
begin(void)
{
	sql_begin();
	market = sql_market();
	station = given_station(market);
}

TestSuite(filters, .init = begin, .fini = sql_end, .timeout = 300);

/* From here on plans are heard, as the server. */
static void
listen(void)
{
	sql_run("load 'auto_explain'; set local auto_explain.log_min_duration = 0; "
		"set local auto_explain.log_nested_statements = on; "
		"set local auto_explain.log_analyze = on; set local auto_explain.log_timing = off; "
		"set local auto_explain.log_level = notice");
	PQsetNoticeReceiver(sql_connection(), hear, NULL);
	plans[plans_bytes = 0] = '\0';
	sql_as("socius_gate");
}

/* The most rows that one step has read, given on or thrown away; all loops together. */
static long
most_rows(void)
{
	static const char *const said[] = { "(actual rows=", "Rows Removed by Filter: ",
		"Rows Removed by Join Filter: ", "Rows Removed by Index Recheck: " };
	long most = 0;

	for (int i = 0; i < 4; i++)
		for (const char *at = plans; (at = strstr(at, said[i])) != NULL; at++) {
			char *end;
			long rows = strtol(at + strlen(said[i]), &end, 10);

			if (strncmp(end, " loops=", 7) == 0)
				rows *= strtol(end + 7, NULL, 10);
			most = rows > most ? rows : most;
		}
	return most;
}

/* Six times, so that a plan for any argument would have been made. */
#define LISTS(count, ...) \
	do { \
		for (int i = 0; i < 6; i++) { \
			plans[plans_bytes = 0] = '\0'; \
			cr_expect_eq(sql_count("select from " __VA_ARGS__), count); \
			cr_expect_lt(most_rows(), ROWS_MAX, "%s", plans); \
		} \
	} while (0)

/* Rows of each kind; so many that reading all of them would be seen. */
#define MANY "20000"

static void
fill_bookings(void)
{
	sql_run(
	    "insert into scheduling.slot (market_id, slot_id, station_id, kind, starts_at, "
	    "ends_at, time_zone, day, day_seconds, next_day_seconds, capacity, booked, "
	    "rate_minor, currency, released_at, created_at) select %d, md5('s' || n)::uuid, "
	    "'%s', 'standard', at, at + interval '1 hour', 'Europe/Rome', at::date, 3600, 0, 1, "
	    "1, 1800, 'EUR', '2000-01-01Z', '2000-01-01Z' from generate_series(1, " MANY ") n, "
	    "lateral (select " SQL_NOW " - n * interval '1 hour') m (at)",
	    market, station);
	sql_run(
	    "insert into scheduling.booking (market_id, booking_id, partner_id, slot_id, state, "
	    "origin, starts_at, ends_at, booked_at, checked_in_at, completed_at, pay_minor, "
	    "digest) select s.market_id, md5('b' || s.slot_id)::uuid, md5('p')::uuid, s.slot_id, "
	    "'completed', 'self', s.starts_at, s.ends_at, s.released_at, s.starts_at, s.ends_at, "
	    "1800, " SQL_DIGEST " from scheduling.slot s where s.market_id = %d",
	    market);
	sql_run("update scheduling.booking set state = 'missed', checked_in_at = null, "
		"completed_at = null, pay_minor = null where market_id = %d and booking_id in "
		"(md5('b' || md5('s7')::uuid)::uuid, md5('b' || md5('s9999')::uuid)::uuid)",
	    market);
	sql_run("insert into scheduling.missed_sweep values (%d, " SQL_NOW ")", market);
	sql_run("analyze scheduling.slot; analyze scheduling.booking");
}

#define BOOKINGS "api.list_bookings(%d, null, %s, null, '%s', 51, null, null)"

Test(filters, find_bookings_in_a_state_among_those_that_are_over)
{
	fill_bookings();
	listen();
	LISTS(2, BOOKINGS, market, "null", "missed");
	LISTS(0, BOOKINGS, market, "null", "forfeited");
	LISTS(0, BOOKINGS, market, "null", "confirmed");
	LISTS(0, BOOKINGS, market, "'2000-01-01Z'", "confirmed");
	LISTS(51, BOOKINGS, market, "null", "completed");
}

Test(filters, find_free_slots_behind_full_ones)
{
	fill_bookings();
	listen();
	LISTS(0,
	    "api.list_slots(%d, null, " SQL_NOW ", null, '2000-01-01Z', null, true, 51, null, "
	    "null)",
	    market);
	LISTS(0,
	    "api.list_slots(%d, null, " SQL_NOW ", '%s', '2000-01-01Z', null, true, 51, null, "
	    "null)",
	    market, station);
	LISTS(51,
	    "api.list_slots(%d, null, " SQL_NOW ", null, '2000-01-01Z', null, false, 51, null, "
	    "null)",
	    market);
}

static void
fill_audit(void)
{
	sql_run(
	    "insert into access.audit_record (market_id, record_id, occurred_at, act, outcome, "
	    "account_id, role, subject_id) select %d, gen_random_uuid(), " SQL_NOW
	    " - n * interval '1 minute', 'session.start', 'done', gen_random_uuid(), 'partner', "
	    "gen_random_uuid() from generate_series(1, " MANY ") n",
	    market);
	sql_run("insert into access.audit_record (market_id, record_id, occurred_at, act, outcome, "
		"account_id, role, subject_id) select %d, gen_random_uuid(), " SQL_NOW
		" - interval '14 days', 'role.grant', 'scope_missing', '%s', 'admin', '%s'",
	    market, station, station);
	sql_run("analyze access.audit_record");
}

/* account, act, outcome, role, subject, from, to; each null or quoted */
#define AUDIT(account, act, outcome, role, subject, from, to) \
	"api.list_audit_records(%d, " SQL_NOW ", 51, null, null, " account ", " act ", " outcome \
	", " role ", " subject ", " from ", " to ")", \
	    market

Test(filters, find_audit_records_by_each)
{
	fill_audit();
	listen();
	LISTS(1, AUDIT("'%s'", "null", "null", "null", "null", "null", "null"), station);
	LISTS(0, AUDIT("gen_random_uuid()", "null", "null", "null", "null", "null", "null"));
	LISTS(1, AUDIT("null", "'role.grant'", "null", "null", "null", "null", "null"));
	LISTS(0, AUDIT("null", "'never.done'", "null", "null", "null", "null", "null"));
	LISTS(1, AUDIT("null", "null", "'scope_missing'", "null", "null", "null", "null"));
	LISTS(0, AUDIT("null", "null", "'step_up_needed'", "null", "null", "null", "null"));
	LISTS(1, AUDIT("null", "null", "null", "'admin'", "null", "null", "null"));
	LISTS(0, AUDIT("null", "null", "null", "'operator'", "null", "null", "null"));
	LISTS(1, AUDIT("null", "null", "null", "null", "'%s'", "null", "null"), station);
	LISTS(51, AUDIT("null", "null", "null", "null", "null", "null", "null"));
	LISTS(0, AUDIT("null", "null", "null", "null", "null", "null", "'2026-01-01Z'"));
	LISTS(0, AUDIT("null", "null", "null", "null", "null", "'2026-03-03Z'", "null"));
}

Test(filters, begin_the_audit_log_92_days_before)
{
	sql_run("insert into access.audit_record (market_id, record_id, occurred_at, act, outcome) "
		"select %d, gen_random_uuid(), " SQL_NOW " - n * interval '1 day', 'x.y', 'done' "
		"from unnest(array[91, 93, 190]) n",
	    market);
	listen();
	cr_expect_eq(
	    sql_count("select from " AUDIT("null", "null", "null", "null", "null", "null", "null")),
	    1);
	cr_expect_eq(sql_count("select from " AUDIT("null", "null", "null", "null", "null", "null",
			 SQL_NOW " - interval '92 days'")),
	    1);
	cr_expect_eq(sql_count("select from " AUDIT(
			 "null", "null", "null", "null", "null", "'2000-01-01Z'", "null")),
	    3);
}

Test(filters, find_ideas_in_a_state)
{
	sql_run("insert into cocreation.idea (market_id, idea_id, submitter_id, title, summary, "
		"state, stage, supporters_needed, gathering_until, submitted_at) select %d, "
		"gen_random_uuid(), '%s', 'T', 'S', 'expired', 1, 5, " SQL_NOW ", " SQL_NOW
		" from generate_series(1, " MANY ")",
	    market, station);
	sql_run("analyze cocreation.idea");
	listen();
	LISTS(0, "api.list_ideas(%d, '%s', 'qualified', 51, null)", market, station);
	LISTS(51, "api.list_ideas(%d, '%s', 'expired', 51, null)", market, station);
}

Test(filters, find_partners_of_a_kind)
{
	sql_run("insert into identity.account (account_id, name, created_at) "
		"select md5(%d::text || n)::uuid, 'A', " SQL_NOW " from generate_series(1, " MANY
		") n",
	    market);
	sql_run("insert into identity.partner (market_id, partner_id, account_id, name, digest, "
		"created_at) select %d, md5(%d::text || n)::uuid, md5(%d::text || n)::uuid, "
		"'A', " SQL_DIGEST ", " SQL_NOW " from generate_series(1, " MANY ") n",
	    market, market, market);
	sql_run("insert into onboarding.enrolment (market_id, partner_id, kind, state, created_at) "
		"select market_id, partner_id, 'courier', 'active', created_at "
		"from identity.partner where market_id = %d",
	    market);
	sql_run("analyze identity.partner; analyze onboarding.enrolment; analyze identity.account");
	listen();
	LISTS(0, "api.list_partners(%d, null, 51, null, 'driver')", market);
	LISTS(51, "api.list_partners(%d, null, 51, null, 'courier')", market);
}

/* Without a filter too: the planner takes the wall of partners for one that lets little through. */
Test(filters, walk_trips_payouts_and_redemptions_of_a_market_in_order)
{
	sql_run("insert into fulfilment.trip (market_id, trip_id, partner_id, digest, status, "
		"origin, payment, started_at, ended_at, distance_m, currency, fare_minor, "
		"tip_minor, tolls_minor, taxes_and_fees_minor, cancellation_fee_minor, "
		"share_agreement_id, total_minor, partner_share_minor, commission_minor, "
		"earnings_minor, cash_collected_minor, wallet_minor, reported_at) select %d, "
		"gen_random_uuid(), md5((n %% 500)::text)::uuid, " SQL_DIGEST ", 'completed', "
		"'offer', 'card', at, at, 1, 'EUR', 10, 0, 0, 0, 0, '%s', 10, 9, 1, 9, 0, 9, at "
		"from generate_series(1, " MANY ") n, "
		"lateral (select " SQL_NOW " - n * interval '1 minute') m (at)",
	    market, station);
	sql_run("insert into payouts.payout (market_id, payout_run_id, partner_id, payout_id, "
		"state, amount_minor, currency, first_entry_no, last_entry_no, created_at) "
		"select %d, md5((n %% 20)::text)::uuid, md5(n::text)::uuid, gen_random_uuid(), "
		"'in_run', 100, 'EUR', 1, 1, " SQL_NOW " from generate_series(1, " MANY ") n",
	    market);
	sql_run("analyze fulfilment.trip; analyze payouts.payout");
	listen();
	LISTS(51, "api.list_trips(%d, null, null, null, null, 51, null, null)", market);
	LISTS(0, "api.list_trips(%d, null, null, '2026-03-03Z', null, 51, null, null)", market);
	LISTS(51, "api.list_payouts(%d, null, null, 51, null, null, null)", market);
	LISTS(0, "api.list_redemptions(%d, null, '%s', 51, null, null)", market, station);
}

/* The causes are UUIDv7 of the time at which they were posted, as nearly all are. */
Test(filters, find_ledger_transactions_of_a_cause_or_a_time)
{
	const char *cause;

	sql_run("insert into ledger.transaction (market_id, owner_id, entry_no, transaction_id, "
		"kind, cause_id, accounts, amounts, wallet_minor, balance_minor, currency, "
		"occurred_at, posted_at, week) select %d, md5((n %% 500)::text)::uuid, n, "
		"gen_random_uuid(), 'adjustment', (lpad(to_hex(1700000000000 + n * 60000::bigint), "
		"12, '0') || '70008000' || right(md5(n::text), 12))::uuid, '{1000,2000}', "
		"'{500,-500}', 500, 500, 'EUR', " SQL_NOW " + n * interval '1 minute', " SQL_NOW
		", '2026-03-02' from generate_series(1, " MANY ") n",
	    market);
	sql_run("analyze ledger.transaction");
	sql_run("select brin_summarize_new_values(i.indexrelid) from pg_catalog.pg_index i join "
		"pg_catalog.pg_class c on c.oid = i.indexrelid where c.relkind = 'i' and c.relam = "
		"(select oid from pg_catalog.pg_am where amname = 'brin')");
	cause = sql_text("select cause_id from ledger.transaction where market_id = %d and "
			 "entry_no = 777",
	    market);
	listen();
	plans[plans_bytes = 0] = '\0';
	cr_expect_eq(sql_count("select from api.list_ledger_transactions(%d, null, '%s', null, "
			       "null, 51, null, null, null)",
			 market, cause),
	    1);
	cr_expect_not_null(strstr(plans, "Bitmap Index Scan"), "%s", plans);
	cr_expect_lt(most_rows(), 3000, "%s", plans);
	plans[plans_bytes = 0] = '\0';
	cr_expect_eq(sql_count("select from api.list_ledger_transactions(%d, null, null, " SQL_NOW
			       " + interval '50 minutes', " SQL_NOW
			       " + interval '60 minutes', 51, null, null, null)",
			 market),
	    10);
	cr_expect_not_null(strstr(plans, "Bitmap Index Scan"), "%s", plans);
	cr_expect_lt(most_rows(), 3000, "%s", plans);
}
