/* onboarding: programmes and enrolments, as SQL sees them. */
#include <criterion/criterion.h>

#include "support/sql.h"

TestSuite(onboarding, .init = sql_begin, .fini = sql_end);

/* A call of api.create_programme: market, actor, programme id, event id, key, digest, kind. */
#define CREATE_PROGRAMME \
	"api.create_programme(p_market_id => %d, p_actor_id => '%s', p_programme_id => '%s', " \
	"p_event_id => '%s', p_key => '%s', p_digest => %s, p_kind => '%s', " \
	"p_actor_role => 'operator', p_now => " SQL_NOW ", p_name => 'City', " \
	"p_archetype => 'host')"

static const char *
programme(int market, const char *kind)
{
	const char *id = sql_id();

	sql_run("select * from " CREATE_PROGRAMME, market, sql_operator(), id, sql_id(), id,
	    SQL_DIGEST, kind);
	return id;
}

static void
refuse_enrolment(
    const char *slug, int market, const char *partner, const char *kind, const char *programme_id)
{
	sql_refused(slug,
	    "select onboarding.enrol(%d, '%s', jsonb_build_array(jsonb_build_object('kind', '%s', "
	    "'programme_id', '%s')), '%s', '%s', 'operator', " SQL_NOW ")",
	    market, partner, kind, programme_id, sql_id(), sql_operator());
}

Test(onboarding, answer_the_same_programme_to_the_same_key)
{
	int market = sql_market();
	const char *actor = sql_operator(), *first = sql_id();

	cr_assert_not(sql_true("select replayed from " CREATE_PROGRAMME, market, actor, first,
	    sql_id(), "k", SQL_DIGEST, "driver"));
	cr_assert(
	    sql_true("select replayed and (\"row\").programme_id = '%s' from " CREATE_PROGRAMME,
		first, market, actor, sql_id(), sql_id(), "k", SQL_DIGEST, "driver"));
	sql_refused("key_reused", "select * from " CREATE_PROGRAMME, market, actor, sql_id(),
	    sql_id(), "k", SQL_OTHER_DIGEST, "courier");
	cr_assert_eq(sql_int("select count(*) from events.event where market_id = %d "
			     "and kind = 'programme.created'",
			 market),
	    1);
}

Test(onboarding, list_programmes_by_id_over_pages)
{
	int market = sql_market();
	const char *first = programme(market, "driver"), *second = programme(market, "courier");

	programme(sql_market(), "driver");
	cr_assert_str_eq(
	    sql_text("select programme_id from api.list_programmes(%d, 1, null, null)", market),
	    first);
	cr_assert_str_eq(sql_text("select programme_id from api.list_programmes(%d, 9, '%s', null)",
			     market, first),
	    second);
	cr_assert_eq(
	    sql_count("select * from api.list_programmes(%d, 9, '%s', null)", market, second), 0);
	cr_assert_eq(
	    sql_count("select * from api.list_programmes(%d, 9, null, 'driver')", market), 1);
}

Test(onboarding, enrol_under_a_programme_of_the_kind)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	sql_run("select onboarding.enrol(%d, '%s', jsonb_build_array(jsonb_build_object('kind', "
		"'driver', 'programme_id', '%s')), '%s', '%s', 'operator', " SQL_NOW ")",
	    market, partner, programme(market, "driver"), sql_id(), sql_operator());
	cr_assert_eq(sql_count("select from onboarding.enrolment where market_id = %d "
			       "and partner_id = '%s' and kind = 'driver' and state = 'active'",
			 market, partner),
	    1);
}

Test(onboarding, refuse_a_programme_of_another_kind_or_market)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	refuse_enrolment(
	    "programme_kind_differs", market, partner, "driver", programme(market, "co_creator"));
	refuse_enrolment(
	    "programme_unknown", market, partner, "driver", programme(sql_market(), "driver"));
	refuse_enrolment(
	    "enrolment_exists", market, partner, "courier", programme(market, "courier"));
}

Test(onboarding, show_enrolments_to_their_partner_and_to_operators)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "courier"), *bob = sql_partner(market, "driver");

	cr_assert_str_eq(sql_text("select kind from api.list_enrolments(%d, '%s', '%s', 9, null)",
			     market, ada, ada),
	    "courier");
	cr_assert_str_eq(
	    sql_text("select kind from api.list_enrolments(%d, null, '%s', 9, null)", market, bob),
	    "driver");
	cr_assert_eq(sql_count("select * from api.list_enrolments(%d, null, '%s', 9, 'driver')",
			 market, bob),
	    0);
	sql_refused("partner_unknown", "select api.list_enrolments(%d, '%s', '%s', 9, null)",
	    market, ada, bob);
	sql_refused("partner_unknown", "select api.list_enrolments(%d, null, '%s', 9, null)",
	    market, sql_id());
}

Test(onboarding, hold_programmes_and_enrolments_to_their_shapes)
{
	int market = sql_market();

	sql_partner(market, "courier");
	programme(market, "courier");
	sql_refused("programme_name_check", "update onboarding.programme set name = ''");
	sql_refused("programme_kind_check", "update onboarding.programme set kind = 'pilot'");
	sql_refused(
	    "programme_archetype_check", "update onboarding.programme set archetype = 'owner'");
	sql_refused("enrolment_kind_check", "update onboarding.enrolment set kind = 'pilot'");
	sql_refused("enrolment_state_check", "update onboarding.enrolment set state = 'lost'");
}

Test(onboarding, see_an_enrolment_without_its_partner)
{
	int market = sql_market();

	sql_partner(market, "courier");
	sql_breaks_law("enrolment_has_partner",
	    "update onboarding.enrolment set partner_id = '%s' where market_id = %d", sql_id(),
	    market);
}

Test(onboarding, see_an_enrolment_under_the_wrong_programme)
{
	int market = sql_market();
	const char *partner = sql_partner(market, "courier");

	sql_breaks_law("enrolment_fits_programme",
	    "update onboarding.enrolment set programme_id = '%s' where partner_id = '%s'",
	    programme(market, "driver"), partner);
	sql_breaks_law("enrolment_fits_programme",
	    "update onboarding.enrolment set programme_id = '%s' where partner_id = '%s'", sql_id(),
	    partner);
}
