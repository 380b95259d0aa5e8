/* revoked: sessions that have ended. */
#include <criterion/criterion.h>

#include "revoked.h"
#include "socius/world.h"

#define S INT64_C(1000000)

static struct uuid
session(uint32_t n)
{
	struct uuid id = { { 0 } };

	memcpy(id.byte, &n, sizeof(n));
	memcpy(id.byte + 12, &n, sizeof(n));
	return id;
}

Test(revoked, holds_those_that_have_ended_and_no_others)
{
	struct revoked *revoked = revoked_new();
	struct uuid one = session(1), two = session(2);

	cr_assert_not(revoked_has(revoked, &one));
	revoked_add(revoked, &one, 10 * S, S);
	cr_assert(revoked_has(revoked, &one));
	cr_assert_not(revoked_has(revoked, &two));
	revoked_add(revoked, &one, 20 * S, S);
	cr_assert_eq(revoked_count(revoked), 1);
	revoked_free(revoked);
}

Test(revoked, leaves_out_whose_tokens_have_expired)
{
	struct revoked *revoked = revoked_new();
	struct uuid one = session(1);

	revoked_add(revoked, &one, 10 * S, 10 * S);
	cr_assert_not(revoked_has(revoked, &one));
	revoked_free(revoked);
}

Test(revoked, grows_and_shrinks_with_what_is_in_it)
{
	struct revoked *revoked = revoked_new();
	enum { MANY = 100000 };

	for (uint32_t i = 0; i < MANY; i++) {
		struct uuid id = session(i);

		revoked_add(revoked, &id, 10 * S, S);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		struct uuid id = session(i);

		cr_assert(revoked_has(revoked, &id));
	}
	cr_assert_eq(revoked_count(revoked), MANY);
	for (uint32_t i = MANY; i < 2 * MANY; i++) {
		struct uuid id = session(i);

		revoked_add(revoked, &id, 30 * S, 20 * S);
	}
	cr_assert_leq(revoked_count(revoked), MANY + MANY / 2 + MANY);
	for (uint32_t i = MANY; i < 2 * MANY; i++) {
		struct uuid id = session(i);

		cr_assert(revoked_has(revoked, &id));
	}
	revoked_free(revoked);
}

/* Sessions that share the bytes by which they are found. */
Test(revoked, tells_neighbours_apart)
{
	struct revoked *revoked = revoked_new();

	for (uint8_t i = 0; i < 100; i++) {
		struct uuid id = { { i } };

		revoked_add(revoked, &id, 10 * S, S);
		id.byte[1] = 1;
		cr_assert_not(revoked_has(revoked, &id));
	}
	cr_assert_eq(revoked_count(revoked), 100);
	revoked_free(revoked);
}
