/* link_loss: connections that are killed, refused, hung or stale, and how the link recovers. */
#include <criterion/criterion.h>

#include "support/link_world.h"

TestSuite(link_loss, .init = link_world_begin, .fini = link_world_end);

#define SECOND_US INT64_C(1000000)

#define BACKENDS_WHICH_SLEEP \
	"from pg_stat_activity where usename = '$schema' and wait_event = 'PgSleep'"

/* Sleeps the given number of milliseconds and returns it. */
static struct statement *
sleeps(enum lane lane)
{
	struct statement *statement =
	    link_world_statement(lane, "select $1::bigint from pg_sleep($1 / 1000.0)", NULL);

	link_world_takes(statement, LONG);
	return statement;
}

static struct question *
asked(const struct statement *statement, int count, int64_t number)
{
	struct question *questions = link_world_questions(statement, count);

	for (int i = 0; i < count; i++) {
		link_world_give(&questions[i], 0, LONG, number);
		link_world_ask(&questions[i]);
	}
	return questions;
}

static void
kill_sleepers(void)
{
	link_world_until("select count(*) " BACKENDS_WHICH_SLEEP, 1);
	link_world_run("select pg_terminate_backend(pid, 9000) " BACKENDS_WHICH_SLEEP);
}

/* The write that was running may have had its effect; those behind it are done later. */
Test(link_loss, says_that_a_killed_write_may_be_done_and_goes_on)
{
	struct statement *statement = sleeps(LANE_WRITE);
	struct question *killed, *behind;

	cr_assert_eq(setenv("SOCIUS_WRITE_CONNECTIONS", "1", 1), 0); /* the others wait behind it */
	link_world_open(statement, NULL);
	killed = asked(statement, 1, 1900);
	link_flush(link_world.link);
	behind = asked(statement, 5, 1);
	kill_sleepers();
	link_world_answered(6);
	cr_assert_eq(killed->outcome, OUTCOME_UNAVAILABLE);
	cr_assert(killed->sent);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(behind[i].outcome, OUTCOME_ROWS);
	cr_assert(link_ready(link_world.link));
}

Test(link_loss, asks_the_reads_of_a_killed_connection_once_more)
{
	struct statement *statement = sleeps(LANE_READ);
	struct question *questions;

	link_world_open(statement, NULL);
	questions = asked(statement, 20, 100);
	kill_sleepers();
	link_world_answered(20);
	for (int i = 0; i < 20; i++)
		cr_assert_eq(questions[i].outcome, OUTCOME_ROWS);
}

Test(link_loss, gives_up_a_read_that_breaks_each_connection)
{
	struct statement *statement = sleeps(LANE_READ);
	struct question *question;

	link_world_open(statement, NULL);
	question = asked(statement, 1, 1900);
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(link_world.answered, 0);
		kill_sleepers();
	}
	link_world_answered(1);
	cr_assert_eq(question->outcome, OUTCOME_UNAVAILABLE);
}

static void
end_all_sessions(void)
{
	link_world_run("select pg_terminate_backend(pid, 9000) from pg_stat_activity "
		       "where usename = '$schema'");
}

/* As when PostgreSQL is stopped for a long time: nobody gets in. */
Test(link_loss, refuses_at_once_while_the_server_is_away_and_recovers)
{
	struct statement *read = sleeps(LANE_READ), *write = sleeps(LANE_WRITE);
	struct question *early, *late, *last;

	link_world_open(read, write, NULL);
	link_world_run("alter role $schema nologin");
	end_all_sessions();
	while (link_ready(link_world.link))
		poll_loop_turn(&link_world.loop, link_world.link, 5);
	early = asked(write, 3, 0);
	poll_loop_turn(&link_world.loop, link_world.link, 5);
	cr_assert_eq(link_world.answered, 0, "it may come back soon");
	link_world.loop.ahead_us += 3 * SECOND_US;
	link_world_answered(3);
	late = asked(read, 3, 0);
	link_flush(link_world.link);
	cr_assert_eq(link_world.answered, 6, "it has been away for long");
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(early[i].outcome, OUTCOME_UNAVAILABLE);
		cr_assert_not(early[i].sent);
		cr_assert_eq(late[i].outcome, OUTCOME_UNAVAILABLE);
	}
	link_world_run("alter role $schema login");
	cr_assert(poll_loop_ready(&link_world.loop, link_world.link, 10));
	last = asked(write, 1, 1);
	link_world_answered(7);
	cr_assert_eq(last->outcome, OUTCOME_ROWS);
}

/* As when PostgreSQL is restarted: what was not sent is done afterwards, without anybody's notice.
 */
