/* decode_form: a form (application/x-www-form-urlencoded) as the object it stands for; see
 * decode_parts.h. */
#include <jansson.h>

#include "decode_parts.h"
#include "grammar.h"
#include "route.h"

static bool
is_member(const struct field *takes, struct text name)
{
	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == BODY && text_is(name, takes[i].name))
			return true;
	return false;
}

/* RFC 6749 section 3.2: what is empty is absent, what is not known is passed over, and nothing
 * stands there twice. */
static void
take_pair(struct request *request, struct text pair, struct json_t *object)
{
	struct text name = grammar_cut(&pair, '='), value;
	const char *pointer, *key;

	if (!route_percent_decode(request->arena, name, true, &name) ||
	    !route_percent_decode(request->arena, pair, true, &value) || !text_is_utf8(value)) {
		decode_fault(request, "", "format", "A percent escape is malformed.");
		return;
	}
	if (value.bytes == 0 || !is_member(request->endpoint->takes, name))
		return;
	key = arena_copy(request->arena, name.at, name.bytes);
	pointer = arena_print(request->arena, "/%s", key);
	if (json_object_get(object, key) != NULL)
		decode_fault(
		    request, pointer, "duplicate", "The parameter stands there more than once.");
	else if (json_object_set_new(object, key, json_stringn(value.at, value.bytes)) != 0)
		decode_fault(request, pointer, "utf8", "Expected UTF-8.");
}

struct json_t *
decode_form(struct request *request)
{
	struct json_t *object = json_object();
	struct text left = request->body;

	while (object != NULL && left.bytes > 0) {
		struct text pair = grammar_cut(&left, '&');

		if (pair.bytes > 0)
			take_pair(request, pair, object);
	}
	return object;
}
