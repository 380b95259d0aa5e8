/*
 * matrix: every operation of the served document, two cities full of people and things, and how a
 * request of an operation is filled in. What the matrix tests stand on.
 *
 * Nothing here names an operation. Ids of a city are found in its lists; what no list shows is made
 * by the operation whose reply has it. A parameter that neither way gives a value to fails the
 * matrix and gets a line in matrix_given.c.
 */
#ifndef TESTS_API_MATRIX_H
#define TESTS_API_MATRIX_H

#include <stdbool.h>

#include "story.h"

enum { OPERATIONS_MAX = 400, THINGS_MAX = 100, PEOPLE_MAX = 16 };

struct operation {
	const char *method, *path; /* GET, /v1/slots/{slot_id} */
	const char *scope;         /* NULL: open to anyone */
	json_t *json;              /* of the document */
	json_t *schema, *example;  /* of the body; NULL: takes none */
	const char *media;         /* of the body */
	bool needs_key, needs_match;
	bool lists, streams;
	const char *cursor; /* how its parameter is called; NULL: it has none */
};

struct operations {
	json_t *document;
	struct operation at[OPERATIONS_MAX];
	int count;
};

/* Reads the document that the instance serves. */
void matrix_read(struct operations *operations);

/* Follows a $ref. */
json_t *matrix_resolve(json_t *document, json_t *value);

/* The schema of what the operation answers with when it succeeds; NULL: no JSON. */
json_t *matrix_answer(const struct operations *operations, const struct operation *operation);

/* Whether the role's tokens may call it. */
bool matrix_opens(const struct operation *operation, const char *role);

/* Whether it is no read, by its method and the kind of its scope, and no own account's business. */
bool matrix_writes(const struct operation *operation);

struct person {
	const char *name, *role, *token;
	const char *account_id, *partner_id; /* NULL: no partner */
};

struct thing {
	const char *name; /* as the parameter: slot_id */
	const char *id;
	int owner;   /* whose list showed it */
	bool always; /* in every body that may have it */
};

struct city {
	const struct operations *operations;
	struct person people[PEOPLE_MAX];
	int people_count;
	struct thing things[THINGS_MAX];
	int things_count;
};

/* Goes on with one more parameter. */
const char *matrix_query(const char *path, const char *name, const char *value);

/* A test market with its people, one who has signed in, and all things that they can see. */
void matrix_city(struct city *city, const struct operations *operations);

/* Somebody new is anna from now on. */
void matrix_sign_in(struct city *city);

const struct person *matrix_person(const struct city *city, const char *name);
const struct thing *matrix_thing(const struct city *city, const char *name); /* or NULL */

/* Who is to be asked when it should work: whose things it names, or the first who may. */
const struct person *matrix_owner(const struct city *city, const struct operation *operation);

/* A value in the place of a thing's id; NULL name: none. */
struct instead {
	const char *name, *value;
};

/* The path with the city's ids, and what its query must have; NULL: a parameter has no value, and
 * *lacks names it. */
const char *matrix_path(const struct city *city, const struct operation *operation,
    struct instead instead, const char **lacks);

/* The example of the body with the city's ids; NULL: it takes none. To be released. */
json_t *matrix_body(
    const struct city *city, const struct operation *operation, struct instead instead);

/* Calls it with a fresh key; counted in matrix_probes. `body` is what matrix_body gave, or NULL. */
struct story_reply *matrix_call(
    const struct operation *operation, const char *path, const char *token, json_t *body);

/* All of it together: the city's ids but for one, by this token. */
struct story_reply *matrix_probe(const struct city *city, const struct operation *operation,
    const char *token, struct instead instead);

/* The body without what differs from request to request, and without this id. */
const char *matrix_masked(const struct story_reply *reply, const char *id);

/* What the operator and the courier see in every list, as one text. */
const char *matrix_snapshot(const struct city *city);

extern int matrix_probes;

#endif
