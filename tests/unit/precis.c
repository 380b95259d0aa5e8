/* precis: which characters persons may send, and in which form they are kept. */
#include "precis.h"

#include <criterion/criterion.h>

#include "socius/arena.h"
#include "socius/endpoint.h"

static struct arena arena;

static void
given(void)
{
	arena_init(&arena);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(precis, .init = given, .fini = ended);

static const char *
fault(const char *from, enum precis class)
{
	return precis_fault(&arena, precis_normalize(&arena, text_of(from)), class);
}

Test(precis, takes_what_persons_are_called)
{
	static const char *const names[] = { "Ada Rossi", "José Álvarez", "Zoë O’Brien-Łukasz",
		"Đặng Thị Ánh", "Ёлка Иванова", "李小龍", "さくら・ももこ", "葛\U000e0100城",
		"한글", "\u1112\u1161\u11ab\u1100\u1173\u11af", /* the same in pieces */
		"علی‌رضا", /* with U+200C between letters that would join */ "क्‍ष",
		"שָׁלוֹם", "ไทย", "100 % ½ € № ™ ™️",
		"❤️ 👩‍🚀 👨‍👩‍👧 🇮🇹 👍🏽 1️⃣",
		"Ada's \u201cvan\u201d \u2013 n\u00b0 3" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_null(
		    fault(names[i], PRECIS_LINE), "%s: %s", names[i], fault(names[i], PRECIS_LINE));
}

Test(precis, refuses_what_cannot_be_seen_or_turns_text_and_says_why)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "\u200b", "U+200B cannot stand there: it cannot be seen." },
		{ "Ada\u00adRossi", "U+00AD cannot stand there: it cannot be seen." },
		{ "\ufeff"
		  "Ada",
		    "U+FEFF cannot stand there: it cannot be seen." },
		{ "Ada\U000e0041", "U+E0041 cannot stand there: it cannot be seen." },
		{ "A\ufe0f", "U+FE0F cannot stand there: it cannot be seen." },
		{ "A\u200d"
		  "B",
		    "U+200D cannot stand there: it cannot be seen." },
		{ "A\u200c"
		  "B",
		    "U+200C cannot stand there: it cannot be seen." },
		{ "\u200d", "U+200D cannot stand there: it cannot be seen." },
		{ "\u2800\u2800", "U+2800 cannot stand there: it cannot be seen." },
		{ "\u0301"
		  "Ada",
		    "U+0301 cannot stand there: it is a mark on the character before it, and "
		    "there is none." },
		{ "\u3164", "U+3164 cannot stand there: it cannot be seen." },
		{ "A\u034f", "U+034F cannot stand there: it cannot be seen." },
		{ "\u2060", "U+2060 cannot stand there: it cannot be seen." },
		{ "Ada\u202e"
		  "issoR",
		    "U+202E cannot stand there: it changes the direction of the text around it." },
		{ "\u2066"
		  "Ada",
		    "U+2066 cannot stand there: it changes the direction of the text around it." },
		{ "Ada\u200f",
		    "U+200F cannot stand there: it changes the direction of the text around it." },
		{ "\u061c"
		  "Ada",
		    "U+061C cannot stand there: it changes the direction of the text around it." },
		{ "Ada\u2028"
		  "Rossi",
		    "U+2028 cannot stand there: it ends a line." },
		{ "Ada\u2029"
		  "Rossi",
		    "U+2029 cannot stand there: it ends a line." },
		{ "Ada\nRossi", "U+000A cannot stand there: control characters are not allowed." },
		{ "Ada\x7f", "U+007F cannot stand there: control characters are not allowed." },
		{ "Ada\xc2\x85", "U+0085 cannot stand there: control characters are not allowed." },
		{ "Ada\uffff", "U+FFFF cannot stand there: Unicode has no character there." },
		{ "\ufdd0", "U+FDD0 cannot stand there: Unicode has no character there." },
		{ "\U0010ffff", "U+10FFFF cannot stand there: Unicode has no character there." },
		{ "\ue000", "U+E000 cannot stand there: it is for private use and means nothing to "
			    "others." },
		{ "\u0378", "U+0378 cannot stand there: Unicode has assigned no character to it." },
		{ "\ufff9", "U+FFF9 cannot stand there: it is a mark of format, not of text." },
		{ "\u1112", "U+1112 cannot stand there: it is part of a Hangul syllable that is "
			    "not whole." },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = fault(cases[i].text, PRECIS_LINE);

		cr_expect(why != NULL && strcmp(why, cases[i].says) == 0, "case %zu: %s", i,
		    why == NULL ? "allowed" : why);
	}
}

