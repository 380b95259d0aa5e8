/* access: codes of authenticators, and passwords that everybody tries first. */
#include <criterion/criterion.h>

#include "access/common.h"
#include "access/totp.h"
#include "socius/arena.h"

#define S INT64_C(1000000)

/* --- totp --- */

/* RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
Test(totp, gives_the_codes_of_the_standard)
{
	static const struct {
		int64_t at_s;
		uint32_t code;
	} known[] = { { 59, 287082 }, { 1111111109, 81804 }, { 1111111111, 50471 },
		{ 1234567890, 5924 }, { 2000000000, 279037 }, { 20000000000, 353130 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_expect_eq(totp_code(TEXT("12345678901234567890"), known[i].at_s / TOTP_STEP_S),
		    known[i].code, "at %lld", (long long)known[i].at_s);
}

/* RFC 4226 appendix D. */
Test(totp, counts_as_the_standard_of_counters)
{
	static const uint32_t known[] = { 755224, 287082, 359152, 969429, 338314, 254676, 287922,
		162583, 399871, 520489 };

	for (int i = 0; i < 10; i++)
		cr_expect_eq(totp_code(TEXT("12345678901234567890"), i), known[i]);
}

Test(totp, takes_a_code_of_now_or_one_step_beside)
{
	struct text secret = TEXT("12345678901234567890"), code = TEXT("081804");
	int64_t step = 1111111109 / 30;

	cr_assert_eq(totp_step(secret, code, 1111111109 * S), step);
	cr_assert_eq(totp_step(secret, code, 1111111109 * S + 30 * S), step);
	cr_assert_eq(totp_step(secret, code, 1111111109 * S - 30 * S), step);
	cr_assert_eq(totp_step(secret, code, 1111111109 * S + 60 * S), 0);
	cr_assert_eq(totp_step(secret, code, 1111111109 * S - 60 * S), 0);
	cr_assert_eq(totp_step(secret, TEXT("081805"), 1111111109 * S), 0);
	cr_assert_eq(totp_step(secret, TEXT("81804"), 1111111109 * S), 0);
	cr_assert_eq(totp_step(secret, TEXT("08180x"), 1111111109 * S), 0);
}

/* RFC 4648 section 10. */
Test(totp, writes_base32)
{
	static const char *const known[][2] = { { "", "" }, { "f", "MY" }, { "fo", "MZXQ" },
		{ "foo", "MZXW6" }, { "foob", "MZXW6YQ" }, { "fooba", "MZXW6YTB" },
		{ "foobar", "MZXW6YTBOI" } };
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_expect(
		    text_is(totp_base32(&arena, known[i][0], strlen(known[i][0])), known[i][1]));
	arena_release(&arena);
}

/* --- common passwords --- */

static bool
common(const char *password)
{
	static const struct text about[] = { { "ada.lovelace@example.com", 24 },
		{ "ada.lovelace", 12 }, { "Ada", 3 }, { NULL, 0 } };

	return common_password(text_of(password), about);
}

Test(common, refuses_what_everybody_tries_first)
{
	static const char *const known[] = { "password", "Password1", "P@ssw0rd", "p@55w0rd!",
		"PASSWORD123", "12345678", "123456789", "87654321", "11111111", "abcabcabc",
		"qwertyuiop", "QWERTZUIOP", "1qaz2wsx", "q1w2e3r4", "asdfghjkl", "zxcvbnm1",
		"iloveyou", "ILoveYou2", "sunshine", "Summer2024", "juventus1897", "dragon123",
		"123monkey", "football!!", "letmein1", "baseball", "superman1", "trustno1",
		"qwerty123", "admin123", "welcome1", "hellohello", "ilovepizza", "socius2026",
		"ada.lovelace", "Ada.Lovelace1", "xxxxxxxx", "12121212" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_expect(common(known[i]), "%s", known[i]);
}

Test(common, lets_others_through)
{
	static const char *const good[] = { "correct horse battery staple", "vT9#kq2Lw0",
		"mia nonna fa le lasagne", "x7gh2kd9", "sunshine and courgettes",
		"pässwörter sind öde", "password of my boat", "qwerty lives in torino",
		"eighteen clouds", "ada.lovelace went home" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_expect_not(common(good[i]), "%s", good[i]);
}
