/* link: reads, parameters, errors, orphans. See tests/support/link_world.h for what it needs. */
#include <criterion/criterion.h>

#include "socius/instant.h"
#include "support/link_world.h"

TestSuite(link, .init = link_world_begin, .fini = link_world_end);

enum { MANY = 4000 };

static struct statement *
twice(void)
{
	struct statement *statement =
	    link_world_statement(LANE_READ, "select $1::bigint * 2", NULL);

	link_world_takes(statement, LONG);
	return statement;
}

/* Raises where the number is divisible by ten. */
static struct statement *
divided(void)
{
	struct statement *statement =
	    link_world_statement(LANE_READ, "select $1::bigint + 0 / ($1::bigint % 10)", NULL);

	link_world_takes(statement, LONG);
	return statement;
}

static struct question *
asked(const struct statement *statement, int count)
{
	struct question *questions = link_world_questions(statement, count);

	for (int i = 0; i < count; i++) {
		link_world_give(&questions[i], 0, LONG, i);
		link_world_ask(&questions[i]);
	}
	return questions;
}

Test(link, answers_thousands_of_reads_at_once)
{
	struct statement *statement = twice();
	struct question *questions;

	link_world_open(statement, NULL);
	questions = asked(statement, MANY);
	cr_assert_eq(link_waiting(link_world.link), MANY);
	link_world_answered(MANY);
	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(questions[i].times, 1);
		cr_assert_eq(questions[i].outcome, OUTCOME_ROWS);
		cr_assert_eq(questions[i].number, 2 * i);
	}
	cr_assert_eq(link_waiting(link_world.link), 0);
}

Test(link, keeps_the_neighbours_of_a_failing_read_unharmed)
{
	struct statement *good = twice(), *bad = divided();
	struct question *twos, *tens;

	link_world_open(good, bad, NULL);
	twos = asked(good, 500);
	tens = asked(bad, 1000);
	link_world_answered(1500);
	for (int i = 0; i < 500; i++)
		cr_assert_eq(twos[i].number, 2 * i);
	for (int i = 0; i < 1000; i++) {
		if (i % 10 == 0) {
			cr_assert_eq(tens[i].outcome, OUTCOME_FAILED);
			cr_assert_str_eq(tens[i].sqlstate, "22012");
		} else {
			cr_assert_eq(tens[i].outcome, OUTCOME_ROWS);
			cr_assert_eq(tens[i].number, i);
		}
		cr_assert_eq(tens[i].times, 1);
	}
}

/* The sanitizer, or the filled memory, would tell of any later touch. */
static void
vanish(struct question *question)
{
	link_orphan(link_world.link, &question->call);
	memset(question, 0xa5, sizeof(*question));
}

Test(link, forgets_orphans_whether_sent_or_not)
{
	struct statement *good = twice(), *bad = divided();
	struct question *twos, *tens;

	link_world_open(good, bad, NULL);
	twos = asked(good, 900);
	tens = asked(bad, 900);
	for (int i = 0; i < 900; i += 3) {
		vanish(&twos[i]);
		vanish(&tens[i]);
	}
	link_flush(link_world.link);
	for (int i = 1; i < 900; i += 3) {
		vanish(&twos[i]);
		vanish(&tens[i]);
	}
	link_world_answered(600);
	for (int i = 2; i < 900; i += 3) {
		cr_assert_eq(twos[i].number, 2 * i);
		cr_assert_eq(tens[i].times, 1);
		cr_assert_eq(tens[i].outcome, i % 10 == 0 ? OUTCOME_FAILED : OUTCOME_ROWS);
	}
	for (int i = 0; i < 900; i++)
		if (i % 3 != 2)
			cr_assert_eq(twos[i].times, (int)0xa5a5a5a5);
	while (link_waiting(link_world.link) > 0)
		poll_loop_turn(&link_world.loop, link_world.link, 5);
	cr_assert_eq(link_world.answered, 600, "no orphan was answered");
}

static void
take_all_types(struct statement *statement)
{
	static const enum type types[] = { INT, LONG, BOOL, STRING, UUID, INSTANT, LOCAL_TIME, DATE,
		BYTES, ITEMS };

	for (int i = 0; i < 10; i++)
		link_world_takes(statement, types[i]);
}

