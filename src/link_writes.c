/*
 * link_writes: the lanes of writes, and the slow one. One Sync is in flight on a connection; what
 * waits meanwhile is grouped by statement and market, and a batched group goes as one call. Groups
 * take turns. An answer is given when its Sync has come back: then it is committed.
 *
 * A batch that raises has changed nothing. A deadlock, serialization failure or lock timeout is
 * tried once more as it was; then, as with any other error, its calls run one by one.
 */
#include <assert.h>

#include "link_private.h"
#include "socius/log.h"
#include "socius/world.h"

static int64_t
market_of(const struct link_slot *slot)
{
	const struct statement *of = slot->statement->of;

	return of->market_arg < 0 ? LINK_NO_MARKET : slot->call->args[of->market_arg].number;
}

static struct link_group **
chain_of(struct link_lane *lane, const struct link_statement *statement, int64_t market)
{
	uint64_t hash =
	    ((uint64_t)market * 31 + (uint64_t)statement->index) * UINT64_C(0x9e3779b97f4a7c15);

	return &lane->chains[hash >> 56];
}

static void
ring_add(struct link_lane *lane, struct link_group *group)
{
	group->next = NULL;
	if (lane->ring == NULL)
		lane->ring = group;
	else
		lane->ring_tail->next = group;
	lane->ring_tail = group;
}

static struct link_group *
group_new(struct link *link)
{
	struct link_group *group = link->spare_groups;

	if (group == NULL) {
		group = calloc(1, sizeof(*group));
		if (group == NULL)
			log_die("link: no memory");
		return group;
	}
	link->spare_groups = group->chain;
	memset(group, 0, sizeof(*group));
	return group;
}

/* The group of a live slot; made when there is none. */
static struct link_group *
group_of(struct link *link, struct link_lane *lane, const struct link_slot *slot)
{
	int64_t market = market_of(slot);
	struct link_group **chain = chain_of(lane, slot->statement, market);
	struct link_group *group;

	for (group = *chain; group != NULL; group = group->chain)
		if (group->statement == slot->statement && group->market == market)
			return group;
	group = group_new(link);
	group->statement = slot->statement;
	group->market = market;
	group->chain = *chain;
	*chain = group;
	ring_add(lane, group);
	return group;
}

/* Ends a group that is empty and out of the ring. */
static void
group_free(struct link *link, struct link_lane *lane, struct link_group *group)
{
	struct link_group **at = chain_of(lane, group->statement, group->market);

	assert(group->calls.count == 0);
	while (*at != group)
		at = &(*at)->chain;
	*at = group->chain;
	group->chain = link->spare_groups;
	link->spare_groups = group;
}

void
link_writes_ask(struct link_lane *lane, struct link_slot *slot)
{
	struct link *link = lane->connections[0].link;

	link_list_add(&group_of(link, lane, slot)->calls, slot);
}

/* Two batches of one statement in one market would only wait for each other's locks. Writes that
 * are not batched may; of their connections one market, and the platform, leaves one to the others.
 */
static bool
has_to_wait(const struct link_lane *lane, const struct link_statement *statement, int64_t market)
{
	int of_market = 0, of_statement = 0;

	for (int i = 0; i < lane->connections_count; i++) {
		const struct link_connection *connection = &lane->connections[i];

		if (connection->statement == NULL || connection->market != market)
			continue;
		of_market++;
		of_statement += connection->statement == statement;
	}
	if (lane->lane == LANE_COLD)
		return of_market > 0 && of_market >= lane->connections_count - 1;
	return lane->lane == LANE_WRITE && market != LINK_NO_MARKET && of_statement > 0;
}

/* Takes the next group whose turn it is out of the ring, or NULL. */
static struct link_group *
ring_take(struct link_lane *lane)
{
	struct link_group *before = NULL;

	for (struct link_group *group = lane->ring; group != NULL; group = group->next) {
		if (!has_to_wait(lane, group->statement, group->market)) {
			if (before == NULL)
				lane->ring = group->next;
			else
				before->next = group->next;
			if (lane->ring_tail == group)
				lane->ring_tail = before;
			return group;
		}
		before = group;
	}
	return NULL;
}

/* Takes one that is to run alone and is due. */
static bool
take_alone(struct link *link, struct link_lane *lane, struct link_list *batch)
{
	for (int left = lane->queue.count; left > 0; left--) {
		struct link_slot *slot = link_list_take_live(link, &lane->queue);

		if (slot == NULL)
			return false;
		if (slot->due_us <= link->now_us &&
		    !has_to_wait(lane, slot->statement, market_of(slot))) {
			link_list_add(batch, slot);
			return true;
		}
		link_list_add(&lane->queue, slot);
	}
	return false;
}

static bool
take_group(struct link *link, struct link_lane *lane, struct link_list *batch)
{
	struct link_group *group;

	while (batch->count == 0 && (group = ring_take(lane)) != NULL) {
		int most = group->statement->batched ? LINK_BATCH_MAX : 1;

		while (batch->count < most) {
			struct link_slot *slot = link_list_take_live(link, &group->calls);

			if (slot == NULL)
				break;
			link_list_add(batch, slot);
		}
		if (group->calls.count > 0)
			ring_add(lane, group);
		else
			group_free(link, lane, group);
	}
	return batch->count > 0;
}

/* What goes next: a group, or one of those that run alone, by turns. */
static bool
take_next(struct link *link, struct link_lane *lane, struct link_list *batch)
{
	lane->alone_turn = !lane->alone_turn;
	if (lane->alone_turn)
		return take_alone(link, lane, batch) || take_group(link, lane, batch);
	return take_group(link, lane, batch) || take_alone(link, lane, batch);
}

