/*
 * failing: what of the runner's work fails, and trying it again.
 */
#include "ctl.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/uuid.h"
#include "socius/world.h"

static const char *const listing =
    "select rpad(f.what, 24) || ' ' || rpad(case f.market_id when 0 then '-' else "
    "f.market_id::text end, 10) || ' ' || rpad(f.id, 36) || ' ' || rpad(f.state, 8) || ' ' || "
    "lpad(coalesce(f.attempts::text, '-'), 3) || ' attempts  ' || coalesce(f.error, '-') "
    "|| case when f.state = 'retrying' and f.retry_at is not null then ' (again at ' || "
    "to_char(f.retry_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ')' else '' end, "
    "f.state = 'failed' from jobs.list_failing() f";

static int
list(PGconn *connection)
{
	PGresult *rows = database_ask(connection, listing, 0, NULL);
	int count = PQntuples(rows), failed = 0;

	for (int i = 0; i < count; i++) {
		(void)puts(database_one_line(PQgetvalue(rows, i, 0)));
		failed += strcmp(PQgetvalue(rows, i, 1), "t") == 0;
	}
	PQclear(rows);
	(void)printf("%d failed, %d tried again\n", failed, count - failed);
	return failed > 0;
}

static void
try_again(PGconn *connection, const char *id)
{
	char now[INSTANT_TEXT_BYTES_MAX];
	const char *params[] = { id, now };
	struct uuid uuid;
	PGresult *found;

	if (!uuid_read(text_of(id), &uuid))
		log_die("\"%s\" is no id: see ./socius jobs", id);
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	found = database_ask(connection, "select jobs.try_again($1, $2)", 2, params);
	if (strcmp(PQgetvalue(found, 0, 0), "t") != 0)
		log_die("nothing of the id %s is to be tried again here; a payout run that has "
			"failed is resumed by an operator: POST /v1/payout_runs/{id}/resume",
		    id);
	PQclear(found);
}

int
jobs_run(struct ctl *ctl)
{
	const char *id = options_value(ctl, "--try-again");
	PGconn *connection;
	int code = 0;

	options_end(ctl);
	connection = database_open(ctl, "socius_runner", "socius");
	if (id != NULL)
		try_again(connection, id);
	else
		code = list(connection);
	PQfinish(connection);
	return code;
}
