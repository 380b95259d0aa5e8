/*
 * gate_private: what the files of the gate share.
 *
 *	gate.c           prepare, begin, tick, drain, end
 *	gate_loop.c      the link's event loop on Kore's; the end of a turn
 *	gate_client.c    a connection: bytes in, bytes out, deadlines, hanging up
 *	gate_exchange.c  the way of a request: route, token, limit, decode, ask, reply
 *	gate_pool.c      .asks and .prepares of cold rows
 *	gate_seal.c      what is sealed before SQL gets it; keys that a reply wants
 *	gate_audit.c     what an office does leaves a record
 *	gate_revoked.c   sessions that have ended, asked for once a second
 *	gate_used.c      systems of the company that are at work, told once a minute
 *	gate_own.c       the engine's own routes: /healthz, /readyz, OPTIONS; and /metrics on the
 *	                 second listener
 *	gate_docs.c      GET /openapi.json, /docs and /oauth/authorize: pages and their files
 *	gate_stream.c    server-sent events
 *	gate_spool.c     bodies that are too large for memory
 *	gate_reply.c     the head of a reply
 *	gate_log.c       one JSON line per request
 */
#ifndef SOCIUS_GATE_PRIVATE_H
#define SOCIUS_GATE_PRIVATE_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "contract.h"
#include "decode.h"
#include "encode.h"
#include "gate.h"
#include "keyring.h"
#include "limit.h"
#include "link.h"
#include "metrics.h"
#include "pool.h"
#include "reader.h"
#include "reply.h"
#include "revoked.h"
#include "route.h"
#include "socius/request.h"
#include "token.h"

enum {
	GATE_RECEIVE_BYTES = 64 * 1024, /* taken from a connection at once */
	GATE_TURNS_MAX = 128,           /* requests of one connection before others have theirs */
	GATE_LINGER_BYTES_MAX = 4 * 1024 * 1024,
	GATE_SPARE_MAX = 1024, /* exchanges kept for later */
	GATE_STREAM_QUEUE_BYTES_MAX = 256 * 1024,
	GATE_CONNECTIONS_DEFAULT = 8192, /* of one worker */
	GATE_CONNECTIONS_MIN = 512,
	GATE_CONNECTIONS_MAX = 65536,
	GATE_RESERVE = 256,       /* connections that are kept free for who comes next */
	GATE_METRICS_MAX = 64,    /* connections to the metrics' listener */
	GATE_HAND_STEPS_MAX = 256 /* looked at to find one that is silent */
};

#define GATE_MS INT64_C(1000)
#define GATE_S INT64_C(1000000)
#define GATE_TICK_MS 100
#define GATE_HEAD_US (10 * GATE_S)
#define GATE_BODY_US (10 * GATE_S)
#define GATE_BLOB_US (30 * GATE_S)
#define GATE_IDLE_US (60 * GATE_S)
#define GATE_SILENT_US (100 * GATE_MS) /* a request that takes longer to be said may give way */
#define GATE_WRITE_US (30 * GATE_S)    /* without a byte sent */
#define GATE_LINGER_US (2 * GATE_S)
#define GATE_KEYS_US (1 * GATE_S)
#define GATE_KEYS_PAUSE_US (GATE_S / 100) /* between looks before their time */
#define GATE_REVOKED_US (1 * GATE_S)
#define GATE_REVOKED_PATIENCE_US (4 * GATE_S) /* without an answer: what is known is stale */
#define GATE_USED_US (60 * GATE_S)
#define GATE_DRAIN_US (10 * GATE_S)
#define GATE_POLL_US (300 * GATE_MS)
#define GATE_HEARTBEAT_US (15 * GATE_S)

enum stage {
	STAGE_READING,   /* waits for a request, or for the rest of one */
	STAGE_THINKING,  /* waits for the link or the pool */
	STAGE_WRITING,   /* the reply is on its way */
	STAGE_STREAMING, /* server-sent events */
	STAGE_LINGERING  /* we have sent all; what still comes is thrown away, so that no reset
			  * overtakes the reply */
};

/* A connection. Kore's hdlr_extra points to it until it is hung up; it is freed at the end of that
 * turn. Not in Kore's own memory, where no sanitizer sees who uses what is freed. */
