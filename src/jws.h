/*
 * jws: the outer form of signed JWTs (RFC 7515 section 3.1), read strictly: before a library that
 * is lenient sees one.
 */
#ifndef SOCIUS_JWS_H
#define SOCIUS_JWS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "socius/text.h"

enum { JWS_BYTES_MAX = 4096 };

/* Three segments, none of them empty; JWS_BYTES_MAX at most. */
bool jws_split(struct text from, struct text segments[3]);

/* base64url without padding, RFC 4648 section 5: the one text that these bytes have. `room` bytes
 * may be written. */
bool jws_decode(struct text from, char *to, size_t room, size_t *bytes);

/* A segment as a JSON object without duplicate members, to be given back; or NULL. */
json_t *jws_object(struct text segment);

#endif
