/* onboarding_requirements: what is due, what satisfies it, and enrolments that follow. */
#include <criterion/criterion.h>

#include "sql/onboarding_given.h"
#include "sql/scheduling_given.h"
#include "support/sql.h"
#include "support/trip.h"

#define NOW "2026-03-02 10:00:00+00"

static int market;

static void
given(void)
{
	sql_begin();
	market = sql_market();
}

TestSuite(requirements, .init = given, .fini = sql_end);

static const char *
applicant(const char *requirements)
{
	return given_applicant(market, "courier", given_programme(market, "courier", requirements));
}

static void
assert_enrolment(const char *partner, const char *state)
{
	cr_assert_str_eq(enrolment_state(partner, "courier"), state);
	cr_assert_eq(sql_count("select from laws.enrolment_stands_where_its_events_end "
			       "where partner_id = '%s'",
			 partner),
	    0);
	cr_assert_eq(
	    sql_count("select from laws.event_chain_holds where subject_id = '%s'", partner), 0);
	cr_assert_eq(sql_count("select from laws.active_enrolment_lacks_nothing "
			       "where partner_id = '%s'",
			 partner),
	    0);
}

/* --- enrolments settle themselves --- */

Test(requirements, let_an_enrolment_without_any_be_active_at_once)
{
	const char *partner = applicant("");

	assert_enrolment(partner, "active");
	cr_assert_eq(sql_count("select from api.list_requirements(%d, null, '%s', '%s', 9, null)",
			 market, NOW, partner),
	    0);
}

Test(requirements, of_payouts_do_not_keep_from_work)
{
	assert_enrolment(applicant("bank_account"), "active");
}

Test(requirements, make_an_enrolment_active_once_all_are_verified)
{
	const char *partner = applicant("identity insurance"), *licence, *policy;

	assert_enrolment(partner, "applied");
	cr_assert_eq(events_of(partner, "enrolment.applied"), 1);
	licence = given_document(market, partner, "passport", NULL);
	assert_enrolment(partner, "applied");
	policy = given_document(market, partner, "insurance_certificate", NULL);
	assert_enrolment(partner, "in_review");
	cr_assert_eq(events_of(partner, "enrolment.in_review"), 1);
	sql_run("%s", review_call(market, licence, "verified", NULL, NOW));
	assert_enrolment(partner, "in_review");
	sql_run("%s", review_call(market, policy, "verified", NULL, NOW));
	assert_enrolment(partner, "active");
	cr_assert_eq(events_of(partner, "enrolment.activated"), 1);
}

Test(requirements, go_back_when_a_document_is_rejected)
{
	const char *partner = applicant("identity");
	const char *document = given_document(market, partner, "identity_card", NULL);

	assert_enrolment(partner, "in_review");
	sql_run("%s", review_call(market, document, "rejected", "The photo is cut off.", NOW));
	assert_enrolment(partner, "applied");
	cr_assert_str_eq(sql_text("select format('%%s: %%s', r.state, r.reason) "
				  "from api.list_requirements(%d, '%s', '%s', '%s', 9, null) r",
			     market, partner, NOW, partner),
	    "rejected: The photo is cut off.");
	given_verified(market, partner, "passport", NULL);
	assert_enrolment(partner, "active");
	cr_assert_str_eq(requirement_state(market, partner, "identity", NOW), "verified");
}

Test(requirements, of_one_kind_leave_the_other_enrolment_alone)
{
	const char *rides = given_programme(market, "driver", "driving_licence identity");
	const char *partner = applicant("identity");

	sql_run("select api.create_enrolment(%d, '%s', '%s', 'partner', " SQL_NOW
		", gen_random_uuid(), 'k', " SQL_DIGEST ", '%s', 'driver', '%s')",
	    market, partner, partner, partner, rides);
	cr_assert_str_eq(sql_text("select string_agg(r.requirement || ' ' || "
				  "array_to_string(r.enrolment_kinds, '+'), ', ') "
				  "from api.list_requirements(%d, '%s', '%s', '%s', 9, null) r",
			     market, partner, NOW, partner),
	    "driving_licence driver, identity courier+driver");
	given_verified(market, partner, "passport", NULL);
	assert_enrolment(partner, "active");
	cr_assert_str_eq(enrolment_state(partner, "driver"), "applied");
}

