/* me: whose token it is, and what there is to do, as SQL sees them. */
#include <criterion/criterion.h>

#include "sql/scheduling_given.h"
#include "support/sql.h"

TestSuite(me, .init = sql_begin, .fini = sql_end);

static const char *
account_of(const char *partner)
{
	return sql_text("select account_id from identity.partner where partner_id = '%s'", partner);
}

/* One cell of home, at an instant. */
static const char *
home(int market, const char *account, const char *now, const char *what)
{
	return sql_text(
	    "select (%s)::text from api.get_home(%d, '%s', '%s') h", what, market, account, now);
}

#define NOW "2026-03-02 10:00:00+00"
#define ACTIONS \
	"select coalesce(string_agg(concat_ws(' ', a.action, a.requirement, " \
	"to_char(a.opens_at at time zone 'UTC', 'DD HH24:MI'), " \
	"'-' || to_char(a.until at time zone 'UTC', 'DD HH24:MI')), ', '), 'nothing') " \
	"from unnest(h.next_actions) a"

Test(me, is_an_account_its_market_and_its_partner)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *ada = sql_partner(market, "courier"), *account = account_of(ada);

	sql_as("socius_gate");
	cr_expect_str_eq(
	    sql_text(
		"select concat_ws(' ', (name).cell, role, (market).currency, (partner).partner_id, "
		"((partner).enrolments[1]).kind, (exchange).archetype) "
		"from api.get_me(%d, '%s', 'partner')",
		market, account),
	    sql_text("select 'Partner partner EUR %s courier host'", ada));
	/* the same account is nobody in another market */
	cr_expect(sql_true("select (m.market).market_id = %d and m.partner is null "
			   "from api.get_me(%d, '%s', 'customer') m",
	    elsewhere, elsewhere, account));
	/* who has never come is without a name, and no error */
	cr_expect(sql_true("select m.name is null and m.partner is null "
			   "from api.get_me(%d, '%s', 'customer') m",
	    market, sql_id()));
}

Test(me, lets_a_customer_apply_and_shows_nothing_of_others)
{
	int market = sql_market();
	const char *customer = sql_id(), *ada = sql_partner(market, "courier");

	(void)given_booking(market, ada,
	    given_slot(
		market, (struct slot_plan){ .starts_local = "2026-03-02T17:00", .minutes = 240 }));
	sql_as("socius_gate");
	cr_expect_str_eq(home(market, customer, NOW, ACTIONS), "apply");
	cr_expect_str_eq(home(market, customer, NOW,
			     "h.next_booking is null and h.balance is null and h.due = '{}' "
			     "and h.offers = '{}'"),
	    "true");
}

Test(me, goes_from_a_free_slot_to_its_pay)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *account = account_of(ada);
	const char *slot = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-02T17:00", .minutes = 240, .capacity = 2 });

	cr_expect_str_eq(home(market, account, NOW, ACTIONS), "book_slot -02 16:00");
	cr_expect_str_eq(home(market, account, NOW, "(h.offers[1]).slot_id"), slot);
	const char *booking = given_booking(market, ada, slot);

	cr_expect_str_eq(home(market, account, NOW, "(h.next_booking).booking_id"), booking);
	cr_expect_str_eq(home(market, account, NOW, "h.offers"), "{}"); /* it is taken up */
	cr_expect_str_eq(home(market, account, NOW, ACTIONS), "check_in 02 15:45 -02 16:05");
	cr_expect_str_eq(
	    home(market, account, "2026-03-02 15:50:00+00", ACTIONS), "check_in -02 16:05");
	/* too late: no action of the partner's helps any more */
	cr_expect_str_eq(home(market, account, "2026-03-02 16:05:01+00", ACTIONS), "nothing");
	sql_run("%s",
	    act_call("check_in_booking", market, ada, booking, sql_id(), "2026-03-02 16:00+00"));
	cr_expect_str_eq(
	    home(market, account, "2026-03-02 17:00:00+00", ACTIONS), "complete_booking 02 20:00");
	cr_expect_str_eq(
	    home(market, account, "2026-03-02 20:00:00+00", ACTIONS), "complete_booking");
	sql_run("%s",
	    act_call("complete_booking", market, ada, booking, sql_id(), "2026-03-02 20:00+00"));
	cr_expect_str_eq(home(market, account, "2026-03-02 20:00:00+00", ACTIONS), "nothing");
	cr_expect_str_eq(home(market, account, "2026-03-02 20:00:00+00",
			     "(h.balance).balance_minor || ' ' || (h.balance).currency || ' ' || "
			     "(h.balance).owed_minor"),
	    "7200 EUR 0");
}

Test(me, offers_what_could_be_booked_and_no_more_than_three)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *account = account_of(ada);
	const char *bob = sql_partner(market, "courier"), *programme = sql_id();
	struct slot_plan plan = { .minutes = 240, .capacity = 1 };

	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"created_at) values (%d, '%s', 'P', 'courier', 'host', " SQL_NOW ")",
	    market, programme);
	plan.starts_local = "2026-03-03T08:00";
	(void)given_booking(market, bob, given_slot(market, plan)); /* full */
	plan.programme_id = programme;
	(void)given_slot(market, plan); /* of another programme */
	plan.programme_id = NULL;
	plan.release_at = "2026-03-02 18:00+00";
	(void)given_slot(market, plan); /* not released */
	plan.release_at = NULL;
	cr_expect_str_eq(home(market, account, NOW, "h.offers"), "{}");
	plan.starts_local = "2026-03-03T06:00";
	plan.minutes = 660;
	(void)given_booking(market, ada, given_slot(market, plan));
	plan.starts_local = "2026-03-03T16:00"; /* overlaps; the next one passes 12 hours */
	plan.minutes = 30;
	(void)given_slot(market, plan);
	plan.starts_local = "2026-03-03T18:00";
	plan.minutes = 61;
	(void)given_slot(market, plan);
	cr_expect_str_eq(home(market, account, NOW, "h.offers"), "{}");
	plan.minutes = 60;
	plan.starts_local = "2026-03-03T20:00";
	const char *first = given_slot(market, plan);

	plan.repeat_days = "5";
	plan.starts_local = "2026-03-04T20:00";
	(void)given_slot(market, plan);
	cr_expect_str_eq(home(market, account, NOW, "(h.offers[1]).slot_id"), first);
	cr_expect_str_eq(home(market, account, NOW, "cardinality(h.offers)"), "3");
	sql_run("update onboarding.enrolment set state = 'suspended' where partner_id = '%s'", ada);
	cr_expect_str_eq(home(market, account, NOW, "h.offers"), "{}");
}