/* The statement was not prepared on this connection. */
static void
refuse_unusable(struct link_connection *connection, struct link_list *batch)
{
	struct link_slot *slot;

	while ((slot = link_list_take(batch)) != NULL) {
		if (link_connection_refresh(connection))
			link_list_add(&connection->lane->queue, slot);
		else
			link_fail(connection->link, slot, OUTCOME_FAILED, false);
	}
}

static void
send_batch(struct link_connection *connection, struct link_list *batch)
{
	struct link_slot *first = batch->head;
	bool sent;

	for (struct link_slot *slot = first; slot != NULL; slot = slot->next)
		slot->sent_us = connection->link->now_us;
	connection->market = market_of(first);
	connection->statement = first->statement;
	connection->sent = *batch;
	sent = link_connection_send(connection, first->statement, first, batch->count) &&
	       link_connection_sync(connection);
	if (!sent)
		link_connection_lose(connection, PQerrorMessage(connection->pg));
	else
		(void)link_connection_push(connection); /* lost: its calls are answered */
}

void
link_writes_send(struct link_lane *lane)
{
	for (int i = 0; i < lane->connections_count; i++) {
		struct link_connection *connection = &lane->connections[i];

		while (connection->state == LINK_UP && !connection->stale &&
		       link_connection_idle(connection)) {
			struct link_list batch = { 0 };

			if (lane->ring == NULL && lane->queue.count == 0)
				return;
			if (!link_results_stand(connection))
				break;
			if (!take_next(connection->link, lane, &batch))
				break;
			if (connection->unusable[batch.head->statement->index])
				refuse_unusable(connection, &batch);
			else
				send_batch(connection, &batch);
		}
	}
}

void
link_writes_result(struct link_connection *connection, PGresult *result)
{
	/* An error after the rows is one of the commit, and all that counts. */
	PQclear(connection->held);
	connection->held = result;
}

static void
answer_rows(struct link *link, struct link_list *batch, const PGresult *result)
{
	bool batched = batch->head->statement->batched;
	int rows = PQntuples(result);
	struct link_slot *slot;

	/* One row for each call, in order, is what core.make_batch makes. */
	assert(!batched || rows == batch->count);
	for (int row = 0; (slot = link_list_take(batch)) != NULL; row++)
		link_answer_rows(link, slot, result, row, batched ? 1 : rows);
}

/* Tries again alone after a while that grows: 0 to 50, 100, 200 ms by chance. */
static void
again_alone(struct link *link, struct link_lane *lane, struct link_slot *slot)
{
	uint16_t chance = 0;

	slot->alone = true;
	if (slot->retries > 0) {
		world_chance(&chance, sizeof(chance));
		slot->due_us =
		    link->now_us + ((25 * LINK_MS) << slot->retries) * chance / UINT16_MAX;
	}
	link_list_add(&lane->queue, slot);
}

/* A call that stood alone, or a batch of one. */
static void
take_error_of_one(
    struct link_connection *connection, struct link_slot *slot, const PGresult *result)
{
	const char *sqlstate = link_sqlstate(result);

	if (slot->call == NULL) {
		link_slot_free(connection->link, slot);
	} else if (link_sqlstate_retryable(sqlstate) && slot->retries < LINK_RETRIES_MAX) {
		slot->retries++;
		again_alone(connection->link, connection->lane, slot);
	} else if (link_error_stale(result) && link_connection_refresh(connection)) {
		again_alone(connection->link, connection->lane, slot);
	} else {
		link_answer_failed(connection->link, slot, result);
	}
}

/* Several calls of one batch: nothing of it stands. */
static void
take_error_of_many(
    struct link_connection *connection, struct link_list *batch, const PGresult *result)
{
	bool as_it_was = link_sqlstate_retryable(link_sqlstate(result));
	struct link_list first = { 0 };
	struct link_slot *slot;

	while ((slot = link_list_take(batch)) != NULL) {
		if (slot->call == NULL) {
			link_slot_free(connection->link, slot);
		} else if (as_it_was && slot->retries == 0) {
			slot->retries++;
			link_list_add(&first, slot);
		} else {
			again_alone(connection->link, connection->lane, slot);
		}
	}
	if (first.count > 0)
		link_list_put_before(
		    &group_of(connection->link, connection->lane, first.head)->calls, &first);
}

void
link_writes_synced(struct link_connection *connection)
{
	struct link_list batch = connection->sent;
	PGresult *result = connection->held;
	ExecStatusType status = PQresultStatus(result);

	connection->sent = (struct link_list){ 0 };
	connection->held = NULL;
	connection->statement = NULL;
	assert(batch.count > 0 && result != NULL);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		answer_rows(connection->link, &batch, result);
	else if (batch.count == 1)
		take_error_of_one(connection, batch.head, result);
	else
		take_error_of_many(connection, &batch, result);
	PQclear(result);
}

/* Whether they had their effect is unknown. */
void
link_writes_lost(struct link_connection *connection)
{
	struct link_slot *slot;

	while ((slot = link_list_take(&connection->sent)) != NULL)
		link_fail(connection->link, slot, OUTCOME_UNAVAILABLE, true);
}

void
link_writes_expire(struct link_lane *lane, int64_t asked_before_us)
{
	struct link *link = lane->connections[0].link;

	for (struct link_group *group = lane->ring; group != NULL; group = group->next)
		link_list_expire(link, &group->calls, asked_before_us);
}

void
link_writes_close(struct link_lane *lane)
{
	struct link_group *group;

	while ((group = lane->ring) != NULL) {
		lane->ring = group->next;
		free(group);
	}
}
