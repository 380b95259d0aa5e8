/*
 * link: the way to PostgreSQL; see link.h, and link_private.h for the files it is made of.
 */
#include "link.h"

#include <assert.h>

#include "link_private.h"
#include "socius/log.h"
#include "socius/world.h"

static void lanes_open(struct link *link, const int64_t counts[LINK_LANES]);
static void statements_take(
    struct link *link, const struct statement *const *statements, int statements_count);
static const struct link_statement *statement_find(
    const struct link *link, const struct statement *of);

/* The options in the conninfo itself, which ours are added to; dies when it is not one. */
static char *
options_of(const char *conninfo)
{
	char *error = NULL, *options = NULL;
	PQconninfoOption *all = PQconninfoParse(conninfo, &error);

	if (all == NULL)
		log_die("link: %s", error == NULL ? "no memory" : error);
	for (PQconninfoOption *one = all; one->keyword != NULL; one++)
		if (strcmp(one->keyword, "options") == 0 && one->val != NULL)
			options = strdup(one->val);
	PQconninfoFree(all);
	return options;
}

static struct link *
open_with(const struct loop *loop, const char *conninfo, const struct statement *const *statements,
    int statements_count, const int64_t counts[LINK_LANES])
{
	struct link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		log_die("link: no memory");
	link->loop = *loop;
	link->conninfo = strdup(conninfo);
	if (link->conninfo == NULL)
		log_die("link: no memory");
	link->options = options_of(conninfo);
	statements_take(link, statements, statements_count);
	link->now_us = loop->now_us(loop->of);
	lanes_open(link, counts);
	return link;
}

struct link *
link_open(const struct loop *loop, const char *conninfo, const struct statement *const *statements,
    int statements_count)
{
	const int64_t counts[LINK_LANES] = {
		[LANE_READ] = world_setting_int(
		    "SOCIUS_READ_CONNECTIONS", LINK_READ_CONNECTIONS, 1, LINK_LANE_CONNECTIONS_MAX),
		[LANE_WRITE] = world_setting_int("SOCIUS_WRITE_CONNECTIONS", LINK_WRITE_CONNECTIONS,
		    1, LINK_LANE_CONNECTIONS_MAX),
		[LANE_SLOW] = world_setting_int(
		    "SOCIUS_SLOW_CONNECTIONS", LINK_SLOW_CONNECTIONS, 1, LINK_LANE_CONNECTIONS_MAX),
		[LANE_COLD] = world_setting_int(
		    "SOCIUS_COLD_CONNECTIONS", LINK_COLD_CONNECTIONS, 1, LINK_LANE_CONNECTIONS_MAX),
	};

	return open_with(loop, conninfo, statements, statements_count, counts);
}

struct link *
link_open_small(const struct loop *loop, const char *conninfo,
    const struct statement *const *statements, int statements_count)
{
	static const int64_t counts[LINK_LANES] = { [LANE_READ] = 1, [LANE_WRITE] = 1 };

	return open_with(loop, conninfo, statements, statements_count, counts);
}

static void
lanes_open(struct link *link, const int64_t counts[LINK_LANES])
{
	for (int i = 0; i < LINK_LANES; i++) {
		struct link_lane *lane = &link->lanes[i];

		lane->lane = (enum lane)i;
		lane->connections_count = (int)counts[i];
		lane->down_since_us = link->now_us;
		for (int j = 0; j < lane->connections_count; j++) {
			lane->connections[j].link = link;
			link_connection_init(&lane->connections[j], lane);
		}
	}
}

