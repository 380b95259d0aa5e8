/* decode_value: checks of single values; see decode_value.h. */
#include "decode_value.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>

#include "address.h"
#include "socius/instant.h"
#include "socius/json.h"
#include "socius/money.h"
#include "socius/uuid.h"

enum { ITEM_FIELDS_MAX = 32, TEXT_FORM_BYTES_MAX = 40 };

_Static_assert(TEXT_FORM_BYTES_MAX >= (int)UUID_TEXT_BYTES, "a UUID fits");
_Static_assert(TEXT_FORM_BYTES_MAX >= (int)INSTANT_TEXT_BYTES_MAX, "an instant fits");

static void
fault(const struct place *place, const char *code, const char *detail)
{
	problem_add_error(place->problem, place->pointer, code, detail);
}

struct bounds
decode_bounds(const struct field *field)
{
	struct bounds own = { INT64_MIN, INT64_MAX };

	switch (field->type) {
	case INT:
		own = (struct bounds){ INT32_MIN, INT32_MAX };
		break;
	case LONG:
		own = (struct bounds){ -MONEY_MINOR_MAX, MONEY_MINOR_MAX };
		break;
	case STRING:
		own = (struct bounds){ 1, JSON_STRING_BYTES_MAX };
		break;
	case ITEMS:
		own = (struct bounds){ 1, JSON_ITEMS_MAX };
		break;
	default:
		break;
	}
	if (field->min == 0 && field->max == 0)
		return own;
	if (field->type == STRING || field->type == ITEMS) {
		if (field->min != 0)
			own.min = field->min < 0 ? 0 : field->min;
		if (field->max > 0)
			own.max = field->max;
		return own;
	}
	own.min = field->min;
	/* a field that names only its least keeps its type's most */
	if (field->max >= field->min)
		own.max = field->max;
	return own;
}

