/* seed: the demo market, run from the root of the tree. */
#include <criterion/criterion.h>

#include "support/sql.h"

enum { SEED_BYTES_MAX = 32 * 1024 };

static void
begin(void)
{
	sql_begin();
	if (sql_count("select from core.market where code = 'demo'") > 0)
		cr_skip_test("this database has the demo market already");
}

TestSuite(seed, .init = begin, .fini = sql_end);

/* Runs the seed file as if the present were so long after SQL_NOW. */
static void
seed(const char *after)
{
	char text[SEED_BYTES_MAX];
	FILE *file = fopen("sql/seed/demo.sql", "r");
	size_t bytes;

	cr_assert_not_null(file, "run the tests from the root of the tree");
	bytes = fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file); /* it was only read */
	text[bytes] = '\0';
	sql_run("select set_config('socius.seed_now', (" SQL_NOW " + interval '%s')::text, true)",
	    after);
	sql_run("%s", text);
}

static int64_t
rows_of(const char *table)
{
	return sql_int("select count(*) from %s t join core.market m using (market_id) "
		       "where m.code = 'demo'",
	    table);
}

Test(seed, makes_a_market_that_can_work)
{
	seed("0 s");
	cr_assert_eq(rows_of("identity.partner"), 12);
	cr_assert_eq(rows_of("scheduling.station"), 4);
	cr_assert_eq(rows_of("scheduling.slot"), 4 * (8 * 5 - 1)); /* 8:00 of today is over */
	cr_assert_eq(rows_of("ledger.share_agreement"), 3);
	cr_assert_eq(rows_of("services.listing"), 4);
	cr_assert_eq(rows_of("services.asset"), 5);
	cr_assert_eq(rows_of("cocreation.idea"), 1);
	cr_assert_eq(sql_int("select count(distinct p.archetype) from onboarding.programme p "
			     "join core.market m using (market_id) where m.code = 'demo'"),
	    4);
	cr_assert_gt(sql_int("select count(*) from core.market m, api.list_slots(m.market_id, "
			     "'00000000-0000-7000-8000-000000000101', " SQL_NOW
			     ", null, null, null, true, 50, null, null) where m.code = 'demo'"),
	    20);
}

Test(seed, changes_nothing_when_run_again)
{
	int64_t events;

	seed("0 s");
	events = rows_of("events.event");
	seed("0 s");
	seed("1 h");
	cr_assert_eq(rows_of("events.event"), events);
	cr_assert_eq(rows_of("scheduling.slot"), 4 * (8 * 5 - 1));
}

Test(seed, adds_the_slots_of_days_that_came_nearer)
{
	seed("0 s");
	seed("1 day");
	cr_assert_eq(rows_of("scheduling.slot"), 4 * (9 * 5 - 1));
	cr_assert_eq(rows_of("identity.partner"), 12);
}

Test(seed, finds_its_way_over_the_nights_of_summer_time)
{
	seed("26 days"); /* 28 March 2026, the day before clocks go forward */
	cr_assert_eq(rows_of("scheduling.slot"), 4 * (8 * 5 - 1));
}

Test(seed, breaks_no_law)
{
	int64_t laws = sql_int("select count(*) from pg_catalog.pg_class where "
			       "relnamespace = 'laws'::regnamespace and relname !~ '_examined$'");

	seed("0 s");
	for (int i = 0; i < laws; i++) {
		const char *law =
		    sql_text("select relname from pg_catalog.pg_class where relnamespace = "
			     "'laws'::regnamespace "
			     "and relname !~ '_examined$' order by relname offset %d limit 1",
			i);

		cr_expect_eq(sql_int("select count(*) from laws.%s x join core.market m "
				     "on to_jsonb(x) ->> 'market_id' = m.market_id::text "
				     "where m.code = 'demo'",
				 law),
		    0, "%s", law);
	}
}
