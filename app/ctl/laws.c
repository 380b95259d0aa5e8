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

static PGresult *
ask(PGconn *connection, const char *name, const char *sql)
{
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		log_die("the law %s cannot be run: %s", name, database_fault(connection));
	return result;
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

/* Returns the number of violations. */
static int
run_law(struct ctl *ctl, PGconn *connection, const char *name, const char *says, bool prints_all)
{
	PGresult *violations =
	    ask(connection, name, arena_print(&ctl->arena, "select * from laws.%s", name));
	PGresult *examined = ask(connection, name,
	    arena_print(&ctl->arena, "select examined from laws.%s_examined", name));
	int count = PQntuples(violations);

	if (count > 0 || prints_all)
		(void)printf("%-6s %-36s %10s examined  %s\n", count == 0 ? "holds" : "BROKEN",
		    name, PQntuples(examined) == 1 ? PQgetvalue(examined, 0, 0) : "?", says);
	show_violations(violations);
	PQclear(violations);
	PQclear(examined);
	return count;
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
		broken += run_law(ctl, connection, PQgetvalue(laws, i, 0), PQgetvalue(laws, i, 1),
			      prints_all) > 0;
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
