/* turns: which market's job the runner takes next, and from which lane. */
#include <criterion/criterion.h>

#include "sql/jobs_given.h"
#include "support/sql.h"

TestSuite(turns, .init = sql_begin, .fini = sql_end);

static int
real_market(void)
{
	int market = sql_market();

	sql_run("update core.market set is_test = false where market_id = %d", market);
	return market;
}

/* However many jobs a market has, and however long they have been due by its clock. */
Test(turns, leave_each_market_its_turn)
{
	int busy = sql_market(), other = sql_market();
	const char *job;

	jobs_quiet();
	sql_run(
	    "update core.market set test_now = '2199-01-01 10:00+00' where market_id = %d", busy);
	for (int i = 0; i < 3; i++)
		jobs_queue(busy, "x", "2026-03-02 10:00+00");
	job = jobs_queue(other, "x", "2026-03-02 10:00+00");
	jobs_finish(
	    busy, jobs_take("2026-03-02 10:00+00"), "2026-03-02 10:00+00", "2026-03-02 10:00+00");
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:01+00"), job);
	jobs_fail(other, job, "2026-03-02 10:00:01+00");
	cr_expect_neq(strcmp(jobs_take("2026-03-02 10:01+00"), job), 0);
}

/* A market that is slow is behind those that are quick, though these come again and again. */
Test(turns, leave_the_lane_to_others_for_ten_times_as_long_as_they_used_it)
{
	int slow = sql_market(), quick = sql_market();
	const char *job, *light;

	jobs_quiet();
	job = jobs_queue(slow, "x", "2026-03-02 10:00+00");
	cr_assert_str_eq(jobs_take("2026-03-02 10:00+00"), job);
	sql_run("select core.finish_step(%d, '%s', '2026-03-02 10:00+00', '2026-03-02 10:00+00', "
		"1500)",
	    slow, job);
	for (int i = 2; i < 16; i++) {
		light = jobs_queue(quick, "x", "2026-03-02 10:00+00");
		cr_expect_str_eq(
		    jobs_take(sql_text("select '2026-03-02 10:00:%02d+00'", i)), light);
		jobs_finish(quick, light, "", sql_text("select '2026-03-02 10:00:%02d+00'", i));
	}
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:16+00"), job, "nobody else wants it");
	light = jobs_queue(quick, "x", "2026-03-02 10:00+00");
	sql_run(
	    "update core.job set turn_at = '2026-03-02 10:00:16.6+00' where job_id = '%s'", light);
	cr_expect_str_eq(jobs_take("2026-03-02 10:00:17+00"), job);
}

Test(turns, of_test_markets_have_a_lane_of_their_own)
{
	int test = sql_market(), real = real_market();
	const char *of_test, *of_real, *sweep;

	jobs_quiet();
	of_test = jobs_queue(test, "x", "2026-03-02 09:00+00");
	of_real = jobs_queue(real, "x", "2026-03-02 10:00+00");
	sweep = jobs_queue(0, "sweep_test_markets", "2026-03-02 10:00+00");
	cr_expect_str_eq(jobs_take_from(false, "2026-03-02 10:00+00"), of_real);
	cr_expect_str_eq(jobs_take_from(true, "2026-03-02 10:00+00"), sweep);
	jobs_finish(0, sweep, "2026-03-02 10:01+00", "2026-03-02 10:00+00");
	cr_expect_str_eq(jobs_take_from(true, "2026-03-02 10:00+00"), of_test);
	sql_run("update core.job set kind = 'y' where job_id = '%s'", sweep);
	jobs_finish(real, of_real, "", "2026-03-02 10:00+00");
	cr_expect_str_eq(jobs_take_from(false, "2026-03-02 10:01+00"), sweep);
}

/* In a real market what has been due for longest comes first, though it may never have waited. */
Test(turns, of_a_market_go_by_how_long_they_have_waited)
{
	int market = real_market();
	const char *late, *new;

	jobs_quiet();
	late = jobs_queue(market, "x", "2026-03-02 09:00+00");
	new = jobs_queue(market, "x", "2026-03-02 09:59+00");
	sql_run("update core.job set turn_at = '2026-03-02 08:59+00' where job_id = '%s'", late);
	cr_expect_str_eq(jobs_take_from(false, "2026-03-02 10:00+00"), late);
	jobs_finish(market, late, "2026-03-02 10:00+00", "2026-03-02 10:00+00");
	cr_expect_str_eq(jobs_take_from(false, "2026-03-02 10:00+00"), new);
}
