/* seal: a person's text opens with its key, in its place, in its row, and nowhere else. */
#include "seal.h"

#include <criterion/criterion.h>

#include "socius/arena.h"

static struct arena arena;
static const uint8_t key[SEAL_KEY_BYTES] = { 1 }, other_key[SEAL_KEY_BYTES] = { 2 };
static const struct uuid ada = { { 0xad, 0xa0 } }, eve = { { 0xe0, 0xe0 } }, row = { { 7 } };

static void
given(void)
{
	arena_init(&arena);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(seal, .init = given, .fini = ended);

static struct text
closed(struct text clear)
{
	return seal_close(&arena, key, &ada, "identity.partner.name", &row, clear);
}

Test(seal, opens_where_it_was_closed)
{
	static const struct text texts[] = { TEXT("Ada Rossi"), TEXT(""), TEXT("x"),
		TEXT("\xc3\x89lo\xc3\xafse") };
	struct text clear;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_assert(seal_open(
		    &arena, key, "identity.partner.name", &row, closed(texts[i]), &clear));
		cr_assert(text_equal(clear, texts[i]));
	}
}

Test(seal, looks_different_each_time_and_says_whose_it_is)
{
	struct text one = closed(TEXT("Ada Rossi")), another = closed(TEXT("Ada Rossi"));
	struct uuid person;

	cr_assert_not(text_equal(one, another));
	cr_assert(seal_person(one, &person));
	cr_assert(uuid_equal(&person, &ada));
	cr_assert_not(seal_person(TEXT("Ada Rossi"), &person));
	cr_assert_not(seal_person(TEXT("sealed1:"), &person));
	cr_assert_not(seal_person(TEXT("sealed1:!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"
				       "!!!!!!!!!!!!!!!!!!!"),
	    &person));
}

Test(seal, opens_nowhere_else)
{
	struct text cell = closed(TEXT("Ada Rossi")), clear;

	cr_expect_not(seal_open(&arena, other_key, "identity.partner.name", &row, cell, &clear));
	cr_expect_not(seal_open(&arena, key, "identity.account.name", &row, cell, &clear));
	cr_expect_not(seal_open(&arena, key, "identity.partner.name", &ada, cell, &clear));
	cr_expect_not(seal_open(&arena, key, "identity.partner.name", &row,
	    seal_close(&arena, other_key, &eve, "identity.partner.name", &row, TEXT("x")), &clear));
}

/* Whose it is is bound too: under the same key, another person's is another cell. */
Test(seal, opens_not_with_a_bit_changed)
{
	struct text cell = closed(TEXT("Ada Rossi")), clear;

	for (size_t i = sizeof("sealed1:") - 1; i + 1 < cell.bytes; i++) {
		char *changed = arena_copy(&arena, cell.at, cell.bytes);

		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		cr_expect_not(seal_open(&arena, key, "identity.partner.name", &row,
				  (struct text){ changed, cell.bytes }, &clear),
		    "at %zu", i);
	}
	for (size_t bytes = 0; bytes < cell.bytes; bytes++)
		cr_expect_not(seal_open(&arena, key, "identity.partner.name", &row,
		    (struct text){ cell.at, bytes }, &clear));
}

Test(seal, wraps_keys_under_the_newest_and_unwraps_with_the_one_it_was)
{
	struct kek_ring ring = { .count = 1, .keks = { { 3, { 9 } } } };
	uint8_t old[SEAL_WRAPPED_BYTES], fresh[SEAL_WRAPPED_BYTES], got[SEAL_KEY_BYTES];

	seal_wrap(&ring, &ada, key, old);
	ring.keks[ring.count++] = (struct kek){ 4, { 8 } };
	seal_wrap(&ring, &ada, key, fresh);
	cr_assert_eq(old[3], 3);
	cr_assert_eq(fresh[3], 4);
	cr_assert(seal_unwrap(&ring, &ada, old, got));
	cr_assert_arr_eq(got, key, sizeof(key));
	cr_assert(seal_unwrap(&ring, &ada, fresh, got));
	cr_assert_not(seal_unwrap(&ring, &eve, fresh, got));
	ring.keks[0] = ring.keks[1];
	ring.count = 1;
	cr_assert_not(seal_unwrap(&ring, &ada, old, got));
}
