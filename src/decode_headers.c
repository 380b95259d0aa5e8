/* decode_headers: Idempotency-Key and If-Match; see decode_parts.h. */
#include "decode.h"
#include "decode_parts.h"
#include "etag.h"
#include "grammar.h"

enum { VERSION_DIGITS_MAX = 18 };

/* The value of a header that may stand there once; more are a fault. */
static struct text
single_header(struct request *request, const char *name)
{
	int count = 0;

	for (int i = 0; i < request->headers_count; i++)
		count += text_equal_nocase(request->headers[i].name, text_of(name));
	if (count > 1)
		decode_fault(request, name, "duplicate", "The header stands there more than once.");
	return request_header(request, name);
}

static bool
printable(struct text from)
{
	for (size_t i = 0; i < from.bytes; i++)
		if (from.at[i] < 0x20 || from.at[i] > 0x7e)
			return false;
	return true;
}

/* The String of RFC 9651 section 3.3.3, or the same without quotes. false: neither. */
static bool
read_key(struct arena *arena, struct text from, struct text *key)
{
	char *at = arena_take(arena, from.bytes + 1);
	size_t bytes = 0;

	if (!printable(from))
		return false;
	if (from.at[0] != '"') {
		*key = from;
		return from.bytes <= DECODE_KEY_BYTES_MAX;
	}
	for (size_t i = 1; i < from.bytes; i++) {
		char c = from.at[i];

		if (c == '"') {
			*key = (struct text){ at, bytes };
			return i + 1 == from.bytes && bytes > 0 && bytes <= DECODE_KEY_BYTES_MAX;
		}
		if (c == '\\') {
			c = ++i < from.bytes ? from.at[i] : '\0';
			if (c != '"' && c != '\\')
				return false;
		}
		at[bytes++] = c;
	}
	return false;
}

static bool
take_key(struct request *request, const struct operation *operation, struct text *key)
{
	const struct field *takes = request->endpoint->takes;
	struct text sent = { NULL, 0 };

	*key = sent;
	if (decode_count(takes, KEY) + decode_count(takes, KEYED) > 0)
		sent = single_header(request, "Idempotency-Key");
	if (sent.bytes == 0)
		return !operation->keyed || decode_refuse(request, "key_required", NULL);
	if (!read_key(request->arena, sent, key))
		decode_fault(request, "Idempotency-Key", "format",
		    "Expected 1 to 255 printable ASCII characters, bare or in double quotes.");
	return true;
}

/* Whether it could be the tag of one of our versions: a number without zeros in front. Any other is
 * nobody's, and so is a weak one (strong comparison, RFC 9110 section 13.1.1). */
static bool
is_version(const struct etag *tag)
{
	struct text digits = { tag->opaque.at + 1, tag->opaque.bytes - 2 };

	return !tag->weak && digits.bytes > 0 && digits.bytes <= VERSION_DIGITS_MAX &&
	       digits.at[0] != '0' && grammar_all(digits, DIGIT);
}

/* Adds the versions that one header names, blank-separated. false: it is no list of tags. */
static bool
add_versions(struct text list, struct buffer *to, int *tags)
{
	struct etag tag;

	while (etag_next(&list, &tag)) {
		(*tags)++;
		if (!is_version(&tag))
			continue;
		if (to->bytes > 0)
			buffer_add(to, " ", 1);
		buffer_add(to, tag.opaque.at + 1, tag.opaque.bytes - 2);
	}
	return list.bytes == 0;
}

/* What any of the If-Match headers names: "*" alone, or versions; false: something else. */
static bool
read_versions(const struct request *request, struct buffer *to)
{
	int tags = 0, headers = 0;
	bool any = false;

	for (int i = 0; i < request->headers_count; i++) {
		struct text list = grammar_trim(request->headers[i].value);

		if (!text_equal_nocase(request->headers[i].name, TEXT("If-Match")))
			continue;
		headers++;
		if (text_is(list, "*"))
			any = true;
		else if (!add_versions(list, to, &tags))
			return false;
	}
	if (any)
		buffer_add_text(to, "*");
	return any ? headers == 1 : tags > 0;
}

static bool
is_sent(const struct request *request, const char *name)
{
	for (int i = 0; i < request->headers_count; i++)
		if (text_equal_nocase(request->headers[i].name, text_of(name)))
			return true;
	return false;
}

static bool
take_precondition(struct request *request, const struct field *field, struct value *value)
{
	struct buffer versions;

	value->null = !is_sent(request, "If-Match");
	if (value->null)
		return field->optional || decode_refuse(request, "precondition_required", NULL);
	buffer_init(&versions, request->arena, 64);
	if (!read_versions(request, &versions))
		decode_fault(request, "If-Match", "format",
		    "Expected the ETag that the resource was read with, such as \"7\", several "
		    "with "
		    "commas between them, or *.");
	value->bytes = buffer_text(&versions);
	return true;
}

bool
decode_headers(struct request *request, const struct operation *operation, struct text *key)
{
	const struct field *takes = request->endpoint->takes;

	if (!take_key(request, operation, key))
		return false;
	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == IF_MATCH &&
		    !take_precondition(request, &takes[i], &request->args[i]))
			return false;
	return true;
}
