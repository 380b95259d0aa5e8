/* keyring and kek: keys for four seconds, and the files that wrap them. */
#include "keyring.h"

#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socius/arena.h"

static struct arena arena;
static struct keyring *ring;
static const uint8_t key[SEAL_KEY_BYTES] = { 1 };
static const struct uuid ada = { { 0xad, 0xa0 } }, row = { { 7 } };

static void
given(void)
{
	arena_init(&arena);
	ring = keyring_new();
}

static void
ended(void)
{
	keyring_free(ring);
	arena_release(&arena);
}

TestSuite(keyring, .init = given, .fini = ended);

static void
put_number(struct buffer *to, uint32_t number)
{
	uint8_t bytes[] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number };

	buffer_add(to, bytes, sizeof(bytes));
}

static void
put_field(struct buffer *to, const void *at, size_t bytes)
{
	put_number(to, 0);
	put_number(to, at == NULL ? UINT32_MAX : (uint32_t)bytes);
	if (at != NULL)
		buffer_add(to, at, bytes);
}

/* core.sealed as PostgreSQL sends it. */
static struct text
sealed(const char *place, struct text cell)
{
	struct buffer to;

	buffer_init(&to, &arena, 256);
	put_number(&to, 3);
	put_field(&to, place, strlen(place));
	put_field(&to, row.byte, UUID_BYTES);
	put_field(&to, cell.at, cell.bytes);
	return buffer_text(&to);
}

static struct text
closed(void)
{
	return seal_close(&arena, key, &ada, "a.b.c", &row, TEXT("Ada"));
}

Test(keyring, knows_a_key_for_four_seconds)
{
	const uint8_t *found;

	cr_assert_eq(keyring_find(ring, &ada, 0, &found), KEYRING_UNKNOWN);
	keyring_put(ring, &ada, key, 0);
	cr_assert_eq(keyring_find(ring, &ada, KEYRING_LIFE_US - 1, &found), KEYRING_KNOWN);
	cr_assert_arr_eq(found, key, sizeof(key));
	cr_assert_eq(keyring_find(ring, &ada, KEYRING_LIFE_US, &found), KEYRING_UNKNOWN);
	cr_assert_leq(KEYRING_LIFE_US, 4000000);
}

Test(keyring, opens_what_it_has_the_key_of_and_misses_the_others)
{
	struct text missed;

	cr_assert_null(keyring_open(ring, &arena, sealed("a.b.c", closed()), 0).at);
	cr_assert_null(keyring_open(ring, &arena, sealed("a.b.c", closed()), 0).at);
	cr_assert(keyring_has_missed(ring));
	missed = keyring_missed(ring, &arena);
	cr_assert_eq(missed.bytes, UUID_BYTES);
	cr_assert_not(keyring_has_missed(ring));
	keyring_put(ring, &ada, key, 0);
	cr_assert(text_is(keyring_open(ring, &arena, sealed("a.b.c", closed()), 0), "Ada"));
	cr_assert_null(keyring_open(ring, &arena, sealed("a.b.d", closed()), 0).at);
	cr_assert_not(keyring_has_missed(ring));
}

Test(keyring, says_nothing_of_whom_was_erased_and_all_of_what_is_in_clear)
{
	keyring_put(ring, &ada, NULL, 0);
	cr_assert_null(keyring_open(ring, &arena, sealed("a.b.c", closed()), 0).at);
	cr_assert_not(keyring_has_missed(ring));
	cr_assert(text_is(keyring_open(ring, &arena, sealed("a.b.c", TEXT("Ada")), 0), "Ada"));
	cr_assert_null(keyring_open(ring, &arena, sealed("a.b.c", (struct text){ NULL, 0 }), 0).at);
}

Test(keyring, forgets_rather_than_grows)
{
	const uint8_t *found;
	struct uuid id = { { 0 } };

	for (uint32_t i = 0; i < 3 * KEYRING_KEYS_MAX; i++) {
		memcpy(id.byte, &i, sizeof(i));
		keyring_put(ring, &id, key, 0);
		cr_assert_eq(keyring_find(ring, &id, 0, &found), KEYRING_KNOWN);
		keyring_miss(ring, &id);
	}
	cr_assert_eq(keyring_missed(ring, &arena).bytes, (size_t)KEYRING_MISSED_MAX * UUID_BYTES);
}

Test(keyring, is_wrapped_by_files_that_nobody_else_may_read)
{
	char folder[] = "/tmp/socius-kek.XXXXXX", path[64];
	struct kek_ring keks;
	uint32_t number;

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_not_null(kek_load(&keks, folder));
	for (uint32_t i = 1; i <= 3; i++) {
		cr_assert_null(kek_make(folder, &number));
		cr_assert_eq(number, i);
	}
	cr_assert_null(kek_forget(folder, 2));
	cr_assert_null(kek_load(&keks, folder));
	cr_assert_eq(keks.count, 2);
	cr_assert_eq(keks.keks[1].number, 3);
	cr_assert_null(kek_make(folder, &number));
	cr_assert_eq(number, 4);
	(void)snprintf(path, sizeof(path), "%s/kek-0004.secret", folder);
	cr_assert_eq(chmod(path, 0644), 0);
	cr_assert_not_null(kek_load(&keks, folder));
	cr_assert_eq(keks.count, 2);
	for (number = 1; number <= 4; number++)
		(void)kek_forget(folder, number); /* the second is gone */
	cr_assert_eq(rmdir(folder), 0);
}
