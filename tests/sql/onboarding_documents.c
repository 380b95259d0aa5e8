/* onboarding_documents: documents and their reviews, applications and enrolments. */
#include <criterion/criterion.h>

#include "sql/onboarding_given.h"
#include "support/sql.h"

#define NOW "2026-03-02 10:00:00+00"

static int market;
static const char *partner;

static void
given(void)
{
	sql_begin();
	market = sql_market();
	partner =
	    given_applicant(market, "courier", given_programme(market, "courier", "identity"));
}

TestSuite(documents, .init = given, .fini = sql_end);

static const char *
submit(const char *kind, const char *file, const char *expires_on)
{
	return document_call(market, partner, sql_id(), kind, file, expires_on, NOW);
}

/* --- submitting --- */

Test(documents, are_taken_once_per_key)
{
	const char *id = sql_id();
	const char *call = document_call(market, partner, id, "passport", "a", "2030-01-01", NOW);

	sql_as("socius_gate");
	cr_assert_not(sql_true("select replayed from (%s) c", call));
	cr_assert(sql_true("select replayed and (\"row\").document_id = '%s' and "
			   "(\"row\").sha256 = encode(sha256('a'), 'hex') and "
			   "(\"row\").expires_on = '2030-01-01' and (\"row\").state = 'submitted' "
			   "from (%s) c",
	    id, call));
	sql_as(NULL);
	cr_assert_eq(events_of(partner, "document.submitted"), 1);
	sql_refused("key_reused",
	    "select api.create_document(%d, null, '%s', 'partner', " SQL_NOW
	    ", '%s', '%s', '%s', " SQL_OTHER_DIGEST ", '%s', 'passport', repeat('0', 64), null)",
	    market, partner, sql_id(), sql_id(), id, partner);
}

Test(documents, refuse_the_same_file_again)
{
	sql_run("%s", submit("passport", "a", "2030-01-01"));
	sql_refused("document_exists", "%s", submit("passport", "a", "2030-01-01"));
	sql_refused("document_exists", "%s", submit("identity_card", "a", NULL));
	sql_run("%s", submit("passport", "b", "2030-01-01"));
	sql_refused("document_exists",
	    "insert into onboarding.document select market_id, '%s', partner_id, kind, sha256, "
	    "expires_on, state, submitted_at from onboarding.document where partner_id = '%s' "
	    "limit 1",
	    sql_id(), partner);
}

Test(documents, take_a_rejected_file_as_another_kind_or_with_another_date_only)
{
	const char *id = sql_id();

	sql_run("%s", document_call(market, partner, id, "passport", "a", "2030-01-01", NOW));
	sql_run("%s", review_call(market, id, "rejected", "This is an identity card.", NOW));
	sql_refused("document_exists", "%s", submit("passport", "a", "2030-01-01"));
	sql_run("%s", submit("identity_card", "a", "2030-01-01"));
}

Test(documents, refuse_one_that_is_over)
{
	sql_refused("document_expired", "%s", submit("passport", "a", "2026-03-01"));
	sql_run("%s", submit("passport", "a", "2026-03-02"));
}

Test(documents, are_over_by_the_local_date)
{
	/* 23:30 UTC on the 2nd is 00:30 on the 3rd in Rome */
	sql_refused("document_expired", "%s",
	    document_call(
		market, partner, sql_id(), "passport", "a", "2026-03-02", "2026-03-02 23:30+00"));
}

Test(documents, are_nobody_elses)
{
	const char *other = sql_partner(market, "courier");
	const char *document = given_document(market, partner, "passport", NULL);

	sql_as("socius_gate");
	sql_refused("partner_unknown",
	    "select api.create_document(%d, '%s', '%s', 'partner', " SQL_NOW
	    ", '%s', '%s', 'k', " SQL_DIGEST ", '%s', 'passport', repeat('0', 64), null)",
	    market, other, other, sql_id(), sql_id(), partner);
	sql_refused("partner_unknown", "select api.list_documents(%d, '%s', '%s', 9, null)", market,
	    other, partner);
	sql_refused("partner_unknown", "select api.list_documents(%d, null, '%s', 9, null)", market,
	    sql_id());
	sql_refused("partner_unknown",
	    "select api.list_requirements(%d, '%s', " SQL_NOW ", '%s', 9, null)", market, other,
	    partner);
	sql_refused("document_unknown", "select api.get_partner_document(%d, '%s', '%s')", market,
	    other, document);
	cr_expect_eq(
	    sql_count("select api.get_partner_document(%d, '%s', '%s')", market, partner, document),
	    1);
	cr_expect_eq(
	    sql_count("select api.get_partner_document(%d, null, '%s')", market, document), 1);
	sql_as(NULL);
}

