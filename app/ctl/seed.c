/* seed: a file of rows to begin with, run once in one transaction; its people are sealed before
 * anybody sees them. */
#include "ctl.h"
#include "sealing.h"

#include "socius/log.h"

static void
run(PGconn *connection, const char *path, const char *sql)
{
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		log_die("%s: %s", path, database_fault(connection));
	PQclear(result);
}

int
seed_run(struct ctl *ctl)
{
	const char *path = options_word(ctl);
	PGconn *connection;

	options_end(ctl);
	if (path == NULL)
		log_die("seed needs a file");
	connection = database_open(ctl, "postgres", "socius");
	run(connection, path, "begin");
	run(connection, path, files_read(&ctl->arena, path).at);
	sealing_run(ctl, connection);
	run(connection, path, "commit");
	PQfinish(connection);
	return 0;
}
