/* decode_headers: Idempotency-Key and If-Match; see decode_parts.h. */
#include "decode.h"
#include "decode_parts.h"

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

/* The version in an entity tag of ours, `"7"`. A W/ in front comes from a proxy that compressed the
 * reply; the version in it is as good. */
static bool
read_version(struct text from, int64_t *version)
{
	if (from.bytes > 2 && memcmp(from.at, "W/", 2) == 0) {
		from.at += 2;
		from.bytes -= 2;
	}
	if (from.bytes < 3 || from.bytes > 20 || from.at[0] != '"' ||
	    from.at[from.bytes - 1] != '"')
		return false;
	*version = 0;
	for (size_t i = 1; i + 1 < from.bytes; i++) {
		if (from.at[i] < '0' || from.at[i] > '9')
			return false;
		*version = *version * 10 + (from.at[i] - '0');
	}
	return true;
}

static bool
take_precondition(struct request *request, const struct field *field, struct value *value)
{
	struct text sent = single_header(request, "If-Match");

	value->null = sent.bytes == 0;
	if (value->null)
		return field->optional || decode_refuse(request, "precondition_required", NULL);
	if (!read_version(sent, &value->number))
		decode_fault(request, "If-Match", "format",
		    "Expected the ETag that the resource was read with, such as \"7\".");
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
