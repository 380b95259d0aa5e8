/*
 * link_connection: one connection to PostgreSQL, from opening to losing it.
 *
 * DOWN -> CONNECTING -> PREPARING -> UP, and from anywhere back to DOWN, to be opened again after
 * a back-off. It never blocks: libpq connects by PQconnectPoll, sends from its own buffer, and is
 * only read when the loop says so (link_results.c).
 */
#include "link_private.h"
#include "socius/log.h"
#include "socius/world.h"

static void on_ready(void *arg, int events);
static void open_now(struct link_connection *connection);
static void prepare_all(struct link_connection *connection);

static const char *const lane_names[LINK_LANES] = { "read", "write", "slow", "cold" };

/* A call that waits for a lock or runs for long must not hold a lane; see docs/OPERATING.md. */
static const char *const lane_options[LINK_LANES] = {
	"-c statement_timeout=2000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=5000",
	"-c statement_timeout=2000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=5000",
	"-c statement_timeout=30000 -c lock_timeout=500 "
	"-c idle_in_transaction_session_timeout=5000",
	"-c statement_timeout=2000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=5000",
};

void
link_connection_init(struct link_connection *connection, struct link_lane *lane)
{
	connection->lane = lane;
	connection->state = LINK_DOWN;
	connection->fd = -1;
	connection->unusable = calloc((size_t)connection->link->statements_count + 1, sizeof(bool));
	if (connection->unusable == NULL)
		log_die("link: no memory");
	open_now(connection);
}

bool
link_connection_idle(const struct link_connection *connection)
{
	return connection->syncs_sent == connection->syncs_seen;
}

static void
watch(struct link_connection *connection, int events)
{
	struct loop *loop = &connection->link->loop;

	if (connection->interest == events)
		return;
	connection->interest = events;
	loop->watch(loop->of, connection->fd, events, on_ready, connection);
}

static void
unwatch(struct link_connection *connection)
{
	struct loop *loop = &connection->link->loop;

	if (connection->interest != 0)
		loop->unwatch(loop->of, connection->fd);
	connection->interest = 0;
}

/* 50 ms, doubled with each failure to at most a second, half of it by chance. */
static int64_t
backoff_us(int failures)
{
	int64_t most = LINK_BACKOFF_LEAST_US << (failures < 10 ? failures : 10);
	uint16_t chance;

	if (most > LINK_BACKOFF_MOST_US)
		most = LINK_BACKOFF_MOST_US;
	world_chance(&chance, sizeof(chance));
	return most / 2 + most / 2 * chance / UINT16_MAX;
}

/* Forgets libpq's connection; what was in flight is the caller's. */
static void
finish(struct link_connection *connection)
{
	struct link_lane *lane = connection->lane;

	unwatch(connection);
	PQclear(connection->held);
	connection->held = NULL;
	PQfinish(connection->pg);
	connection->pg = NULL;
	connection->fd = -1;
	connection->stale = connection->ended = false;
	connection->statement = NULL;
	connection->syncs_sent = connection->syncs_seen = 0;
	if (connection->state == LINK_UP && --lane->up == 0)
		lane->down_since_us = connection->link->now_us;
	connection->state = LINK_DOWN;
}

/* The first line of what libpq says, for the log. */
static void
log_lost(const struct link_connection *connection, const char *why)
{
	char line[256];

	if (connection->failures > 0 && connection->state != LINK_UP)
		return; /* it was said when the failures began */
	(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(why, "\n"), why); /* cut is fine */
	log_line(LOG_LEVEL_WARN, "link.lost", "lane", lane_names[connection->lane->lane], "error",
	    line, NULL);
}

void
link_connection_lose(struct link_connection *connection, const char *why)
{
	log_lost(connection, why);
	finish(connection);
	connection->retry_us = connection->link->now_us + backoff_us(connection->failures);
	connection->failures++;
	if (connection->lane->lane == LANE_READ)
		link_reads_lost(connection);
	else
		link_writes_lost(connection);
}

void
link_connection_close(struct link_connection *connection)
{
	finish(connection);
	free(connection->unusable);
}

/* What libpq takes; a later keyword wins, so that the conninfo may say how to reach the server but
 * not how long a statement may run. */
static PGconn *
start(const struct link_connection *connection)
{
	const struct link *link = connection->link;
	char options[512];
	const char *const keywords[] = { "gssencmode", "tcp_user_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "dbname", "application_name",
		"client_encoding", "options", NULL };
	const char *const values[] = { "disable", "10000", "10", "5", "3", link->conninfo, "socius",
		"UTF8", options, NULL };
	int length = snprintf(options, sizeof(options), "%s %s",
	    link->options == NULL ? "" : link->options, lane_options[connection->lane->lane]);

	if (length < 0 || (size_t)length >= sizeof(options))
		log_die("link: the options of the conninfo are too long");
	return PQconnectStartParams(keywords, values, 1);
}

/* Notices are for those who sit at a terminal; but the last words of a server that is shut down
 * while nothing is in flight come as one. */
static void
take_notice(void *arg, const PGresult *notice)
{
	struct link_connection *connection = arg;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		connection->ended = true;
}

