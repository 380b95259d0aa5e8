/*
 * words: what apps of others may ask for, as people read it.
 */
#ifndef APP_OAUTH_WORDS_H
#define APP_OAUTH_WORDS_H

struct words {
	const char *scope;
	const char *says; /* what the app could do, as the end of "It could:" */
};

/* Ends with an empty row. */
extern const struct words words[];

#endif
