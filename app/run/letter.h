/*
 * letter: what letters of access.mail say, as messages of RFC 5322 with RFC 2047 and RFC 2045.
 */
#ifndef APP_RUN_LETTER_H
#define APP_RUN_LETTER_H

#include <stdint.h>

#include "socius/text.h"

/* One row of jobs.take_mail. */
struct letter {
	const char *id; /* UUID; the same with every attempt, and so is the Message-ID */
	const char *kind, *locale, *address;
	const char *code; /* or "" */
};

/* Puts the message into `to`, its lines ended by `line_end`. NULL: done; else why not: nobody has
 * written such a letter, or the address is none and would add lines of its own. */
const char *letter_write(const struct letter *letter, const char *sender, int64_t now_us,
    const char *line_end, struct buffer *to);

/* Parts of it. A header's text, in encoded words where it is not ASCII; ... */
void letter_write_words(struct text from, const char *line_end, struct buffer *to);
/* ... and the body, as quoted-printable. */
void letter_write_quoted(struct text from, const char *line_end, struct buffer *to);

#endif
