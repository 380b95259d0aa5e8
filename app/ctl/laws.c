/*
 * laws: runs every law. A law is a view laws.<name> whose rows are violations; its neighbour
 * laws.<name>_examined says how many rows it has looked at.
 */
#include "laws.h"

#include "socius/log.h"

enum { LAWS_SHOWN_MAX = 20 };

static const char *const listing =
    "select c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') "
    "from pg_catalog.pg_class c "
    "where c.relnamespace = 'laws'::regnamespace and c.relkind = 'v' "
    "and c.relname not like '%\\_examined' order by 1";

/* The rows; NULL: the statement cannot be run, and why was printed. What fails is taken back alone,
 * so that the laws that follow still look at the same moment. */
static PGresult *
ask(PGconn *connection, const char *name, const char *sql)
{
	PGresult *result;

	PQclear(database_ask(connection, "savepoint law", 0, NULL));
	result = PQexec(connection, sql);
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		PQclear(database_ask(connection, "release savepoint law", 0, NULL));
		return result;
	}
	(void)printf("%-6s %-36s cannot be run: %s\n", "BROKEN", name, database_fault(connection));
	PQclear(result);
	if (PQstatus(connection) != CONNECTION_OK)
		log_die("the database went away while laws were read");
	PQclear(database_ask(connection, "rollback to savepoint law", 0, NULL));
	return NULL;
}

static void
show_violations(const PGresult *violations)
{
	int rows = PQntuples(violations);

	for (int row = 0; row < rows && row < LAWS_SHOWN_MAX; row++) {
		(void)printf("   ");
		for (int column = 0; column < PQnfields(violations); column++)
			(void)printf(" %s=%s", PQfname(violations, column),
			    PQgetisnull(violations, row, column)
				? "null"
				: PQgetvalue(violations, row, column));
		(void)printf("\n");
	}
	if (rows > LAWS_SHOWN_MAX)
		(void)printf("    and %d more\n", rows - LAWS_SHOWN_MAX);
}

/* Whether it is broken: it has violations, or cannot be run. */
static bool
run_law(struct ctl *ctl, PGconn *connection, const char *name, const char *says, bool prints_all)
{
	PGresult *violations =
	    ask(connection, name, arena_print(&ctl->arena, "select * from laws.%s", name));
	PGresult *examined =
	    violations == NULL
		? NULL
		: ask(connection, name,
		      arena_print(&ctl->arena, "select examined from laws.%s_examined", name));
	bool broken = examined == NULL || PQntuples(violations) > 0;

	if (examined != NULL && (broken || prints_all))
		(void)printf("%-6s %-36s %10s examined  %s\n", broken ? "BROKEN" : "holds", name,
		    PQntuples(examined) == 1 ? PQgetvalue(examined, 0, 0) : "?", says);
	if (violations != NULL)
		show_violations(violations);
	PQclear(violations);
	PQclear(examined);
	return broken;
}

static int
run_laws(struct ctl *ctl, const char *database, bool prints_all, int *count)
{
	PGconn *connection = database_open(ctl, "socius_law", database);
	PGresult *laws;
	int broken = 0;

	/* one snapshot, so that all laws look at the same moment */
	PQclear(
	    database_ask(connection, "begin isolation level repeatable read read only", 0, NULL));
	laws = database_ask(connection, listing, 0, NULL);
	*count = PQntuples(laws);
	for (int i = 0; i < *count; i++)
		broken += run_law(
		    ctl, connection, PQgetvalue(laws, i, 0), PQgetvalue(laws, i, 1), prints_all);
	PQclear(laws);
	PQfinish(connection);
	if (*count == 0)
		log_die("there are no laws: the database is not migrated");
	return broken;
}

int
laws_broken(struct ctl *ctl, const char *database, bool prints_all)
{
	int count;

	return run_laws(ctl, database, prints_all, &count);
}

int
laws_run(struct ctl *ctl)
{
	int count, broken;

	options_end(ctl);
	broken = run_laws(ctl, "socius", true, &count);
	(void)printf("%d laws, %d broken\n", count, broken);
	return broken > 0;
}
