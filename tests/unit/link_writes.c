/* link_writes: batches, their order, their errors, what is tried again. */
#include <criterion/criterion.h>

#include "support/link_world.h"

TestSuite(link_writes, .init = link_world_begin, .fini = link_world_end);

/* add(market, n) keeps n; it raises for negative n. add_batch says in `batch` how many it got. */
static struct statement *
add(void)
{
	struct statement *statement =
	    link_world_statement(LANE_WRITE, "select 1", "select n from $schema.add_batch($1, $2)");

	link_world_run(
	    "create table $schema.kept (market int, n bigint unique); "
	    "create table $schema.batch (id serial, market int, calls int); "
	    "create function $schema.add_batch(p_market int, p_n bigint[]) returns table (n "
	    "bigint) "
	    "language plpgsql as $$ begin "
	    "insert into $schema.batch (market, calls) values (p_market, array_length(p_n, 1)); "
	    "for i in 1 .. array_length(p_n, 1) loop "
	    "if p_n[i] < 0 then raise exception 'negative'; end if; "
	    "insert into $schema.kept values (p_market, p_n[i]); "
	    "n := p_n[i]; return next; end loop; end $$");
	link_world_takes(statement, INT);
	link_world_takes(statement, LONG);
	statement->market_arg = 0;
	return statement;
}

static void
ask_to_add(struct question *question, int market, int64_t n)
{
	link_world_give(question, 0, INT, market);
	link_world_give(question, 1, LONG, n);
	link_world_ask(question);
}

Test(link_writes, answer_each_call_of_a_batch_with_its_own_row)
{
	struct statement *statement = add();
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 1000);
	for (int i = 0; i < 1000; i++)
		ask_to_add(&questions[i], 1, 1000 - i);
	link_world_answered(1000);
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(questions[i].outcome, OUTCOME_ROWS);
		cr_assert_eq(questions[i].count, 1);
		cr_assert_eq(questions[i].number, 1000 - i);
	}
	cr_assert_eq(link_world_int("select count(*) from $schema.kept"), 1000);
	cr_assert_eq(link_world_int("select max(calls) from $schema.batch"), LINK_BATCH_MAX);
	cr_assert_eq(link_world_int("select count(*) from $schema.batch"), 8);
}

Test(link_writes, let_markets_take_turns)
{
	struct statement *statement = add();
	struct question *questions;

	cr_assert_eq(setenv("SOCIUS_WRITE_CONNECTIONS", "1", 1), 0);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 301);
	for (int i = 0; i < 300; i++)
		ask_to_add(&questions[i], 1, i);
	ask_to_add(&questions[300], 2, 300);
	link_world_answered(301);
	cr_assert_eq(link_world_int("select id from $schema.batch where market = 2"), 2);
	cr_assert_eq(link_world_int("select count(*) from $schema.batch where market = 1"), 3);
	cr_assert_eq(link_world_int("select count(*) from $schema.kept"), 301);
}

Test(link_writes, fail_only_the_call_that_raises)
{
	struct statement *statement = add();
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 100);
	for (int i = 0; i < 100; i++)
		ask_to_add(&questions[i], 1, i == 50 ? -1 : i);
	link_world_answered(100);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(questions[i].outcome, i == 50 ? OUTCOME_FAILED : OUTCOME_ROWS);
		cr_assert(i == 50 || questions[i].number == i);
	}
	cr_assert_str_eq(questions[50].message, "negative");
	cr_assert_eq(link_world_int("select count(*) from $schema.kept"), 99);
}

Test(link_writes, leave_orphans_that_were_not_sent_undone)
{
	struct statement *statement = add();
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 100);
	for (int i = 0; i < 100; i++)
		ask_to_add(&questions[i], 1, i);
	for (int i = 0; i < 100; i += 2) {
		link_orphan(link_world.link, &questions[i].call);
		memset(&questions[i], 0xa5, sizeof(questions[i]));
	}
	link_world_answered(50);
	cr_assert_eq(link_world_int("select count(*) from $schema.kept where n % 2 = 1"), 50);
	cr_assert_eq(link_world_int("select count(*) from $schema.kept"), 50);
}

Test(link_writes, survive_orphans_in_a_batch_that_raises)
{
	struct statement *statement = add();
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 100);
	for (int i = 0; i < 100; i++)
		ask_to_add(&questions[i], 1, i == 99 ? -1 : i);
	link_flush(link_world.link); /* all are sent */
	for (int i = 0; i < 98; i++) {
		link_orphan(link_world.link, &questions[i].call);
		memset(&questions[i], 0xa5, sizeof(questions[i]));
	}
	link_world_answered(2);
	cr_assert_eq(questions[98].outcome, OUTCOME_ROWS);
	cr_assert_eq(questions[99].outcome, OUTCOME_FAILED);
	cr_assert_eq(link_world_int("select count(*) from $schema.kept"), 1);
}

/* Large enough to fill the socket several times over. */
Test(link_writes, send_batches_larger_than_the_socket)
{
	enum { BYTES_EACH = 60000, CALLS = 300 };
	static char large[BYTES_EACH];
	struct statement *statement = link_world_statement(LANE_WRITE, "select 1",
	    "select length(t) + n from unnest($1::text[], $2::bigint[]) with ordinality "
	    "u (t, n, o) order by o");
	struct question *questions;

	memset(large, 'x', sizeof(large));
	link_world_takes(statement, STRING);
	link_world_takes(statement, LONG);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, CALLS);
	for (int i = 0; i < CALLS; i++) {
		link_world_give_bytes(&questions[i], 0, STRING, large, sizeof(large));
		link_world_give(&questions[i], 1, LONG, i);
		link_world_ask(&questions[i]);
	}
	link_world_answered(CALLS);
	for (int i = 0; i < CALLS; i++)
		cr_assert_eq(questions[i].number, BYTES_EACH + i);
}

