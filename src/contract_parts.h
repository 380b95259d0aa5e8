/*
 * contract_parts: the catalog as contract reads it, and the parts of contract; nobody else's
 * business.
 */
#ifndef SOCIUS_CONTRACT_PARTS_H
#define SOCIUS_CONTRACT_PARTS_H

#include "contract.h"
#include "socius/arena.h"

enum { FUNCTION_ARGUMENTS_MAX = 64 };

/* An argument or a result column of a function. */
struct argument {
	const char *name; /* "" when it has none */
	uint32_t oid;
};

/* A function of the schema api. */
struct function {
	const char *name; /* with the schema */
	const char *says; /* its comment, or NULL */
	bool callable;    /* security definer, and we may execute it */
	bool set;         /* returns rows */
	bool writes;      /* is volatile */
	uint32_t returns;
	int takes_count, gives_count;
	struct argument takes[FUNCTION_ARGUMENTS_MAX];
	struct argument gives[FUNCTION_ARGUMENTS_MAX]; /* OUT and TABLE columns, in order */
};

/* All of it lives in the arena, which nobody ends. */
struct catalog {
	struct arena *arena;
	struct function *functions; /* sorted by name; overloaded names stand side by side */
	int functions_count;
	struct shape *shapes; /* sorted by oid: all types that functions take or give */
	int shapes_count;
};

/* contract_catalog.c: reads it over a connection of its own; dies when there is none. */
void contract_read_catalog(struct catalog *catalog, const char *conninfo);

const struct function *catalog_function(const struct catalog *catalog, const char *name);
const struct shape *contract_find_shape(const struct shape *shapes, int count, uint32_t oid);
const struct shape *catalog_shape(const struct catalog *catalog, uint32_t oid);

/* A check of one row: what is looked at, and how many disagreements there are so far. */
struct check {
	const struct app *of;
	const struct catalog *catalog;
	struct operation *operation;
	int disagreements;
};

/* Says one disagreement on standard error. */
void contract_disagree(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* contract_row.c: what the row says by itself: sources, path, scope, problems. */
void contract_check_row(struct check *check);

/* contract_call.c: the row against its functions; fills what follows from them: statements, gives,
 * refuses, replays. */
void contract_check_call(struct check *check);

/* contract_statement.c: the statements of a row that agrees with its functions. */
void contract_derive(
    struct check *check, const struct function *function, const struct function *asked);

/* contract_audit.c: whether a call of it by a role that is audited leaves a record by itself, and
 * the statement that does. */
bool contract_is_audited(const struct app *of, const struct endpoint *endpoint);
void contract_derive_audited(struct check *check, const struct function *function);

/* contract_statement.c: the SQL type of each type of ours, indexed by it: its oid and its array's,
 * and how a cast names it. */
struct sql_type {
	uint32_t oid, array_oid;
	const char *name;
};

extern const struct sql_type contract_types[];

#endif
