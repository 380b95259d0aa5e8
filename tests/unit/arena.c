/* arena: alignment, large takes, clearing. */
#include <criterion/criterion.h>

#include <stdalign.h>
#include <stdint.h>

#include "socius/arena.h"

static struct arena arena;

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

TestSuite(arena, .init = given, .fini = ended);

Test(arena, gives_zeroed_and_aligned_memory)
{
	for (size_t bytes = 1; bytes < 100; bytes++) {
		char *at = arena_take(&arena, bytes);

		cr_assert_eq((uintptr_t)at % alignof(max_align_t), 0);
		for (size_t i = 0; i < bytes; i++)
			cr_assert_eq(at[i], 0);
		memset(at, 0xff, bytes);
	}
}

Test(arena, takes_more_than_a_block)
{
	char *large = arena_take(&arena, 10 * ARENA_BLOCK_BYTES);
	char *small = arena_take(&arena, 10);

	memset(large, 1, 10 * ARENA_BLOCK_BYTES);
	memset(small, 2, 10);
	cr_assert_eq(large[10 * ARENA_BLOCK_BYTES - 1], 1);
}

Test(arena, keeps_one_block_when_cleared)
{
	struct arena_block *first;

	(void)arena_take(&arena, 10);
	first = arena.block;
	arena_clear(&arena);
	cr_assert_eq(arena.block, first);
	cr_assert_eq(arena.used, 0);
	(void)arena_take(&arena, 10 * ARENA_BLOCK_BYTES);
	arena_clear(&arena);
	cr_assert_null(arena.block, "a huge block is given back");
}

Test(arena, prints_text_of_any_length)
{
	char *text = arena_print(&arena, "%0*d", 40000, 7);

	cr_assert_eq(strlen(text), 40000);
	cr_assert_eq(text[39999], '7');
}