/* Every code point by itself, against RFC 8264's derivation for what is not exceptional there. */
Test(precis, allows_no_control_format_private_or_unassigned_character)
{
	int allowed = 0;

	for (unsigned point = 1; point <= 0x10ffff; point++) {
		char text[5] = { 0 };

		if (point >= 0xd800 && point <= 0xdfff)
			continue;
		if (point < 0x80)
			text[0] = (char)point;
		else if (point < 0x800) {
			text[0] = (char)(0xc0 | point >> 6);
			text[1] = (char)(0x80 | (point & 0x3f));
		} else if (point < 0x10000) {
			text[0] = (char)(0xe0 | point >> 12);
			text[1] = (char)(0x80 | (point >> 6 & 0x3f));
			text[2] = (char)(0x80 | (point & 0x3f));
		} else {
			text[0] = (char)(0xf0 | point >> 18);
			text[1] = (char)(0x80 | (point >> 12 & 0x3f));
			text[2] = (char)(0x80 | (point >> 6 & 0x3f));
			text[3] = (char)(0x80 | (point & 0x3f));
		}
		if (precis_fault(&arena, text_of(text), PRECIS_PASSWORD) == NULL) {
			allowed++;
			cr_expect(point >= 0x20 && point != 0x7f && (point < 0x80 || point > 0x9f));
			cr_expect(point < 0xe000 || point > 0xf8ff);
			cr_expect(point < 0xe0000);
			cr_expect(point < 0x2028 || point > 0x202e);
		}
		arena_clear(&arena);
	}
	/* Unicode 14 has 144,697 characters; a later library knows more */
	cr_expect(allowed > 140000 && allowed < 200000, "%d", allowed);
}

Test(precis, ends_lines_as_one_and_takes_tabs_for_spaces)
{
	struct text lines = precis_lines(&arena, text_of("a\r\nb\rc\n\r\n\td\r"));

	cr_expect(text_equal(lines, text_of("a\nb\nc\n\n d\n")));
}

Test(precis, takes_line_feeds_in_texts_alone)
{
	cr_expect_null(fault("a bag\nthat folds", PRECIS_LINES));
	cr_expect_not_null(fault("a bag\r\nthat folds", PRECIS_LINES));
	cr_expect_not_null(fault("a bag\u2028that folds", PRECIS_LINES));
	cr_expect_not_null(fault("a bag\nthat folds", PRECIS_PASSWORD));
}

/* RFC 8264 has no variation selectors, and joiners where RFC 5892 has them. */
Test(precis, takes_no_emoji_of_several_in_a_password)
{
	cr_expect_not_null(fault("❤️ 12345678", PRECIS_PASSWORD));
	cr_expect_not_null(fault("👩‍🚀 12345678", PRECIS_PASSWORD));
	cr_expect_null(fault("👩 ❤ 12345678", PRECIS_PASSWORD));
	cr_expect_null(fault("علی‌رضا", PRECIS_PASSWORD));
}

/* The examples of RFC 8265 section 4.3, and what the phone and the desk make of one key. */
Test(precis, gives_passwords_one_form)
{
	static const char *const pairs[][2] = {
		{ "correct horse battery staple", "correct horse battery staple" },
		{ "Correct Horse Battery Staple", "Correct Horse Battery Staple" },
		{ "πßå", "πßå" }, { "Jack of ♦s", "Jack of ♦s" }, { "foo\u1680bar", "foo bar" },
		{ "  foo\u00a0bar\u3000", "  foo bar " }, { "cafe\u0301", "café" },
		{ "\u1100\u1161", "가" }, { "A\u030a", "\u00c5" }, { "\u212b", "\u00c5" },
		{ "ﬁ", "ﬁ" } /* compatibility is another form */
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct text made = precis_normalize(&arena, text_of(pairs[i][0]));

		cr_expect(text_is(made, pairs[i][1]), "%s", pairs[i][0]);
		cr_expect_null(precis_fault(&arena, made, PRECIS_PASSWORD));
	}
}

/* One path that forgets it is one device that cannot sign in. */
Test(precis, governs_every_password_that_is_taken)
{
	int passwords = 0;

	for (const struct room *const *room = app.rooms; *room != NULL; room++)
		for (const struct endpoint *of = (*room)->endpoints; of->path != NULL; of++)
			for (const struct field *field = of->takes; field->name != NULL; field++) {
				if (field->from != BODY || strstr(field->name, "password") == NULL)
					continue;
				passwords++;
				/* one that is set has a least length */
				cr_expect(
				    field->format != NULL &&
					strcmp(field->format,
					    field->min > 0 ? "password" : "current-password") == 0,
				    "%s %s", of->path, field->name);
			}
	cr_expect_geq(passwords, 9);
}