static void
give_all_types(struct question *question)
{
	static const unsigned char uuid[UUID_BYTES] = { 0x01, 0x8f, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0,
		0, 0, 0, 0, 0x2a };

	link_world_give(question, 0, INT, -7);
	link_world_give(question, 1, LONG, INT64_C(9007199254740991));
	link_world_give(question, 2, BOOL, 1);
	link_world_give_bytes(question, 3, STRING, "Zo\xc3\xab", 4);
	link_world_give_bytes(question, 4, UUID, uuid, UUID_BYTES);
	link_world_give(question, 5, INSTANT, INT64_C(951782400123456));
	link_world_give(question, 6, LOCAL_TIME, INT64_C(0));
	link_world_give(question, 7, DATE, -1);
	link_world_give_bytes(question, 8, BYTES, "\0\xff", 2);
	link_world_give_bytes(question, 9, ITEMS, "[{\"a\": 1}]", 10);
}

static void
shows_all_types(const struct question *question)
{
	static const char *const expected[] = { "-7", "9007199254740991", "true", "Zo\xc3\xab",
		"018f0000-0000-7000-8000-00000000002a", "2000-02-29 00:00:00.123456",
		"1970-01-01 00:00:00", "1969-12-31", "\\x00ff", "[{\"a\": 1}]" };

	cr_assert_eq(question->outcome, OUTCOME_ROWS, "%s", question->message);
	for (int i = 0; i < 10; i++)
		cr_assert_str_eq(question->cells[i], expected[i]);
}

static void
shows_nulls(const struct question *question)
{
	cr_assert_eq(question->outcome, OUTCOME_ROWS, "%s", question->message);
	for (int i = 0; i < 10; i++)
		cr_assert_str_eq(question->cells[i], "null");
}

#define ALL_AS_TEXT(a, b, c, d, e, f, g, h, i, j) \
	"(" a ")::text, (" b ")::text, (" c ")::text, (" d ")::text, (" e ")::text, (" f \
	" at time zone 'UTC')::text, (" g ")::text, (" h ")::text, (" i ")::text, (" j ")::text "

Test(link, sends_every_type_and_its_null)
{
	struct statement *statement = link_world_statement(LANE_READ,
	    "select " ALL_AS_TEXT("$1::int", "$2::bigint", "$3::boolean", "$4::text", "$5::uuid",
		"$6::timestamptz", "$7::timestamp", "$8::date", "$9::bytea", "$10::jsonb"),
	    NULL);
	struct question *questions;

	take_all_types(statement);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 2);
	give_all_types(&questions[0]);
	link_world_ask(&questions[0]);
	link_world_ask(&questions[1]);
	link_world_answered(2);
	shows_all_types(&questions[0]);
	shows_nulls(&questions[1]);
}

Test(link, sends_arrays_of_every_type_and_nulls_in_them)
{
	struct statement *statement = link_world_statement(LANE_WRITE, "select 1",
	    "select " ALL_AS_TEXT("a", "b", "c", "d", "e", "f", "g", "h", "i",
		"j") "from unnest($1::int[], $2::bigint[], $3::boolean[], $4::text[], $5::uuid[], "
		     "$6::timestamptz[], $7::timestamp[], $8::date[], $9::bytea[], $10::jsonb[]) "
		     "with ordinality u (a, b, c, d, e, f, g, h, i, j, n) order by n");
	struct question *questions;

	take_all_types(statement);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 5);
	for (int i = 0; i < 5; i++) {
		if (i % 2 == 0)
			give_all_types(&questions[i]);
		link_world_ask(&questions[i]);
	}
	link_world_answered(5);
	for (int i = 0; i < 5; i++)
		if (i % 2 == 0)
			shows_all_types(&questions[i]);
		else
			shows_nulls(&questions[i]);
}

Test(link, knows_an_empty_text_from_null)
{
	struct statement *statement =
	    link_world_statement(LANE_READ, "select $1::text, ($1::text is null)::text", NULL);
	struct question *question;

	link_world_takes(statement, STRING);
	link_world_open(statement, NULL);
	question = link_world_questions(statement, 1);
	link_world_give_bytes(question, 0, STRING, NULL, 0);
	link_world_ask(question);
	link_world_answered(1);
	cr_assert_str_eq(question->cells[0], "");
	cr_assert_str_eq(question->cells[1], "false");
}