Test(me, says_what_is_due_and_why)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *account = account_of(ada);
	const char *programme = sql_id(), *document = sql_id();

	sql_run("insert into onboarding.programme (market_id, programme_id, name, kind, archetype, "
		"requirements, created_at) values (%d, '%s', 'P', 'courier', 'host', "
		"'{bank_account,driving_licence,identity,vehicle}', " SQL_NOW "); "
		"update onboarding.enrolment set programme_id = '%s', state = 'applied' "
		"where partner_id = '%s'",
	    market, programme, programme, ada);
	cr_expect_str_eq(home(market, account, NOW, ACTIONS),
	    "submit_document driving_licence, submit_document identity, submit_document vehicle, "
	    "add_bank_account bank_account");
	cr_expect_str_eq(home(market, account, NOW, "(h.next_actions[3]).why"),
	    "Your enrolment as courier waits for it. A vehicle that you rent here will do as "
	    "well.");
	cr_expect_str_eq(home(market, account, NOW,
			     "(select string_agg(d.requirement || ' ' || d.blocks, ', ') "
			     "from unnest(h.due) d)"),
	    "bank_account payouts, driving_licence work, identity work, vehicle work");
	sql_run(
	    "insert into onboarding.document (market_id, document_id, partner_id, kind, sha256, "
	    "expires_on, state, submitted_at, reviewed_by, reviewed_at, reason) values "
	    "(%d, '%s', '%s', 'passport', sha256('a'), null, 'rejected', " SQL_NOW
	    ", '%s', " SQL_NOW ", 'The picture is cut off.'), "
	    "(%d, gen_random_uuid(), '%s', 'driving_licence', sha256('b'), '2026-03-20', "
	    "'verified', " SQL_NOW ", '%s', " SQL_NOW ", null), "
	    "(%d, gen_random_uuid(), '%s', 'vehicle_registration', sha256('c'), null, "
	    "'submitted', " SQL_NOW ", null, null, null)",
	    market, document, ada, sql_operator(), market, ada, sql_operator(), market, ada);
	/* what is submitted waits for us; what expires is not due yet */
	cr_expect_str_eq(home(market, account, NOW, ACTIONS),
	    "resubmit_document identity, add_bank_account bank_account, "
	    "renew_document driving_licence -20 23:00");
	cr_expect_str_eq(home(market, account, NOW, "(h.next_actions[1]).why"),
	    "It was rejected: The picture is cut off.");
	cr_expect_str_eq(home(market, account, NOW, "(h.next_actions[1]).subject_id"), document);
	cr_expect_str_eq(home(market, account, NOW,
			     "(select string_agg(d.requirement || ' ' || d.state, ', ') "
			     "from unnest(h.due) d)"),
	    "bank_account due, identity rejected, vehicle submitted");
}

Test(me, asks_a_rented_thing_back_in_time)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *account = account_of(ada);

	sql_run("insert into services.rental (market_id, rental_id, partner_id, listing_id, "
		"asset_id, state, starts_at, ends_at, started_at, daily_price_minor, currency, "
		"share_agreement_id, created_at) values (%d, '%s', '%s', '%s', '%s', 'active', "
		"'2026-03-01 10:00+00', '2026-03-04 10:00+00', '2026-03-01 10:00+00', 3500, 'EUR', "
		"'%s', '2026-03-01 10:00+00')",
	    market, sql_id(), ada, sql_id(), sql_id(), sql_id());
	cr_expect_str_eq(home(market, account, NOW, ACTIONS), "nothing");
	cr_expect_str_eq(
	    home(market, account, "2026-03-03 10:00+00", ACTIONS), "return_rental -04 10:00");
	cr_expect_str_eq(home(market, account, "2026-03-05 10:00+00", "(h.next_actions[1]).why"),
	    "It is overdue: each started day is charged until it is back.");
}

Test(me, says_that_an_assigned_slot_may_be_declined)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *account = account_of(ada);
	const char *booking = given_booking(market, ada,
	    given_slot(
		market, (struct slot_plan){ .starts_local = "2026-03-02T17:00", .minutes = 60 }));

	sql_run(
	    "update scheduling.booking set origin = 'assigned' where booking_id = '%s'", booking);
	cr_expect_str_eq(home(market, account, NOW, ACTIONS),
	    "check_in 02 15:45 -02 16:05, decline_booking -02 16:00");
	cr_expect_str_eq(
	    home(market, account, "2026-03-02 16:00:00+00", ACTIONS), "check_in -02 16:05");
}

Test(me, lets_who_has_left_enrol_again)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier");

	sql_run("update onboarding.enrolment set state = 'closed' where partner_id = '%s'", ada);
	cr_expect_str_eq(home(market, account_of(ada), NOW, ACTIONS), "enrol");
}
