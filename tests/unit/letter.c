/* letter: what people get to read, as RFC 5322 wants it. */
#include <criterion/criterion.h>

#include "run/letter.h"
#include "socius/arena.h"

static struct arena arena;
static struct buffer to;

static void
begin(void)
{
	arena_init(&arena);
	buffer_init(&to, &arena, 64);
}

static void
end(void)
{
	arena_release(&arena);
}

TestSuite(letter, .init = begin, .fini = end);

static const char *
written(void)
{
	struct text text = buffer_text(&to);

	return arena_copy(&arena, text.at, text.bytes);
}

Test(letter, says_the_code_and_keeps_its_id)
{
	const struct letter letter = { "0193b3a0-0000-7000-8000-000000000001", "sign_up", "en",
		"ada@example.com", "12345678" };

	cr_assert_null(
	    letter_write(&letter, "socius@example.org", INT64_C(1772445600000000), "\r\n", &to));
	cr_expect_str_eq(written(),
	    "From: Socius <socius@example.org>\r\n"
	    "To: ada@example.com\r\n"
	    "Subject: Your Socius code\r\n"
	    "Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n"
	    "Message-ID: <0193b3a0-0000-7000-8000-000000000001@example.org>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "\r\n"
	    "Your code is 12345678. It works for 15 minutes.\r\n"
	    "\r\n"
	    "Somebody asked for a Socius account with this address.\r\n"
	    "If it was not you, do nothing.\r\n");
}

Test(letter, encodes_what_is_not_ascii)
{
	const struct letter letter = { "1", "known", "it", "ada@example.com", "" };

	cr_assert_null(letter_write(&letter, "s@example.org", 0, "\n", &to));
	cr_expect_not_null(
	    strstr(written(), "\nSubject: =?UTF-8?B?SGFpIGdpw6AgdW4gYWNjb3VudCBTb2NpdXM=?=\n"));
	cr_expect_not_null(strstr(written(), "\nche ne ha gi=C3=A0 uno."));
}

/* RFC 2047 section 2: a word is at most 75 characters, a line 76. */
Test(letter, splits_long_subjects_between_characters)
{
	letter_write_words(text_of("àèìòùàèìòùàèìòùàèìòùàèìòùàèìòù"), "\r\n", &to);
	cr_expect_str_eq(written(),
	    "=?UTF-8?B?w6DDqMOsw7LDucOgw6jDrMOyw7nDoMOow6zDssO5w6DDqMOsw7I=?=\r\n "
	    "=?UTF-8?B?w7nDoMOow6zDssO5w6DDqMOsw7LDuQ==?=");
}

Test(letter, keeps_lines_short_and_blanks_at_their_ends)
{
	char line[101];

	memset(line, 'a', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	letter_write_quoted(text_of(line), "\n", &to);
	letter_write_quoted(text_of("1=2 \nnext"), "\n", &to);
	cr_expect_str_eq(written() + 75, "=\naaaaaaaaaaaaaaaaaaaaaaaaa1=3D2=20\nnext");
}

Test(letter, goes_to_addresses_only)
{
	static const char *const addresses[] = { "ada@example.com\r\nBcc: all@example.com",
		"ada@example.com\nX: y", "ada@example.com,eve@example.com", "<ada@example.com>",
		"ada", "", "ada@example.com> SIZE=1" };

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		const struct letter letter = { "1", "sign_up", "en", addresses[i], "1" };

		cr_expect_str_eq(letter_write(&letter, "s@example.org", 0, "\n", &to),
		    "the address is none", "%s", addresses[i]);
	}
	cr_expect_str_eq(
	    letter_write(&(struct letter){ "1", "postcard", "en", "a@example.com", "" },
		"s@example.org", 0, "\n", &to),
	    "there is no such letter");
}
