/* encode_list: pages, their cursors, and streams of events; see encode_parts.h. */
#include <assert.h>

#include "catalog.h"
#include "decode.h"
#include "encode_parts.h"

static void
take_sort_key(const struct rows *rows, int row, int column, uint32_t oid, struct value *value)
{
	struct text cell = rows_bytes(rows, row, column);

	switch (value->type) {
	case UUID:
		value->uuid = rows_uuid(rows, row, column);
		break;
	case STRING:
		value->bytes = cell;
		break;
	case INSTANT:
	case LOCAL_TIME:
		value->number = rows_instant(rows, row, column);
		break;
	case DATE:
		value->number = catalog_integer(cell.at, 4) + DAYS_OF_2000;
		break;
	default:
		value->number = oid == OID_BOOL ? cell.at[0] != 0 : rows_int(rows, row, column);
	}
}

struct text
encode_cursor(const struct encoder *encoder, const struct operation *operation,
    const struct request *request, const struct rows *rows, int row)
{
	struct cursor_list list = decode_list(request, operation);
	const struct field *takes = operation->endpoint->takes;
	struct cursor cursor = { .count = 0 };

	for (int i = 0; takes[i].name != NULL; i++) {
		struct value *value = &cursor.values[cursor.count];
		int column;

		if (takes[i].from != CURSOR)
			continue;
		assert(cursor.count < CURSOR_VALUES_MAX);
		/* the contract has seen to it that the field is after_<column> */
		column = encode_column(operation, takes[i].name + sizeof("after_") - 1);
		*value =
		    (struct value){ .type = takes[i].type, .null = rows_null(rows, row, column) };
		if (!value->null)
			take_sort_key(rows, row, column, encode_type(operation, column), value);
		cursor.count++;
	}
	if (cursor.count == 0)
		return (struct text){ NULL, 0 };
	return cursor_write(encoder->cursor_key, &list, &cursor, request->arena);
}

/* A piece of the request's own target inside <>: what would end it is escaped. */
static void
add_target(struct buffer *to, struct text from)
{
	for (size_t i = 0; i < from.bytes; i++) {
		unsigned char c = (unsigned char)from.at[i];

		if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '"')
			buffer_print(to, "%%%02X", c);
		else
			buffer_add(to, from.at + i, 1);
	}
}

/* RFC 8288: the same request with the next cursor. */
static void
add_link(struct request *request, struct text cursor, struct reply *reply)
{
	const char *name = request->endpoint->follows ? "after=" : "cursor=";
	size_t name_bytes = strlen(name);
	struct text left = request->query;
	struct buffer link;

	buffer_init(&link, request->arena, 512);
	buffer_add(&link, "<", 1);
	add_target(&link, request->path);
	buffer_add(&link, "?", 1);
	while (left.bytes > 0) {
		const char *end = memchr(left.at, '&', left.bytes);
		size_t bytes = end == NULL ? left.bytes : (size_t)(end - left.at);

		if (bytes > 0 && (bytes < name_bytes || memcmp(left.at, name, name_bytes) != 0)) {
			add_target(&link, (struct text){ left.at, bytes });
			buffer_add(&link, "&", 1);
		}
		bytes += end != NULL;
		left.at += bytes;
		left.bytes -= bytes;
	}
	buffer_print(&link, "%s%.*s>; rel=\"next\"", name, (int)cursor.bytes, cursor.at);
	reply_add_header(reply, "Link", buffer_text(&link));
}

/* The function was asked for one row more than a page has: that row says that there is more. */
void
encode_list(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct rows *rows, struct reply *reply)
{
	bool has_more = request->page_limit > 0 && rows->count > request->page_limit;
	int count = has_more ? request->page_limit : rows->count;
	struct text cursor = { NULL, 0 };
	struct buffer buffer;

	/* also on the last page, so that a reader of the feed of events can go on from there */
	if (count > 0)
		cursor = encode_cursor(encoder, operation, request, rows, count - 1);
	buffer_init(&buffer, request->arena, 4096);
	buffer_add_text(&buffer, "{\"data\":[");
	for (int row = 0; row < count; row++) {
		if (row > 0)
			buffer_add(&buffer, ",", 1);
		encode_item(encoder, operation, rows, row, &buffer);
	}
	buffer_print(&buffer, "],\"has_more\":%s,\"next_cursor\":", has_more ? "true" : "false");
	if (cursor.bytes > 0) {
		buffer_print(&buffer, "\"%.*s\"}", (int)cursor.bytes, cursor.at);
		if (has_more)
			add_link(request, cursor, reply);
	} else {
		buffer_add_text(&buffer, "null}");
	}
	reply->media = TEXT("application/json");
	reply->body = buffer_text(&buffer);
}

/* Server-sent events (HTML, section 9.2): the cursor is the id, the column `kind` the event. */
void
encode_events(const struct encoder *encoder, const struct operation *operation,
    struct request *request, const struct rows *rows, struct reply *reply)
{
	int kind = encode_column(operation, "kind");
	struct buffer buffer;

	buffer_init(&buffer, request->arena, 4096);
	for (int row = 0; row < rows->count; row++) {
		struct text id = encode_cursor(encoder, operation, request, rows, row);

		buffer_print(&buffer, "id: %.*s\n", (int)id.bytes, id.at);
		if (kind >= 0 && !rows_null(rows, row, kind)) {
			struct text name = rows_text(rows, row, kind);

			buffer_print(&buffer, "event: %.*s\n", (int)name.bytes, name.at);
		}
		buffer_add_text(&buffer, "data: ");
		encode_item(encoder, operation, rows, row, &buffer);
		buffer_add_text(&buffer, "\n\n");
	}
	reply->media = TEXT("text/event-stream");
	reply->body = buffer_text(&buffer);
}
