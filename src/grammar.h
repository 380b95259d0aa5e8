/*
 * grammar: the small pieces of which HTTP is made (RFC 9110, RFC 3986), shared by reader and gate.
 */
#ifndef SOCIUS_GRAMMAR_H
#define SOCIUS_GRAMMAR_H

#include <stdbool.h>

#include "socius/text.h"

/* Classes of characters: of a token, a path, a query, a host, and digits. */
enum { TCHAR = 1, PCHAR = 2, QCHAR = 4, HCHAR = 8, DIGIT = 16, HEX = 32 };

bool grammar_is(char c, unsigned class);
bool grammar_all(struct text text, unsigned class);

/* Cuts `text` at the first `c`: returns what is before, leaves what is after. Where there is none,
 * returns all and leaves nothing. */
struct text grammar_cut(struct text *text, char c);

/* Without blanks and tabs around it. */
struct text grammar_trim(struct text text);

/* Whether a comma-separated list holds this word, in any case. */
bool grammar_lists(struct text list, struct text word);

/* Every escape is %XX and none is NUL. */
bool grammar_escapes_right(struct text path);

/* uri-host [ ":" port ], RFC 9110 section 7.2; it may be empty. */
bool grammar_host_right(struct text host);

/* Visible characters, blanks, and any byte above ASCII (obs-text): RFC 9110 section 5.5. */
bool grammar_value_right(struct text value);

#endif