Test(documents, are_listed_the_newest_first)
{
	const char *first = given_document(market, partner, "passport", NULL);
	const char *second = given_document(market, partner, "identity_card", NULL);

	cr_expect_str_eq(
	    sql_text("select document_id from api.list_documents(%d, '%s', '%s', 1, null)", market,
		partner, partner),
	    second);
	cr_expect_str_eq(
	    sql_text("select document_id from api.list_documents(%d, null, '%s', 9, '%s')", market,
		partner, second),
	    first);
}

/* --- reviewing --- */

Test(documents, are_reviewed_once)
{
	const char *id = given_document(market, partner, "passport", NULL);
	const char *call = review_call(market, id, "verified", NULL, NOW);

	sql_as("socius_gate");
	sql_run("%s", call);
	cr_assert(
	    sql_true("select replayed and (\"row\").state = 'verified' and (\"row\").reviewed_by = "
		     "'00000000-0000-7000-8000-00000000000a' from (%s) c",
		call));
	sql_refused("document_reviewed", "%s", review_call(market, id, "verified", NULL, NOW));
	sql_refused("document_reviewed", "%s", review_call(market, id, "rejected", "No.", NOW));
	sql_as(NULL);
	cr_assert_eq(events_of(partner, "document.verified"), 1);
}

Test(documents, are_rejected_with_a_reason_only)
{
	const char *id = given_document(market, partner, "passport", NULL);

	sql_refused("reason_required", "%s", review_call(market, id, "rejected", NULL, NOW));
	sql_run("%s", review_call(market, id, "rejected", "Too dark.", NOW));
	cr_assert_str_eq(sql_text("select reason from events.event where partner_id = '%s' "
				  "and kind = 'document.rejected'",
			     partner),
	    "Too dark.");
	cr_assert_eq(sql_count("select from events.event where partner_id = '%s' "
			       "and kind = 'enrolment.requirements_due'",
			 partner),
	    1);
}

Test(documents, that_are_over_are_not_verified)
{
	const char *id = given_document(market, partner, "passport", "2026-03-10");

	sql_refused("document_expired", "%s",
	    review_call(market, id, "verified", NULL, "2026-03-11 10:00+00"));
	expire_documents(market, "2026-03-11 10:00+00");
	sql_refused("document_expired", "%s",
	    review_call(market, id, "rejected", "No.", "2026-03-11 10:00+00"));
	cr_assert_str_eq(requirement_state(market, partner, "identity", NOW), "due");
}

Test(documents, of_another_market_are_not_there)
{
	const char *id = given_document(market, partner, "passport", NULL);
	int elsewhere = sql_market();

	sql_as("socius_gate");
	sql_refused("document_unknown", "%s", review_call(elsewhere, id, "verified", NULL, NOW));
	sql_as(NULL);
}

Test(documents, hold_to_their_shapes)
{
	given_document(market, partner, "passport", NULL);
	sql_refused("document_kind", "update onboarding.document set kind = 'diploma'");
	sql_refused("document_state", "update onboarding.document set state = 'lost'");
	sql_refused("document_sha256", "update onboarding.document set sha256 = 'x'");
	sql_refused("document_review", "update onboarding.document set state = 'verified'");
	sql_refused("document_reason", "update onboarding.document set reason = ''");
	sql_refused("requirement_unknown",
	    "update onboarding.programme set requirements = '{identity,diploma}'");
	sql_refused("requirement_kind_blocks_check",
	    "update onboarding.requirement_kind set blocks = 'sleep'");
}

/* --- laws --- */

Test(documents, see_a_review_without_its_reviewer)
{
	const char *id = given_verified(market, partner, "passport", NULL);

	sql_breaks_law("review_has_reviewer",
	    "update onboarding.document set reviewed_by = '%s' where document_id = '%s'", sql_id(),
	    id);
	sql_breaks_law("review_has_reviewer",
	    "update events.event set actor_role = 'partner' where subject_id = '%s'", id);
}

Test(documents, see_a_state_to_which_no_event_led)
{
	const char *id = given_document(market, partner, "passport", NULL);

	sql_breaks_law("document_stands_where_its_events_end",
	    "update onboarding.document set state = 'expired' where document_id = '%s'", id);
}

/* --- applying and enrolling --- */

/* A call of api.create_partner by a customer: account, partner_id and account_id of the body,
 * enrolments; the ids that it may make. */
