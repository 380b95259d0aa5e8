/* link_world: a database, a link and questions for a test; see link_world.h. */
#include "support/link_world.h"

#include <criterion/criterion.h>

#include <stdarg.h>
#include <unistd.h>

#include "link_private.h"
#include "socius/arena.h"
#include "socius/text.h"
#include "socius/world.h"

enum { ANSWER_S_MAX = 30, STATEMENTS_MAX = 16 };

struct link_world link_world;
static struct arena arena;

/* The SQL with the schema's name in the place of each `$schema`. */
static char *
in_schema(const char *sql)
{
	static const char mark[] = "$schema";
	struct buffer buffer;
	const char *at;

	if (sql == NULL)
		return NULL;
	buffer_init(&buffer, &arena, 256);
	while ((at = strstr(sql, mark)) != NULL) {
		buffer_add(&buffer, sql, (size_t)(at - sql));
		buffer_add_text(&buffer, link_world.schema);
		sql = at + sizeof(mark) - 1;
	}
	buffer_add_text(&buffer, sql);
	return arena_copy(&arena, buffer.at, buffer.bytes);
}

void
link_world_run(const char *sql)
{
	PGresult *result = PQexec(link_world.pg, in_schema(sql));
	ExecStatusType status = PQresultStatus(result);

	cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
	    PQerrorMessage(link_world.pg));
	PQclear(result);
}

int64_t
link_world_int(const char *sql)
{
	PGresult *result = PQexec(link_world.pg, in_schema(sql));
	int64_t number;

	cr_assert_eq(
	    PQresultStatus(result), PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(link_world.pg));
	number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return number;
}

void
link_world_begin(void)
{
	const char *conninfo = world_setting("SOCIUS_TEST_CONNINFO", NULL);

	if (conninfo == NULL)
		(void)fputs("link: SOCIUS_TEST_CONNINFO is not set: NOT tested\n", stderr);
	if (conninfo == NULL)
		cr_skip_test("SOCIUS_TEST_CONNINFO is not set: the link was NOT tested");
	arena_init(&arena);
	poll_loop_init(&link_world.loop);
	link_world.pg = PQconnectdb(conninfo);
	cr_assert_eq(PQstatus(link_world.pg), CONNECTION_OK, "%s", PQerrorMessage(link_world.pg));
	(void)snprintf(link_world.schema, sizeof(link_world.schema), "link_test_%d", (int)getpid());
	(void)snprintf(link_world.conninfo, sizeof(link_world.conninfo), "%s user=%s", conninfo,
	    link_world.schema);
	link_world_run("set client_min_messages = error; drop schema if exists $schema cascade; "
		       "drop role if exists $schema; create role $schema superuser login; "
		       "create schema $schema");
}

void
link_world_end(void)
{
	if (link_world.pg == NULL)
		return;
	if (link_world.link != NULL)
		link_close(link_world.link);
	link_world_run("select pg_terminate_backend(pid) from pg_stat_activity "
		       "where usename = '$schema'; "
		       "drop schema $schema cascade; drop role $schema");
	PQfinish(link_world.pg);
	arena_release(&arena);
}

struct statement *
link_world_statement(enum lane lane, const char *sql, const char *batch_sql)
{
	struct statement *statement = arena_take(&arena, sizeof(*statement));

	statement->name = arena_copy(&arena, sql, strlen(sql));
	statement->sql = in_schema(sql);
	statement->batch_sql = in_schema(batch_sql);
	statement->lane = lane;
	statement->market_arg = -1;
	return statement;
}

void
link_world_takes(struct statement *statement, enum type type)
{
	statement->types[statement->args_count++] = type;
}

/* More than link_ready asks for: so that no connection comes up in the middle of the test. */
static void
wait_until_all_are_up(void)
{
	cr_assert(poll_loop_ready(&link_world.loop, link_world.link, ANSWER_S_MAX));
	for (int i = 0; i < LINK_LANES; i++) {
		const struct link_lane *lane = &link_world.link->lanes[i];

		while (lane->up < lane->connections_count)
			poll_loop_turn(&link_world.loop, link_world.link, 5);
	}
}

