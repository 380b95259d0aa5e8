/*
 * link_private: what the files of the link share.
 *
 * Each call asked takes a slot; the slot, not the call, stands in queues and in flight, so that a
 * call whose asker is gone is forgotten by setting one pointer. Slots are never given back before
 * the link closes.
 *
 *	link.c             what link.h says: open, ask, orphan, flush, tick, close
 *	link_slots.c       slots, lists of them, answers
 *	link_connection.c  one connection: open, prepare, send, lose, open again
 *	link_results.c     one connection: read what came
 *	link_reads.c       the read lane: one queue, several reads under one Sync
 *	link_writes.c      the other lanes: groups, batches, one Sync in flight
 *	link_params.c      values into PostgreSQL's binary parameters
 */
#ifndef SOCIUS_LINK_PRIVATE_H
#define SOCIUS_LINK_PRIVATE_H

#include <libpq-fe.h>

#include "link.h"

enum {
	LINK_LANES = LANE_COLD + 1,
	LINK_LANE_CONNECTIONS_MAX = 16,
	LINK_READS_OF_SYNC_MAX = 64,    /* reads under one Sync */
	LINK_LOSSES_MAX = 2,            /* a read survives so many losses */
	LINK_READS_IN_FLIGHT_MAX = 256, /* on one connection */
	LINK_SLOTS_OF_BLOCK = 256,
	LINK_GROUP_CHAINS = 256 /* a byte of hash */
};

#define LINK_MS INT64_C(1000)
#define LINK_CONNECT_US (5000 * LINK_MS) /* from opening to prepared */
#define LINK_ANSWER_US (10000 * LINK_MS) /* a call in flight; then its server has hung */
#define LINK_ANSWER_SLOW_US (40000 * LINK_MS)
#define LINK_QUEUED_US (10000 * LINK_MS)     /* a call not sent, while the lane is up */
#define LINK_QUEUED_DOWN_US (2000 * LINK_MS) /* the same, while no connection of the lane is up */
#define LINK_BACKOFF_LEAST_US (50 * LINK_MS)
#define LINK_BACKOFF_MOST_US (1000 * LINK_MS)
#define LINK_REFRESH_US \
	(1000 * LINK_MS) /* a younger connection is not reopened to prepare anew \
			  */

/* One statement of the link's, with the types of its parameters. */
struct link_statement {
	const struct statement *of;
	int index;
	char name[16]; /* prepared under it; functions may stand in several statements */
	bool batched;
	Oid oids[REQUEST_ARGS_MAX]; /* arrays where the call is batched, but for the market */
};

/* One call on its way. */
struct link_slot {
	struct link_slot *next; /* first: all that a spare slot keeps */
	struct call *call;      /* NULL: the asker is gone */
	const struct link_statement *statement;
	int64_t asked_us;
	int64_t sent_us;
	int64_t due_us; /* tried again not before */
	uint32_t sync;  /* reads: number of the Sync it is under */
	int retries;
	int losses;           /* reads: connections lost under it */
	bool alone;           /* not beside others: one of them raised */
	bool sent;            /* of the answer when it has failed */
	enum outcome outcome; /* of the answer when it has failed */
};

struct link_list {
	struct link_slot *head, *tail;
	int count;
};

/* Waiting writes of one statement and one market. */
struct link_group {
	const struct link_statement *statement;
	int64_t market; /* or LINK_NO_MARKET */
	struct link_list calls;
	struct link_group *next;  /* in the ring: whose turn is next */
	struct link_group *chain; /* in its hash chain, or in the list of spare ones */
};

#define LINK_NO_MARKET INT64_MIN

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_PREPARING, LINK_UP };

struct link_lane;

struct link_connection {
	struct link *link;
	struct link_lane *lane;
	PGconn *pg;
	enum link_state state;
	int fd;
	int interest;     /* LOOP_READ and LOOP_WRITE as watched; 0: not watched */
	int64_t since_us; /* when it was opened; when it came up */
	int64_t retry_us; /* LINK_DOWN: not opened before */
	int failures;     /* in a row, for the back-off */
	bool stale;       /* to be opened anew when nothing is in flight */
	bool ended;       /* the server has said that it ends the session */
	int prepared;     /* LINK_PREPARING: answers seen */
	bool *unusable;   /* by statement index: its prepare failed */
	struct link_list sent;
	uint32_t syncs_sent, syncs_seen;
	PGresult *held; /* writes: the answer, until its Sync */
	int64_t market; /* writes: of what is in flight, as the next */
	const struct link_statement *statement;
};

struct link_lane {
	enum lane lane;
	struct link_connection connections[LINK_LANE_CONNECTIONS_MAX];
	int connections_count;
	int up;                 /* connections that are */
	int64_t down_since_us;  /* when the last one went */
	struct link_list queue; /* reads that wait; writes that are to run alone */
	struct link_group *ring, *ring_tail;
	struct link_group *chains[LINK_GROUP_CHAINS];
	bool alone_turn; /* of those that run alone; else of the ring */
};

