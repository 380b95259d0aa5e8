/* cocreation: ideas and their supporters, as SQL sees them. */
#include <criterion/criterion.h>

#include "sql/cocreation_given.h"
#include "support/sql.h"

TestSuite(ideas, .init = sql_begin, .fini = sql_end);

#define NOW "2026-03-02 10:00:00+00"
#define LAST_MOMENT "2026-05-01 09:59:59.999999+00"
#define OVER "2026-05-01 10:00:00+00"

static const char *
support(int market, const char *account, const char *idea)
{
	return support_call("support_idea", market, account, "customer", idea, NOW);
}

static const char *
withdraw_support(int market, const char *account, const char *idea)
{
	return support_call("withdraw_support", market, account, "customer", idea, NOW);
}

static const char *
two_authors(const char *first, int first_ppm, const char *second, int second_ppm)
{
	return sql_text("select jsonb_build_array("
			"jsonb_build_object('partner_id', '%s', 'share_ppm', %d), "
			"jsonb_build_object('partner_id', '%s', 'share_ppm', %d))",
	    first, first_ppm, second, second_ppm);
}

static int
events_of(const char *idea, const char *kind)
{
	return sql_count(
	    "select from events.event where subject_id = '%s' and kind = '%s'", idea, kind);
}

static void
expire(int market, const char *now)
{
	sql_as("socius_runner");
	sql_run("select jobs.expire_ideas(%d, '%s', '%s')", market, sql_id(), now);
	sql_as(NULL);
}

Test(ideas, gather_a_hundred_supporters_for_sixty_days)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *call, *idea;

	call = submit_call(market, ada, NULL, "key");
	sql_as("socius_gate");
	cr_assert(sql_true("select not replayed and state = 'gathering' and stage = 1 "
			   "and supporters_count = 0 and supporters_needed = 100 "
			   "and gathering_until = '" OVER "' and submitter_id = '%s' "
			   "and not supported and authors = array[row('%s', 1000000)"
			   "::api.idea_author] from (%s) made",
	    ada, ada, call));
	sql_as(NULL);
	idea = sql_text("select idea_id from cocreation.idea where submitter_id = '%s'", ada);
	cr_assert_eq(events_of(idea, "idea.submitted"), 1);
}

Test(ideas, answer_the_same_idea_to_the_same_key)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *idea;

	idea = sql_text("select idea_id from (%s) made", submit_call(market, ada, NULL, "key"));
	cr_assert(sql_true("select replayed and idea_id = '%s' from (%s) made", idea,
	    submit_call(market, ada, NULL, "key")));
	sql_refused(
	    "key_reused", "%s", submit_call(market, ada, two_authors(ada, 999999, ada, 1), "key"));
	cr_assert_eq(sql_count("select from cocreation.idea where market_id = %d", market), 1);
}

Test(ideas, name_their_authors_in_order)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *bob = sql_partner(market, "driver");
	const char *idea = given_idea_of(market, ada, two_authors(bob, 400000, ada, 600000));

	cr_assert(sql_true("select authors = array[row('%s', 400000), row('%s', 600000)]"
			   "::api.idea_author[] from api.get_idea(%d, '%s', 'partner', '%s')",
	    bob, ada, market, account_of(ada), idea));
}

Test(ideas, refuse_authors_that_do_not_sum_to_a_million)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *bob = sql_partner(market, "driver");

	sql_refused("authors_wrong", "%s",
	    submit_call(market, ada, two_authors(ada, 600000, bob, 399999), "a"));
	sql_refused("authors_wrong", "%s",
	    submit_call(market, ada, two_authors(ada, 600000, bob, 400001), "b"));
	sql_refused("authors_wrong", "%s",
	    submit_call(market, ada, two_authors(ada, 500000, ada, 500000), "c"));
	sql_refused("partner_unknown", "%s",
	    submit_call(market, ada,
		two_authors(ada, 500000, sql_partner(sql_market(), "driver"), 500000), "d"));
	cr_assert_eq(sql_count("select from cocreation.idea where market_id = %d", market), 0);
}

