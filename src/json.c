/* json: an escaping writer, and strict reading through jansson; see socius/json.h. */
#include "socius/json.h"

#include <assert.h>
#include <jansson.h>
#include <inttypes.h>

void
json_init(struct json *json, struct buffer *to)
{
	json->to = to;
	json->depth = 0;
	json->needs_comma[0] = false;
}

/* Before each value or name: a comma where one is due. */
static void
comma(struct json *json)
{
	if (json->needs_comma[json->depth])
		buffer_add(json->to, ",", 1);
	json->needs_comma[json->depth] = true;
}

static void
open_level(struct json *json, const char *bracket)
{
	comma(json);
	buffer_add(json->to, bracket, 1);
	json->depth++;
	assert((size_t)json->depth < sizeof(json->needs_comma));
	json->needs_comma[json->depth] = false;
}

static void
close_level(struct json *json, const char *bracket)
{
	assert(json->depth > 0);
	json->depth--;
	buffer_add(json->to, bracket, 1);
}

void
json_open_object(struct json *json)
{
	open_level(json, "{");
}

void
json_close_object(struct json *json)
{
	close_level(json, "}");
}

void
json_open_array(struct json *json)
{
	open_level(json, "[");
}

void
json_close_array(struct json *json)
{
	close_level(json, "]");
}

/* The two-character escapes of RFC 8259 section 7; others below 0x20 become \u00xx. */
static const char *
short_escape(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static bool
plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

/* Bytes that are not UTF-8 become U+FFFD: a line or reply is JSON whatever came in. */
static void
quote(struct buffer *to, struct text value)
{
	bool utf8 = text_is_utf8(value);

	buffer_add(to, "\"", 1);
	for (size_t i = 0; i < value.bytes;) {
		size_t from = i;
		unsigned char c;

		while (i < value.bytes && plain((unsigned char)value.at[i]) &&
		       (utf8 || (unsigned char)value.at[i] < 0x80))
			i++;
		buffer_add(to, value.at + from, i - from);
		if (i == value.bytes)
			break;
		c = (unsigned char)value.at[i++];
		if (c >= 0x80)
			buffer_add_text(to, "\xef\xbf\xbd");
		else if (short_escape(c) != NULL)
			buffer_add_text(to, short_escape(c));
		else
			buffer_print(to, "\\u%04x", c);
	}
	buffer_add(to, "\"", 1);
}

void
json_name(struct json *json, const char *name)
{
	comma(json);
	quote(json->to, text_of(name));
	buffer_add(json->to, ":", 1);
	json->needs_comma[json->depth] = false;
}

void
json_write_text(struct json *json, struct text value)
{
	comma(json);
	quote(json->to, value);
}

void
json_write_int(struct json *json, int64_t value)
{
	char digits[24];
	int bytes = snprintf(digits, sizeof(digits), "%" PRId64, value);

	comma(json);
	buffer_add(json->to, digits, (size_t)bytes);
}

void
json_write_bool(struct json *json, bool value)
{
	comma(json);
	buffer_add_text(json->to, value ? "true" : "false");
}

void
json_write_null(struct json *json)
{
	comma(json);
	buffer_add(json->to, "null", 4);
}

void
json_write_raw(struct json *json, struct text already_json)
{
	comma(json);
	buffer_add(json->to, already_json.at, already_json.bytes);
}

void
json_put_text(struct json *json, const char *name, const char *value)
{
	json_name(json, name);
	if (value == NULL)
		json_write_null(json);
	else
		json_write_text(json, text_of(value));
}

void
json_put_int(struct json *json, const char *name, int64_t value)
{
	json_name(json, name);
	json_write_int(json, value);
}

void
json_put_bool(struct json *json, const char *name, bool value)
{
	json_name(json, name);
	json_write_bool(json, value);
}

/* jansson bounds depth at 2048 only, so that a bomb within the body limit is walked cheaply here
 * before anything is built. */
static bool
within_depth(struct text from, long *offset)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < from.bytes; i++) {
		char c = from.at[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		} else if (c == '"') {
			quoted = true;
		} else if (c == '{' || c == '[') {
			*offset = (long)i;
			if (++depth > JSON_DEPTH_MAX)
				return false;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return true;
}

/* Whether every string and array below `value` keeps its limit. */
static bool
within_sizes(json_t *value)
{
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_string(value))
		return json_string_length(value) <= JSON_STRING_BYTES_MAX;
	if (json_is_array(value)) {
		if (json_array_size(value) > JSON_ITEMS_MAX)
			return false;
		json_array_foreach (value, i, item)
			if (!within_sizes(item))
				return false;
	}
	if (json_is_object(value)) {
		if (json_object_size(value) > JSON_ITEMS_MAX)
			return false;
		json_object_foreach (value, name, item)
			if (!within_sizes(item))
				return false;
	}
	return true;
}

/* Static text for jansson's reasons, which quote the input. */
static const char *
reason(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_invalid_utf8:
		return "the body is not UTF-8";
	case json_error_premature_end_of_input:
		return "the body ends too early";
	case json_error_end_of_input_expected:
		return "something follows the JSON value";
	case json_error_duplicate_key:
		return "a name stands twice in one object";
	case json_error_numeric_overflow:
		return "a number is too large";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a string holds a NUL character";
	default:
		return "the body is not well-formed JSON";
	}
}

/* What the text begins with where it is in no encoding of JSON's (RFC 8259 section 8.1), or NULL.
 */
static const char *
wrong_beginning(struct text from)
{
	if (from.bytes >= 3 && memcmp(from.at, "\xef\xbb\xbf", 3) == 0)
		return "it begins with a byte order mark, which JSON does not have";
	if (from.bytes >= 2 &&
	    (memcmp(from.at, "\xff\xfe", 2) == 0 || memcmp(from.at, "\xfe\xff", 2) == 0 ||
		from.at[0] == '\0' || from.at[1] == '\0'))
		return "it is in UTF-16 or UTF-32, and JSON is in UTF-8";
	return NULL;
}

struct json_t *
json_read(struct text from, const char **why, long *offset)
{
	json_error_t error;
	json_t *value;

	*offset = 0;
	*why = wrong_beginning(from);
	if (*why != NULL)
		return NULL;
	if (!within_depth(from, offset)) {
		*why = "objects and arrays are nested too deeply";
		return NULL;
	}
	value = json_loadb(from.at, from.bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (value == NULL) {
		*why = reason(&error);
		*offset = error.position;
		return NULL;
	}
	if (!within_sizes(value)) {
		*why = "a string is longer than 4,096 bytes, or an array longer than 1,000 items";
		json_decref(value);
		return NULL;
	}
	return value;
}
