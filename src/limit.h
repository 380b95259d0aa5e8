/*
 * limit: how many requests a caller may make: buckets of tokens, in memory that all workers share.
 *
 * Each request takes one from two buckets: its caller's for requests of its class (without a token:
 * its network's), and its network's for all, whoever the caller is. A bucket is one number: the
 * moment at which it will be full again (the generic cell rate algorithm, ITU-T I.371 annex A);
 * taking is one compare-and-swap, and a bucket that is full needs no place. Where the table is
 * crowded the fullest bucket of the neighbourhood gives way, so that a crowd of callers can only
 * ever be let through, never shut out.
 */
#ifndef SOCIUS_LIMIT_H
#define SOCIUS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/endpoint.h"
#include "socius/text.h"

enum { LIMIT_PLACES = 1 << 17, LIMIT_NEIGHBOURS = 8, LIMIT_HEADER_BYTES_MAX = 96 };

enum limit_class {
	LIMIT_READ,
	LIMIT_WRITE,
	LIMIT_AUTH,   /* changes that need no token or that cost slow thought, such as signing in */
	LIMIT_EXPORT, /* exports and streams: few, and long */
	LIMIT_SERVICE,  /* reads, writes and exports by services of the company */
	LIMIT_COSTLY,   /* what anyone may ask for and what costs much: few per network and hour */
	LIMIT_DOCUMENT, /* the API's document and its pages */
	LIMIT_PROBE,    /* readiness; not counted among the network's requests */
	LIMIT_NETWORK,  /* no class: all requests of one network */
	LIMIT_RATES
};

struct limit_rate {
	int64_t count, burst; /* count 0: no limit */
	int64_t over_s;       /* so many of them in this time; 0: in a second */
};

/* What the settings say, `settings[rate]` their names. Those that are not set follow the first. */
extern const struct limit_setting {
	const char *rate, *burst;
} limit_settings[LIMIT_RATES];
void limit_read_settings(struct limit_rate rates[LIMIT_RATES]);

/* The class of a row's requests; NULL: of requests that no row is for. */
enum limit_class limit_class_of(const struct endpoint *endpoint);

struct limit;

/* A table in memory shared with all children; dies when the machine has none. */
struct limit *limit_new(const struct limit_rate rates[LIMIT_RATES]);
void limit_free(struct limit *limit);

/* What a caller has left, by the bucket that is nearest its end. */
struct limit_state {
	bool limited; /* false: there is no limit, and no headers */
	bool allowed;
	enum limit_class asked; /* the class of the request */
	enum limit_class of;    /* LIMIT_NETWORK, or the class */
	int64_t left;           /* requests that could be made now */
	int64_t full_in_s;      /* until all of the burst is there again, rounded up */
	int64_t retry_after_s;  /* until the next one is allowed, rounded up; 0 when allowed */
};

/* Takes one request. `account` is 16 bytes, or empty for a caller that is not known; `peer` the
 * address as text. A request that is refused takes nothing. */
struct limit_state limit_take(struct limit *limit, enum limit_class class, struct text account,
    const char *peer, int64_t monotonic_us);

const char *limit_name(enum limit_class class);

/* Values of RateLimit-Policy, for requests of this class, and of RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10). */
const char *limit_policy(const struct limit *limit, enum limit_class class);
void limit_header(const struct limit_state *state, char to[LIMIT_HEADER_BYTES_MAX]);

#endif
