/*
 * problem: RFC 9457 problem details. Every error a client sees is one of these.
 *
 * app/problems.c lists the kinds. A slug is the stable `code`, the last segment of `type`, and the
 * name of the SQL refusal or constraint that causes it.
 */
#ifndef SOCIUS_PROBLEM_H
#define SOCIUS_PROBLEM_H

#include <stdbool.h>

#include "socius/text.h"

struct problem_kind {
	const char *slug;
	int status;
	const char *title;    /* short, the same for every occurrence */
	const char *remedy;   /* what the client can do; docs/api/problems.md */
	bool retryable;       /* the same request may succeed later, by time or by what others do */
	int retry_after_s;    /* Retry-After header when > 0, where the refusal says nothing else */
	const char *retry_at; /* the member that says from when; NULL: it is not known */
};

enum { PROBLEM_ERRORS_MAX = 32 };

/* One faulty field: an RFC 6901 pointer into the body, or `?name`, `{name}`, `Header-Name`. */
struct problem_error {
	const char *pointer;
	const char
	    *code; /* required, unknown, duplicate, type, range, format, among, length, utf8 */
	const char *detail;
};

struct problem {
	const struct problem_kind *kind; /* NULL: no problem */
	const char *detail;              /* about this occurrence; NULL: the title says all */
	struct text members;             /* raw JSON object with business data, or empty */
	int retry_after_s;    /* of this occurrence, from its member retry_after_s; 0: the kind's */
	const char *retry_at; /* RFC 3339, from the member that the kind names; NULL: not known */
	struct problem_error errors[PROBLEM_ERRORS_MAX];
	int errors_count;
};

/* The kind with this slug; asserts that app/problems.c has it. */
const struct problem_kind *problem_kind(const char *slug);

/* The kind with this slug, or NULL: for names that come from SQL. */
const struct problem_kind *problem_kind_or_null(struct text slug);

/* Sets the problem unless one is set already: the first fault wins. */
void problem_set(struct problem *problem, const char *slug, const char *detail);

/* Adds a faulty field; past PROBLEM_ERRORS_MAX they are left out. */
void problem_add_error(
    struct problem *problem, const char *pointer, const char *code, const char *detail);

/* An error of PostgreSQL into a problem: the only place that knows SQLSTATE.
 * SO001 is core.refuse (message = slug, detail = JSON object); class 23 by constraint name with a
 * trailing _<digits> stripped; 57014, 55P03, 40001, 40P01, class 08, 53, 57P: 503 with Retry-After;
 * all else 500 `internal_error` (logged, never shown). `arena` holds copies. */
struct arena;
void problem_of_sql(struct problem *problem, struct arena *arena, const char *sqlstate,
    const char *message, const char *constraint, const char *detail);

/* A refusal that an SQL function returned in `refused` and `detail` (JSON object or empty). */
void problem_of_refusal(
    struct problem *problem, struct arena *arena, struct text slug, struct text detail);

/* Seconds until the same request may succeed, for Retry-After and the member retry_after; 0: not
 * known. A moved clock of a test market counts as it stands. */
int problem_retry_after_s(const struct problem *problem);

/* The body: type, title, status, detail, instance, code, retryable, retry_after, retry_at,
 * request_id, errors, members. */
struct buffer;
void problem_write(const struct problem *problem, const char *request_id, struct buffer *to);

#endif
