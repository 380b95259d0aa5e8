/*
 * endpoint: what one operation of the API is. A room's endpoints.c is a table of these rows and
 * nothing else; the engine derives routing, decoding, the SQL statement, encoding, the OpenAPI
 * document and the tests' matrix from it.
 */
#ifndef SOCIUS_ENDPOINT_H
#define SOCIUS_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

enum method { GET, POST, PUT, PATCH, DELETE };

/* Where an argument comes from. The lower half is the request's own; the upper half are sources
 * that a test can hold still. */
enum source {
	PATH = 1, /* {name} of the path */
	QUERY,    /* ?name= */
	BODY,     /* member of the JSON body */
	BLOB,   /* the whole body, spooled to a file by the reader: SQL gets its SHA-256 (bytea) */
	LIMIT,  /* ?limit=, default 50, at most 200; SQL gets one more, to know has_more */
	CURSOR, /* one sort key out of ?cursor=; null on the first page; named after_<column> */
	KEY,    /* the Idempotency-Key as sent (text) */
	KEYED,  /* a UUID derived from market, account, operation and Idempotency-Key */
	IF_MATCH, /* the versions in If-Match, blank-separated, or * (text), for core.etag_matches;
		   * absent: 428 */
	DIGEST,   /* SHA-256 of all PATH, QUERY and BODY arguments (bytea), to compare replays */
	MARKET,   /* the token's market (int) */
	CALLER,   /* the token's partner (uuid); null for operators, auditors, services */
	ACCOUNT,  /* the token's account (uuid) */
	ROLE,     /* the token's role (text) */
	CLOCK,    /* the request's clock (timestamptz); in a test market SQL replaces it */
	FRESH,    /* a new UUIDv7 */
	SETTING,  /* what this instance is set to: SOCIUS_ and the field's name in capitals, within
		   * .min and .max; unset: .min */
	PEER,     /* the address that asks (text) */
	REQUEST,  /* the request's id (text) */
	SESSION,  /* the token's session (uuid); null: the token is of none */
	CHANCE,   /* 32 unpredictable bytes (bytea) */
	BLIND,    /* what stands for the argument .of where only equality counts (text): its HMAC
		   * under a key that the database does not know, letters in lower case */
	CLEARED,  /* of a PATCH: the optional BODY field .of came as null, which takes away what
		   * there is (bool); fields without such an argument cannot be null in a PATCH */
	PREPARED  /* null until .prepares sets it; never the client's */
};

/* What it is, and which SQL type it must meet. */
enum type {
	INT = 1, /* int4    JSON integer */
	LONG,    /* int8    JSON integer within +-(2^53 - 1); money in minor units is this */
	BOOL,    /* bool    JSON true, false */
	STRING,  /* text    JSON string, UTF-8, in NFC and trimmed; 1 code point or more unless .min
		  * is -1; characters of RFC 8264's FreeformClass (src/precis.h) */
	UUID,    /* uuid    JSON string */
	INSTANT, /* timestamptz  RFC 3339 */
	LOCAL_TIME, /* timestamp    YYYY-MM-DDTHH:MM[:SS], wall time of the market */
	DATE,       /* date    YYYY-MM-DD */
	BYTES,      /* bytea   sources DIGEST, BLOB, CHANCE and PREPARED only */
	ITEMS       /* jsonb   JSON array of objects, each checked against .items */
};

struct field {
	const char *name; /* the SQL argument is p_<name> */
	enum source from;
	enum type type;
	bool optional;       /* may be absent or null; SQL gets null */
	int64_t min;         /* numbers: value; STRING: code points; ITEMS: count */
	int64_t max;         /* min and max both 0: the type's own range */
	const char *among;   /* STRING: blank-separated allowed values */
	const char *format;  /* STRING: currency, time_zone, month, sha256, email or digits; lines:
			      * line feeds, too; password: not trimmed, RFC 8265's OpaqueString;
			      * see decode_string.c */
	const char *says;    /* one phrase for the document */
	const char *example; /* JSON text of an example */
	const struct field *items; /* ITEMS: members of each object; .from is ignored */
	const char *of;            /* BLIND, CLEARED: another field of the row */
	/* STRING: SQL gets it sealed (src/seal.h), for this place: "<schema>.<table>.<column>". The
	 * person whose key seals it is the first argument of .person that is not null; the row is
	 * the argument .row, or the person where that is NULL. Sealed behind .prepares. */
	const char *seals, *person, *row;
};

#define TAKES(...) ((const struct field[]){ __VA_ARGS__, { 0 } })
#define ITEM_FIELDS(...) TAKES(__VA_ARGS__)

