/* cursor: any text as a cursor: none that we have not written is read, and one that we have written
 * is read as it was, by its own operation alone. */
#include "fuzz/fuzzed.h"

enum { KINDS = 4 };

static const struct cursor_list things = { .operation_id = "list_things" };
static const struct cursor_list others = { .operation_id = "list_others" };

static void
read_anything(struct request *request, struct text from, const struct cursor *like)
{
	struct cursor cursor = *like;
	struct text again;

	if (!cursor_read(fuzzed_cursor_key(), &things, from, &cursor, request->arena))
		return;
	again = cursor_write(fuzzed_cursor_key(), &things, &cursor, request->arena);
	FUZZED_HOLDS(text_equal(again, from));
}

/* A cursor of these values, as it is and with one byte changed. */
static void
write_and_spoil(struct request *request, const struct cursor *like, size_t at, uint8_t to)
{
	struct text from = cursor_write(fuzzed_cursor_key(), &things, like, request->arena);
	char *spoilt = arena_copy(request->arena, from.at, from.bytes);
	struct cursor cursor = *like;

	FUZZED_HOLDS(cursor_read(fuzzed_cursor_key(), &things, from, &cursor, request->arena));
	for (int i = 0; i < like->count; i++)
		FUZZED_HOLDS(
		    cursor.values[i].null == like->values[i].null &&
		    (cursor.values[i].null || cursor.values[i].number == like->values[i].number));
	FUZZED_HOLDS(!cursor_read(fuzzed_cursor_key(), &others, from, &cursor, request->arena));
	if (spoilt[at % from.bytes] == (char)to)
		return;
	spoilt[at % from.bytes] = (char)to;
	FUZZED_HOLDS(!cursor_read(fuzzed_cursor_key(), &things, (struct text){ spoilt, from.bytes },
	    &cursor, request->arena));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum type types[KINDS] = { INSTANT, UUID, STRING, LONG };
	struct request *request = fuzzed_request();
	struct cursor cursor = { .count = (int)fuzzed_number(&data, &size, CURSOR_VALUES_MAX + 1) };

	for (int i = 0; i < cursor.count; i++)
		cursor.values[i].type = types[i % KINDS];
	read_anything(request, fuzzed_rest(data, size), &cursor);
	for (int i = 0; i < cursor.count; i++) {
		struct value *value = &cursor.values[i];

		value->null = size > 0 && data[0] >> i & 1;
		if (value->type == STRING)
			value->bytes = (struct text){ (const char *)data, size < 100 ? size : 100 };
		else if (value->type != UUID && size >= 8 && !value->null)
			memcpy(&value->number, data, 8);
	}
	if (size >= 3)
		write_and_spoil(request, &cursor, (size_t)data[1] << 8 | data[2], data[0]);
	return 0;
}
