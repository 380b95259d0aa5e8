/*
 * etag: entity tags of conditional requests, RFC 9110 sections 8.8.3 and 13.1. A list may be spread
 * over several headers of its name, and hold commas inside its tags.
 */
#ifndef SOCIUS_ETAG_H
#define SOCIUS_ETAG_H

#include <stdbool.h>

#include "socius/text.h"

struct request;

struct etag {
	bool weak;
	struct text opaque; /* with its quotes */
};

/* Takes the next tag off a list. false: there is none; where `list` is not empty then, what it
 * begins with is no tag. */
bool etag_next(struct text *list, struct etag *tag);

/* Whether If-None-Match says that the client has what this strong tag is of, or anything at all
 * (`*`): weak comparison. What is no tag is passed over with the rest of its header. */
bool etag_is_known(const struct request *request, struct text tag);

#endif