Test(requirements, that_are_satisfied_already_count_for_the_next_enrolment)
{
	const char *rides = given_programme(market, "driver", "identity");
	const char *partner = applicant("identity");

	given_document(market, partner, "passport", NULL);
	sql_run("select api.create_enrolment(%d, null, '%s', 'operator', " SQL_NOW
		", gen_random_uuid(), 'k', " SQL_DIGEST ", '%s', 'driver', '%s')",
	    market, sql_operator(), partner, rides);
	cr_assert_str_eq(enrolment_state(partner, "driver"), "in_review");
	cr_assert_eq(
	    sql_count("select from laws.event_chain_holds where subject_id = '%s'", partner), 0);
}

Test(requirements, never_touch_what_a_person_decided)
{
	static const char *const states[] = { "restricted", "suspended", "closed" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const char *partner = applicant("identity");

		sql_run("update onboarding.enrolment set state = '%s' where partner_id = '%s'",
		    states[i], partner);
		given_verified(market, partner, "passport", NULL);
		cr_expect_str_eq(enrolment_state(partner, "courier"), states[i]);
	}
}

Test(requirements, settle_under_the_wall_of_the_partner)
{
	const char *partner = applicant("identity");

	sql_run(
	    "insert into onboarding.document (market_id, document_id, partner_id, kind, sha256, "
	    "state, submitted_at, reviewed_by, reviewed_at) values (%d, '%s', '%s', "
	    "'passport', " SQL_DIGEST ", 'verified', " SQL_NOW ", '%s', " SQL_NOW ")",
	    market, sql_id(), partner, sql_operator());
	sql_run("select core.enter(%d, '%s')", market, partner);
	sql_as("wall_partner");
	sql_run("select onboarding.settle(%d, '%s', gen_random_uuid(), '%s', 'partner', " SQL_NOW
		")",
	    market, partner, partner);
	sql_as(NULL);
	assert_enrolment(partner, "active");
}

/* Two changes at once: whoever comes second waits, and sees what the first one did. */
Test(requirements, settle_one_change_after_the_other)
{
	const char *partner = applicant("identity");
	const char *call = sql_text("select format($$select onboarding.settle(%d, %%L, %%L, %%L, "
				    "'operator', " SQL_NOW ")$$, '%s', '%s', '%s')",
	    market, partner, sql_id(), sql_operator());
	PGconn *other = sql_connect();
	PGresult *result;

	sql_run("%s", call);
	PQclear(PQexec(other, "set lock_timeout = '50ms'"));
	result = PQexec(other, call);
	cr_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "55P03");
	PQclear(result);
	PQfinish(other);
}

/* --- by the calendar --- */

Test(requirements, expire_after_the_last_local_day)
{
	const char *partner = applicant("identity");
	const char *document = given_verified(market, partner, "passport", "2026-03-31");

	/* summer time since the 29th: midnight of Rome is 22:00 UTC */
	expire_documents(market, "2026-03-31 21:59:59+00");
	cr_assert_str_eq(document_state(document), "verified");
	assert_enrolment(partner, "active");
	expire_documents(market, "2026-03-31 22:00:00+00");
	cr_assert_str_eq(document_state(document), "expired");
	assert_enrolment(partner, "applied");
	cr_assert_eq(events_of(partner, "document.expired"), 1);
	cr_assert_eq(events_of(partner, "enrolment.requirements_due"), 1);
	cr_assert_str_eq(
	    requirement_state(market, partner, "identity", "2026-03-31 22:00:00+00"), "due");
	expire_documents(market, "2026-04-01 22:00:00+00");
	cr_assert_eq(events_of(partner, "document.expired"), 1);
}

Test(requirements, expire_on_the_winters_side_of_the_clock_too)
{
	const char *partner = applicant("identity");
	const char *document = given_verified(market, partner, "passport", "2026-03-27");

	expire_documents(market, "2026-03-27 22:59:59+00");
	cr_assert_str_eq(document_state(document), "verified");
	expire_documents(market, "2026-03-27 23:00:00+00");
	cr_assert_str_eq(document_state(document), "expired");
}

