/*
 * precis: which characters persons may send, and in which form they are kept: the FreeformClass of
 * RFC 8264 with the mappings of RFC 8265 and RFC 8266. What cannot be seen, turns the direction of
 * text or is no character is refused, with the reason in words.
 */
#ifndef SOCIUS_PRECIS_H
#define SOCIUS_PRECIS_H

#include <stdbool.h>
#include <stddef.h>

#include "socius/text.h"

struct arena;

enum precis {
	PRECIS_PASSWORD, /* OpaqueString, RFC 8265 section 4.2 */
	PRECIS_LINE,     /* a name or title: also variation selectors and joined emoji;
			    that begins with no mark and holds no blank of Braille */
	PRECIS_LINES     /* a text: also line feeds */
};

/* Whether all is printable ASCII: then neither of the others changes or refuses anything. */
bool precis_is_plain(struct text from);

/* Well-formed UTF-8 in Unicode's Normalization Form C, in the arena; spaces other than U+0020
 * become that. */
struct text precis_normalize(struct arena *arena, struct text from);

/* A text of several lines as forms and editors send it: CR LF and CR become LF, tabs spaces. In the
 * arena. */
struct text precis_lines(struct arena *arena, struct text from);

/* NULL: every character is allowed. Else a sentence about the first that is not. `from` is
 * well-formed UTF-8 and normalized. */
const char *precis_fault(struct arena *arena, struct text from, enum precis class);

#endif