enum gives {
	ONE,      /* one object */
	LIST,     /* {data, has_more, next_cursor} */
	DOWNLOAD, /* rows as a file, `.media` says which kind */
	STREAM    /* server-sent events */
};

/* Of whom a fresh code is asked; true: of offices. */
enum step_up { STEP_UP_NOBODY, STEP_UP_OFFICES, STEP_UP_EVERYONE };

struct request;
struct rows;
struct buffer;

struct endpoint {
	const char *says; /* a sentence: summary in the document */
	enum method method;
	const char *path;  /* /v1/things/{thing_id} */
	const char *scope; /* NULL: open to anyone */
	/* Step-up: its callers have shown a code of the authenticator within the last five minutes;
	 * the gate sees it by the token. For what moves money out, and what lets others in. */
	enum step_up fresh_totp;
	const char *calls; /* api.<verb>_<noun> */
	bool batch;        /* writes: queued calls of one market go as one api.<f>_batch */
	bool costly;       /* anyone may call it and it costs much: few per network and hour */
	bool slow;         /* goes by the slow lane (exports, statements) */
	bool form;         /* the body may come as application/x-www-form-urlencoded, too: what
			    * OAuth's libraries send */
	const struct field *takes;
	enum gives gives;
	int status;        /* of success; 0 means 200 */
	const char *media; /* DOWNLOAD */
	const char *fails; /* problems the function refuses with, blank-separated slugs */
	/* LIST or STREAM that grows at its end: its cursor parameter is called `after`. */
	bool follows;
	/* Operation whose cursors this one takes and gives too; NULL: its own. */
	const char *cursors_of;

	/* Cold rows only. */
	/* api.<f>: one call before the call; its row reaches .prepares as request->asked. A stable
	 * function goes with the reads, a volatile one is a write that is committed before
	 * .prepares begins. */
	const char *asks;
	bool (*prepares)(struct request *request); /* pure; false: request->problem is set */
	bool pool;                                 /* .prepares runs in the thread pool */
	/* Writes the body. Where the function gives a composite type and the row ONE, the body has
	 * the members of that type. */
	bool (*finishes)(struct request *request, const struct rows *rows, struct buffer *body);
};

/* A folder of app/. The list of endpoints ends with an empty row. */
struct room {
	const char *name;
	const char *says;
	const struct endpoint *endpoints;
};

/* ONE row per scope. Ends with an empty row. */
struct scope {
	const char *name;
	const char *says; /* what its holder may do, as the end of "may" */
	const char *asks; /* as people read it whom an app of others asks; NULL: no app may */
};

/* ONE row of this list per role: what its tokens may do. Ends with an empty row. */
struct role {
	const char *name;
	const char *scopes; /* blank-separated */
	const char *says;
	bool is_service; /* systems of the company itself: a rate limit of their own */
	bool is_partner; /* its tokens name a partner; those of other roles never do */
	bool is_office;  /* signs in with an authenticator, and steps up for .fresh_totp */
	bool is_audited; /* whatever it does leaves an audit record */
};

/* The whole marketplace, as the engine sees it; app/app.c defines it. */
struct app {
	const struct room *const *rooms; /* ends with NULL */
	const struct role *roles;
	const struct scope *scopes;
	const struct problem_kind *problems; /* ends with an empty row */
	const struct job *jobs;              /* ends with an empty row */
	/* api.<f>(since timestamptz), rows (session_id uuid, ended_at timestamptz): sessions whose
	 * tokens are worth nothing any more; every worker asks once a second. NULL: there are none.
	 */
	const char *ended_sessions;
	/* api.<f>(market_id int, session_id uuid, now timestamptz): a service of this
	 * session is at work; every worker says so once a minute. NULL: nobody wants to know. */
	const char *used_session;
	/* api.<f>(market, record_id, act, outcome, account_id, role, subject_id, peer, request_id,
	 * now): the audit log. A write of a role that is audited calls it in the transaction of its
	 * effect; a row that takes `audit_id` has records of its own, and what goes in batches says
	 * in its rows who did it. NULL: there is none. */
	const char *audits;
	/* api.<f>(person_ids bytea), rows (person_id uuid): those of these ids that are no
	 * person's. A FRESH id that something was sealed for gets its key before the call; where
	 * the call did not make that person, the gate has the key forgotten. NULL: keys stay. */
	const char *unknown_persons;
	/* Markets of this number and above are made by anyone: services in them have the limits of
	 * everybody. 0: there are none. */
	int32_t open_markets_from;
};

extern const struct app app;

#endif