struct client {
	struct connection *connection;
	struct client *next, **at; /* all of this worker's */
	enum stage stage;
	bool is_metrics; /* of the metrics' listener */
	bool readable;   /* there may be bytes to receive */
	bool is_proxy;   /* its X-Forwarded-For is believed */
	bool shut;       /* the peer sends no more: look for the end behind the bytes */
	bool resumes;    /* waits for its next turn */
	int64_t deadline_us;
	char peer[48], network[48]; /* address; its network, for the log */
	char *surplus;              /* received and not looked at, or NULL */
	size_t surplus_bytes, surplus_at;
	size_t lingered;
	uint64_t held;             /* of its network's connections; 0: not counted */
	struct exchange *exchange; /* NULL: idle */
};

/* Engine's own routes, counted behind the operations. */
enum own_route {
	OWN_HEALTH,
	OWN_READY,
	OWN_DOCUMENT,
	OWN_DOCS,
	OWN_AUTHORIZE,
	OWN_METRICS,
	OWN_NONE,
	OWN_ROUTES
};

struct stream;

/* One request and its reply. */
struct exchange {
	struct exchange *next; /* of the spare ones */
	struct client *client; /* NULL: it has gone */
	struct arena arena;    /* of all below */
	struct reader reader;
	struct request request;
	const struct operation *operation;
	int route; /* for the metrics */
	bool routed, admitted;
	int64_t token_expires_us;
	struct limit_state limit;
	char trace_flags[3];

	struct call call;
	bool asking; /* the link has the call */
	struct pool_job job;
	bool pooled;             /* the pool has the job */
	struct pg_result *asked; /* kept for the pool */
	struct answer kept;      /* waits for keys, with rows of its own */
	struct pg_result *kept_result;
	int seal_passes;
	struct text fresh_persons; /* FRESH ids that got a key for this request */
	bool unsettled;            /* SQL has been asked and may yet make them */

	int spool_fd;
	char *spool_path;

	struct reply reply;
	struct buffer head;
	struct iovec out[2]; /* what is left to send */
	size_t sent_bytes;
	bool closes;  /* the connection ends after the reply */
	bool refused; /* bytes of the request may be left unread */
	struct stream *stream;
};

/* This worker's all. Kore's callbacks carry no context, so there is one. */
struct gate {
	/* made in the parent */
	const struct app *app;
	const char *conninfo;
	const char *keys_conninfo; /* of the keys of persons */
	const char *keys_folder, *kek_folder, *spool_folder, *docs_folder;
	const struct contract *contract;
	const struct route *route;
	struct cursor_key cursor_key;
	struct encoder encoder;
	struct metrics *metrics;
	struct limit *limit;
	bool trusts_forwarded;
	bool logs_requests;
	const struct statement **statements;
	struct statement ended_sessions;  /* .sql NULL: there are none */
	struct statement used_session;    /* the same */
	struct statement record_act;      /* the same */
	struct statement unknown_persons; /* the same */
	int statements_count;
	_Atomic int64_t *begun_us; /* shared: when each worker began last */

	/* made in the worker */
	struct link *link;
	struct link *keys_link;
	struct keyring *keyring;
	struct kek_ring keks;
	struct pool *pool;
	struct token_keys keys;
	struct token_memory *tokens;
	struct revoked *revoked; /* sessions that have ended */
	struct call revoked_call;
	struct value revoked_since;
	bool revoked_asked, revoked_known; /* the call is out; the first has come back */
	int64_t revoked_read_us;           /* monotonic */
	unsigned keys_generation;
	int64_t keys_read_us;
	struct client *clients, **clients_end; /* in the order in which they came */
	struct client *gone_clients;           /* to be freed */
	struct client *hand; /* where the search for a silent one goes on; NULL: at the oldest */
	int clients_count, metrics_count, streams_count;
	int connections_max; /* of the API */
	struct exchange *spare;
	int spare_count;
	int64_t now_us; /* monotonic, of the last tick: good enough for deadlines */
	bool draining;
	int64_t drain_deadline_us;
};

extern struct gate gate;

/* gate_loop.c */
struct loop gate_loop(void);
void gate_turn_soon(void);               /* flush link and log at the end of this turn */
void gate_resume(struct client *client); /* run it again in the next turn */
void gate_watch(int fd, void (*ready)(void *arg, int events), void *arg);