void
link_world_open(const struct statement *first, ...)
{
	const struct statement *statements[STATEMENTS_MAX];
	int count = 0;
	va_list list;

	va_start(list, first);
	for (const struct statement *one = first; one != NULL;
	     one = va_arg(list, const struct statement *))
		statements[count++] = one;
	va_end(list);
	link_world.link = link_open(&link_world.loop.loop, link_world.conninfo, statements, count);
	wait_until_all_are_up();
}

static void
keep(char *to, size_t room, const char *from)
{
	(void)snprintf(to, room, "%s", from == NULL ? "null" : from); /* cut is fine */
}

static void
keep_rows(struct question *question, const struct rows *rows)
{
	int columns = PQnfields(rows->result);

	question->count = rows->count;
	for (int i = 0; rows->count > 0 && i < columns && i < LINK_WORLD_CELLS_MAX; i++) {
		struct text cell = rows_bytes(rows, 0, i);

		if (rows_null(rows, 0, i))
			keep(question->cells[i], sizeof(question->cells[i]), NULL);
		else if (PQftype(rows->result, i) == 25) /* text */
			keep(question->cells[i], sizeof(question->cells[i]), cell.at);
		else if (i == 0 && (cell.bytes == 4 || cell.bytes == 8))
			question->number = rows_int(rows, 0, 0);
	}
}

static void
on_done(struct call *call, const struct answer *answer)
{
	struct question *question = call->of;

	question->times++;
	question->outcome = answer->outcome;
	question->sent = answer->sent;
	link_world.answered++;
	if (answer->outcome == OUTCOME_ROWS)
		keep_rows(question, &answer->rows);
	if (answer->outcome != OUTCOME_FAILED)
		return;
	keep(question->sqlstate, sizeof(question->sqlstate), answer->sqlstate);
	keep(question->message, sizeof(question->message), answer->message);
	keep(question->constraint, sizeof(question->constraint), answer->constraint);
	keep(question->detail, sizeof(question->detail), answer->detail);
}

struct question *
link_world_questions(const struct statement *statement, int count)
{
	struct question *questions = arena_take(&arena, (size_t)count * sizeof(*questions));

	for (int i = 0; i < count; i++) {
		questions[i].call = (struct call){ .statement = statement,
			.args = questions[i].args,
			.done = on_done,
			.of = &questions[i] };
		for (int arg = 0; arg < LINK_WORLD_ARGS_MAX; arg++)
			questions[i].args[arg].null = true;
	}
	return questions;
}

void
link_world_give(struct question *question, int arg, enum type type, int64_t number)
{
	question->args[arg] = (struct value){ .type = type, .number = number };
}

void
link_world_give_bytes(
    struct question *question, int arg, enum type type, const void *at, size_t bytes)
{
	question->args[arg] = (struct value){ .type = type, .bytes = { at, bytes } };
	if (type == UUID)
		memcpy(question->args[arg].uuid.byte, at, UUID_BYTES);
}

void
link_world_ask(struct question *question)
{
	int before = link_world.answered;

	link_ask(link_world.link, &question->call);
	cr_assert_eq(link_world.answered, before, "link_ask answers nobody");
}

void
link_world_answered(int count)
{
	cr_assert(poll_loop_until(
		      &link_world.loop, link_world.link, &link_world.answered, count, ANSWER_S_MAX),
	    "%d of %d were answered", link_world.answered, count);
	cr_assert_eq(link_world.answered, count);
}

void
link_world_until(const char *sql, int64_t wanted)
{
	int64_t started_us = world_monotonic_us();

	link_flush(link_world.link);
	while (link_world_int(sql) < wanted) {
		cr_assert_lt(world_monotonic_us() - started_us, ANSWER_S_MAX * INT64_C(1000000),
		    "%s never became %lld", sql, (long long)wanted);
		poll_loop_turn(&link_world.loop, link_world.link, 5);
	}
}
