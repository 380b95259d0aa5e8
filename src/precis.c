/* precis: classes of characters by libunistring; see precis.h. */
#include "precis.h"

#include <stdint.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "socius/arena.h"

enum {
	LINE_FEED = 0x0a,
	CARRIAGE_RETURN = 0x0d,
	SPACE = 0x20,
	ZERO_WIDTH_NON_JOINER = 0x200c,
	ZERO_WIDTH_JOINER = 0x200d,
	BRAILLE_BLANK = 0x2800, /* a symbol by its category, and nothing to see */
	VIRAMA = 9              /* canonical combining class */
};

/* A position between the characters of a text. */
struct position {
	const uint8_t *start, *at, *end;
};

/* The character after the position, or before it; 0: there is none. Both move on. */
static ucs4_t
next(struct position *position)
{
	ucs4_t character = 0;

	if (position->at < position->end)
		position->at +=
		    u8_mbtouc(&character, position->at, (size_t)(position->end - position->at));
	return character;
}

static ucs4_t
before(struct position *position)
{
	ucs4_t character = 0;
	const uint8_t *at = u8_prev(&character, position->at, position->start);

	if (at == NULL)
		return 0;
	position->at = at;
	return character;
}

static bool
is_of(ucs4_t character, uint32_t categories)
{
	return uc_is_general_category_withtable(character, categories);
}

static bool
is_variation_selector(ucs4_t character)
{
	return (character >= 0xfe00 && character <= 0xfe0f) ||
	       (character >= 0xe0100 && character <= 0xe01ef);
}

/* RFC 8264 section 9.9: Hangul in pieces that do not make a syllable. */
static bool
is_old_hangul(ucs4_t character)
{
	return (character >= 0x1100 && character <= 0x11ff) ||
	       (character >= 0xa960 && character <= 0xa97c) ||
	       (character >= 0xd7b0 && character <= 0xd7fb);
}

static bool
is_pictograph(ucs4_t character)
{
	return is_of(character, UC_CATEGORY_MASK_So | UC_CATEGORY_MASK_Sk);
}

/* RFC 5892 appendix A.1: between letters of a script that joins them. */
static bool
parts_letters(struct position here, struct position after)
{
	ucs4_t left, right;

	do
		left = before(&here);
	while (left != 0 && uc_joining_type(left) == UC_JOINING_TYPE_T);
	do
		right = next(&after);
	while (right != 0 && uc_joining_type(right) == UC_JOINING_TYPE_T);
	return left != 0 && right != 0 &&
	       (uc_joining_type(left) == UC_JOINING_TYPE_L ||
		   uc_joining_type(left) == UC_JOINING_TYPE_D) &&
	       (uc_joining_type(right) == UC_JOINING_TYPE_R ||
		   uc_joining_type(right) == UC_JOINING_TYPE_D);
}

/* Emoji of several, such as a family (UTS #51 section 2.3). */
static bool
joins_pictographs(struct position here, struct position after)
{
	ucs4_t left = before(&here);

	if (is_variation_selector(left))
		left = before(&here);
	return is_pictograph(left) && is_pictograph(next(&after));
}

/* RFC 5892 appendix A.1 and A.2, and emoji. `here` stands before the joiner, `after` behind it. */
static bool
joiner_fits(ucs4_t joiner, struct position here, struct position after, enum precis class)
{
	struct position back = here;
	ucs4_t left = before(&back);

	if (left != 0 && uc_combining_class(left) == VIRAMA)
		return true;
	if (joiner == ZERO_WIDTH_NON_JOINER)
		return parts_letters(here, after);
	return class != PRECIS_PASSWORD && joins_pictographs(here, after);
}

/* The look of an emoji or of an ideograph; names in Japan need the latter. */
static bool
selector_fits(ucs4_t selector, struct position here)
{
	ucs4_t left = before(&here);

	if (selector == 0xfe0e || selector == 0xfe0f)
		return is_of(left, UC_CATEGORY_MASK_S | UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_Nd);
	return uc_is_property(left, UC_PROPERTY_IDEOGRAPHIC);
}

/* Why no text may have this character, wherever it stands; NULL: it may. RFC 8264 section 8, in
 * its order; what is exceptional there (section 9.6) can be seen and is allowed here. */
