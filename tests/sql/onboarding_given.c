/* onboarding_given: what the tests of onboarding begin with; see onboarding_given.h. */
#include "sql/onboarding_given.h"

#include <stdarg.h>

#include <criterion/criterion.h>

#include "support/sql.h"

#define OPERATOR "'00000000-0000-7000-8000-00000000000a'"
#define NOW "2026-03-02 10:00:00+00"

enum { CALL_BYTES_MAX = 2048 };

/* Text that is valid until the test ends, as what sql_text gives. */
static const char *__attribute__((format(printf, 1, 2))) print(const char *format, ...)
{
	char call[CALL_BYTES_MAX];
	va_list arguments;
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(call, sizeof(call), format, arguments);
	va_end(arguments);
	cr_assert(bytes >= 0 && bytes < CALL_BYTES_MAX, "the call is too long");
	return sql_text("select $call$%s$call$", call);
}

static const char *
quoted(const char *value)
{
	return value == NULL ? "null" : print("'%s'", value);
}

/* Far from every other id, so that those that follow it are free too. */
static const char *
far_id(void)
{
	return sql_text("select gen_random_uuid()");
}

const char *
given_programme(int market_id, const char *kind, const char *requirements)
{
	const char *id = sql_id();

	sql_run("select api.create_programme(%d, " OPERATOR ", 'operator', " SQL_NOW
		", '%s', '%s', '%s', " SQL_DIGEST ", 'City', '%s', 'host', "
		"(select jsonb_agg(jsonb_build_object('requirement', r)) "
		"from string_to_table(nullif('%s', ''), ' ') r))",
	    market_id, far_id(), id, id, kind, requirements);
	return id;
}

const char *
given_applicant(int market_id, const char *kind, const char *programme_id)
{
	const char *id = sql_id();

	sql_run("select api.create_partner(%d, " OPERATOR ", 'operator', " SQL_NOW
		", '%s', '%s', '%s', '%s', " SQL_DIGEST ", null, null, 'Ada', "
		"jsonb_build_array(jsonb_build_object('kind', '%s', 'programme_id', '%s')))",
	    market_id, far_id(), id, sql_id(), id, kind, programme_id);
	return id;
}

const char *
document_call(int market_id, const char *partner_id, const char *document_id, const char *kind,
    const char *file, const char *expires_on, const char *now)
{
	return print("select * from api.create_document(%d, '%s', '%s', 'partner', '%s', '%s', "
		     "'%s', '%s', " SQL_DIGEST ", '%s', '%s', encode(sha256('%s'), 'hex'), %s)",
	    market_id, partner_id, partner_id, now, far_id(), document_id, document_id, partner_id,
	    kind, file, quoted(expires_on));
}

const char *
review_call(int market_id, const char *document_id, const char *decision, const char *reason,
    const char *now)
{
	return print("select * from api.review_document(%d, " OPERATOR ", 'operator', '%s', "
		     "'%s', '%s', " SQL_DIGEST ", '%s', '%s', %s)",
	    market_id, now, far_id(), far_id(), document_id, decision, quoted(reason));
}

const char *
bank_call(
    int market_id, const char *partner_id, const char *iban, const char *version, const char *now)
{
	return print("select * from api.put_bank_account(%d, '%s', '%s', 'partner', '%s', '%s', "
		     "'%s', %s, '%s', 'Ada Rossi')",
	    market_id, partner_id, partner_id, now, far_id(), partner_id,
	    version == NULL ? "null" : version, iban);
}

const char *
given_document(int market_id, const char *partner_id, const char *kind, const char *expires_on)
{
	const char *id = sql_id();

	sql_as("socius_gate");
	sql_run("%s", document_call(market_id, partner_id, id, kind, id, expires_on, NOW));
	sql_as(NULL);
	return id;
}

const char *
given_verified(int market_id, const char *partner_id, const char *kind, const char *expires_on)
{
	const char *id = given_document(market_id, partner_id, kind, expires_on);

	sql_as("socius_gate");
	sql_run("%s", review_call(market_id, id, "verified", NULL, NOW));
	sql_as(NULL);
	return id;
}

const char *
enrolment_state(const char *partner_id, const char *kind)
{
	return sql_text("select state from onboarding.enrolment "
			"where partner_id = '%s' and kind = '%s'",
	    partner_id, kind);
}

const char *
document_state(const char *document_id)
{
	return sql_text(
	    "select state from onboarding.document where document_id = '%s'", document_id);
}

const char *
requirement_state(int market_id, const char *partner_id, const char *requirement, const char *now)
{
	return sql_text("select max(r.state) from api.list_requirements(%d, null, '%s', '%s', 9, "
			"null) r where r.requirement = '%s'",
	    market_id, now, partner_id, requirement);
}

void
expire_documents(int market_id, const char *now)
{
	sql_as("socius_runner");
	sql_run("select jobs.expire_documents(%d, null, '%s')", market_id, now);
	sql_as(NULL);
}

int
events_of(const char *partner_id, const char *kind)
{
	return sql_count(
	    "select from events.event where partner_id = '%s' and kind = '%s'", partner_id, kind);
}
