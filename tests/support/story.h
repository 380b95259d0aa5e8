/*
 * story: what every test over HTTP stands on. A story talks to the running instance that SOCIUS_URL
 * names, in a test market of its own whose clock stands still at STORY_NOW; its tokens are signed
 * with the instance's keys (SOCIUS_KEYS). Without SOCIUS_URL a story is skipped.
 *
 *	TestSuite(booking, .init = story_begin, .fini = story_end);
 */
#ifndef TESTS_STORY_H
#define TESTS_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* Where the clock of a story's market stands at first: a Monday, 11:00 in Rome. */
#define STORY_NOW "2026-03-02T10:00:00Z"

enum { STORY_ID_BYTES = 37, STORY_HEADERS_BYTES_MAX = 8192 };

struct story {
	int market_id;
	char market[32];      /* its code */
	const char *platform; /* tokens */
	const char *operator_token;
	const char *auditor;
	const char *service;
};

extern struct story story;

void story_begin(void);
void story_end(void);

/* A story's market in another currency and time zone. */
void story_begin_in(const char *currency, const char *time_zone);

struct story_reply {
	int status;
	char headers[STORY_HEADERS_BYTES_MAX]; /* as received */
	json_t *body;                          /* NULL: not JSON */
	char *text;                            /* the body as received, NUL-terminated */
};

/* Calls the API. `token` and `key` may be NULL; `body` is a printf format of JSON, or NULL. A reply
 * is valid until the story ends. Every reply is held against what all replies promise: Request-Id,
 * nosniff, no-store, a problem for every error with its code and this request's id. */
struct story_reply *story_call(const char *method, const char *path, const char *token,
    const char *key, const char *body, ...) __attribute__((format(printf, 5, 6)));

/* POST of a form (application/x-www-form-urlencoded) with a printf format. */
struct story_reply *story_form(const char *path, const char *token, const char *form, ...)
    __attribute__((format(printf, 3, 4)));

/* GET with a printf format of the path. */
struct story_reply *story_get(const char *token, const char *path, ...)
    __attribute__((format(printf, 2, 3)));

/* POST with a fresh Idempotency-Key; expects 200 or 201. */
struct story_reply *story_post(const char *token, const char *path, const char *body, ...)
    __attribute__((format(printf, 3, 4)));

/* One more header for the next call only: "If-Match: \"3\"". */
void story_header(const char *line);

/* The reply is a problem with this code (and the status that app/problems.c gives it). */
void story_refused(const struct story_reply *reply, const char *code);

/* Values by dotted path: "data.0.slot_id". They must be there. */
const char *story_text(const struct story_reply *reply, const char *path);
int64_t story_int(const struct story_reply *reply, const char *path);
json_t *story_at(const struct story_reply *reply, const char *path); /* or NULL */

/* A header's value, or NULL; valid until the next call of this function. */
const char *story_reply_header(const struct story_reply *reply, const char *name);

/* The stream of events, followed until the text `until` has come (or 20 s have passed). */
struct story_stream {
	const char *until;
	char text[65536];
	size_t bytes;
};

void story_follow(struct story_stream *stream, const char *token, const char *last_event_id);

/* Follows the stream from its beginning until an event of this kind has come; it must come. An
 * event shows up when every transaction before it has ended, those of other tests too. */
void story_await(const char *token, const char *kind);

/* Signs a token for this market. partner_id may be NULL. */
const char *story_token(const char *role, const char *account_id, const char *partner_id);

/* The same with these scopes and, it may be, a role that does not exist. */
const char *story_token_with(const char *role, const char *account_id, const char *scopes);

/* A fresh Idempotency-Key or id; valid until the story ends. */
const char *story_key(void);

/* printf into memory that is valid until the story ends. */
const char *story_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Moves the market's clock. */
void story_clock(const char *now);

/* A partner with an active enrolment of this kind. */
struct story_partner {
	const char *partner_id;
	const char *account_id;
	const char *token;
};

struct story_partner story_partner(const char *kind);

/* A station in a zone of its own, and a released slot there from local time to local time. */
const char *story_station(void);
const char *story_slot(
    const char *station_id, const char *starts_local, const char *ends_local, int capacity);

/* An 80/20 agreement on fares, in force since 2019. */
void story_agreement(void);

#endif