static const char *
why_not(ucs4_t character, struct position here, enum precis class)
{
	if (uc_is_property(character, UC_PROPERTY_NOT_A_CHARACTER))
		return "Unicode has no character there";
	if (is_of(character, UC_CATEGORY_MASK_Cc))
		return "control characters are not allowed";
	if (uc_is_property(character, UC_PROPERTY_BIDI_CONTROL))
		return "it changes the direction of the text around it";
	if (uc_is_property(character, UC_PROPERTY_DEFAULT_IGNORABLE_CODE_POINT) ||
	    (character == BRAILLE_BLANK && class == PRECIS_LINE))
		return "it cannot be seen";
	if (is_of(character, UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp))
		return "it ends a line";
	if (is_of(character, UC_CATEGORY_MASK_Cn))
		return "Unicode has assigned no character to it";
	if (is_of(character, UC_CATEGORY_MASK_Co))
		return "it is for private use and means nothing to others";
	if (is_of(character, UC_CATEGORY_MASK_Cf))
		return "it is a mark of format, not of text";
	if (is_old_hangul(character))
		return "it is part of a Hangul syllable that is not whole";
	if (class == PRECIS_LINE && here.at == here.start && is_of(character, UC_CATEGORY_MASK_M))
		return "it is a mark on the character before it, and there is none";
	return NULL;
}

static bool
fits(ucs4_t character, struct position here, struct position after, enum precis class)
{
	if (character == LINE_FEED)
		return class == PRECIS_LINES;
	if (character == ZERO_WIDTH_JOINER || character == ZERO_WIDTH_NON_JOINER)
		return joiner_fits(character, here, after, class);
	return is_variation_selector(character) && class != PRECIS_PASSWORD &&
	       selector_fits(character, here);
}

bool
precis_is_plain(struct text from)
{
	for (size_t i = 0; i < from.bytes; i++)
		if (from.at[i] < SPACE || from.at[i] > '~')
			return false;
	return true;
}

const char *
precis_fault(struct arena *arena, struct text from, enum precis class)
{
	const uint8_t *start = (const uint8_t *)from.at;
	struct position position = { start, start, start + from.bytes };

	while (position.at < position.end) {
		struct position here = position;
		ucs4_t character = next(&position);
		const char *why =
		    character >= SPACE && character <= '~' ? NULL : why_not(character, here, class);

		if (why != NULL && !fits(character, here, position, class))
			return arena_print(
			    arena, "U+%04X cannot stand there: %s.", (unsigned)character, why);
	}
	return NULL;
}

/* RFC 8265 section 4.2.1, rule 2. A space never grows by it. */
static struct text
with_plain_spaces(struct arena *arena, struct text from)
{
	char *to = arena_take(arena, from.bytes + 1);
	size_t bytes = 0;

	for (size_t i = 0, step; i < from.bytes; i += step) {
		struct text left = { from.at + i, from.bytes - i };
		ucs4_t character;

		step = (size_t)u8_mbtouc(&character, (const uint8_t *)left.at, left.bytes);
		if (is_of(character, UC_CATEGORY_MASK_Zs)) {
			to[bytes++] = SPACE;
			continue;
		}
		memcpy(to + bytes, left.at, step);
		bytes += step;
	}
	return (struct text){ to, bytes };
}

struct text
precis_lines(struct arena *arena, struct text from)
{
	char *to = arena_take(arena, from.bytes + 1);
	size_t bytes = 0;

	for (size_t i = 0; i < from.bytes; i++)
		if (from.at[i] == '\t')
			to[bytes++] = SPACE;
		else if (from.at[i] != CARRIAGE_RETURN)
			to[bytes++] = from.at[i];
		else if (i + 1 == from.bytes || from.at[i + 1] != LINE_FEED)
			to[bytes++] = LINE_FEED;
	return (struct text){ to, bytes };
}

struct text
precis_normalize(struct arena *arena, struct text from)
{
	struct text spaced = with_plain_spaces(arena, from), kept;
	size_t bytes;
	uint8_t *made =
	    u8_normalize(UNINORM_NFC, (const uint8_t *)spaced.at, spaced.bytes, NULL, &bytes);

	if (made == NULL)
		abort(); /* there is no memory: `from` is well-formed */
	kept = (struct text){ arena_copy(arena, (const char *)made, bytes), bytes };
	free(made);
	return kept;
}