static void
open_now(struct link_connection *connection)
{
	connection->since_us = connection->link->now_us;
	connection->pg = start(connection);
	if (connection->pg == NULL)
		log_die("link: no memory for a connection");
	if (PQstatus(connection->pg) == CONNECTION_BAD) {
		link_connection_lose(connection, PQerrorMessage(connection->pg));
		return;
	}
	(void)PQsetNoticeReceiver(
	    connection->pg, take_notice, connection); /* the old is nobody's */
	connection->state = LINK_CONNECTING;
	connection->fd = PQsocket(connection->pg);
	watch(connection, LOOP_WRITE);
}

/* libpq may go from one socket to the next here, and the kernel may give it the same number: the
 * loop is told anew each time. */
static void
go_on_connecting(struct link_connection *connection)
{
	PostgresPollingStatusType status;

	unwatch(connection);
	status = PQconnectPoll(connection->pg);
	if (status == PGRES_POLLING_FAILED) {
		link_connection_lose(connection, PQerrorMessage(connection->pg));
		return;
	}
	connection->fd = PQsocket(connection->pg);
	if (status == PGRES_POLLING_OK)
		prepare_all(connection);
	else
		watch(connection, status == PGRES_POLLING_WRITING ? LOOP_WRITE : LOOP_READ);
}

void
link_connection_up(struct link_connection *connection)
{
	connection->state = LINK_UP;
	connection->since_us = connection->link->now_us;
	connection->failures = 0;
	connection->lane->up++;
	log_line(LOG_LEVEL_INFO, "link.up", "lane", lane_names[connection->lane->lane], NULL);
}

static bool
prepare(struct link_connection *connection, const struct link_statement *statement)
{
	const char *sql = statement->batched ? statement->of->batch_sql : statement->of->sql;

	return PQsendPrepare(connection->pg, statement->name, sql, statement->of->args_count,
		   statement->oids) == 1 &&
	       link_connection_sync(connection);
}

/* Each has a Sync of its own, so that one that fails does not abort the others. */
static void
prepare_all(struct link_connection *connection)
{
	const struct link *link = connection->link;

	connection->state = LINK_PREPARING;
	connection->prepared = 0;
	memset(connection->unusable, 0, (size_t)link->statements_count * sizeof(bool));
	if (PQsetnonblocking(connection->pg, 1) != 0 || PQenterPipelineMode(connection->pg) != 1) {
		link_connection_lose(connection, PQerrorMessage(connection->pg));
		return;
	}
	for (int i = 0; i < link->statements_count; i++)
		if (!prepare(connection, &link->statements[i])) {
			link_connection_lose(connection, PQerrorMessage(connection->pg));
			return;
		}
	if (link_connection_push(connection) && link->statements_count == 0)
		link_connection_up(connection);
}

bool
link_connection_send(struct link_connection *connection, const struct link_statement *statement,
    const struct link_slot *first, int calls)
{
	struct link_params params;

	link_params_of(&params, &connection->link->scratch, statement, first, calls);
	return PQsendQueryPrepared(connection->pg, statement->name, params.count, params.values,
		   params.lengths, params.formats, 1) == 1;
}

bool
link_connection_sync(struct link_connection *connection)
{
	if (PQpipelineSync(connection->pg) != 1)
		return false;
	connection->syncs_sent++;
	return true;
}

bool
link_connection_push(struct link_connection *connection)
{
	int left = PQflush(connection->pg);

	if (left < 0) {
		link_connection_lose(connection, PQerrorMessage(connection->pg));
		return false;
	}
	watch(connection, left == 1 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	return true;
}

static void
on_ready(void *arg, int events)
{
	struct link_connection *connection = arg;
	struct link *link = connection->link;

	link_turn_begin(link);
	if (connection->state == LINK_CONNECTING) {
		go_on_connecting(connection);
	} else if (connection->state != LINK_DOWN) {
		/* With bytes left to send libpq wants both, in this order (PQflush's own page). */
		if (events & LOOP_READ)
			link_results_read(connection);
		if (connection->state != LINK_DOWN && events & LOOP_WRITE)
			(void)link_connection_push(connection); /* lost: nothing left to do here */
	}
	link_turn_end(link);
}

bool
link_connection_refresh(struct link_connection *connection)
{
	if (connection->link->now_us - connection->since_us < LINK_REFRESH_US)
		return false;
	connection->stale = true;
	return true;
}

/* Whether its server, or the way to it, is to be given up. */
static bool
hangs(const struct link_connection *connection)
{
	int64_t now_us = connection->link->now_us;
	int64_t patience_us =
	    connection->lane->lane == LANE_SLOW ? LINK_ANSWER_SLOW_US : LINK_ANSWER_US;

	if (connection->state != LINK_UP)
		return now_us - connection->since_us > LINK_CONNECT_US;
	return connection->sent.head != NULL &&
	       now_us - connection->sent.head->sent_us > patience_us;
}

void
link_connection_tick(struct link_connection *connection)
{
	if (connection->state == LINK_DOWN) {
		if (connection->link->now_us >= connection->retry_us)
			open_now(connection);
	} else if (hangs(connection)) {
		link_connection_lose(connection, "no answer in time");
	}
}

void
link_connection_renew(struct link_connection *connection)
{
	if (!connection->stale || !link_connection_idle(connection))
		return;
	finish(connection);
	open_now(connection);
}
