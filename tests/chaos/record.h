/*
 * record: every operation that was asked for, under its key, and what is known of it. The checker
 * holds it against the database and asks again by the same key.
 */
#ifndef CHAOS_RECORD_H
#define CHAOS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "city.h"
#include "http.h"

enum { RECORD_OPERATIONS_MAX = 200 * 1000, RECORD_CODE_BYTES = 40 };

enum kind { BOOK, FORFEIT, TRIP, PAY, REDEEM, SUPPORT, RENT, KINDS };

enum outcome {
	ASKED,
	DONE,     /* acknowledged: its effect is there once */
	REFUSED,  /* no effect */
	NOT_SENT, /* the whole request never went out: no effect */
	UNKNOWN,  /* lost, or 503: once or not at all, and its key tells */
	OUTCOMES
};

extern const char *const record_kinds[KINDS];
extern const char *const record_outcomes[OUTCOMES];

struct operation {
	enum kind kind;
	enum outcome outcome;
	/* Of the city: who asks, and for which slot, discount, idea or day of a van. Each pair is
	 * asked for once; a day of a van by two partners. */
	int partner, thing;
	int booking; /* FORFEIT: the operation that booked */
	char key[UUID_TEXT_BYTES];
	char made[UUID_TEXT_BYTES]; /* DONE: what the reply named */
	bool is_there;              /* as the database said before it was asked again */
};

struct record {
	struct operation *operations;
	int count;
};

/* What one reply says. */
struct answer {
	enum outcome outcome;
	int status;
	bool replayed;
	char made[UUID_TEXT_BYTES];
	char code[RECORD_CODE_BYTES]; /* of a problem */
};

void record_init(struct record *record);

/* A new operation with this key; its number, or -1: there is no room. */
int record_add(struct record *record, enum kind kind, const char *key);

/* When what an operation of kind RENT asks for starts. */
int64_t record_rental_starts(const struct city *city, const struct operation *operation);

/* Begins its request; the same each time. */
void record_ask(
    const struct record *record, const struct city *city, int operation, struct http *http);

/* Reads how the request ended. Dies when a reply is none that this operation may get. */
void record_read(const struct operation *operation, const struct http *http, struct answer *answer);

#endif
