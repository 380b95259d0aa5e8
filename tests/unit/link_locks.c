/* link_locks: a write that waits for a lock holds up those only that wait for the same. */
#include <criterion/criterion.h>

#include "support/link_world.h"

TestSuite(link_locks, .init = link_world_begin, .fini = link_world_end);

/* Those that wait for what the connection beside the link has locked. */
#define WAITING \
	"select count(*) from pg_locks l where not l.granted " \
	"and pg_backend_pid() = any (pg_blocking_pids(l.pid))"

/* The functions wait to the end for a lock, up to the statement's timeout: a call that was sent
 * would be answered in its turn by then.
 *
 * give_back(market, n) updates the rental n; it is not batched. */
static struct statement *
give_back(void)
{
	struct statement *statement =
	    link_world_statement(LANE_WRITE, "select $schema.give_back($1, $2)", NULL);

	link_world_run(
	    "create table $schema.rental (n bigint primary key, times int default 0); "
	    "insert into $schema.rental values (1), (2), (3); "
	    "create function $schema.give_back(p_market int, p_n bigint) returns bigint "
	    "language sql set lock_timeout = 0 as $$ update $schema.rental set times = times + 1 "
	    "where n = p_n returning n $$");
	link_world_takes(statement, INT);
	link_world_takes(statement, LONG);
	statement->market_arg = 0;
	return statement;
}

/* book(market, n) keeps n, in batches. */
static struct statement *
book(const char *table)
{
	char made[512], called[256];
	struct statement *statement;

	(void)snprintf(called, sizeof(called), "select x from $schema.add_%s($1, $2) x", table);
	(void)snprintf(made, sizeof(made),
	    "create table $schema.%s (market int, n bigint unique); "
	    "create function $schema.add_%s(p_market int, p_n bigint[]) returns setof bigint "
	    "language sql set lock_timeout = 0 as $$ insert into $schema.%s select p_market, u.n "
	    "from unnest(p_n) "
	    "with ordinality u (n, place) order by u.place returning n $$",
	    table, table, table);
	statement = link_world_statement(LANE_WRITE, "select 1", called);
	link_world_run(made);
	link_world_takes(statement, INT);
	link_world_takes(statement, LONG);
	statement->market_arg = 0;
	return statement;
}

static struct question *
asked(const struct statement *statement, int count, int market, int64_t first)
{
	struct question *questions = link_world_questions(statement, count);

	for (int i = 0; i < count; i++) {
		link_world_give(&questions[i], 0, INT, market);
		link_world_give(&questions[i], 1, LONG, first + i);
		link_world_ask(&questions[i]);
	}
	return questions;
}

static void
expect_rows(const struct question *questions, int count)
{
	for (int i = 0; i < count; i++)
		cr_assert_eq(questions[i].outcome, OUTCOME_ROWS, "%s", questions[i].message);
}

Test(link_locks, hold_up_no_batch_of_their_market)
{
	struct statement *cold = give_back(), *hot = book("seat");
	struct question *rental, *seats;

	link_world_open(cold, hot, NULL);
	link_world_run("begin; update $schema.rental set times = 10 where n = 1");
	rental = asked(cold, 1, 1, 1);
	link_world_until(WAITING, 1);
	seats = asked(hot, 500, 1, 0);
	link_world_answered(500);
	cr_assert_eq(rental->times, 0, "it waits");
	expect_rows(seats, 500);
	link_world_run("commit");
	link_world_answered(501);
	expect_rows(rental, 1);
	cr_assert_eq(link_world_int("select times from $schema.rental where n = 1"), 11);
}

Test(link_locks, leave_a_connection_to_other_markets)
{
	struct statement *cold = give_back();
	struct question *same, *other;

	cr_assert_eq(setenv("SOCIUS_COLD_CONNECTIONS", "3", 1), 0);
	link_world_open(cold, NULL);
	link_world_run("begin; update $schema.rental set times = 10 where n < 3");
	same = asked(cold, 2, 1, 1);
	link_world_until(WAITING, 2);
	(void)asked(cold, 1, 1, 3);
	other = asked(cold, 1, 2, 3);
	link_world_answered(1);
	expect_rows(other, 1);
	cr_assert_eq(same[0].times + same[1].times, 0, "they wait");
	link_world_run("commit");
	link_world_answered(4);
	expect_rows(same, 2);
}

/* A wallet that a payout run has locked holds up trips; seats are booked meanwhile. */
Test(link_locks, hold_up_batches_of_their_own_kind_alone)
{
	struct statement *trips = book("trip"), *seats = book("seat");
	struct question *waits, *goes;

	link_world_open(trips, seats, NULL);
	link_world_run("begin; insert into $schema.trip values (1, 7)");
	waits = asked(trips, 1, 1, 7);
	link_world_until(WAITING, 1);
	goes = asked(seats, 300, 1, 0);
	link_world_answered(300);
	expect_rows(goes, 300);
	cr_assert_eq(waits->times, 0, "it waits");
	link_world_run("rollback");
	link_world_answered(301);
	expect_rows(waits, 1);
}
