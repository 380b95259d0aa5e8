/* decode_string: texts against their fields; see decode_value.h. */
#include <assert.h>
#include <inttypes.h>

#include "address.h"
#include "decode_value.h"
#include "precis.h"
#include "socius/json.h"

static bool
all_of(struct text from, const char *allowed)
{
	for (size_t i = 0; i < from.bytes; i++)
		if (from.at[i] == '\0' || strchr(allowed, from.at[i]) == NULL)
			return false;
	return true;
}

/* YYYY-MM of a year from 1970 to 2199, digits and hyphens being all there is. */
static bool
is_month(struct text from)
{
	const char *at = from.at;
	bool year = at[0] == '1' ? at[1] == '9' && at[2] >= '7' : at[0] == '2' && at[1] <= '1';

	return year && at[4] == '-' && memchr(at, '-', from.bytes) == at + 4 && at[5] != '-' &&
	       at[6] != '-' && (at[5] == '0' ? at[6] != '0' : at[5] == '1' && at[6] <= '2');
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
	{ "month", "0123456789-", "Expected a month from 1970-01 to 2199-12, YYYY-MM.", 7, 7,
	    is_month },
	{ "sha256", "0123456789abcdefABCDEF", "Expected 64 hexadecimal digits.", 64, 64 },
	{ "digits", "0123456789", "Expected digits only.", 0, JSON_STRING_BYTES_MAX },
};

/* A password that is held against one that was set, by whatever rule there was then. */
static bool
is_compared(const struct field *field)
{
	return field->format != NULL && strcmp(field->format, "current-password") == 0;
}

/* Which characters the field may have: texts of several lines are few, and passwords are kept as
 * they are typed but for their form. */
static enum precis
class_of(const struct field *field)
{
	if (is_compared(field) || (field->format != NULL && strcmp(field->format, "password") == 0))
		return PRECIS_PASSWORD;
	if (field->format != NULL && strcmp(field->format, "lines") == 0)
		return PRECIS_LINES;
	return PRECIS_LINE;
}

static void
check_format(const struct place *place, const struct field *field, struct text from)
{
	if (class_of(field) != PRECIS_LINE)
		return; /* the class of its characters is all that it says */
	if (field->format != NULL && strcmp(field->format, "email") == 0) {
		if (!address_right(from))
			decode_tell(
			    place, "format", "Expected an e-mail address such as ada@example.com.");
		return;
	}
	for (size_t i = 0; field->format != NULL && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, field->format) != 0)
			continue;
		if (from.bytes < formats[i].min || from.bytes > formats[i].max ||
		    !all_of(from, formats[i].allowed) ||
		    (formats[i].holds != NULL && !formats[i].holds(from)))
			decode_tell(place, "format", formats[i].says);
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
	decode_tell(place, "length",
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

void
decode_string(
    const struct place *place, const struct field *field, struct text from, struct value *value)
{
	enum precis class = class_of(field);
	bool plain = precis_is_plain(from); /* nearly all are */
	const char *why = NULL;
	struct text text = from;

	if (!plain && !text_is_utf8(from)) {
		decode_tell(place, "utf8", "Expected well-formed UTF-8.");
		return;
	}
	if (!plain && class == PRECIS_LINES)
		text = precis_lines(place->arena, text);
	if (!plain)
		text = precis_normalize(place->arena, text);
	if (class != PRECIS_PASSWORD)
		text = text_trimmed(text);
	if (!plain && is_compared(field))
		why =
		    memchr(text.at, '\0', text.bytes) == NULL ? NULL : "U+0000 is in no password.";
	else if (!plain)
		why = precis_fault(place->arena, text, class);
	if (why != NULL)
		decode_tell(place, "format", why);
	else if (field->among != NULL && !text_listed(field->among, text))
		decode_tell(place, "among", listed(place->arena, field->among));
	else if (field->among == NULL && check_length(place, field, text))
		check_format(place, field, text);
	value->bytes = (struct text){ arena_copy(place->arena, text.at, text.bytes), text.bytes };
}