Test(requirements, are_told_to_expire_thirty_days_before)
{
	const char *partner = applicant("identity");

	given_verified(market, partner, "passport", "2026-05-31");
	cr_expect_str_eq(
	    requirement_state(market, partner, "identity", "2026-04-30 21:59:59+00"), "verified");
	cr_expect_str_eq(
	    requirement_state(market, partner, "identity", "2026-04-30 22:00:00+00"), "expiring");
	cr_expect_str_eq(
	    requirement_state(market, partner, "identity", "2026-05-31 21:59:59+00"), "expiring");
	cr_expect_str_eq(
	    requirement_state(market, partner, "identity", "2026-05-31 22:00:00+00"), "due");
	expire_documents(market, "2026-05-01 10:00:00+00");
	assert_enrolment(partner, "active");
}

Test(requirements, rest_on_the_document_that_is_good_for_longest)
{
	const char *partner = applicant("identity");

	given_verified(market, partner, "passport", "2026-03-05");
	given_verified(market, partner, "identity_card", "2030-01-01");
	given_document(market, partner, "passport", "2036-01-01");
	cr_assert_str_eq(sql_text("select r.satisfied_by || ' ' || r.expires_on || ' ' || r.state "
				  "from api.list_requirements(%d, null, '%s', '%s', 9, null) r",
			     market, NOW, partner),
	    "identity_card 2030-01-01 verified");
	expire_documents(market, "2026-04-01 10:00:00+00");
	assert_enrolment(partner, "active");
}

Test(requirements, expire_two_hundred_partners_a_step)
{
	const char *programme = given_programme(market, "courier", "identity");
	const char *again;

	given_applicant(market, "courier", programme);
	sql_run(
	    "insert into onboarding.document (market_id, document_id, partner_id, kind, sha256, "
	    "expires_on, state, submitted_at) select %d, core.derived_id(i::text::bytea), "
	    "core.derived_id(i::text::bytea), 'passport', sha256(i::text::bytea), "
	    "'2026-03-02', 'submitted', " SQL_NOW " from generate_series(1, 201) i",
	    market);
	sql_run(
	    "update core.market set test_now = '2026-03-03 10:00+00' where market_id = %d", market);
	sql_as("socius_runner");
	again = sql_text("select jobs.expire_documents(%d, null, '2030-01-01 10:00+00') "
			 "= '2026-03-03 10:00+00'",
	    market);
	cr_expect_str_eq(again, "t");
	again = sql_text("select jobs.expire_documents(%d, null, '2026-03-03 10:00+00')", market);
	cr_expect_null(again);
	sql_as(NULL);
	cr_expect_eq(sql_count("select from onboarding.document where market_id = %d "
			       "and state = 'expired'",
			 market),
	    201);
}

/* --- a rented vehicle --- */

static void
rent(const char *partner, const char *asset_kind, const char *state)
{
	const char *listing = sql_id();

	sql_run("set local session_replication_role = replica");
	sql_run("insert into services.listing (market_id, listing_id, kind, vendor_id, title, "
		"list_price_minor, partner_price_minor, currency, asset_kind, created_at) values "
		"(%d, '%s', 'rental', '%s', 'Van', 5000, 3500, 'EUR', '%s', " SQL_NOW ")",
	    market, listing, listing, asset_kind);
	sql_run("insert into services.rental (market_id, rental_id, partner_id, listing_id, "
		"asset_id, state, starts_at, ends_at, started_at, daily_price_minor, currency, "
		"share_agreement_id, created_at) values (%d, '%s', '%s', '%s', '%s', '%s', " SQL_NOW
		", " SQL_NOW " + interval '24 hours', case '%s' when 'active' then " SQL_NOW
		" end, 3500, 'EUR', '%s', " SQL_NOW ")",
	    market, listing, partner, listing, listing, state, state, listing);
	sql_run("select core.enter(%d, null)", market);
	sql_run("select onboarding.settle(%d, '%s', gen_random_uuid(), '%s', 'partner', " SQL_NOW
		")",
	    market, partner, partner);
}

Test(requirements, of_a_vehicle_are_satisfied_by_an_active_rental)
{
	const char *partner = applicant("vehicle");

	rent(partner, "vehicle", "active");
	assert_enrolment(partner, "active");
	cr_assert_str_eq(
	    sql_text("select r.satisfied_by from api.list_requirements(%d, '%s', '%s', "
		     "'%s', 9, null) r",
		market, partner, NOW, partner),
	    "vehicle_rental");
	sql_run("update services.rental set state = 'returned', returned_at = started_at, "
		"charge_minor = 0, vendor_minor = 0 where partner_id = '%s'",
	    partner);
	sql_run("select onboarding.settle(%d, '%s', gen_random_uuid(), '%s', 'partner', " SQL_NOW
		")",
	    market, partner, partner);
	assert_enrolment(partner, "applied");
}

