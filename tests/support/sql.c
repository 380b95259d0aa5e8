/* sql: see sql.h. */
#include "support/sql.h"

#include <stdarg.h>
#include <unistd.h>

#include <criterion/criterion.h>

enum { SQL_BYTES_MAX = 16 * 1024, SQL_RESULTS_MAX = 4096 };

static PGconn *connection;
static int ids_given;

/* Results stay until the test ends, so that the text they hold stays valid. */
static PGresult *results[SQL_RESULTS_MAX];
static int results_count;

static const char *
conninfo(void)
{
	return getenv("SOCIUS_TEST_CONNINFO");
}

static void
hush(void *of, const char *message)
{
	(void)of;
	(void)message;
}

PGconn *
sql_connect(void)
{
	PGconn *fresh = PQconnectdb(conninfo());

	cr_assert_eq(PQstatus(fresh), CONNECTION_OK, "%s", PQerrorMessage(fresh));
	PQsetNoticeProcessor(fresh, hush, NULL);
	return fresh;
}

void
sql_begin(void)
{
	if (conninfo() == NULL)
		cr_skip_test("SOCIUS_TEST_CONNINFO names no database");
	connection = sql_connect();
	sql_run("begin");
}

void
sql_end(void)
{
	for (int i = 0; i < results_count; i++)
		PQclear(results[i]);
	results_count = 0;
	PQfinish(connection); /* an open transaction ends with its connection */
	connection = NULL;
}

PGconn *
sql_connection(void)
{
	return connection;
}

static PGresult *
keep(PGresult *result)
{
	cr_assert_lt(results_count, SQL_RESULTS_MAX, "too many statements in one test");
	results[results_count++] = result;
	return result;
}

static PGresult *
execute(const char *format, va_list arguments)
{
	char statement[SQL_BYTES_MAX];
	int bytes = vsnprintf(statement, sizeof(statement), format, arguments);

	cr_assert(bytes >= 0 && bytes < SQL_BYTES_MAX, "the statement is too long");
	return keep(PQexec(connection, statement));
}