static unsigned
address_hash(const struct statement *of)
{
	return (unsigned)((uint64_t)(uintptr_t)of * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static void
statement_init(struct link_statement *statement, const struct statement *of, int index)
{
	statement->of = of;
	statement->index = index;
	statement->batched = of->batch_sql != NULL;
	(void)snprintf(statement->name, sizeof(statement->name), "s%d", index); /* fits any int */
	for (int arg = 0; arg < of->args_count; arg++)
		statement->oids[arg] =
		    link_params_oid(of->types[arg], statement->batched && arg != of->market_arg);
}

static void
statements_take(struct link *link, const struct statement *const *statements, int statements_count)
{
	unsigned room = 16;

	while (room < 4 * (unsigned)statements_count)
		room *= 2;
	link->statements = calloc((size_t)statements_count + 1, sizeof(*link->statements));
	link->by_address = calloc(room, sizeof(*link->by_address));
	if (link->statements == NULL || link->by_address == NULL)
		log_die("link: no memory");
	link->statements_count = statements_count;
	link->by_address_mask = room - 1;
	for (int i = 0; i < statements_count; i++) {
		unsigned at = address_hash(statements[i]) & link->by_address_mask;

		while (link->by_address[at] != 0)
			at = (at + 1) & link->by_address_mask;
		link->by_address[at] = i + 1;
		statement_init(&link->statements[i], statements[i], i);
	}
}

/* A statement that was not given to link_open is our own mistake. */
static const struct link_statement *
statement_find(const struct link *link, const struct statement *of)
{
	unsigned at = address_hash(of) & link->by_address_mask;

	while (link->by_address[at] != 0) {
		const struct link_statement *statement =
		    &link->statements[link->by_address[at] - 1];

		if (statement->of == of)
			return statement;
		at = (at + 1) & link->by_address_mask;
	}
	assert(!"a statement that the link knows");
	return NULL;
}

/* Writes that are not batched have a lane of their own, where the link is not small. */
static struct link_lane *
lane_of(struct link *link, const struct link_statement *statement)
{
	bool is_cold = statement->of->lane == LANE_WRITE && !statement->batched &&
		       link->lanes[LANE_COLD].connections_count > 0;

	return &link->lanes[is_cold ? LANE_COLD : statement->of->lane];
}

/* No connection of the lane has been up for so long that waiting would not help. */
static bool
lane_is_out(const struct link *link, const struct link_lane *lane)
{
	return lane->up == 0 && link->now_us - lane->down_since_us > LINK_QUEUED_DOWN_US;
}

void
link_ask(struct link *link, struct call *call)
{
	const struct link_statement *statement = statement_find(link, call->statement);
	struct link_lane *lane = lane_of(link, statement);
	bool busy = link->waiting >= LINK_WAITING_MAX;
	struct link_slot *slot = link_slot_new(link);

	link->now_us = link->loop.now_us(link->loop.of);
	slot->call = call;
	slot->statement = statement;
	slot->asked_us = link->now_us;
	call->slot = slot;
	if (busy)
		link_fail(link, slot, OUTCOME_BUSY, false);
	else if (lane_is_out(link, lane))
		link_fail(link, slot, OUTCOME_UNAVAILABLE, false);
	else if (lane->lane == LANE_READ)
		link_list_add(&lane->queue, slot);
	else
		link_writes_ask(lane, slot);
}

void
link_orphan(struct link *link, struct call *call)
{
	(void)link; /* its slot forgets the call and is freed in its turn */
	if (call->slot == NULL)
		return;
	call->slot->call = NULL;
	call->slot = NULL;
}

void
link_turn_begin(struct link *link)
{
	assert(!link->turning);
	link->turning = true;
	link->now_us = link->loop.now_us(link->loop.of);
}

void
link_turn_end(struct link *link)
{
	link->turning = false;
}

static void
send_all(struct link *link)
{
	link_reads_send(&link->lanes[LANE_READ]);
	for (int i = LANE_WRITE; i < LINK_LANES; i++)
		link_writes_send(&link->lanes[i]);
}

/* Sends what waits, answers what failed, and sends what those who were answered asked. */
static void
move_on(struct link *link)
{
	send_all(link);
	if (link->failed.count > 0) {
		link_answer_failed_ones(link);
		send_all(link);
	}
	for (int i = 0; i < LINK_LANES; i++)
		for (int j = 0; j < link->lanes[i].connections_count; j++)
			link_connection_renew(&link->lanes[i].connections[j]);
}

void
link_flush(struct link *link)
{
	/* From inside `done`: the loop's turn has not ended. */
	if (link->turning)
		return;
	link_turn_begin(link);
	move_on(link);
	link_turn_end(link);
}

static void
expire(struct link *link, struct link_lane *lane)
{
	int64_t patience_us = lane->up > 0 ? LINK_QUEUED_US : LINK_QUEUED_DOWN_US;

	link_list_expire(link, &lane->queue, link->now_us - patience_us);
	link_writes_expire(lane, link->now_us - patience_us);
}

void
link_tick(struct link *link)
{
	link_turn_begin(link);
	for (int i = 0; i < LINK_LANES; i++) {
		struct link_lane *lane = &link->lanes[i];

		for (int j = 0; j < lane->connections_count; j++)
			link_connection_tick(&lane->connections[j]);
		expire(link, lane);
	}
	move_on(link);
	link_turn_end(link);
}

bool
link_ready(const struct link *link)
{
	return link->lanes[LANE_READ].up > 0 && link->lanes[LANE_WRITE].up > 0 &&
	       (link->lanes[LANE_COLD].up > 0 || link->lanes[LANE_COLD].connections_count == 0);
}

int
link_waiting(const struct link *link)
{
	return link->waiting;
}

/* Calls that were not answered are forgotten: their askers have stopped waiting. */
void
link_close(struct link *link)
{
	struct link_slots *block;
	struct link_group *group;

	assert(!link->turning);
	for (int i = 0; i < LINK_LANES; i++) {
		for (int j = 0; j < link->lanes[i].connections_count; j++)
			link_connection_close(&link->lanes[i].connections[j]);
		link_writes_close(&link->lanes[i]);
	}
	while ((group = link->spare_groups) != NULL) {
		link->spare_groups = group->chain;
		free(group);
	}
	while ((block = link->blocks) != NULL) {
		link->blocks = block->next;
		free(block);
	}
	free(link->statements);
	free(link->by_address);
	free(link->scratch.at);
	free(link->options);
	free(link->conninfo);
	free(link);
}