static void
check_number(const struct place *place, const struct field *field, int64_t number)
{
	struct bounds bounds = decode_bounds(field);

	if (number < bounds.min || number > bounds.max)
		fault(place, "range",
		    arena_print(place->arena, "Expected a number from %" PRId64 " to %" PRId64 ".",
			bounds.min, bounds.max));
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct text
trimmed(struct text from)
{
	while (from.bytes > 0 && blank(from.at[0])) {
		from.at++;
		from.bytes--;
	}
	while (from.bytes > 0 && blank(from.at[from.bytes - 1]))
		from.bytes--;
	return from;
}

/* C0, DEL and C1 (U+0080 to U+009F): nothing that a person types. */
static bool
holds_controls(struct text from)
{
	for (size_t i = 0; i < from.bytes; i++) {
		unsigned char c = (unsigned char)from.at[i];

		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < from.bytes && (unsigned char)from.at[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static bool
all_of(struct text from, const char *allowed)
{
	for (size_t i = 0; i < from.bytes; i++)
		if (from.at[i] == '\0' || strchr(allowed, from.at[i]) == NULL)
			return false;
	return true;
}

/* YYYY-MM of a year from 1000 to 2999, digits and hyphens being all there is. */
static bool
is_month(struct text from)
{
	const char *at = from.at;

	return (at[0] == '1' || at[0] == '2') && at[4] == '-' &&
	       memchr(from.at, '-', from.bytes) == at + 4 && at[5] != '-' && at[6] != '-' &&
	       (at[5] == '0' ? at[6] != '0' : at[5] == '1' && at[6] <= '2');
}

/* The formats of a STRING. Whether a currency or a time zone exists is known to SQL. */
static const struct {
	const char *name, *allowed, *says;
	size_t min, max;                 /* bytes */
	bool (*holds)(struct text from); /* of what is allowed and as long; NULL: all of it */
} formats[] = {
	{ "currency", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Expected three capital letters of ISO 4217.",
	    3, 3 },
	{ "time_zone", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/",
	    "Expected a name of the IANA time zone database such as Europe/Rome.", 1, 64 },
	{ "month", "0123456789-", "Expected a month, YYYY-MM.", 7, 7, is_month },
	{ "sha256", "0123456789abcdefABCDEF", "Expected 64 hexadecimal digits.", 64, 64 },
	{ "digits", "0123456789", "Expected digits only.", 0, JSON_STRING_BYTES_MAX },
};

static void
check_format(const struct place *place, const struct field *field, struct text from)
{
	if (field->format != NULL && strcmp(field->format, "email") == 0) {
		if (!address_right(from))
			fault(
			    place, "format", "Expected an e-mail address such as ada@example.com.");
		return;
	}
	for (size_t i = 0; field->format != NULL && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, field->format) != 0)
			continue;
		if (from.bytes < formats[i].min || from.bytes > formats[i].max ||
		    !all_of(from, formats[i].allowed) ||
		    (formats[i].holds != NULL && !formats[i].holds(from)))
			fault(place, "format", formats[i].says);
		return;
	}
	assert(field->format == NULL);
}

static bool
check_length(const struct place *place, const struct field *field, struct text from)
{
	struct bounds bounds = decode_bounds(field);
	int64_t length = (int64_t)text_length(from);

	if (length >= bounds.min && length <= bounds.max && from.bytes <= JSON_STRING_BYTES_MAX)
		return true;
	fault(place, "length",
	    arena_print(place->arena,
		"Expected %" PRId64 " to %" PRId64 " characters, at most 4,096 bytes.", bounds.min,
		bounds.max));
	return false;
}

/* A sentence with commas between the words of a list. */
static const char *
listed(struct arena *arena, const char *list)
{
	struct buffer buffer;

	buffer_init(&buffer, arena, 128);
	buffer_add_text(&buffer, "Expected one of: ");
	for (; *list != '\0'; list++)
		buffer_add(&buffer, *list == ' ' ? ", " : list, *list == ' ' ? 2 : 1);
	buffer_add(&buffer, ".", 2); /* with its NUL */
	return buffer.at;
}

static void
take_string(
    const struct place *place, const struct field *field, struct text from, struct value *value)
{
	struct text text = trimmed(from);

	if (!text_is_utf8(from))
		fault(place, "utf8", "Expected well-formed UTF-8.");
	else if (holds_controls(text))
		fault(place, "format", "Control characters are not allowed.");
	else if (field->among != NULL && !text_listed(field->among, text))
		fault(place, "among", listed(place->arena, field->among));
	else if (field->among == NULL && check_length(place, field, text))
		check_format(place, field, text);
	value->bytes = (struct text){ arena_copy(place->arena, text.at, text.bytes), text.bytes };
}

static void
take_date(const struct place *place, struct text from, struct value *value)
{
	int32_t days;

	if (!instant_read_date(from, &days))
		fault(place, "format", "Expected a date, YYYY-MM-DD.");
	else
		value->number = days;
}

/* The types whose JSON form is a string. */
static void
take_text(
    const struct place *place, const struct field *field, struct text from, struct value *value)
{
	switch (field->type) {
	case STRING:
		take_string(place, field, from, value);
		break;
	case UUID:
		if (!uuid_read(from, &value->uuid))
			fault(place, "format", "Expected a UUID.");
		break;
	case INSTANT:
		if (!instant_read(from, &value->number))
			fault(place, "format",
			    "Expected an instant of RFC 3339 such as 2026-11-22T10:00:00Z.");
		break;
	case LOCAL_TIME:
		if (!instant_read_local(from, &value->number))
			fault(place, "format",
			    "Expected a local time without offset, YYYY-MM-DDTHH:MM[:SS].");
		break;
	default:
		take_date(place, from, value);
	}
}

/* Decimal digits with an optional minus, no zero in front, within int64. */
static bool
read_integer(struct text from, int64_t *number)
{
	bool negative = from.bytes > 0 && from.at[0] == '-';
	size_t first = negative;
	int64_t read = 0;

	if (from.bytes == first || (from.at[first] == '0' && from.bytes > first + 1))
		return false;
	for (size_t i = first; i < from.bytes; i++) {
		int digit = from.at[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(read, 10, &read) ||
		    __builtin_sub_overflow(read, digit, &read))
			return false;
	}
	if (!negative && read == INT64_MIN)
		return false;
	*number = negative ? read : -read;
	return true;
}

void
decode_text(
    const struct place *place, const struct field *field, struct text from, struct value *value)
{
	value->type = field->type;
	value->null = false;
	switch (field->type) {
	case INT:
	case LONG:
		if (!read_integer(from, &value->number))
			fault(place, "type", "Expected an integer.");
		else
			check_number(place, field, value->number);
		break;
	case BOOL:
		value->number = text_is(from, "true");
		if (!text_is(from, "true") && !text_is(from, "false"))
			fault(place, "type", "Expected true or false.");
		break;
	case BYTES:
	case ITEMS:
		assert(!"a field of this type is never text");
		break;
	default:
		take_text(place, field, from, value);
	}
}

/* The pointer of a member or item below `pointer`: RFC 6901 section 3 escapes. */
static const char *
pointer_below(struct arena *arena, const char *pointer, const char *name)
{
	struct buffer buffer;

	buffer_init(&buffer, arena, 64);
	buffer_print(&buffer, "%s/", pointer);
	for (const char *at = name; *at != '\0'; at++) {
		if (*at == '~')
			buffer_add(&buffer, "~0", 2);
		else if (*at == '/')
			buffer_add(&buffer, "~1", 2);
		else
			buffer_add(&buffer, at, 1);
	}
	buffer_add(&buffer, "", 1);
	return buffer.at;
}

static void
write_value(struct json *json, const struct value *value)
{
	char text[TEXT_FORM_BYTES_MAX];

	switch (value->type) {
	case INT:
	case LONG:
		json_write_int(json, value->number);
		return;
	case BOOL:
		json_write_bool(json, value->number != 0);
		return;
	case ITEMS:
		json_write_raw(json, value->bytes);
		return;
	case STRING:
	case BYTES:
		json_write_text(json, value->bytes);
		return;
	case UUID:
		uuid_write(&value->uuid, text);
		break;
	case INSTANT:
		(void)instant_write(value->number, text); /* NUL-terminated */
		break;
	case LOCAL_TIME:
		(void)instant_write_local(value->number, text); /* NUL-terminated */
		break;
	case DATE:
		(void)instant_write_date((int32_t)value->number, text); /* NUL-terminated */
		break;
	}
	json_write_text(json, text_of(text));
}

/* One item, written again from its checked values: the same items give the same bytes, whatever
 * the order of their members was. */
static void
take_item(
    const struct place *place, const struct field *fields, const json_t *from, struct json *json)
{
	struct value values[ITEM_FIELDS_MAX] = { 0 };

	if (!json_is_object(from)) {
		fault(place, "type", "Expected an object.");
		return;
	}
	decode_members(place, fields, true, from, values);
	if (place->problem->errors_count > 0)
		return;
	json_open_object(json);
	for (int i = 0; fields[i].name != NULL; i++) {
		if (values[i].null)
			continue;
		json_name(json, fields[i].name);
		write_value(json, &values[i]);
	}
	json_close_object(json);
}

static void
take_items(
    const struct place *place, const struct field *field, const json_t *from, struct value *value)
{
	struct bounds bounds = decode_bounds(field);
	int64_t count = (int64_t)json_array_size(from);
	struct buffer buffer;
	struct json json;

	if (!json_is_array(from)) {
		fault(place, "type", "Expected an array of objects.");
		return;
	}
	if (count < bounds.min || count > bounds.max) {
		fault(place, "length",
		    arena_print(place->arena, "Expected %" PRId64 " to %" PRId64 " items.",
			bounds.min, bounds.max));
		return;
	}
	buffer_init(&buffer, place->arena, 1024);
	json_init(&json, &buffer);
	json_open_array(&json);
	for (int64_t i = 0; i < count; i++) {
		struct place item = *place;

		item.pointer = arena_print(place->arena, "%s/%" PRId64, place->pointer, i);
		take_item(&item, field->items, json_array_get(from, (size_t)i), &json);
	}
	json_close_array(&json);
	value->bytes = buffer_text(&buffer);
}

/* 1.0 and 1e3 are reals for jansson and are refused: what must be exact is written exactly. */
void
decode_json(const struct place *place, const struct field *field, const struct json_t *from,
    struct value *value)
{
	value->type = field->type;
	value->null = false;
	switch (field->type) {
	case INT:
	case LONG:
		value->number = json_integer_value(from);
		if (!json_is_integer(from))
			fault(place, "type", "Expected an integer.");
		else
			check_number(place, field, value->number);
		break;
	case BOOL:
		value->number = json_is_true(from);
		if (!json_is_boolean(from))
			fault(place, "type", "Expected true or false.");
		break;
	case ITEMS:
		take_items(place, field, from, value);
		break;
	case BYTES:
		assert(!"a field of this type is never JSON");
		break;
	default:
		if (!json_is_string(from))
			fault(place, "type", "Expected a string.");
		else
			take_text(place, field,
			    (struct text){ json_string_value(from), json_string_length(from) },
			    value);
	}
}

static bool
declared(const struct field *fields, bool items, const char *name)
{
	for (int i = 0; fields[i].name != NULL; i++)
		if ((items || fields[i].from == BODY) && strcmp(fields[i].name, name) == 0)
			return true;
	return false;
}

static void
refuse_unknown(
    const struct place *place, const struct field *fields, bool items, const json_t *object)
{
	/* jansson's iterators take no const; they change nothing */
	json_t *from = (json_t *)(uintptr_t)object, *value;
	const char *name;

	json_object_foreach (from, name, value)
		if (!declared(fields, items, name))
			problem_add_error(place->problem,
			    pointer_below(place->arena, place->pointer, name), "unknown",
			    "There is no such field.");
}

void
decode_members(const struct place *place, const struct field *fields, bool items,
    const struct json_t *object, struct value *values)
{
	for (int i = 0; fields[i].name != NULL; i++) {
		const struct field *field = &fields[i];
		const json_t *from = json_object_get(object, field->name);
		struct place below = *place;

		if (!items && field->from != BODY)
			continue;
		assert(!items || i < ITEM_FIELDS_MAX);
		below.pointer = pointer_below(place->arena, place->pointer, field->name);
		values[i] = (struct value){ .type = field->type, .null = true };
		if (from != NULL && !json_is_null(from))
			decode_json(&below, field, from, &values[i]);
		else if (!field->optional)
			fault(&below, "required", "This field is required.");
	}
	refuse_unknown(place, fields, items, object);
}
