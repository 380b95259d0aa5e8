/* decode_value: checks of single values; see decode_value.h. */
#include "decode_value.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>

#include "socius/instant.h"
#include "socius/json.h"
#include "socius/money.h"
#include "socius/uuid.h"

enum { ITEM_FIELDS_MAX = 32, TEXT_FORM_BYTES_MAX = 40 };

#define US_PER_DAY INT64_C(86400000000)

_Static_assert(TEXT_FORM_BYTES_MAX >= (int)UUID_TEXT_BYTES, "a UUID fits");
_Static_assert(TEXT_FORM_BYTES_MAX >= (int)INSTANT_TEXT_BYTES_MAX, "an instant fits");

void
decode_tell(const struct place *place, const char *code, const char *detail)
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
		decode_tell(place, "range",
		    arena_print(place->arena, "Expected a number from %" PRId64 " to %" PRId64 ".",
			bounds.min, bounds.max));
}

/* An instant, local time or date, as read; false: it is of no such form. */
static bool
read_moment(enum type type, struct text from, int64_t *number)
{
	int32_t days;

	if (type == INSTANT)
		return instant_read(from, number);
	if (type == LOCAL_TIME)
		return instant_read_local(from, number);
	if (!instant_read_date(from, &days))
		return false;
	*number = days;
	return true;
}

static void
take_moment(
    const struct place *place, const struct field *field, struct text from, struct value *value)
{
	static const char *const forms[] = {
		[INSTANT] = "Expected an instant of RFC 3339 such as 2026-11-22T10:00:00Z.",
		[LOCAL_TIME] = "Expected a local time without offset, YYYY-MM-DDTHH:MM[:SS].",
		[DATE] = "Expected a date, YYYY-MM-DD.",
	};
	int64_t unit = field->type == DATE ? US_PER_DAY : 1;

	if (!read_moment(field->type, from, &value->number))
		decode_tell(place, "format", forms[field->type]);
	else if (value->number < INSTANT_LEAST_US / unit || value->number > INSTANT_MOST_US / unit)
		decode_tell(
		    place, "range", "Expected a time from 1970-01-01 to the beginning of 2200.");
}

/* The types whose JSON form is a string. */
static void
take_text(
    const struct place *place, const struct field *field, struct text from, struct value *value)
{
	if (field->type == STRING)
		decode_string(place, field, from, value);
	else if (field->type != UUID)
		take_moment(place, field, from, value);
	else if (!uuid_read(from, &value->uuid))
		decode_tell(place, "format", "Expected a UUID.");
}

/* Decimal digits with an optional minus, no zero in front. What int64 cannot hold is the end of it
 * on that side, which no field's bounds reach. */
static bool
read_integer(struct text from, int64_t *number)
{
	bool negative = from.bytes > 0 && from.at[0] == '-', overflows = false;
	size_t first = negative;
	int64_t read = 0;

	if (from.bytes == first || (from.at[first] == '0' && from.bytes > first + 1))
		return false;
	for (size_t i = first; i < from.bytes; i++) {
		int digit = from.at[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		overflows = overflows || __builtin_mul_overflow(read, 10, &read) ||
			    __builtin_sub_overflow(read, digit, &read);
	}
	if (overflows || (!negative && read == INT64_MIN))
		*number = negative ? INT64_MIN : INT64_MAX;
	else
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
			decode_tell(place, "type", "Expected an integer.");
		else
			check_number(place, field, value->number);
		break;
	case BOOL:
		value->number = text_is(from, "true");
		if (!text_is(from, "true") && !text_is(from, "false"))
			decode_tell(place, "type", "Expected true or false.");
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
		decode_tell(place, "type", "Expected an object.");
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
		decode_tell(place, "type", "Expected an array of objects.");
		return;
	}
	if (count < bounds.min || count > bounds.max) {
		decode_tell(place, "length",
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

/* An integer, also where it is written 1.0 or 1e3: by JSON Schema (2020-12, section 6.1.1) these
 * are integers, and writers of JSON that know only one kind of number make them. Up to 2^53 a
 * double has each; beyond, no field's bounds reach. */
static bool
json_integer_of(const struct json_t *from, int64_t *number)
{
	double real = json_real_value(from);

	if (json_is_integer(from)) {
		*number = json_integer_value(from);
		return true;
	}
	if (!json_is_real(from) || floor(real) != real)
		return false;
	*number = fabs(real) <= (double)MONEY_MINOR_MAX ? (int64_t)real
		  : real < 0                            ? INT64_MIN
							: INT64_MAX;
	return true;
}

void
decode_json(const struct place *place, const struct field *field, const struct json_t *from,
    struct value *value)
{
	value->type = field->type;
	value->null = false;
	switch (field->type) {
	case INT:
	case LONG:
		if (!json_integer_of(from, &value->number))
			decode_tell(place, "type", "Expected an integer.");
		else
			check_number(place, field, value->number);
		break;
	case BOOL:
		value->number = json_is_true(from);
		if (!json_is_boolean(from))
			decode_tell(place, "type", "Expected true or false.");
		break;
	case ITEMS:
		take_items(place, field, from, value);
		break;
	case BYTES:
		assert(!"a field of this type is never JSON");
		break;
	default:
		if (!json_is_string(from))
			decode_tell(place, "type", "Expected a string.");
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
			decode_tell(&below, "required", "This field is required.");
	}
	refuse_unknown(place, fields, items, object);
}