/* Bytes for one message at a time. */
struct link_scratch {
	char *at;
	size_t room;
};

struct link_slots {
	struct link_slots *next;
	struct link_slot slot[LINK_SLOTS_OF_BLOCK];
};

struct link {
	struct loop loop;
	char *conninfo;
	char *options; /* of the conninfo itself, or NULL */
	struct link_statement *statements;
	int statements_count;
	int *by_address; /* hash of statement addresses: index + 1 */
	unsigned by_address_mask;
	struct link_lane lanes[LINK_LANES];
	int waiting;
	struct link_list spare; /* slots */
	struct link_slots *blocks;
	struct link_group *spare_groups;
	struct link_list failed; /* answered at the next turn */
	struct link_scratch scratch;
	int64_t now_us;
	bool turning; /* inside flush, tick or ready */
};

/* link.c */
/* Around each event, flush and tick: nothing of the link's is called from inside. */
void link_turn_begin(struct link *link);
void link_turn_end(struct link *link);

/* link_slots.c */
void link_list_add(struct link_list *list, struct link_slot *slot);
void link_list_put_before(struct link_list *list, const struct link_list *first);
struct link_slot *link_list_take(struct link_list *list); /* or NULL */
/* The first whose asker is there; frees the others before it. */
struct link_slot *link_list_take_live(struct link *link, struct link_list *list);
/* Fails those that were asked before. */
void link_list_expire(struct link *link, struct link_list *list, int64_t asked_before_us);
struct link_slot *link_slot_new(struct link *link);
void link_slot_free(struct link *link, struct link_slot *slot);
void link_answer(struct link *link, struct link_slot *slot, const struct answer *answer);
void link_answer_rows(
    struct link *link, struct link_slot *slot, const PGresult *result, int first, int count);
void link_answer_failed(struct link *link, struct link_slot *slot, const PGresult *result);
/* Puts the slot among those that are answered at the end of this turn or the next. */
void link_fail(struct link *link, struct link_slot *slot, enum outcome outcome, bool sent);
void link_answer_failed_ones(struct link *link);

/* link_connection.c */
void link_connection_init(struct link_connection *connection, struct link_lane *lane);
void link_connection_tick(struct link_connection *connection);
/* Opens it anew if it is stale and nothing is in flight. */
void link_connection_renew(struct link_connection *connection);
void link_connection_lose(struct link_connection *connection, const char *why);
void link_connection_close(struct link_connection *connection);
/* Sends what libpq holds and sets the interest; false: the connection is lost. */
bool link_connection_push(struct link_connection *connection);
/* Sends one statement, false: the connection is broken. */
bool link_connection_send(struct link_connection *connection,
    const struct link_statement *statement, const struct link_slot *first, int calls);
bool link_connection_sync(struct link_connection *connection);
/* Prepared: ready for calls. */
void link_connection_up(struct link_connection *connection);
bool link_connection_idle(const struct link_connection *connection);
/* The statement is not what the server knows (any more): opens the connection anew when nothing is
 * in flight. false: it is too young for that to help. */
bool link_connection_refresh(struct link_connection *connection);

/* link_results.c */
/* Reads what has come and hands it on. */
void link_results_read(struct link_connection *connection);
/* Whether it still stands, as far as the machine knows; false: it is lost. */
bool link_results_stand(struct link_connection *connection);
/* Whether the same call may succeed when tried again: 40001, 40P01, 55P03. */
bool link_sqlstate_retryable(const char *sqlstate);
/* Whether preparing anew may help: 26000, 0A000, 42883 of the statement itself. */
bool link_error_stale(const PGresult *result);
const char *link_sqlstate(const PGresult *result);

/* link_reads.c */
void link_reads_send(struct link_lane *lane);
void link_reads_result(struct link_connection *connection, const PGresult *result);
void link_reads_lost(struct link_connection *connection);

/* link_writes.c */
void link_writes_ask(struct link_lane *lane, struct link_slot *slot);
void link_writes_send(struct link_lane *lane);
void link_writes_result(struct link_connection *connection, PGresult *result); /* takes it */
void link_writes_synced(struct link_connection *connection);
void link_writes_lost(struct link_connection *connection);
void link_writes_expire(struct link_lane *lane, int64_t asked_before_us);
void link_writes_close(struct link_lane *lane);

/* link_params.c */
struct link_params {
	int count;
	const char *values[REQUEST_ARGS_MAX];
	int lengths[REQUEST_ARGS_MAX];
	int formats[REQUEST_ARGS_MAX];
	char numbers[REQUEST_ARGS_MAX][8];
};

/* The type of one parameter, or of an array of it. */
Oid link_params_oid(enum type type, bool array);
/* The parameters of `calls` slots of one statement; they point into scratch and into the values. */
void link_params_of(struct link_params *params, struct link_scratch *scratch,
    const struct link_statement *statement, const struct link_slot *first, int calls);

#endif
