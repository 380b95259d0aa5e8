/*
 * cursor: the sort keys of a list's last row as one opaque text.
 *
 * base64url (RFC 4648 section 5, no padding) of: version (1 byte), the operation's hash (4), the
 * values (each: type, null, then its bytes), HMAC-SHA-256 over all that cut to 16 bytes. Only who
 * holds the key can make one, and one made for a list does not open another.
 */
#ifndef SOCIUS_CURSOR_H
#define SOCIUS_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "socius/arena.h"
#include "socius/request.h"
#include "socius/text.h"

enum { CURSOR_KEY_BYTES = 32, CURSOR_VALUES_MAX = 8, CURSOR_TEXT_BYTES_MAX = 2048 };

struct cursor_key {
	uint8_t byte[CURSOR_KEY_BYTES];
};

struct cursor {
	struct value values[CURSOR_VALUES_MAX];
	int count;
};

/* The key that belongs to a secret of the settings; all workers need the same. */
void cursor_key_of(const char *secret, struct cursor_key *key);

/* The text of `cursor`, made for the operation with this id. Valid as long as the arena. */
struct text cursor_write(const struct cursor_key *key, const char *operation_id,
    const struct cursor *cursor, struct arena *arena);

/* Fills the values, whose count and types the caller has set. false: forged, damaged, of another
 * operation or of other types; the values are then worth nothing. Texts live in the arena. */
bool cursor_read(const struct cursor_key *key, const char *operation_id, struct text from,
    struct cursor *cursor, struct arena *arena);

#endif