Test(ideas, list_by_state_from_the_newest_page_by_page)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *ids[3];
	int elsewhere = sql_market();

	for (int i = 0; i < 3; i++)
		ids[i] = given_idea(market, ada);
	sql_run("%s", withdraw_call(market, ada, ids[1], "key"));
	given_idea(elsewhere, sql_partner(elsewhere, "co_creator"));
	cr_assert_str_eq(
	    sql_text(
		"select array_agg(idea_id) from api.list_ideas(%d, '%s', 'partner', null, 2, null)",
		market, ada),
	    sql_text("select array['%s', '%s']", ids[2], ids[1]));
	cr_assert_str_eq(
	    sql_text(
		"select array_agg(idea_id) from api.list_ideas(%d, '%s', 'partner', null, 2, '%s')",
		market, ada, ids[1]),
	    sql_text("select array['%s']", ids[0]));
	cr_assert_str_eq(
	    sql_text(
		"select array_agg(idea_id) from api.list_ideas(%d, '%s', 'partner', 'gathering', "
		"50, null)",
		market, ada),
	    sql_text("select array['%s', '%s']", ids[2], ids[0]));
	cr_assert_str_eq(
	    sql_text(
		"select idea_id from api.list_ideas(%d, '%s', 'partner', 'withdrawn', 50, null)",
		market, ada),
	    ids[1]);
}

Test(ideas, are_unknown_in_another_market)
{
	int market = sql_market(), elsewhere = sql_market();
	const char *ada = sql_partner(market, "co_creator"),
		   *eve = sql_partner(elsewhere, "driver");
	const char *idea = given_idea(market, ada), *account = account_of(eve);

	sql_refused("idea_unknown", "select api.get_idea(%d, '%s', 'partner', '%s')", elsewhere,
	    account, idea);
	sql_refused("idea_unknown", "%s", support(elsewhere, account, idea));
	sql_refused("idea_unknown", "%s", withdraw_support(elsewhere, account, idea));
	sql_refused("idea_unknown", "%s", withdraw_call(elsewhere, eve, idea, "key"));
	cr_assert_eq(sql_count("select from api.list_ideas(%d, '%s', 'partner', null, 50, null)",
			 elsewhere, account),
	    0);
}

Test(ideas, are_supported_once_by_an_account)
{
	int market = sql_market();
	const char *idea = given_idea(market, sql_partner(market, "co_creator"));
	const char *eve = sql_id();

	cr_assert(sql_true("select supported and supporters_count = 1 and version = 2 "
			   "from (%s) answered",
	    support(market, eve, idea)));
	cr_assert(sql_true("select supported and supporters_count = 1 and version = 2 "
			   "from (%s) answered",
	    support(market, eve, idea)));
	cr_assert_eq(events_of(idea, "idea.supported"), 1);
	cr_assert_not(sql_true("select supported from api.get_idea(%d, '%s', 'partner', '%s')",
	    market, sql_id(), idea));
}

Test(ideas, are_supported_by_partners_in_their_own_feed)
{
	int market = sql_market();
	const char *idea = given_idea(market, sql_partner(market, "co_creator"));
	const char *bob = sql_partner(market, "courier");

	sql_run("%s", support_call("support_idea", market, account_of(bob), "partner", idea, NOW));
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s' "
			       "and kind = 'idea.supported' and partner_id = '%s' "
			       "and actor_role = 'partner'",
			 idea, bob),
	    1);
}

Test(ideas, let_support_be_taken_back)
{
	int market = sql_market();
	const char *idea = given_idea(market, sql_partner(market, "co_creator"));
	const char *eve = sql_id();

	cr_assert(sql_true("select not supported and version = 1 from (%s) answered",
	    withdraw_support(market, eve, idea)));
	sql_run("%s", support(market, eve, idea));
	cr_assert(sql_true("select not supported and supporters_count = 0 from (%s) answered",
	    withdraw_support(market, eve, idea)));
	cr_assert(sql_true("select not supported and supporters_count = 0 from (%s) answered",
	    withdraw_support(market, eve, idea)));
	cr_assert_eq(events_of(idea, "idea.support_withdrawn"), 1);
	cr_assert(sql_true("select supported and supporters_count = 1 from (%s) again",
	    support(market, eve, idea)));
}

