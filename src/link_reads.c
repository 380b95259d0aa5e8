/*
 * link_reads: the read lane. What waits is shared out over the idle connections first; where there
 * is none, several reads go under one Sync. A read changes nothing, so its answer is given as soon
 * as it is there.
 *
 * A read that raises aborts those behind it under the same Sync: they are sent again alone.
 */
#include <assert.h>

#include "link_private.h"
#include "socius/world.h"

enum { READS_WORTH_SHARING = 8 };

/* The connection with the least in flight that has room, or NULL. */
static struct link_connection *
least_busy(struct link_lane *lane)
{
	struct link_connection *found = NULL;

	for (int i = 0; i < lane->connections_count; i++) {
		struct link_connection *connection = &lane->connections[i];

		if (connection->state != LINK_UP || connection->stale ||
		    connection->sent.count >= LINK_READS_IN_FLIGHT_MAX)
			continue;
		if (found == NULL || connection->sent.count < found->sent.count)
			found = connection;
	}
	return found;
}

static int
count_idle(const struct link_lane *lane)
{
	int idle = 0;

	for (int i = 0; i < lane->connections_count; i++)
		idle += lane->connections[i].state == LINK_UP && !lane->connections[i].stale &&
			lane->connections[i].sent.count == 0;
	return idle;
}

/* How many to put under one Sync. The idle connections share all; where each is at work, few go
 * together and many are shared out. */
static int
share(const struct link_lane *lane)
{
	int idle = count_idle(lane);
	int among = idle > 0 ? idle : lane->up;
	int each = (lane->queue.count + among - 1) / among;

	if (idle == 0 && each < READS_WORTH_SHARING)
		each = READS_WORTH_SHARING;
	return each < LINK_READS_OF_SYNC_MAX ? each : LINK_READS_OF_SYNC_MAX;
}

/* The statement was not prepared on this connection. */
static void
refuse_unusable(struct link_connection *connection, struct link_slot *slot)
{
	if (link_connection_refresh(connection))
		link_list_add(&connection->lane->queue, slot);
	else
		link_fail(connection->link, slot, OUTCOME_FAILED, false);
}

/* false: the connection is lost. */
static bool
send_one(struct link_connection *connection, struct link_slot *slot)
{
	bool sent;

	slot->sent_us = connection->link->now_us;
	slot->sync = connection->syncs_sent;
	sent = link_connection_send(connection, slot->statement, slot, 1);
	link_list_add(&connection->sent, slot);
	if (!sent)
		link_connection_lose(connection, PQerrorMessage(connection->pg));
	return sent;
}

/* Sends up to `most` reads and a Sync. false: the connection is lost. */
static bool
send_some(struct link_connection *connection, int most)
{
	struct link_lane *lane = connection->lane;
	struct link_slot *slot;
	int sent = 0;

	while (sent < most && !connection->stale) {
		if (sent > 0 && lane->queue.head != NULL && lane->queue.head->alone)
			break;
		slot = link_list_take_live(connection->link, &lane->queue);
		if (slot == NULL)
			break;
		if (connection->unusable[slot->statement->index]) {
			refuse_unusable(connection, slot);
			continue;
		}
		if (!send_one(connection, slot))
			return false;
		sent++;
		if (slot->alone)
			break;
	}
	if (sent > 0 && !link_connection_sync(connection)) {
		link_connection_lose(connection, PQerrorMessage(connection->pg));
		return false;
	}
	return sent == 0 || link_connection_push(connection);
}

void
link_reads_send(struct link_lane *lane)
{
	while (lane->queue.count > 0) {
		struct link_connection *connection = least_busy(lane);

		if (connection == NULL)
			return;
		/* A lost connection is not found again: the loop ends with the last of them. */
		(void)send_some(connection, share(lane));
	}
}

/* Asks again: alone, and behind those who wait. */
static void
again_alone(struct link_lane *lane, struct link_slot *slot)
{
	slot->alone = true;
	link_list_add(&lane->queue, slot);
}

static void
take_error(struct link_connection *connection, struct link_slot *slot, const PGresult *result)
{
	if (link_sqlstate_retryable(link_sqlstate(result)) && slot->retries < LINK_RETRIES_MAX) {
		slot->retries++;
		again_alone(connection->lane, slot);
	} else if (link_error_stale(result) && link_connection_refresh(connection)) {
		again_alone(connection->lane, slot);
	} else {
		link_answer_failed(connection->link, slot, result);
	}
}

void
link_reads_result(struct link_connection *connection, const PGresult *result)
{
	struct link_slot *slot = connection->sent.head;

	/* An error at the Sync itself is nobody's: all its reads have been answered. */
	if (slot == NULL || slot->sync != connection->syncs_seen)
		return;
	(void)link_list_take(&connection->sent); /* it is the slot */
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		link_answer_rows(connection->link, slot, result, 0, PQntuples(result));
		break;
	case PGRES_PIPELINE_ABORTED:
		again_alone(connection->lane, slot);
		break;
	default:
		take_error(connection, slot, result);
		break;
	}
}

/* A read changes nothing and may be asked again. Where a server ends all connections at once the
 * second one is lost as well; but a read that breaks connections must not go on doing so. */
void
link_reads_lost(struct link_connection *connection)
{
	struct link_slot *slot;

	while ((slot = link_list_take(&connection->sent)) != NULL) {
		if (++slot->losses > LINK_LOSSES_MAX)
			link_fail(connection->link, slot, OUTCOME_UNAVAILABLE, true);
		else
			link_list_add(&connection->lane->queue, slot);
	}
}
