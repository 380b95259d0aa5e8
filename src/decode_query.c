/* decode_query: PATH, QUERY and LIMIT; see decode_parts.h. */
#include <assert.h>

#include "decode.h"
#include "decode_parts.h"
#include "route.h"

/* The place of {name} among the path's parameters. */
static int
path_param(const char *path, const char *name)
{
	int count = 0;

	for (; (path = strchr(path, '{')) != NULL; count++) {
		size_t bytes = strcspn(++path, "}");

		if (text_equal((struct text){ path, bytes }, text_of(name)))
			return count;
	}
	assert(!"the contract has seen to it that each PATH field stands in the path");
	return -1;
}

void
decode_path(struct request *request)
{
	const struct field *takes = request->endpoint->takes;

	for (int i = 0; takes[i].name != NULL; i++) {
		struct place place;

		if (takes[i].from != PATH)
			continue;
		place = decode_place(request, arena_print(request->arena, "{%s}", takes[i].name));
		decode_text(&place, &takes[i],
		    request->path_params[path_param(request->endpoint->path, takes[i].name)],
		    &request->args[i]);
	}
}

static void
take_limit(
    struct request *request, const struct field *field, struct text from, struct value *value)
{
	int64_t most = field->max > 0 ? field->max : DECODE_LIMIT_MAX;
	struct field limit = { .name = "limit", .type = INT, .min = 1, .max = most };
	struct place place = decode_place(request, "?limit");

	value->number = most < DECODE_LIMIT_DEFAULT ? most : DECODE_LIMIT_DEFAULT;
	value->null = false;
	if (from.at != NULL)
		decode_text(&place, &limit, from, value);
	request->page_limit = (int)value->number;
	value->number++; /* one more, to know whether there is more */
}

/* What of the query is for which field; `cursor` belongs to all CURSOR fields. */
struct query {
	struct text raw[REQUEST_ARGS_MAX]; /* still percent-encoded; at NULL: absent */
	struct text cursor;
};

/* Where the parameter of this name is kept, or NULL: the row does not know it. */
static struct text *
query_slot(const struct endpoint *endpoint, struct query *query, struct text name)
{
	const struct field *takes = endpoint->takes;
	const char *cursor = endpoint->follows ? "after" : "cursor";

	for (int i = 0; takes[i].name != NULL; i++) {
		if (takes[i].from == QUERY && text_is(name, takes[i].name))
			return &query->raw[i];
		if (takes[i].from == LIMIT && text_is(name, "limit"))
			return &query->raw[i];
		if (takes[i].from == CURSOR && text_is(name, cursor))
			return &query->cursor;
	}
	return NULL;
}

static void
take_pair(struct request *request, struct query *query, struct text pair)
{
	const char *equals = memchr(pair.at, '=', pair.bytes);
	size_t name_bytes = equals == NULL ? pair.bytes : (size_t)(equals - pair.at);
	struct text name, *slot, value = { pair.at + pair.bytes, 0 };
	const char *pointer;

	if (!route_percent_decode(
		request->arena, (struct text){ pair.at, name_bytes }, true, &name)) {
		decode_fault(request, "?", "format", "The query holds a malformed percent escape.");
		return;
	}
	if (equals != NULL)
		value = (struct text){ equals + 1, pair.bytes - name_bytes - 1 };
	pointer = arena_print(request->arena, "?%.*s", (int)name.bytes, name.at);
	slot = query_slot(request->endpoint, query, name);
	if (slot == NULL)
		decode_fault(request, pointer, "unknown", "There is no such parameter.");
	else if (slot->at != NULL)
		decode_fault(
		    request, pointer, "duplicate", "The parameter stands there more than once.");
	else
		*slot = value;
}

static void
split_query(struct request *request, struct query *query)
{
	struct text left = request->query;

	while (left.bytes > 0) {
		const char *end = memchr(left.at, '&', left.bytes);
		size_t bytes = end == NULL ? left.bytes : (size_t)(end - left.at);

		if (bytes > 0)
			take_pair(request, query, (struct text){ left.at, bytes });
		bytes += end != NULL;
		left.at += bytes;
		left.bytes -= bytes;
	}
}

/* A + is a blank, as forms and URL builders have it, but in an instant, where it can only be the
 * sign of an offset. */
static void
take_parameter(
    struct request *request, const struct field *field, struct text raw, struct value *value)
{
	struct place place = decode_place(request, arena_print(request->arena, "?%s", field->name));
	struct text from;

	value->null = raw.at == NULL;
	if (raw.at == NULL) {
		if (!field->optional)
			decode_fault(
			    request, place.pointer, "required", "This parameter is required.");
	} else if (!route_percent_decode(request->arena, raw, field->type != INSTANT, &from)) {
		decode_fault(request, place.pointer, "format", "A percent escape is malformed.");
	} else {
		decode_text(&place, field, from, value);
	}
}

void
decode_query(struct request *request, struct text *cursor)
{
	const struct field *takes = request->endpoint->takes;
	struct query query = { 0 };

	split_query(request, &query);
	for (int i = 0; takes[i].name != NULL; i++) {
		if (takes[i].from == QUERY)
			take_parameter(request, &takes[i], query.raw[i], &request->args[i]);
		else if (takes[i].from == LIMIT)
			take_limit(request, &takes[i], query.raw[i], &request->args[i]);
	}
	*cursor = query.cursor;
}
