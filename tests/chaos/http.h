/*
 * http: one client connection to the instance, never waiting; as much HTTP/1.1 as its replies need.
 */
#ifndef CHAOS_HTTP_H
#define CHAOS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_REQUEST_BYTES_MAX = 4096, HTTP_REPLY_BYTES_MAX = 64 * 1024 };

enum http_state {
	HTTP_IDLE,
	HTTP_GOING,
	HTTP_ANSWERED,
	HTTP_NOT_SENT, /* it ended before the whole request was out: there can be no effect */
	HTTP_LOST      /* it ended without a whole reply: nobody knows */
};

struct http {
	int fd; /* -1: closed */
	enum http_state state;
	char request[HTTP_REQUEST_BYTES_MAX];
	size_t request_bytes, sent;
	char *reply; /* HTTP_REPLY_BYTES_MAX, NUL-terminated */
	size_t received;

	/* of the answer */
	int status;
	bool replayed;    /* Idempotent-Replayed: true */
	const char *body; /* in reply */
};

/* Where all connections go. Dies unless it is http://127.0.0.1:PORT. */
void http_go_to(const char *url);

void http_init(struct http *http);

/* Begins a request; `body` is JSON or "". Opens a connection where there is none. */
void http_begin(struct http *http, const char *method, const char *path, const char *token,
    const char *key, const char *body);

/* Sends and receives what goes without waiting. `most` bytes of the request at most are sent. */
enum http_state http_turn(struct http *http, size_t most);

/* What to poll for. */
short http_events(const struct http *http);

/* Cuts the line; the state says what is known of the request. */
void http_hang_up(struct http *http);

/* A whole request and its reply, waited for at most ten seconds; dies without a reply. */
int http_ask(struct http *http, const char *method, const char *path, const char *token,
    const char *key, const char *body);

/* As http_ask, but -1 when there is no reply. */
int http_try(struct http *http, const char *method, const char *path, const char *token,
    const char *key, const char *body);

#endif
