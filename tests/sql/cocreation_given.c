/* cocreation_given: what the tests of co-creation begin with; see cocreation_given.h. */
#include "sql/cocreation_given.h"

#include <inttypes.h>
#include <stdarg.h>

#include <criterion/criterion.h>

#include "support/sql.h"

enum { CALL_BYTES_MAX = 2048 };

#define NOW "2026-03-02 10:00:00+00"

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

/* 'value' or null. */
static const char *
quoted(const char *value)
{
	return value == NULL ? "null" : print("'%s'", value);
}

static const char *
or_else(const char *value, const char *otherwise)
{
	return value != NULL ? value : otherwise;
}

/* Far from every other id, so that those that follow it are free too. */
static const char *
far_id(void)
{
	return sql_text("select gen_random_uuid()");
}

const char *
account_of(const char *partner_id)
{
	return sql_text(
	    "select account_id from identity.partner where partner_id = '%s'", partner_id);
}

const char *
submit_call(int market_id, const char *partner_id, const char *authors, const char *key)
{
	return print("select replayed, (\"row\").* from api.create_idea(%d, '%s', '%s', '" NOW
		     "', '%s', sha256('%s'), '%s', '%s', 'A bag', 'It folds flat.', %s)",
	    market_id, partner_id, account_of(partner_id), key, or_else(authors, "alone"), sql_id(),
	    far_id(), quoted(authors));
}

const char *
given_idea_of(int market_id, const char *partner_id, const char *authors)
{
	return sql_text(
	    "select idea_id from (%s) made", submit_call(market_id, partner_id, authors, sql_id()));
}

const char *
given_idea(int market_id, const char *partner_id)
{
	return given_idea_of(market_id, partner_id, NULL);
}

const char *
support_call(const char *verb, int market_id, const char *account_id, const char *role,
    const char *idea_id, const char *now)
{
	return print("select refused, detail, (\"row\").* from api.%s(%d, '%s', '%s', '%s', '%s', "
		     "'%s')",
	    verb, market_id, account_id, role, now, far_id(), idea_id);
}

void
given_supporters(int market_id, const char *idea_id, int count)
{
	sql_run("select api.support_idea(%d, gen_random_uuid(), 'customer', '" NOW
		"', gen_random_uuid(), '%s') from generate_series(1, %d)",
	    market_id, idea_id, count);
}

const char *
withdraw_call(int market_id, const char *partner_id, const char *idea_id, const char *key)
{
	return print("select replayed, (\"row\").* from api.withdraw_idea(%d, '%s', '%s', '" NOW
		     "', '%s', sha256('%s'), '%s', '%s')",
	    market_id, partner_id, account_of(partner_id), key, idea_id, far_id(), idea_id);
}

const char *
given_royalty(int market_id, int share_ppm, const char *effective_from)
{
	return sql_text("select (\"row\").share_agreement_id from api.create_share_agreement(%d, "
			"'%s', 'operator', '" NOW "', '%s', '%s', " SQL_DIGEST
			", '%s', 'Royalty', 'net_sales', '%s', jsonb_build_array("
			"jsonb_build_object('party', 'partner', 'share_ppm', %d), "
			"jsonb_build_object('party', 'platform', 'share_ppm', %d)))",
	    market_id, sql_operator(), far_id(), sql_id(), sql_id(), effective_from, share_ppm,
	    1000000 - share_ppm);
}

const char *
report_call(int market_id, struct sales sales)
{
	const char *period = or_else(sales.period, "2026-02");

	return print("select replayed, (\"row\").* from api.create_sales_report(%d, "
		     "'00000000-0000-7000-8000-00000000000a', 'operator', '%s', '%s', "
		     "sha256('%s %" PRId64 "'), '%s', '%s', '%s', '%s', %" PRId64 ", %" PRId64
		     ", %s)",
	    market_id, or_else(sales.now, NOW), or_else(sales.key, sql_id()), period,
	    sales.gross_minor, sql_id(), far_id(), sales.idea_id, period, sales.gross_minor,
	    sales.returns_minor, quoted(sales.restates));
}

const char *
given_report(int market_id, struct sales sales)
{
	return sql_text("select sales_report_id from (%s) made", report_call(market_id, sales));
}

const char *
of_idea(const char *idea_id, const char *column)
{
	return sql_text("select %s from cocreation.idea where idea_id = '%s'", column, idea_id);
}

int64_t
balance_of(const char *partner_id)
{
	return sql_int("select balance_minor from ledger.wallet where owner_id = '%s'", partner_id);
}
