/*
 * line: a connection to the running instance on which a test says bytes as they are: straight to
 * the API (SOCIUS_URL), or through the edge (SOCIUS_EDGE_URL) over TLS.
 */
#ifndef TESTS_LINE_H
#define TESTS_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

enum { LINE_REPLY_BYTES_MAX = 1024 * 1024, LINE_PATIENCE_S = 40 };

enum line_way { LINE_DIRECT, LINE_EDGE, LINE_WAYS };

struct line {
	int fd;
	SSL *tls; /* NULL: plain */
};

/* Whether both ways are there; else the test is to be skipped. */
bool line_ways(void);

/* Connects, and shakes hands where it is the edge. Without an answer for LINE_PATIENCE_S reading
 * ends. */
struct line line_open(enum line_way way);
void line_close(struct line *line);

/* The other side may have heard enough before the end: what it answers shows. false: it has closed.
 */
bool line_say(struct line *line, const void *at, size_t bytes);
bool line_say_text(struct line *line, const char *text);

/* What comes until the other side closes, as a string that is valid until the next call. */
const char *line_hear(struct line *line);

/* The same of a connection of its own for these bytes. */
const char *line_ask(enum line_way way, const void *at, size_t bytes);

/* How often `what` stands in `text`. */
int line_times(const char *text, const char *what);

/* The status of the first reply, or 0. */
int line_status(const char *text);

#endif