Test(link_loss, keeps_what_was_not_sent_over_a_short_absence)
{
	struct statement *read = sleeps(LANE_READ), *write = sleeps(LANE_WRITE);
	struct question *reads, *writes;

	link_world_open(read, write, NULL);
	end_all_sessions();
	reads = asked(read, 50, 0);
	writes = asked(write, 50, 0);
	link_world_answered(100);
	for (int i = 0; i < 50; i++) {
		cr_assert_eq(reads[i].outcome, OUTCOME_ROWS);
		cr_assert_eq(writes[i].outcome, OUTCOME_ROWS);
	}
}

Test(link_loss, recovers_from_being_killed_again_and_again)
{
	struct statement *read = sleeps(LANE_READ), *write = sleeps(LANE_WRITE);
	int answered = 0;

	link_world_open(read, write, NULL);
	for (int round = 0; round < 10; round++) {
		struct question *reads = asked(read, 30, 1), *writes = asked(write, 30, 1);

		link_flush(link_world.link);
		link_world_run("select pg_terminate_backend(pid, 9000) from pg_stat_activity "
			       "where usename = '$schema'");
		answered += 60;
		link_world_answered(answered);
		for (int i = 0; i < 30; i++) {
			cr_assert_eq(reads[i].times, 1);
			cr_assert_eq(writes[i].times, 1);
		}
	}
	cr_assert_eq(link_waiting(link_world.link), 0);
	cr_assert(poll_loop_ready(&link_world.loop, link_world.link, 10));
}

/* A server that does not answer is left; time is made to pass, nobody waits for it. */
Test(link_loss, leaves_a_server_that_hangs)
{
	struct statement *statement = sleeps(LANE_WRITE);
	struct question *hung, *next;

	link_world_open(statement, NULL);
	hung = asked(statement, 1, 1900);
	link_world_until("select count(*) " BACKENDS_WHICH_SLEEP, 1);
	link_world.loop.ahead_us += 11 * SECOND_US;
	link_world_answered(1);
	cr_assert_eq(hung->outcome, OUTCOME_UNAVAILABLE);
	cr_assert(hung->sent);
	next = asked(statement, 1, 1);
	link_world_answered(2);
	cr_assert_eq(next->outcome, OUTCOME_ROWS);
}

Test(link_loss, answers_calls_of_a_statement_that_cannot_be_prepared)
{
	struct statement *good = sleeps(LANE_READ);
	struct statement *read = link_world_statement(LANE_READ, "select $schema.later()", NULL);
	struct statement *write =
	    link_world_statement(LANE_WRITE, "select 1", "select $schema.later()");
	struct question *questions;

	link_world_open(good, read, write, NULL);
	questions = asked(good, 1, 0);
	link_world_ask(&link_world_questions(read, 1)[0]);
	link_world_ask(&link_world_questions(write, 1)[0]);
	link_world_answered(3);
	cr_assert_eq(questions[0].outcome, OUTCOME_ROWS);
	link_world_run("create function $schema.later() returns bigint language plpgsql as $$ "
		       "begin return 7; end $$");
	link_world.loop.ahead_us += 2 * SECOND_US; /* a young connection is not reopened */
	questions = link_world_questions(read, 10);
	for (int i = 0; i < 10; i++)
		link_world_ask(&questions[i]);
	link_world_answered(13);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(questions[i].number, 7);
	questions = link_world_questions(write, 1);
	link_world_ask(questions);
	link_world_answered(14);
	cr_assert_eq(questions->number, 7);
}

Test(link_loss, says_that_a_statement_could_not_be_prepared)
{
	struct statement *statement =
	    link_world_statement(LANE_READ, "select $schema.none()", NULL);
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 2);
	link_world_ask(&questions[0]);
	link_world_answered(1);
	link_world.loop.ahead_us += 2 * SECOND_US;
	link_world_ask(&questions[1]);
	link_world_answered(2);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(questions[i].outcome, OUTCOME_FAILED);
		cr_assert_str_eq(questions[i].sqlstate, "26000");
	}
}

/* A migration replaces a function while statements stand prepared on it. */
Test(link_loss, prepares_anew_what_a_migration_has_replaced)
{
	struct statement *read =
	    link_world_statement(LANE_READ, "select f::text from $schema.f() f", NULL);
	struct statement *write =
	    link_world_statement(LANE_WRITE, "select f from $schema.f() f", NULL);
	struct question *questions[2];

	link_world_run("create function $schema.f() returns int language sql as 'select 1'");
	link_world_open(read, write, NULL);
	link_world_run("drop function $schema.f(); "
		       "create function $schema.f() returns bigint language sql as 'select 2'");
	link_world.loop.ahead_us += 2 * SECOND_US;
	questions[0] = link_world_questions(read, 1);
	questions[1] = link_world_questions(write, 1);
	link_world_ask(questions[0]);
	link_world_ask(questions[1]);
	link_world_answered(2);
	cr_assert_str_eq(questions[0]->cells[0], "2");
	cr_assert_eq(questions[1]->outcome, OUTCOME_ROWS, "%s %s", questions[1]->sqlstate,
	    questions[1]->message);
	cr_assert_eq(questions[1]->number, 2);
}
