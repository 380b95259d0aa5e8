/*
 * keyhole: how the runner reads what was sealed: a connection to the keys' database, opened when it
 * is first needed and again when it was lost.
 */
#ifndef APP_RUN_KEYHOLE_H
#define APP_RUN_KEYHOLE_H

#include "person_key.h"

struct keyhole {
	const char *conninfo;
	const char *kek_folder;
	PGconn *pg; /* NULL: not connected */
	struct kek_ring ring;
};

/* From the settings; `arena` keeps their text. */
void keyhole_init(struct keyhole *keyhole, struct arena *arena);
void keyhole_close(struct keyhole *keyhole);

/* Connects and reads the key-encryption keys, which may have been rotated. */
bool keyhole_open(struct keyhole *keyhole);

/* What an e-mail address of this person says, NUL-terminated; person empty: it is in clear. */
enum person_key_answer keyhole_address(struct keyhole *keyhole, struct arena *arena,
    const char *person, const char *cell, const char **clear);

#endif