/* Raises a serialization failure for the first p_times tries; a sequence counts in spite of
 * rollback. */
static struct statement *
shaky(const char *sql, const char *batch_sql)
{
	struct statement *statement = link_world_statement(LANE_WRITE, sql, batch_sql);

	link_world_run(
	    "create sequence $schema.tries; "
	    "create function $schema.shaky(p_times bigint) returns bigint language plpgsql as $$ "
	    "begin if nextval('$schema.tries') <= p_times then "
	    "raise exception 'not now' using errcode = '40001'; end if; return p_times; end $$");
	link_world_takes(statement, LONG);
	return statement;
}

Test(link_writes, try_a_serialization_failure_again)
{
	struct statement *statement = shaky("select $schema.shaky($1)", NULL);
	struct question *question;

	link_world_open(statement, NULL);
	question = link_world_questions(statement, 1);
	link_world_give(question, 0, LONG, LINK_RETRIES_MAX);
	link_world_ask(question);
	link_world_answered(1);
	cr_assert_eq(question->outcome, OUTCOME_ROWS, "%s", question->message);
	cr_assert_eq(link_world_int("select last_value from $schema.tries"), LINK_RETRIES_MAX + 1);
}

Test(link_writes, give_up_in_the_end)
{
	struct statement *statement = shaky("select $schema.shaky($1)", NULL);
	struct question *question;

	link_world_open(statement, NULL);
	question = link_world_questions(statement, 1);
	link_world_give(question, 0, LONG, 1000);
	link_world_ask(question);
	link_world_answered(1);
	cr_assert_eq(question->outcome, OUTCOME_FAILED);
	cr_assert_str_eq(question->sqlstate, "40001");
	cr_assert_eq(link_world_int("select last_value from $schema.tries"), LINK_RETRIES_MAX + 1);
}

Test(link_writes, try_a_batch_once_more_as_it_was)
{
	struct statement *statement =
	    shaky("select 1", "select $schema.shaky(t) from unnest($1::bigint[]) with ordinality u "
			      "(t, n) order by n");
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 20);
	for (int i = 0; i < 20; i++) {
		link_world_give(&questions[i], 0, LONG, 1);
		link_world_ask(&questions[i]);
	}
	link_world_answered(20);
	for (int i = 0; i < 20; i++)
		cr_assert_eq(questions[i].outcome, OUTCOME_ROWS);
	cr_assert_eq(link_world_int("select last_value from $schema.tries"), 21,
	    "one try that failed, then the whole batch");
}

/* Two writers take two rows crosswise; each waits for the other's, so that one must fail first. */
Test(link_writes, end_a_deadlock_by_trying_again)
{
	struct statement *statement =
	    link_world_statement(LANE_WRITE, "select $schema.cross($1, $2)", NULL);
	struct question *questions;

	link_world_run("create table $schema.pair (id bigint primary key, n int default 0); "
		       "insert into $schema.pair values (1), (2); "
		       "create function $schema.cross(p_a bigint, p_b bigint) returns bigint "
		       "language plpgsql as $$ begin "
		       "update $schema.pair set n = n + 1 where id = p_a; perform pg_sleep(0.02); "
		       "update $schema.pair set n = n + 1 where id = p_b; return p_a; end $$");
	cr_assert_eq(setenv("SOCIUS_COLD_CONNECTIONS", "3", 1), 0);
	link_world_takes(statement, LONG);
	link_world_takes(statement, LONG);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 2);
	for (int i = 0; i < 2; i++) {
		link_world_give(&questions[i], 0, LONG, 1 + i);
		link_world_give(&questions[i], 1, LONG, 2 - i);
		link_world_ask(&questions[i]);
	}
	link_world_answered(2);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(questions[i].outcome, OUTCOME_ROWS, "%s", questions[i].message);
	cr_assert_eq(link_world_int("select sum(n) from $schema.pair"), 4);
}

/* What raises at the commit has not been promised to anybody. */
Test(link_writes, answer_only_what_is_committed)
{
	struct statement *statement =
	    link_world_statement(LANE_WRITE, "select $schema.keep($1)", NULL);
	struct question *questions;

	link_world_run(
	    "create table $schema.once (n bigint, constraint once_only unique (n) deferrable "
	    "initially deferred); "
	    "create function $schema.keep(p_n bigint) returns bigint language plpgsql as $$ begin "
	    "insert into $schema.once values (p_n); return p_n; end $$");
	link_world_takes(statement, LONG);
	cr_assert_eq(setenv("SOCIUS_COLD_CONNECTIONS", "1", 1), 0);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 4);
	for (int i = 0; i < 4; i++) {
		link_world_give(&questions[i], 0, LONG, i / 2);
		link_world_ask(&questions[i]);
	}
	link_world_answered(4);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(questions[i].outcome, i % 2 == 0 ? OUTCOME_ROWS : OUTCOME_FAILED);
	cr_assert_str_eq(questions[1].constraint, "once_only");
	cr_assert_eq(link_world_int("select count(*) from $schema.once"), 2);
}
