/* database: libpq for commands that may wait; see ctl.h. */
#include "ctl.h"

#include <unistd.h>

#include "socius/log.h"

/* A value of a connection string, quoted as libpq reads it. */
static const char *
quoted(struct arena *arena, const char *value)
{
	struct buffer buffer;

	buffer_init(&buffer, arena, strlen(value) * 2 + 3);
	buffer_add(&buffer, "'", 1);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			buffer_add(&buffer, "\\", 1);
		buffer_add(&buffer, value, 1);
	}
	buffer_add(&buffer, "'", 2);
	return buffer.at;
}

const char *
database_conninfo(struct ctl *ctl, const char *user, const char *database)
{
	return arena_print(&ctl->arena, "host=%s port=5432 dbname=%s user=%s connect_timeout=5",
	    quoted(&ctl->arena, ctl->settings.sockets), quoted(&ctl->arena, database),
	    quoted(&ctl->arena, user));
}

const char *
database_one_line(char *text)
{
	size_t bytes = strlen(text);

	while (bytes > 0 && text[bytes - 1] == '\n')
		text[--bytes] = '\0';
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	return text;
}

const char *
database_fault(PGconn *connection)
{
	return database_one_line(PQerrorMessage(connection));
}

PGconn *
database_open(struct ctl *ctl, const char *user, const char *database)
{
	const char *conninfo;
	PGconn *connection;

	conninfo = arena_print(&ctl->arena,
	    "%s application_name=socius-ctl options='-c client_min_messages=warning'",
	    database_conninfo(ctl, user, database));
	connection = PQconnectdb(conninfo);
	if (PQstatus(connection) != CONNECTION_OK)
		log_die("the database in %s does not answer (is the instance running?): %s",
		    ctl->settings.var, database_fault(connection));
	return connection;
}

PGresult *
database_ask(PGconn *connection, const char *sql, int count, const char *const *parameters)
{
	PGresult *result = PQexecParams(connection, sql, count, NULL, parameters, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		log_die("the database refuses \"%s\": %s", sql, database_fault(connection));
	return result;
}

int32_t
database_market(PGconn *connection, const char *code)
{
	PGresult *result = database_ask(connection,
	    "select market_id from core.market where code = $1", 1, (const char *const[]){ code });
	int32_t market_id;

	if (PQntuples(result) == 0)
		log_die("there is no market \"%s\"", code);
	market_id = (int32_t)strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return market_id;
}

int
conninfo_run(struct ctl *ctl)
{
	const char *user = options_value(ctl, "--user");

	options_end(ctl);
	(void)puts(database_conninfo(ctl, user != NULL ? user : "postgres", "socius"));
	return 0;
}

int
psql_run(struct ctl *ctl)
{
	const char *user = options_value(ctl, "--user");
	const char *words[CTL_OPTIONS_MAX] = { "psql", "--no-psqlrc",
		database_conninfo(ctl, user != NULL ? user : "postgres", "socius") };
	static const char path[] = "/usr/lib/postgresql/15/bin/psql";
	int count = 3;

	for (int i = 0; i < ctl->argc && count < CTL_OPTIONS_MAX - 1; i++)
		if (ctl->argv[i] != NULL)
			words[count++] = ctl->argv[i];
	(void)execv(path, (char *const *)words); /* returns only when it failed */
	log_die("cannot start %s", path);
}
