/* late_reports: what is reported late is judged by the time at which it happened. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "sql/onboarding_given.h"
#include "sql/payday.h"
#include "support/sql.h"

#define LAST_DAY "2026-03-31" /* over at 22:00 UTC */
#define REPORTED "2026-04-03 10:00+00"

static int market;
static const char *driver;

/* A driver whose licence was good until the last of March, and another one from the 2nd of April.
 */
static void
given(void)
{
	sql_begin();
	market = payday_market();
	driver =
	    given_applicant(market, "driver", given_programme(market, "driver", "driving_licence"));
	given_verified(market, driver, "driving_licence", LAST_DAY);
	expire_documents(market, "2026-03-31 22:00+00");
	cr_assert_str_eq(enrolment_state(driver, "driver"), "applied");
}

static void
renew(void)
{
	const char *document = sql_id();

	sql_run("%s", document_call(market, driver, document, "driving_licence", "another",
			  "2031-01-01", "2026-04-02 08:00+00"));
	sql_run("%s", review_call(market, document, "verified", NULL, "2026-04-02 09:00+00"));
	cr_assert_str_eq(enrolment_state(driver, "driver"), "active");
}

TestSuite(late_reports, .init = given, .fini = sql_end);

static const char *
report(const char *partner, const char *status, const char *payment, const char *started_at)
{
	return sql_text(
	    "select $call$ select refused, detail, (\"row\").* from api.create_trip(%d, "
	    "'%s', 'service', '" REPORTED "', '%s', '%s', " SQL_DIGEST
	    ", '%s', '%s', '%s', 'offer', '%s', '%s', timestamptz '%s' + interval "
	    "'20 minutes', 1000, 'EUR', %d, 0, 0, 0, %d) $call$",
	    market, sql_operator(), sql_id(), sql_id(), sql_id(), partner, status, payment,
	    started_at, started_at, strcmp(status, "completed") == 0 ? 1000 : 0,
	    strcmp(status, "completed") == 0 ? 0 : 500);
}

static void
taken(const char *call)
{
	cr_expect(sql_true("select refused is null and trip_id is not null from (%s) c", call),
	    "%s", call);
}

static void
laws_hold(void)
{
	static const char *const laws[] = { "trips_have_drivers",
		"enrolment_knows_when_it_was_active", "trips_have_events",
		"trips_are_posted_once" };

	for (size_t i = 0; i < sizeof(laws) / sizeof(laws[0]); i++)
		cr_expect_eq(sql_count("select from laws.%s where market_id = %d", laws[i], market),
		    0, "%s", laws[i]);
}

Test(late_reports, of_trips_are_taken_for_the_time_when_the_driver_was_active)
{
	taken(report(driver, "completed", "card", "2026-03-31 20:00+00"));
	/* the start counts */
	taken(report(driver, "completed", "card", "2026-03-31 21:50+00"));
	taken(report(driver, "no_show", "cash", "2026-03-31 20:00+00"));
	laws_hold();
}

Test(late_reports, of_trips_are_refused_for_the_time_when_the_driver_was_not)
{
	sql_refused(
	    "requirements_due", "%s", report(driver, "completed", "card", "2026-03-31 22:00+00"));
	cr_expect(sql_true("select detail -> 'requirements' -> 0 ->> 'requirement' = "
			   "'driving_licence' and detail ->> 'at' = '2026-04-01T08:00:00Z' "
			   "from (%s) c",
	    report(driver, "completed", "card", "2026-04-01 08:00+00")));
	renew();
	sql_refused(
	    "not_enrolled", "%s", report(driver, "completed", "card", "2026-04-02 08:59:59+00"));
	sql_refused("not_enrolled", "%s", report(driver, "no_show", "cash", "2026-04-01 08:00+00"));
	taken(report(driver, "completed", "card", "2026-04-02 09:00+00"));
	taken(report(driver, "completed", "card", "2026-03-31 20:00+00"));
	laws_hold();
}

/* A licence is over when its last day is, however late the runner comes to it. */
Test(late_reports, of_trips_are_judged_by_the_last_day_of_the_licence)
{
	driver =
	    given_applicant(market, "driver", given_programme(market, "driver", "driving_licence"));
	given_verified(market, driver, "driving_licence", LAST_DAY);
	expire_documents(market, "2026-04-03 09:00+00");
	taken(report(driver, "completed", "card", "2026-03-31 21:59:59+00"));
	sql_refused(
	    "requirements_due", "%s", report(driver, "completed", "card", "2026-03-31 22:00+00"));
	laws_hold();
}

