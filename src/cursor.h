/*
 * cursor: the sort keys of a list's last row as one opaque text.
 *
 * base64url (RFC 4648 section 5, no padding) of: version (1 byte), the operation's hash (4), the
 * hash of what else the list is of (8), the values (each: type, null, then its bytes), HMAC-SHA-256
 * over all that cut to 16 bytes. Only who holds the key can make one, and one made for a list, its
 * market, its caller and its filters does not open another.
 */
#ifndef SOCIUS_CURSOR_H
#define SOCIUS_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/arena.h"
#include "socius/request.h"
#include "socius/text.h"

enum {
	CURSOR_KEY_BYTES = 32,
	CURSOR_VALUES_MAX = 8,
	CURSOR_TEXT_BYTES_MAX = 2048,
	CURSOR_BOUND_BYTES = 8
};

struct cursor_key {
	uint8_t byte[CURSOR_KEY_BYTES];
};

struct cursor {
	struct value values[CURSOR_VALUES_MAX];
	int count;
};

/* Which list a cursor is of. */
struct cursor_list {
	const char *operation_id;
	uint8_t bound[CURSOR_BOUND_BYTES]; /* hash of market, caller, path and filters */
	bool takes_unbound; /* also those of the first release, which were bound to the operation */
};

/* The key that belongs to a secret of the settings; all workers need the same. */
void cursor_key_of(const char *secret, struct cursor_key *key);

/* The text of `cursor`, made for this list. Valid as long as the arena. */
struct text cursor_write(const struct cursor_key *key, const struct cursor_list *list,
    const struct cursor *cursor, struct arena *arena);

/* Fills the values, whose count and types the caller has set. false: forged, damaged, of another
 * list or of other types; the values are then worth nothing. Texts live in the arena. */
bool cursor_read(const struct cursor_key *key, const struct cursor_list *list, struct text from,
    struct cursor *cursor, struct arena *arena);

#endif