static const char *
apply(const char *key, const char *account, const char *partner_id, const char *account_id,
    const char *enrolments)
{
	return sql_text("select format($f$select * from api.create_partner(%d, '%s', 'customer', "
			"" SQL_NOW ", gen_random_uuid(), '%s', '%s', '%s', sha256('%s'), %%s, %%s, "
			"'Ada', '%s')$f$, coalesce(quote_literal(nullif('%s', '')), 'null'), "
			"coalesce(quote_literal(nullif('%s', '')), 'null'))",
	    market, account, sql_id(), sql_id(), key, enrolments, enrolments, partner_id,
	    account_id);
}

Test(documents, of_a_customer_begin_with_its_application)
{
	const char *account = sql_id();
	const char *programme = given_programme(market, "courier", "identity");
	const char *wish =
	    sql_text("select jsonb_build_array(jsonb_build_object('kind', 'courier', "
		     "'programme_id', '%s'))",
		programme);

	sql_as("socius_gate");
	sql_run("%s", apply("k", account, "", account, wish));
	cr_assert(sql_true("select replayed and (\"row\").account_id = '%s' and "
			   "(\"row\").enrolments[1].state = 'applied' from (%s) c",
	    account, apply("k", account, "", account, wish)));
	sql_refused("key_reused", "%s", apply("k", account, "", "", "[]"));
	sql_refused("partner_exists", "%s", apply("l", account, "", "", wish));
	sql_as(NULL);
	cr_assert_eq(sql_count("select from identity.account where account_id = '%s'", account), 1);
}

Test(documents, of_a_customer_are_its_own)
{
	const char *account = sql_id();
	const char *wish =
	    sql_text("select jsonb_build_array(jsonb_build_object('kind', 'courier', "
		     "'programme_id', '%s'))",
		given_programme(market, "courier", ""));

	sql_as("socius_gate");
	sql_refused("account_foreign", "%s", apply("k", account, "", sql_id(), wish));
	sql_refused("account_foreign", "%s", apply("k", account, sql_id(), "", wish));
	sql_refused(
	    "programme_required", "%s", apply("k", account, "", "", "[{\"kind\": \"courier\"}]"));
	cr_assert(sql_true("select (\"row\").enrolments[1].state = 'active' from (%s) c",
	    apply("k", account, "", "", wish)));
	sql_as(NULL);
}

#define ENROL \
	"select * from api.create_enrolment(%d, %s, '%s', '%s', " SQL_NOW ", gen_random_uuid(), " \
	"'%s', " SQL_DIGEST ", '%s', '%s', %s)"

Test(documents, follow_from_one_more_enrolment)
{
	const char *quoted = sql_text("select quote_literal('%s')", partner);
	const char *rides =
	    sql_text("select quote_literal('%s')", given_programme(market, "driver", "identity"));
	const char *city =
	    sql_text("select quote_literal('%s')", given_programme(market, "courier", ""));

	sql_as("socius_gate");
	sql_refused("programme_required", ENROL, market, quoted, partner, "partner", "k", partner,
	    "driver", "null");
	sql_refused("programme_kind_differs", ENROL, market, quoted, partner, "partner", "k",
	    partner, "driver", city);
	sql_refused("programme_unknown", ENROL, market, quoted, partner, "partner", "k", partner,
	    "driver", quoted);
	sql_refused("enrolment_exists", ENROL, market, quoted, partner, "partner", "k", partner,
	    "courier", city);
	sql_refused("partner_unknown", ENROL, market, quoted, partner, "partner", "k", sql_id(),
	    "driver", rides);
	cr_assert(sql_true("select not replayed and (\"row\").state = 'applied' from (" ENROL ") c",
	    market, quoted, partner, "partner", "k", partner, "driver", rides));
	cr_assert(sql_true("select replayed and (\"row\").kind = 'driver' from (" ENROL ") c",
	    market, quoted, partner, "partner", "k", partner, "driver", rides));
	cr_assert(sql_true("select (\"row\").state = 'active' from (" ENROL ") c", market, "null",
	    sql_operator(), "operator", "k", partner, "co_creator", "null"));
	sql_as(NULL);
}

Test(documents, are_named_by_programmes_once_and_in_order)
{
	const char *programme =
	    given_programme(market, "courier", "vehicle identity vehicle bank_account");

	cr_assert_str_eq(
	    sql_text("select string_agg(r.requirement || ' ' || r.blocks, ', ') "
		     "from api.list_programmes(%d, 9, null, null) p, unnest(p.requirements) r "
		     "where p.programme_id = '%s'",
		market, programme),
	    "bank_account payouts, identity work, vehicle work");
}