/* Who holds the money owes it, whoever it is. */
Test(late_reports, of_finished_cash_trips_always_post)
{
	const char *courier = sql_partner(market, "courier"), *nobody = sql_id();

	taken(report(driver, "completed", "cash", "2026-04-01 08:00+00"));
	cr_expect_eq(balance_of(driver), -200);
	taken(report(courier, "completed", "cash", "2026-04-01 08:00+00"));
	cr_expect_eq(balance_of(courier), -200);
	cr_expect_eq(sql_count("select from events.event where market_id = %d and kind = "
			       "'trip.completed' and reason like '%%no active enrolment%%'",
			 market),
	    2);
	sql_refused(
	    "partner_unknown", "%s", report(nobody, "completed", "cash", "2026-04-01 08:00+00"));
	sql_refused(
	    "not_enrolled", "%s", report(courier, "completed", "card", "2026-04-01 08:00+00"));
	laws_hold();
}

/* Imports: nothing is known of the time before somebody was enrolled here. */
Test(late_reports, of_the_time_before_an_enrolment_go_by_its_present_state)
{
	sql_refused(
	    "requirements_due", "%s", report(driver, "completed", "card", "2025-06-01 08:00+00"));
	renew();
	taken(report(driver, "completed", "card", "2025-06-01 08:00+00"));
	laws_hold();
}

Test(late_reports, of_sales_are_taken_for_months_that_began_before_the_idea_was_closed)
{
	const char *ada = sql_partner(market, "co_creator"), *idea = given_idea(market, ada);
	struct sales sales = {
		.idea_id = idea, .gross_minor = 100000, .now = "2026-05-02 10:00+00"
	};

	given_royalty(market, 10000, "2026-01-01 00:00+00");
	/* it was withdrawn on the 2nd of March */
	sql_run("%s", withdraw_call(market, ada, idea, "key"));
	sales.period = "2026-02";
	given_report(market, sales);
	sales.period = "2026-03";
	given_report(market, sales);
	cr_expect_eq(balance_of(ada), 2000);
	sales.period = "2026-04";
	sql_refused("idea_closed", "%s", report_call(market, sales));
	idea = sales.idea_id = given_idea(market, ada);
	sql_run("select jobs.expire_ideas(%d, '%s', '2027-01-01')", market, sql_id());
	cr_expect_str_eq(of_idea(idea, "closed_at = '2027-01-01'"), "t");
	sales.now = "2027-03-02 10:00+00";
	sales.period = "2026-12";
	given_report(market, sales);
	sales.period = "2027-01"; /* the zone's month began on the 31st */
	given_report(market, sales);
	sales.period = "2027-02";
	sql_refused("idea_closed", "%s", report_call(market, sales));
}

Test(late_reports, have_laws_that_see)
{
	taken(report(driver, "completed", "card", "2026-03-31 20:00+00"));
	sql_breaks_law("trips_have_drivers",
	    "update fulfilment.trip set started_at = '2026-03-31 22:00+00', ended_at = "
	    "'2026-03-31 23:00+00' where partner_id = '%s'",
	    driver);
	sql_breaks_law("trips_have_drivers",
	    "update onboarding.enrolment set kind = 'courier' where partner_id = '%s'", driver);
	sql_breaks_law("enrolment_knows_when_it_was_active",
	    "update onboarding.enrolment set state = 'active' where partner_id = '%s'", driver);
	sql_breaks_law("enrolment_knows_when_it_was_active",
	    "update onboarding.enrolment set active_during = active_during + "
	    "tstzmultirange(tstzrange('2026-04-01', null)) where partner_id = '%s'",
	    driver);
	sql_breaks_law("enrolment_knows_when_it_was_active",
	    "update onboarding.enrolment set active_during = active_during + "
	    "tstzmultirange(tstzrange('2025-01-01', '2025-01-02')) where partner_id = '%s'",
	    driver);
	sql_refused("idea_closed_at",
	    "update cocreation.idea set closed_at = '2026-01-01' where idea_id = '%s'",
	    given_idea(market, sql_partner(market, "co_creator")));
}
