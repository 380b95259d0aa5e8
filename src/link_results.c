/*
 * link_results: what comes from PostgreSQL on one connection, handed to its lane.
 */
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "link_private.h"
#include "socius/log.h"

static void take_result(struct link_connection *connection, PGresult *result);

/* Takes what is complete. libpq ends each statement's results with NULL; two in a row mean that it
 * awaits nothing while we do. */
static void
take_all(struct link_connection *connection)
{
	int nothing = 0;

	while (connection->pg != NULL && !PQisBusy(connection->pg) &&
	       !link_connection_idle(connection)) {
		PGresult *result = PQgetResult(connection->pg);

		if (result != NULL) {
			nothing = 0;
			take_result(connection, result);
		} else if (++nothing == 2) {
			link_connection_lose(connection, "out of step with libpq");
		}
	}
}

static const char *
why_lost(const struct link_connection *connection)
{
	return connection->ended ? "the server has ended the session"
				 : PQerrorMessage(connection->pg);
}

/* What arrived before the end of a connection still counts. */
void
link_results_read(struct link_connection *connection)
{
	bool broken = PQconsumeInput(connection->pg) == 0;

	take_all(connection);
	if (connection->pg != NULL && (broken || connection->ended))
		link_connection_lose(connection, why_lost(connection));
}

/* What an idle server says unasked: that it ends the session, or nothing of interest. */
static void
take_unasked(struct link_connection *connection)
{
	if (PQconsumeInput(connection->pg) == 0 || PQisBusy(connection->pg) || connection->ended)
		link_connection_lose(connection, why_lost(connection));
}

/* An end that has arrived but was not read yet must not take a write with it: nobody could say
 * whether it was done. */
bool
link_results_stand(struct link_connection *connection)
{
	char byte;

	assert(link_connection_idle(connection));
	/* Twice: the server's last words, then its end. */
	for (int i = 0; i < 2 && connection->state == LINK_UP; i++) {
		if (recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN)
			return true;
		take_unasked(connection);
	}
	return connection->state == LINK_UP;
}

const char *
link_sqlstate(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate == NULL ? "" : sqlstate;
}

static bool
listed(const char *sqlstate, const char *list)
{
	return *sqlstate != '\0' && strstr(list, sqlstate) != NULL;
}

bool
link_sqlstate_retryable(const char *sqlstate)
{
	return listed(sqlstate, "40001 40P01 55P03");
}

/* From inside a function (where there is a context) it is the function's own mistake. */
bool
link_error_stale(const PGresult *result)
{
	return PQresultErrorField(result, PG_DIAG_CONTEXT) == NULL &&
	       listed(link_sqlstate(result), "26000 0A000 42883");
}

/* The session is over: what the server said last, or libpq itself, who gives no SQLSTATE. */
static bool
ends_session(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (PQresultStatus(result) != PGRES_FATAL_ERROR)
		return false;
	return severity == NULL || strcmp(severity, "ERROR") != 0;
}

static void
take_prepared(struct link_connection *connection, const PGresult *result)
{
	const struct link_statement *statement =
	    &connection->link->statements[connection->prepared];

	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		return;
	connection->unusable[statement->index] = true;
	log_line(LOG_LEVEL_ERROR, "link.statement_unusable", "statement", statement->of->name,
	    "sqlstate", link_sqlstate(result), "error",
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), NULL);
}

static void
take_sync(struct link_connection *connection)
{
	connection->syncs_seen++;
	if (connection->state == LINK_PREPARING) {
		if (++connection->prepared == connection->link->statements_count)
			link_connection_up(connection);
		return;
	}
	/* Each call is one transaction: none may outlive its Sync. */
	if (link_connection_idle(connection) && PQstatus(connection->pg) == CONNECTION_OK)
		assert(PQtransactionStatus(connection->pg) == PQTRANS_IDLE);
	if (connection->lane->lane != LANE_READ)
		link_writes_synced(connection);
}

/* Takes the result. */
static void
take_result(struct link_connection *connection, PGresult *result)
{
	if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
		PQclear(result);
		take_sync(connection);
	} else if (ends_session(result)) {
		link_connection_lose(connection, PQresultErrorMessage(result));
		PQclear(result);
	} else if (connection->state == LINK_PREPARING) {
		take_prepared(connection, result);
		PQclear(result);
	} else if (connection->lane->lane == LANE_READ) {
		link_reads_result(connection, result);
		PQclear(result);
	} else {
		link_writes_result(connection, result);
	}
}
