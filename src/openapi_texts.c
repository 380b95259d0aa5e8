/* openapi_texts: which texts a field takes, as patterns; see openapi_parts.h. They are of ECMA 262
 * and mean the same to Python's re and PostgreSQL. What decode_string.c and precis.c refuse beyond
 * them (unassigned characters, planes above the first, joiners without neighbours) cannot be said
 * in one. */
#include "decode_value.h"
#include "openapi_parts.h"
#include "socius/text.h"

/* texts of lines: tabs and carriage returns become spaces and line feeds */
#define CONTROLS_BUT_WHITE "\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f"
#define CONTROLS "\\u0000-\\u001f\\u007f-\\u009f"
/* What cannot be seen, turns the direction of text, ends lines, is private or no character. */
#define UNSEEN \
	"\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b\\u200e\\u200f" \
	"\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ue000-\\uf8ff\\ufdd0-\\ufdef\\ufeff\\uffa0" \
	"\\ufff0-\\ufffb\\ufffe\\uffff"
#define BRAILLE_BLANK "\\u2800"
/* What is trimmed off the ends. */
#define BLANKS "\\t\\n\\r \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000"

#define ATEXT "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define LABEL "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

/* The formats of decode_string.c. */
static const struct {
	const char *name, *pattern, *example;
} formats[] = {
	{ "currency", "^[A-Z]{3}$", "\"EUR\"" },
	{ "time_zone", "^[A-Za-z0-9_+/-]{1,64}$", "\"Europe/Rome\"" },
	{ "month", "^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])$", "\"2026-03\"" },
	{ "sha256", "^[0-9a-fA-F]{64}$",
	    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"" },
	{ "digits", "^[0-9]*$", "\"1234\"" },
	{ "email", "^(?=[^@]{1,64}@)" ATEXT "(\\." ATEXT ")*@" LABEL "(\\." LABEL ")+$",
	    "\"ada@example.com\"" },
	{ "password", "^[^" CONTROLS UNSEEN "\\ufe00-\\ufe0f]*$", NULL },
	{ "current-password", "^[^\\u0000]*$", NULL },
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

static int
format_of(const struct field *field)
{
	int at = 0;

	while (
	    at < FORMATS && (field->format == NULL || strcmp(formats[at].name, field->format) != 0))
		at++;
	return at;
}

/* Of `least` characters or more, blanks at the ends not counted. */
static const char *
plain_pattern(struct arena *arena, const char *refused, int64_t least)
{
	const char *visible = arena_print(arena, "[^%s" BLANKS "]", refused);

	if (least == 0)
		return arena_print(arena, "^[" BLANKS "]*[^%s]*[" BLANKS "]*$", refused);
	if (least == 1)
		return arena_print(
		    arena, "^[" BLANKS "]*%s([^%s]*%s)?[" BLANKS "]*$", visible, refused, visible);
	return arena_print(arena, "^[" BLANKS "]*%s[^%s]{%d,}%s[" BLANKS "]*$", visible, refused,
	    (int)least - 2, visible);
}

const char *
openapi_text_pattern(struct arena *arena, const struct field *field)
{
	int format = format_of(field);
	bool lines = field->format != NULL && strcmp(field->format, "lines") == 0;

	if (format < FORMATS)
		return formats[format].pattern;
	if (field->among != NULL)
		return NULL;
	return plain_pattern(arena,
	    lines ? CONTROLS_BUT_WHITE UNSEEN : CONTROLS UNSEEN BRAILLE_BLANK,
	    decode_bounds(field).min);
}

const char *
openapi_text_example(const struct field *field)
{
	int format = format_of(field);

	return format < FORMATS ? formats[format].example : NULL;
}