Test(link, says_why_a_call_failed)
{
	struct statement *statement =
	    link_world_statement(LANE_READ, "select $schema.refuse()", NULL);
	struct question *question;

	link_world_run("create function $schema.refuse() returns int language plpgsql as $$ begin "
		       "raise exception using errcode = 'SO001', message = 'slot_full', "
		       "detail = '{\"seats_left\": 0}', constraint = 'a_constraint'; end $$");
	link_world_open(statement, NULL);
	question = link_world_questions(statement, 1);
	link_world_ask(question);
	link_world_answered(1);
	cr_assert_eq(question->outcome, OUTCOME_FAILED);
	cr_assert_str_eq(question->sqlstate, "SO001");
	cr_assert_str_eq(question->message, "slot_full");
	cr_assert_str_eq(question->detail, "{\"seats_left\": 0}");
	cr_assert_str_eq(question->constraint, "a_constraint");
}

Test(link, refuses_what_is_too_much_and_answers_the_rest)
{
	struct statement *statement = twice();
	struct question *questions;
	int busy = 0;

	link_world_open(statement, NULL);
	questions = asked(statement, LINK_WAITING_MAX + 10);
	link_world_answered(LINK_WAITING_MAX + 10);
	for (int i = 0; i < LINK_WAITING_MAX + 10; i++)
		if (questions[i].outcome == OUTCOME_BUSY)
			busy++;
	cr_assert_eq(busy, 10);
	cr_assert_eq(questions[LINK_WAITING_MAX].outcome, OUTCOME_BUSY);
}

/* Asks the same question again from inside its answer, and flushes there too. */
static void
ask_again(struct call *call, const struct answer *answer)
{
	struct question *question = call->of;

	cr_assert_eq(answer->outcome, OUTCOME_ROWS);
	cr_assert_eq(rows_int(&answer->rows, 0, 0), 2 * question->args[0].number);
	link_world.answered++;
	question->args[0].number++;
	if (++question->times == 100)
		return;
	link_ask(link_world.link, call);
	link_flush(link_world.link);
}

Test(link, may_be_asked_from_inside_an_answer)
{
	struct statement *statement = twice();
	struct question *questions;

	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 50);
	for (int i = 0; i < 50; i++) {
		questions[i].call.done = ask_again;
		link_world_give(&questions[i], 0, LONG, i);
		link_world_ask(&questions[i]);
	}
	link_world_answered(50 * 100);
}

Test(link, gives_the_slow_lane_more_time)
{
	static const char sql[] = "select current_setting('statement_timeout'), "
				  "current_setting('lock_timeout'), "
				  "current_setting('idle_in_transaction_session_timeout'), "
				  "current_setting('application_name')";
	struct statement *read = link_world_statement(LANE_READ, sql, NULL);
	struct statement *write = link_world_statement(LANE_WRITE, sql, NULL);
	struct statement *slow = link_world_statement(LANE_SLOW, sql, NULL);
	struct question *questions[3];

	link_world_open(read, write, slow, NULL);
	questions[0] = link_world_questions(read, 1);
	questions[1] = link_world_questions(write, 1);
	questions[2] = link_world_questions(slow, 1);
	for (int i = 0; i < 3; i++)
		link_world_ask(questions[i]);
	link_world_answered(3);
	cr_assert_str_eq(questions[0]->cells[0], "2s");
	cr_assert_str_eq(questions[1]->cells[0], "2s");
	cr_assert_str_eq(questions[2]->cells[0], "30s");
	for (int i = 0; i < 3; i++) {
		cr_assert_str_eq(questions[i]->cells[1], "500ms");
		cr_assert_str_eq(questions[i]->cells[2], "5s");
		cr_assert_str_eq(questions[i]->cells[3], "socius");
	}
}

/* Eight were once put under one Sync, beside a connection that had nothing to do. */
Test(link, shares_reads_over_idle_connections_first)
{
	struct statement *statement =
	    link_world_statement(LANE_READ, "select pg_backend_pid()::bigint", NULL);
	struct question *questions;
	int of_first = 0;

	cr_assert_eq(setenv("SOCIUS_READ_CONNECTIONS", "2", 1), 0);
	link_world_open(statement, NULL);
	questions = link_world_questions(statement, 8);
	for (int i = 0; i < 8; i++)
		link_world_ask(&questions[i]);
	link_world_answered(8);
	for (int i = 0; i < 8; i++)
		of_first += questions[i].number == questions[0].number;
	cr_assert_eq(of_first, 4);
}
