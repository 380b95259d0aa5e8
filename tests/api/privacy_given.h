/*
 * privacy_given: people who have said everything of themselves, and the databases that it goes to.
 */
#ifndef TESTS_API_PRIVACY_GIVEN_H
#define TESTS_API_PRIVACY_GIVEN_H

#include <libpq-fe.h>

#include "api/sign_in_given.h"

#define IBAN "GB33BUKB20201555555555"

/* The instance's databases, as superuser, between these two. */
extern PGconn *given_database, *given_keys;
void given_databases(void);
void given_databases_end(void);

/* The first cell of what a statement gives, or "". */
const char *given_sql(PGconn *pg, const char *statement);

/* How many lines of a dump of this database hold the text. */
int given_dumped(const char *name, const char *text);

struct person {
	const char *email, *name, *phone, *holder; /* words that nobody else has */
	const char *account_id, *partner_id, *token;
};

/* A courier of this story's market with an account, a phone and a bank account. */
struct person given_somebody(void);

#endif
