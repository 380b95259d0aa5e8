/*
 * contract: holds the rooms' tables against the catalog of the database, derives the statements,
 * and knows the shape of every result. Where table and catalog disagree the server does not start,
 * and says which argument.
 */
#ifndef SOCIUS_CONTRACT_H
#define SOCIUS_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "socius/endpoint.h"

enum { CONTRACT_ENDPOINTS_MAX = 512, SHAPE_FIELDS_MAX = 64 };

/* A type of the catalog as results use it. */
enum shape_kind { SHAPE_SCALAR, SHAPE_COMPOSITE, SHAPE_ARRAY };

struct shape_field {
	const char *name;
	const char *says; /* comment on column, or NULL */
	uint32_t oid;
	bool not_null; /* its comment does not hold the word "null": always there in a reply */
};

struct shape {
	uint32_t oid;
	enum shape_kind kind;
	const char *name;     /* api.booking, int8, ... */
	const char *says;     /* comment on type */
	uint32_t element_oid; /* SHAPE_ARRAY */
	int fields_count;     /* SHAPE_COMPOSITE */
	const struct shape_field *fields;
};

/* The call of an operation by a role that is audited: CONTRACT_AUDIT_ARGS more arguments (market,
 * record, account, role, peer, request, now) stand behind those of the row. */
enum { CONTRACT_AUDIT_ARGS = 7 };

struct audited {
	struct statement statement; /* .sql NULL: it leaves no record, or sees to that itself */
	int subject_arg;            /* which of .takes says what it is about; -1: none */
};

/* One endpoint with all that follows from it. */
struct operation {
	const struct room *room;
	const struct endpoint *endpoint;
	const char *id; /* operationId: the function's name without api. */
	struct statement statement;
	struct audited audited;
	struct statement asks;
	int asks_args[REQUEST_ARGS_MAX]; /* which of .takes is each argument of .asks */
	const struct shape *gives; /* the response object (LIST: of one item); NULL: empty body */
	bool refuses;              /* the result begins with `refused` and `detail` */
	bool replays;              /* then comes `replayed` */
	bool keyed;                /* needs Idempotency-Key */
	bool seals;                /* some argument is sealed before SQL gets it */
	const struct endpoint *located; /* of 201: the GET that reads what was made, or NULL */
};

/* Whom a token is for: the reply shows the token instead, signed by the gate. */
bool contract_is_token(const struct shape *shape);

/* A text that was sealed for a person (src/seal.h), with the place where it was found: the reply
 * shows the text itself, and null where the person was erased. */
bool contract_is_sealed(const struct shape *shape);

struct contract {
	struct operation operations[CONTRACT_ENDPOINTS_MAX];
	int operations_count;
	const struct shape *shapes; /* sorted by oid */
	int shapes_count;
};

/* Connects (blocking), reads the catalog, checks. Dies with one line per disagreement. */
const struct contract *contract_load(const struct app *app, const char *conninfo);

/* As contract_load, but returns the number of disagreements, each said on standard error. */
int contract_check(const struct app *app, const char *conninfo);

const struct shape *contract_shape(const struct contract *contract, uint32_t oid); /* or NULL */
/* The operation that this one's cursors belong to: most often itself. */
const char *contract_cursors_of(const struct operation *operation);

const struct operation *contract_operation(
    const struct contract *contract, const struct endpoint *endpoint);

#endif
