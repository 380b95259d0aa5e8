/* keyring: see keyring.h. */
#include "keyring.h"

#include <assert.h>
#include <openssl/crypto.h>

#include "catalog.h"
#include "socius/arena.h"
#include "socius/log.h"

enum { SLOTS = 2 * KEYRING_KEYS_MAX };

struct slot {
	struct uuid person;
	bool taken, gone;
	int64_t until_us;
	uint8_t key[SEAL_KEY_BYTES];
};

struct keyring {
	int count;
	int missed_count;
	struct uuid missed[KEYRING_MISSED_MAX];
	struct slot slots[SLOTS]; /* open addressing; emptied as a whole when it is half full */
};

struct keyring *
keyring_new(void)
{
	struct keyring *ring = calloc(1, sizeof(*ring));

	if (ring == NULL)
		log_die("out of memory for the keys of persons");
	return ring;
}

void
keyring_free(struct keyring *ring)
{
	if (ring == NULL)
		return;
	OPENSSL_cleanse(ring, sizeof(*ring));
	free(ring);
}

/* Ids of ours end in chance; those of a client's own may not, so all bytes count. */
static struct slot *
slot_of(struct keyring *ring, const struct uuid *person)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	unsigned at;

	for (int i = 0; i < UUID_BYTES; i++)
		hash = (hash ^ person->byte[i]) * UINT64_C(0x100000001b3);
	at = (unsigned)(hash >> 20) % SLOTS;
	while (ring->slots[at].taken && !uuid_equal(&ring->slots[at].person, person))
		at = (at + 1) % SLOTS;
	return &ring->slots[at];
}

enum keyring_answer
keyring_find(struct keyring *ring, const struct uuid *person, int64_t now_us, const uint8_t **key)
{
	const struct slot *slot = slot_of(ring, person);

	if (!slot->taken || now_us >= slot->until_us)
		return KEYRING_UNKNOWN;
	*key = slot->key;
	return slot->gone ? KEYRING_GONE : KEYRING_KNOWN;
}

void
keyring_miss(struct keyring *ring, const struct uuid *person)
{
	for (int i = 0; i < ring->missed_count; i++)
		if (uuid_equal(&ring->missed[i], person))
			return;
	if (ring->missed_count < KEYRING_MISSED_MAX)
		ring->missed[ring->missed_count++] = *person;
}

bool
keyring_has_missed(const struct keyring *ring)
{
	return ring->missed_count > 0;
}

struct text
keyring_missed(struct keyring *ring, struct arena *arena)
{
	size_t bytes = sizeof(ring->missed[0]) * (size_t)ring->missed_count;
	struct text all = { NULL, bytes };

	if (bytes > 0)
		all.at = arena_copy(arena, (const char *)ring->missed, bytes);
	ring->missed_count = 0;
	return all;
}

void
keyring_put(struct keyring *ring, const struct uuid *person, const uint8_t *key, int64_t now_us)
{
	struct slot *slot = slot_of(ring, person);

	if (!slot->taken && ring->count == KEYRING_KEYS_MAX) {
		OPENSSL_cleanse(ring->slots, sizeof(ring->slots));
		ring->count = 0;
		slot = slot_of(ring, person);
	}
	ring->count += !slot->taken;
	slot->person = *person;
	slot->taken = true;
	slot->gone = key == NULL;
	slot->until_us = now_us + KEYRING_LIFE_US;
	if (key != NULL)
		memcpy(slot->key, key, sizeof(slot->key));
	else
		OPENSSL_cleanse(slot->key, sizeof(slot->key));
}

/* The next field of a composite, as record_send has it: type, length, bytes. PostgreSQL made it:
 * what does not fit is our own mistake. */
static struct text
cut_field(struct text *from)
{
	int64_t bytes = catalog_integer(from->at + 4, 4);
	struct text field = { NULL, 0 };

	from->at += 8;
	from->bytes -= 8;
	if (bytes < 0)
		return field;
	assert(from->bytes >= (size_t)bytes);
	field = (struct text){ from->at, (size_t)bytes };
	from->at += bytes;
	from->bytes -= (size_t)bytes;
	return field;
}

struct text
keyring_open(struct keyring *ring, struct arena *arena, struct text sealed, int64_t now_us)
{
	struct text left = { sealed.at + 4, sealed.bytes - 4 }; /* behind the number of fields */
	struct text place = cut_field(&left), id = cut_field(&left), cell = cut_field(&left);
	struct text clear = { NULL, 0 };
	struct uuid person, row;
	const char *where;
	const uint8_t *key;

	if (cell.at == NULL || !seal_person(cell, &person))
		return cell;
	switch (keyring_find(ring, &person, now_us, &key)) {
	case KEYRING_UNKNOWN:
		keyring_miss(ring, &person);
		return clear;
	case KEYRING_GONE:
		return clear;
	case KEYRING_KNOWN:
		break;
	}
	assert(place.at != NULL && id.bytes == UUID_BYTES);
	where = arena_copy(arena, place.at, place.bytes);
	memcpy(row.byte, id.at, UUID_BYTES);
	if (seal_open(arena, key, where, &row, cell, &clear))
		return clear;
	log_line(LOG_LEVEL_ERROR, "seal.broken", "place", where, NULL);
	return (struct text){ NULL, 0 };
}