static bool
succeeded(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

static PGresult *
must(const char *format, va_list arguments)
{
	PGresult *result = execute(format, arguments);

	cr_assert(succeeded(result), "%s\nin: %s", PQresultErrorMessage(result), format);
	return result;
}

static const char *
cell(const char *format, va_list arguments)
{
	PGresult *result = must(format, arguments);

	cr_assert_gt(PQntuples(result), 0, "no row from: %s", format);
	return PQgetisnull(result, 0, 0) ? NULL : PQgetvalue(result, 0, 0);
}

void
sql_run(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	must(format, arguments);
	va_end(arguments);
}

int64_t
sql_int(const char *format, ...)
{
	va_list arguments;
	const char *text;
	char *end;
	int64_t value;

	va_start(arguments, format);
	text = cell(format, arguments);
	va_end(arguments);
	cr_assert_not_null(text, "null from: %s", format);
	value = strtoll(text, &end, 10);
	cr_assert(end != text && *end == '\0', "not an integer: %s from: %s", text, format);
	return value;
}

bool
sql_true(const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = cell(format, arguments);
	va_end(arguments);
	cr_assert_not_null(text, "null from: %s", format);
	return text[0] == 't';
}

const char *
sql_text(const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = cell(format, arguments);
	va_end(arguments);
	return text;
}

int
sql_count(const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = PQntuples(must(format, arguments));
	va_end(arguments);
	return count;
}

/* What the statement said no with: a slug, a constraint, or NULL when it said yes. */
static const char *
refusal(const PGresult *result)
{
	const char *sqlstate;
	int column;

	if (succeeded(result)) {
		column = PQfnumber(result, "refused");
		if (column < 0 || PQntuples(result) == 0 || PQgetisnull(result, 0, column))
			return NULL;
		return PQgetvalue(result, 0, column);
	}
	sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (sqlstate != NULL && strcmp(sqlstate, "SO001") == 0)
		return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (sqlstate != NULL && strncmp(sqlstate, "23", 2) == 0)
		return PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	return PQresultErrorMessage(result);
}

static const PGresult *refused_last;

/* Its business data as JSON; NULL: it has none. */
static const char *
refusal_detail(const PGresult *result)
{
	int column;

	if (!succeeded(result))
		return PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	column = PQfnumber(result, "detail");
	return column < 0 || PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
}

void
sql_may_retry(const char *member, const char *at, int64_t after_s)
{
	const char *detail = refusal_detail(refused_last);

	cr_assert_not_null(detail, "the refusal has no detail");
	cr_assert_str_eq(sql_text("select '%s'::jsonb ->> '%s'", detail, member), at, "%s", detail);
	cr_assert_eq(
	    sql_int("select '%s'::jsonb ->> 'retry_after_s'", detail), after_s, "%s", detail);
}

void
sql_refused(const char *slug, const char *format, ...)
{
	va_list arguments;
	PGresult *result;
	const char *said;

	sql_run("savepoint before_refusal");
	va_start(arguments, format);
	result = execute(format, arguments);
	va_end(arguments);
	refused_last = result;
	said = refusal(result);
	cr_assert_not_null(said, "not refused, expected %s: %s", slug, format);
	cr_assert_str_eq(said, slug, "refused with %s, expected %s: %s", said, slug, format);
	sql_run("rollback to before_refusal");
}

void
sql_fails(const char *sqlstate, const char *format, ...)
{
	va_list arguments;
	PGresult *result;
	const char *said;

	sql_run("savepoint before_failure");
	va_start(arguments, format);
	result = execute(format, arguments);
	va_end(arguments);
	said = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	cr_assert_not_null(said, "succeeded, expected %s: %s", sqlstate, format);
	cr_assert_str_eq(
	    said, sqlstate, "%s\nexpected %s: %s", PQresultErrorMessage(result), sqlstate, format);
	sql_run("rollback to before_failure");
}

void
sql_as(const char *role)
{
	if (role == NULL)
		sql_run("reset role");
	else
		sql_run("set local role %s", role);
}

/* tests/run holds the list against the catalog: every law has seen its violation. */
static void
note_law(const char *law)
{
	const char *list = getenv("SOCIUS_TEST_LAWS");
	FILE *file = list != NULL ? fopen(list, "ae") : NULL;

	if (file == NULL)
		return;
	cr_assert_geq(fprintf(file, "%s\n", law), 0);
	cr_assert_eq(fclose(file), 0);
}

void
sql_breaks_law(const char *law, const char *format, ...)
{
	va_list arguments;
	int64_t before = sql_int("select count(*) from laws.%s", law);

	sql_run("savepoint before_breach");
	va_start(arguments, format);
	must(format, arguments);
	va_end(arguments);
	cr_assert_gt(sql_int("select examined from laws.%s_examined", law), 0,
	    "laws.%s has looked at nothing", law);
	cr_assert_gt(sql_int("select count(*) from laws.%s", law), before,
	    "laws.%s does not see: %s", law, format);
	sql_run("rollback to before_breach");
	note_law(law);
}

/* Tests run side by side: the process makes the difference. */
const char *
sql_id(void)
{
	return sql_text(
	    "select '%08x-0000-7000-8000-%012x'::uuid", (unsigned)getpid(), (unsigned)++ids_given);
}

int
sql_market_in(const char *currency, const char *time_zone)
{
	int market_id = (int)getpid() * 100 + ++ids_given;

	sql_run("insert into core.market (market_id, code, name, currency, currency_exponent, "
		"time_zone, is_test, created_at) values (%d, 't%d', 'Test', '%s', 2, '%s', "
		"true, " SQL_NOW ")",
	    market_id, market_id, currency, time_zone);
	return market_id;
}

int
sql_market(void)
{
	return sql_market_in("EUR", "Europe/Rome");
}

const char *
sql_partner(int market_id, const char *kind)
{
	const char *partner_id = sql_id(), *account_id = sql_id();

	sql_run("insert into identity.account values ('%s', 'Partner', " SQL_NOW ")", account_id);
	sql_run("select identity.make_partner(%d, '%s', '%s', 'Partner', "
		"'[{\"kind\": \"%s\"}]', " SQL_DIGEST ", '%s', '%s', 'operator', " SQL_NOW ")",
	    market_id, partner_id, account_id, kind, sql_id(), sql_operator());
	return partner_id;
}

const char *
sql_operator(void)
{
	return sql_id();
}
