/* cursor: signed sort keys that nobody can forge. */
#include <criterion/criterion.h>

#include "cursor.h"

static struct arena arena;
static struct cursor_key key;
static struct cursor sent;
static const struct cursor_list slots = { .operation_id = "list_slots", .bound = { 1, 2 } };
static const struct cursor_list trips = { .operation_id = "list_trips", .bound = { 1, 2 } };

static void
given(void)
{
	arena_init(&arena);
	cursor_key_of("a secret of the tests", &key);
	sent = (struct cursor){ .count = 4 };
	sent.values[0] = (struct value){ .type = INSTANT, .number = -1 };
	sent.values[1] = (struct value){ .type = STRING, .bytes = TEXT("Zürich, 1st") };
	sent.values[2] = (struct value){ .type = LONG, .null = true };
	sent.values[3] = (struct value){ .type = UUID, .uuid = { { 1, 2, 3, 255 } } };
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(cursor, .init = given, .fini = ended);

/* A cursor of the same types, still empty. */
static struct cursor
expected(void)
{
	struct cursor cursor = { .count = sent.count };

	for (int i = 0; i < sent.count; i++)
		cursor.values[i].type = sent.values[i].type;
	return cursor;
}

Test(cursor, brings_every_value_back)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);
	struct cursor read = expected();

	cr_assert(cursor_read(&key, &slots, text, &read, &arena));
	cr_assert_eq(read.values[0].number, -1);
	cr_assert(text_is(read.values[1].bytes, "Zürich, 1st"));
	cr_assert(read.values[2].null);
	cr_assert_not(read.values[3].null);
	cr_assert(uuid_equal(&read.values[3].uuid, &sent.values[3].uuid));
}

Test(cursor, is_made_of_characters_that_need_no_escape)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);

	for (size_t i = 0; i < text.bytes; i++)
		cr_assert(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
			      text.at[i]) != NULL);
}

Test(cursor, refuses_any_changed_character)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);

	for (size_t i = 0; i < text.bytes; i++) {
		char *forged = arena_copy(&arena, text.at, text.bytes);
		struct cursor read = expected();

		forged[i] = forged[i] == 'A' ? 'B' : 'A';
		cr_assert_not(
		    cursor_read(&key, &slots, (struct text){ forged, text.bytes }, &read, &arena),
		    "a cursor with character %zu changed was taken", i);
	}
}

Test(cursor, refuses_a_part_of_itself)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);

	for (size_t bytes = 0; bytes < text.bytes; bytes++) {
		struct cursor read = expected();

		cr_assert_not(
		    cursor_read(&key, &slots, (struct text){ text.at, bytes }, &read, &arena));
	}
}

Test(cursor, refuses_another_operation)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);
	struct cursor read = expected();

	cr_assert_not(cursor_read(&key, &trips, text, &read, &arena));
}

Test(cursor, refuses_another_key)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);
	struct cursor read = expected();
	struct cursor_key other;

	cursor_key_of("another secret", &other);
	cr_assert_not(cursor_read(&other, &slots, text, &read, &arena));
}

Test(cursor, refuses_other_types_or_counts)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);
	struct cursor read = expected();

	read.values[0].type = LONG;
	cr_assert_not(cursor_read(&key, &slots, text, &read, &arena));
	read = expected();
	read.count = 3;
	cr_assert_not(cursor_read(&key, &slots, text, &read, &arena));
	read = expected();
	read.values[4].type = LONG;
	read.count = 5;
	cr_assert_not(cursor_read(&key, &slots, text, &read, &arena));
}

Test(cursor, refuses_what_is_not_base64url)
{
	struct cursor read = expected();
	char *long_text = arena_take(&arena, CURSOR_TEXT_BYTES_MAX + 1);

	cr_assert_not(cursor_read(&key, &slots, TEXT("no cursor!"), &read, &arena));
	memset(long_text, 'A', CURSOR_TEXT_BYTES_MAX + 1);
	cr_assert_not(cursor_read(
	    &key, &slots, (struct text){ long_text, CURSOR_TEXT_BYTES_MAX + 1 }, &read, &arena));
}

/* Another market or another filter: the same operation, and yet another list. */
Test(cursor, opens_no_list_of_other_filters)
{
	struct text text = cursor_write(&key, &slots, &sent, &arena);
	struct cursor_list others = slots;
	struct cursor read = expected();

	others.bound[CURSOR_BOUND_BYTES - 1] ^= 1;
	cr_assert_not(cursor_read(&key, &others, text, &read, &arena));
	others.takes_unbound = true;
	cr_assert_not(cursor_read(&key, &others, text, &read, &arena));
}

/* Written by the first release for list_slots: version 1, one UUID, under the key of these tests.
 */
Test(cursor, of_the_first_release_goes_on_where_readers_keep_it)
{
	struct text text = TEXT("ARdKUlIFAAkAAAAAAAAAAAAAAAAAAAB9l7H3yBdOW_AXwVV-WW0H");
	struct cursor_list list = slots;
	struct cursor read = { .count = 1 };

	read.values[0].type = UUID;
	cr_assert_not(cursor_read(&key, &list, text, &read, &arena));
	list.takes_unbound = true;
	cr_assert(cursor_read(&key, &list, text, &read, &arena));
	cr_assert_eq(read.values[0].uuid.byte[0], 9);
}
