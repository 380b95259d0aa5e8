/*
 * sql: what every test of SQL stands on. Each test runs in a transaction of its own that is rolled
 * back, on the migrated database that SOCIUS_TEST_CONNINFO names (as superuser); without it the
 * test is skipped.
 *
 *	TestSuite(bookings, .init = sql_begin, .fini = sql_end);
 *
 * A statement that fails where it should not ends the test. Text that a function returns is valid
 * until the test ends.
 */
#ifndef TESTS_SQL_H
#define TESTS_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

/* The still clock: a Monday, 11:00 in Rome. */
#define SQL_NOW "'2026-03-02 10:00:00+00'::timestamptz"

/* Two digests of requests, to be equal or to differ. */
#define SQL_DIGEST "sha256('one')"
#define SQL_OTHER_DIGEST "sha256('another')"

void sql_begin(void);
void sql_end(void);

/* Runs one or more statements. */
void sql_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first cell of the first row; there must be one. */
int64_t sql_int(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool sql_true(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *sql_text(const char *format, ...) __attribute__((format(printf, 1, 2))); /* or NULL */

/* How many rows the statement gives. */
int sql_count(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The statement refuses by this name: through core.refuse, as the column `refused` of its row, or
 * by a constraint of that name. The transaction goes on as if it had not run. */
void sql_refused(const char *slug, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The detail of the latest refusal that sql_refused met says under this name when the same request
 * may succeed, and in how many seconds. */
void sql_may_retry(const char *member, const char *at, int64_t after_s);

/* The statement fails with this SQLSTATE. The transaction goes on as if it had not run. */
void sql_fails(const char *sqlstate, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Goes on as this role; NULL: as superuser again. */
void sql_as(const char *role);

/* After `format` ran, the view laws.<law> shows more rows than before, and its _examined view has
 * looked at something. The transaction goes on as if `format` had not run. */
void sql_breaks_law(const char *law, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A UUID that nothing else has. */
const char *sql_id(void);

/* A test market: EUR in Europe/Rome, or as said. */
int sql_market(void);
int sql_market_in(const char *currency, const char *time_zone);

/* A partner with a wallet and one active enrolment: courier, driver or co_creator. */
const char *sql_partner(int market_id, const char *kind);

/* The account of an operator. */
const char *sql_operator(void);

/* The test's connection, and a further one of the same database (PQfinish it). */
PGconn *sql_connection(void);
PGconn *sql_connect(void);

#endif
