/*
 * reader: bytes into requests, as RFC 9112 says and no looser. Pure: it does no input or output.
 *
 * Bytes may come in any pieces. One request is read at a time; what follows it is left alone and
 * belongs to the next. All that a request points to is copied into its arena. Refused are, among
 * others: folded lines, blanks before a colon, lone CR or LF, NUL, two Hosts or none, two
 * Content-Lengths even where they are equal, any Transfer-Encoding, and a body of GET, HEAD,
 * OPTIONS or DELETE: whatever two readers could understand differently.
 */
#ifndef SOCIUS_READER_H
#define SOCIUS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "socius/request.h"

enum {
	READER_HEAD_BYTES_MAX = 16 * 1024,  /* request line and fields */
	READER_TARGET_BYTES_MAX = 4096,     /* path and query */
	READER_BODY_BYTES_MAX = 64 * 1024,  /* kept in memory */
	READER_BLOB_BYTES_MAX = 1024 * 1024 /* handed on piece by piece */
};

enum reader_state {
	READER_IN_HEAD,  /* wants more */
	READER_HAS_HEAD, /* a body follows: say what to do with it by reader_accept_body */
	READER_IN_BODY,  /* wants more */
	READER_DONE,     /* the request is whole */
	READER_REFUSED   /* request->problem says why; reply and close */
};

/* Takes a piece of a body that is not kept in memory. false: it cannot be taken, 503. */
typedef bool reader_sink(void *of, const char *at, size_t bytes);

struct reader {
	enum reader_state state;
	bool closes;       /* the connection ends after the reply */
	bool continues;    /* the client waits for 100 Continue before it sends the body */
	bool options;      /* the method is OPTIONS; request->method says GET */
	bool trace;        /* TRACE; options is set, too */
	size_t body_bytes; /* Content-Length */

	/* the reader's own */
	struct buffer head;
	size_t line_from; /* where in head the line that is being read begins */
	int empty_lines;  /* before the request line */
	int lines;
	int minor;     /* of the version: HTTP/1.<minor> */
	unsigned seen; /* fields that may stand once only */
	bool chunked;  /* there is a Transfer-Encoding */
	char *body;
	size_t body_read;
	reader_sink *sink;
	void *sink_of;
};

void reader_init(struct reader *reader);

/* Takes the next bytes of the connection and returns how many belong to this request; then look at
 * reader->state. Where it is not IN_HEAD or IN_BODY, the rest was not looked at. */
size_t reader_feed(struct reader *reader, struct request *request, const char *at, size_t bytes);

/* State HAS_HEAD: takes a body of up to `bytes_max` bytes, into memory (sink NULL: request->body)
 * or into the sink; a longer one is refused. */
void reader_accept_body(
    struct reader *reader, struct request *request, size_t bytes_max, reader_sink *sink, void *of);

/* Whether anything of a request has arrived: a silent connection is idle, not slow. */
bool reader_begun(const struct reader *reader);

#endif