Test(ideas, refuse_the_support_of_their_authors)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *bob = sql_partner(market, "driver");
	const char *cleo = sql_partner(market, "courier");
	const char *idea = given_idea_of(market, ada, two_authors(bob, 500000, cleo, 500000));

	sql_refused("own_idea", "%s", support(market, account_of(ada), idea));
	sql_refused("own_idea", "%s", support(market, account_of(bob), idea));
	sql_refused("own_idea", "%s", support(market, account_of(cleo), idea));
}

Test(ideas, reach_the_second_stage_at_a_hundred_and_keep_it)
{
	int market = sql_market();
	const char *idea = given_idea(market, sql_partner(market, "co_creator"));
	const char *last = sql_id();

	given_supporters(market, idea, 99);
	cr_assert_str_eq(of_idea(idea, "stage"), "1");
	sql_run("%s", support_call("support_idea", market, last, "customer", idea, LAST_MOMENT));
	cr_assert(sql_true("select stage = 2 and state = 'gathering' and supporters_count = 100 "
			   "and supporters_needed = 1000 and gathering_until = "
			   "'2027-05-01 09:59:59.999999+00' "
			   "from cocreation.idea where idea_id = '%s'",
	    idea));
	sql_run("%s", withdraw_support(market, last, idea));
	cr_assert(sql_true("select stage = 2 and supporters_count = 99 "
			   "from cocreation.idea where idea_id = '%s'",
	    idea));
	sql_run("%s", support(market, last, idea));
	cr_assert_eq(events_of(idea, "idea.stage_reached"), 1);
	cr_assert_eq(sql_int("select (select count(*) from laws.idea_reaches_a_stage_once "
			     "where market_id = %d) + (select count(*) "
			     "from laws.account_supports_once where market_id = %d)",
			 market, market),
	    0);
}

Test(ideas, are_qualified_after_the_last_stage)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *idea = given_idea(market, ada);
	const char *friend = sql_id();

	given_supporters(market, idea, 1000);
	cr_assert_str_eq(of_idea(idea, "stage"), "3");
	cr_assert_str_eq(of_idea(idea, "supporters_needed"), "5000");
	sql_run("update cocreation.idea set stage = 4, supporters_needed = 1001 "
		"where idea_id = '%s'",
	    idea);
	sql_run("%s", support(market, friend, idea));
	cr_assert_str_eq(of_idea(idea, "state"), "qualified");
	cr_assert_eq(events_of(idea, "idea.qualified"), 1);
	cr_assert(sql_true("select supported from (%s) again", support(market, friend, idea)));
	sql_refused("idea_not_gathering", "%s", support(market, sql_id(), idea));
	sql_refused("idea_not_gathering", "%s", withdraw_call(market, ada, idea, "key"));
	cr_assert_eq(sql_count("select from laws.idea_stands_where_its_events_end "
			       "where market_id = %d",
			 market),
	    0);
}

Test(ideas, refuse_supporters_when_their_time_is_over)
{
	int market = sql_market();
	const char *idea = given_idea(market, sql_partner(market, "co_creator"));
	const char *eve = sql_id();

	sql_run("%s", support_call("support_idea", market, eve, "customer", idea, LAST_MOMENT));
	sql_refused("idea_not_gathering", "%s",
	    support_call("support_idea", market, sql_id(), "customer", idea, OVER));
	/* a reply that was lost is asked for again */
	sql_run("%s", support_call("support_idea", market, eve, "customer", idea, OVER));
	expire(market, OVER);
	sql_refused("idea_not_gathering", "%s", support(market, sql_id(), idea));
	cr_assert(sql_true("select state = 'expired' and not supported and supporters_count = 0 "
			   "from (%s) answered",
	    withdraw_support(market, eve, idea)));
}

Test(ideas, expire_when_their_time_is_over)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *idea = given_idea(market, ada);
	const char *climber = given_idea(market, ada), *withdrawn = given_idea(market, ada);

	given_supporters(market, climber, 100);
	sql_run("%s", withdraw_call(market, ada, withdrawn, "key"));
	expire(market, LAST_MOMENT);
	cr_assert_str_eq(of_idea(idea, "state"), "gathering");
	expire(market, OVER);
	expire(market, OVER);
	cr_assert_str_eq(of_idea(idea, "state"), "expired");
	cr_assert_str_eq(of_idea(climber, "state"), "gathering");
	cr_assert_str_eq(of_idea(withdrawn, "state"), "withdrawn");
	cr_assert_eq(sql_count("select from events.event where subject_id = '%s' "
			       "and kind = 'idea.expired' and partner_id = '%s' "
			       "and actor_role = 'runner'",
			 idea, ada),
	    1);
	cr_assert_eq(sql_count("select from laws.idea_stands_where_its_events_end "
			       "where market_id = %d",
			 market),
	    0);
}

