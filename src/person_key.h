/*
 * person_key: the key of one person, for programs that may wait: the runner and the command line.
 */
#ifndef SOCIUS_PERSON_KEY_H
#define SOCIUS_PERSON_KEY_H

#include <libpq-fe.h>

#include "seal.h"

enum person_key_answer {
	PERSON_KEY_FOUND,
	PERSON_KEY_GONE,  /* destroyed, or never made */
	PERSON_KEY_FAILED /* the keys' database did not answer, or with what nobody can unwrap */
};

/* `pg` is a connection to the keys' database. `makes`: where there never was one. */
enum person_key_answer person_key_get(PGconn *pg, const struct kek_ring *ring,
    const struct uuid *person, bool makes, uint8_t key[SEAL_KEY_BYTES]);

/* What a cell says, itself where it is in clear. FOUND: `clear` is set. */
enum person_key_answer person_key_open(PGconn *pg, const struct kek_ring *ring, struct arena *arena,
    const char *place, const struct uuid *row, struct text cell, struct text *clear);

#endif