Test(requirements, of_a_vehicle_are_not_satisfied_by_what_is_none_or_not_here_yet)
{
	const char *partner = applicant("vehicle");

	rent(partner, "equipment", "active");
	rent(partner, "vehicle", "reserved");
	assert_enrolment(partner, "applied");
}

Test(requirements, of_a_vehicle_are_satisfied_by_a_registration)
{
	const char *partner = applicant("vehicle");

	given_verified(market, partner, "vehicle_registration", NULL);
	assert_enrolment(partner, "active");
}

/* --- who may work --- */

static void
assert_due(const char *call, const char *requirements)
{
	sql_refused("requirements_due", "%s", call);
	sql_run("savepoint asked");
	cr_expect_str_eq(
	    sql_text("select detail -> 'requirements' from (%s) asked", call), requirements);
	sql_run("rollback to asked");
}

Test(requirements, that_are_due_refuse_a_booking_naming_each)
{
	const char *partner = applicant("identity vehicle bank_account");
	const char *slot = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 });

	given_document(market, partner, "passport", NULL);
	assert_due(book_call(market, partner, slot, "k", NOW),
	    "[{\"state\": \"submitted\", \"requirement\": \"identity\", "
	    "\"enrolment_kind\": \"courier\"}, {\"state\": \"due\", "
	    "\"requirement\": \"vehicle\", \"enrolment_kind\": \"courier\"}]");
	given_verified(market, partner, "identity_card", NULL);
	given_verified(market, partner, "vehicle_registration", NULL);
	sql_run("%s", book_call(market, partner, slot, "k", NOW));
	cr_assert_eq(booked_of(slot), 1);
}

Test(requirements, that_are_due_refuse_an_assignment)
{
	const char *slot = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 });

	sql_refused(
	    "requirements_due", "%s", assign_call(market, applicant("identity"), slot, "k", NOW));
}

Test(requirements, of_another_programme_are_not_what_a_slot_wants)
{
	const char *prime = given_programme(market, "courier", "");
	const char *slot = given_slot(
	    market, (struct slot_plan){
			.starts_local = "2026-03-03 08:00", .minutes = 60, .programme_id = prime });

	sql_refused("not_enrolled", "%s", book_call(market, applicant("identity"), slot, "k", NOW));
}

Test(requirements, that_fell_due_refuse_the_check_in)
{
	const char *partner = applicant("identity"), *booking;
	const char *slot = given_slot(
	    market, (struct slot_plan){ .starts_local = "2026-03-03 08:00", .minutes = 60 });

	given_verified(market, partner, "passport", "2026-03-02");
	booking = given_booking(market, partner, slot);
	expire_documents(market, "2026-03-03 06:00+00");
	sql_refused("requirements_due", "%s",
	    act_call("check_in_booking", market, partner, booking, "k", "2026-03-03 07:00+00"));
	sql_run("update onboarding.enrolment set state = 'restricted' where partner_id = '%s'",
	    partner);
	sql_run("%s",
	    act_call("check_in_booking", market, partner, booking, "k", "2026-03-03 07:00+00"));
	cr_assert_str_eq(state_of(booking), "checked_in");
}

Test(requirements, that_are_due_refuse_a_trip)
{
	const char *driver =
	    given_applicant(market, "driver", given_programme(market, "driver", "driving_licence"));
	struct report report = trip_of(market, driver);

	assert_due(trip_call(&report),
	    "[{\"state\": \"due\", \"requirement\": \"driving_licence\", "
	    "\"enrolment_kind\": \"driver\"}]");
	given_verified(market, driver, "driving_licence", NULL);
	sql_refused("agreement_missing", "%s", trip_call(&report));
}

/* --- laws --- */

Test(requirements, see_an_active_enrolment_that_lacks_something)
{
	const char *partner = applicant("identity vehicle");

	given_verified(market, partner, "passport", NULL);
	rent(partner, "vehicle", "active");
	assert_enrolment(partner, "active");
	sql_breaks_law("active_enrolment_lacks_nothing",
	    "update onboarding.document set state = 'expired' where partner_id = '%s'", partner);
	sql_breaks_law("active_enrolment_lacks_nothing",
	    "update services.rental set state = 'reserved', started_at = null "
	    "where partner_id = '%s'",
	    partner);
}