Test(ideas, expire_a_thousand_at_a_step)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator");

	sql_run("insert into cocreation.idea (market_id, idea_id, submitter_id, title, summary, "
		"state, stage, supporters_needed, gathering_until, submitted_at) "
		"select %d, gen_random_uuid(), '%s', 'A bag', 'It folds.', 'gathering', 1, 100, "
		"'" OVER "', " SQL_NOW " from generate_series(1, 1001)",
	    market, ada);
	/* it comes back by the market's clock, which may stand long before the real one */
	sql_run("update core.market set test_now = '" OVER "' where market_id = %d", market);
	cr_assert(sql_true("select jobs.expire_ideas(%d, '%s', '2030-01-01 00:00+00') = '" OVER "'",
	    market, sql_id()));
	cr_assert_eq(sql_count("select from cocreation.idea where market_id = %d "
			       "and state = 'gathering'",
			 market),
	    1);
	cr_assert_null(
	    sql_text("select jobs.expire_ideas(%d, '%s', '" OVER "')", market, sql_id()));
	cr_assert_eq(sql_count("select from events.event where market_id = %d "
			       "and kind = 'idea.expired'",
			 market),
	    1001);
}

Test(ideas, are_withdrawn_by_their_submitter_alone)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *bob = sql_partner(market, "driver");
	const char *idea = given_idea_of(market, ada, two_authors(ada, 500000, bob, 500000));

	sql_refused("idea_of_another", "%s", withdraw_call(market, bob, idea, "key"));
	cr_assert(sql_true("select not replayed and state = 'withdrawn' from (%s) answered",
	    withdraw_call(market, ada, idea, "key")));
	cr_assert(sql_true("select replayed and state = 'withdrawn' from (%s) answered",
	    withdraw_call(market, ada, idea, "key")));
	sql_refused("idea_not_gathering", "%s", withdraw_call(market, ada, idea, "another"));
	sql_refused("idea_not_gathering", "%s", support(market, sql_id(), idea));
	cr_assert_eq(events_of(idea, "idea.withdrawn"), 1);
}

/* What a batch of five answers: the numbers of supporters, or the refusals. */
static const char *
batch(const char *verb, int market, const char *const accounts[5], const char *const ideas[5])
{
	return sql_text(
	    "select string_agg(coalesce(refused, (\"row\").supporters_count::text), ' ') "
	    "from api.%s_batch(%d, array['%s', '%s', '%s', '%s', '%s']::uuid[], "
	    "array_fill('customer'::text, array[5]), "
	    "array_fill('" NOW "'::timestamptz, array[5]), "
	    "(select array_agg(gen_random_uuid()) from generate_series(1, 5)), "
	    "array['%s', '%s', '%s', '%s', '%s']::uuid[])",
	    verb, market, accounts[0], accounts[1], accounts[2], accounts[3], accounts[4], ideas[0],
	    ideas[1], ideas[2], ideas[3], ideas[4]);
}

Test(ideas, are_supported_by_a_batch_as_one_after_the_other)
{
	int market = sql_market();
	const char *ada = sql_partner(market, "co_creator"), *eve = sql_id(), *fay = sql_id();
	const char *idea = given_idea(market, ada), *other = given_idea(market, ada);
	const char *accounts[] = { eve, fay, eve, account_of(ada), fay };
	const char *ideas[] = { idea, idea, idea, other, sql_id() };

	sql_as("socius_gate");
	cr_assert_str_eq(
	    batch("support_idea", market, accounts, ideas), "1 2 2 own_idea idea_unknown");
	cr_assert_str_eq(
	    batch("withdraw_support", market, accounts, ideas), "1 0 0 0 idea_unknown");
}
