/*
 * link_world: what every test of the link stands on: a schema and a role of its own on the database
 * that SOCIUS_TEST_CONNINFO names (as superuser; skipped without), a link driven by poll(), and
 * questions that remember their answers.
 *
 *	TestSuite(link, .init = link_world_begin, .fini = link_world_end);
 */
#ifndef TESTS_LINK_WORLD_H
#define TESTS_LINK_WORLD_H

#include <libpq-fe.h>

#include "support/poll_loop.h"

enum { LINK_WORLD_ARGS_MAX = 10, LINK_WORLD_CELLS_MAX = 10 };

/* A call with its arguments and, later, its answer. */
struct question {
	struct call call;
	struct value args[LINK_WORLD_ARGS_MAX];
	int times; /* answered */
	enum outcome outcome;
	bool sent;
	int count;                            /* rows */
	int64_t number;                       /* first cell where it is a number */
	char cells[LINK_WORLD_CELLS_MAX][64]; /* the first row where it is text; "null" */
	char sqlstate[6], message[128], constraint[64], detail[128];
};

struct link_world {
	struct poll_loop loop;
	struct link *link;
	PGconn *pg;         /* superuser, beside the link */
	char schema[32];    /* also the role's name */
	char conninfo[512]; /* of the role */
	int answered;       /* questions */
};

extern struct link_world link_world;

void link_world_begin(void);
void link_world_end(void);

/* SQL beside the link; `$` in it stands for the schema. */
void link_world_run(const char *sql);
int64_t link_world_int(const char *sql);

/* A statement whose SQL may hold `$schema` for the schema; lives until the test ends. */
struct statement *link_world_statement(enum lane lane, const char *sql, const char *batch_sql);
/* One more argument of it. */
void link_world_takes(struct statement *statement, enum type type);

/* Opens the link with these statements, ended by NULL, and waits until it is ready. */
void link_world_open(const struct statement *first, ...) __attribute__((sentinel));

/* Zeroed questions of the statement; freed when the test ends. */
struct question *link_world_questions(const struct statement *statement, int count);
void link_world_give(struct question *question, int arg, enum type type, int64_t number);
void link_world_give_bytes(
    struct question *question, int arg, enum type type, const void *at, size_t bytes);
void link_world_ask(struct question *question);

/* Turns the loop until `count` questions of the test have been answered in all. */
void link_world_answered(int count);

/* Turns the loop until the SQL gives a number of at least `wanted`. */
void link_world_until(const char *sql, int64_t wanted);

#endif