/* gate_client.c */
void client_run(struct client *client);
void client_hang_up(struct client *client);
void client_tick(struct client *client, int64_t now_us);
void client_drain(struct client *client);
void client_free_gone(void); /* at the end of a turn, when no function has one */
/* The exchange has its reply in out: send it. */
void client_write(struct client *client);

/* gate_exchange.c */
struct exchange *exchange_new(struct client *client);
void exchange_end(struct exchange *exchange);
void exchange_heed_head(struct exchange *exchange); /* reader HAS_HEAD */
void exchange_run(struct exchange *exchange);       /* reader DONE */
void exchange_ask(struct exchange *exchange, const struct statement *statement,
    const struct value *args, void (*done)(struct call *call, const struct answer *answer));
void exchange_ask_operation(struct exchange *exchange);
void exchange_reply(struct exchange *exchange);         /* with .reply */
void exchange_reply_problem(struct exchange *exchange); /* with .request.problem */
/* Takes one request out of the buckets. false: refused, the problem is set. */
bool exchange_take(struct exchange *exchange, enum limit_class class, struct text who);
void exchange_refuse(struct exchange *exchange, const char *slug, const char *detail);
void exchange_orphan(struct exchange *exchange);     /* its client has gone */
bool exchange_ends_alone(struct exchange *exchange); /* true: nobody waits; it is no more */

/* gate_seal.c */
void gate_seal_prepare(struct arena *arena); /* in the parent */
void gate_seal_begin(const struct loop *loop);
void gate_seal_read_keks(void);
void gate_seal_end(void);
/* Seals the arguments. false: it waits for keys and goes on by itself, or has refused. */
bool exchange_seal(struct exchange *exchange);

/* At its end: keys of persons that it did not make are forgotten. */
void exchange_forget_keys(const struct exchange *exchange);
/* Encodes and replies, when the keys that the reply wants are there. */
void exchange_reply_rows(struct exchange *exchange, const struct answer *answer);

/* gate_pool.c */
void exchange_prepare(struct exchange *exchange);
void gate_pool_ready(void *arg, int events);

/* gate_audit.c: exchange_audits: whether the call goes as the audited one; its arguments are added.
 * exchange_record: the reply says no: it is recorded, and then sent. */
void gate_audit_prepare(struct arena *arena); /* in the parent */
bool exchange_audits(struct exchange *exchange);
bool exchange_refusal_is_recorded(const struct exchange *exchange);
void exchange_record(struct exchange *exchange);

/* gate.c */
/* Reads the keys of tokens before their time: another worker may have signed with a new one
 * already. false: that was done a moment ago. */
bool gate_keys_anew(void);

/* gate_revoked.c */
void gate_revoked_prepare(struct arena *arena); /* in the parent */
void gate_revoked_tick(int64_t now_us);         /* asks again when it is time */
bool gate_revoked_is_known(void);               /* recent enough to trust a session's token */

/* gate_used.c */
void gate_used_prepare(struct arena *arena); /* in the parent */
void gate_used_note(const struct request *request);

/* gate_own.c */
bool own_answers(struct exchange *exchange);
void own_metrics(struct exchange *exchange);

/* gate_docs.c: the files are read in the parent, before the sandbox. A file that is missing is not
 * found; NULL: there is none for this path. */
struct docs_file;
void docs_prepare(const char *folder, struct text document, struct arena *arena);
const struct docs_file *docs_find(struct text path);
enum own_route docs_route(const struct docs_file *file);
void docs_answer(struct exchange *exchange);

/* gate_stream.c */
void stream_open(struct exchange *exchange, const struct answer *answer);
void stream_run(struct client *client); /* writable, or the peer has gone */
void stream_tick(struct client *client, int64_t now_us);
void stream_close(struct exchange *exchange);

/* gate_spool.c */
void spool_prepare(void); /* in the parent: an empty folder */
bool spool_open(struct exchange *exchange);
bool spool_take(void *of, const char *at, size_t bytes);
bool spool_done(struct exchange *exchange); /* the body is whole */
void spool_end(struct exchange *exchange);

/* gate_reply.c */
void reply_identify(struct exchange *exchange); /* Request-Id and traceparent */
void reply_render(struct exchange *exchange);   /* .reply into .out */
void reply_render_stream(struct exchange *exchange);

/* gate_log.c */
void gate_name_peer(struct client *client, const struct connection *connection);
void gate_log_request(const struct exchange *exchange, int64_t duration_us);
void gate_log_flush(void);

#endif
