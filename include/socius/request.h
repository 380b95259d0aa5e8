/*
 * request: one HTTP request on its way through the engine, from the reader to the reply.
 * Everything it points to is in its arena or in the connection's buffer.
 */
#ifndef SOCIUS_REQUEST_H
#define SOCIUS_REQUEST_H

#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/problem.h"
#include "socius/rows.h"
#include "socius/text.h"
#include "socius/uuid.h"

enum {
	REQUEST_HEADERS_MAX = 64,
	REQUEST_ARGS_MAX = 32,
	REQUEST_PATH_PARAMS_MAX = 4,
	REQUEST_ID_BYTES_MAX = 64
};

struct header {
	struct text name; /* as sent; compare with text_equal_nocase */
	struct text value;
};

/* One argument of the SQL call. `type` says which member holds it. */
struct value {
	enum type type;
	bool null;
	int64_t number;   /* INT, LONG, BOOL, INSTANT and LOCAL_TIME (us), DATE (days since 1970) */
	struct uuid uuid; /* UUID */
	struct text bytes; /* STRING, BYTES, ITEMS (JSON text) */
};

/* Who asks: a verified token. */
struct caller {
	bool known;
	struct uuid account_id;
	bool has_partner;
	struct uuid partner_id;
	int32_t market_id; /* 0: the platform */
	bool has_session;
	struct uuid session_id; /* which sign-in the token is of */
	int64_t totp_us;        /* when a code of the authenticator was last shown; 0: never */
	const char *role;
	const char *scopes;                     /* blank-separated */
	bool is_service, is_office, is_audited; /* of its role */
};

struct request {
	struct arena *arena;

	/* as read */
	enum method method;
	bool head; /* HEAD, answered as GET without its body */
	struct text method_name, path, query, body;
	const char *blob_path; /* a spooled body, or NULL */
	struct header headers[REQUEST_HEADERS_MAX];
	int headers_count;
	const char *peer; /* text address */

	/* as known on the way */
	int64_t started_us; /* monotonic */
	int64_t now_us;     /* CLOCK */
	char id[REQUEST_ID_BYTES_MAX + 1];
	char trace_id[33], parent_id[17];
	const struct endpoint *endpoint;
	struct text path_params[REQUEST_PATH_PARAMS_MAX]; /* in the path's order, percent-decoded */
	const char *allow; /* 405: the methods that the path knows, for Allow */
	struct caller caller;
	struct value args[REQUEST_ARGS_MAX]; /* in the order of endpoint->takes */
	int page_limit;                      /* LIST: rows of one page */
	uint8_t list_bound[8];               /* hash of what its cursors are bound to */
	struct rows asked;                   /* .asks */
	struct problem problem;
};

/* The value of a header (empty when absent), names compared without case. */
struct text request_header(const struct request *request, const char *name);

/* The argument of this name, or NULL. */
struct value *request_arg(struct request *request, const char *name);

#endif
