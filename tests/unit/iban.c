/* iban: country, length, structure and check digits; see iban.h. */
#include "onboarding/iban.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "socius/request.h"
#include "socius/vault.h"

static enum iban_fault
fault_of(const char *iban)
{
	char read[IBAN_BYTES_MAX + 1];
	int length;

	return iban_read(text_of(iban), read, &length);
}

/* The examples of the IBAN registry and of the banks' own pages. */
static const char *const sound[] = { "AT611904300234573201", "BE68539007547034",
	"BR1800360305000010009795493C1", "CH9300762011623852957", "CZ6508000000192000145399",
	"DE89370400440532013000", "DK5000400440116243", "ES9121000418450200051332",
	"FI2112345600000785", "FR1420041010050500013M02606", "GB29NWBK60161331926819",
	"GR1601101250000000012300695", "IE29AIBK93115212345678", "IT60X0542811101000000123456",
	"LU280019400644750000", "MT84MALT011000012345MTLCAST001S", "NL91ABNA0417164300",
	"NO9386011117947", "PL61109010140000071219812874", "PT50000201231234567890154",
	"RO49AAAA1B31007593840000", "SA0380000000608010167519", "SE4550000000058398257466",
	"SM86U0322509800000000270100", "TR330006100519786457841326",
	"UA213223130000026007233566001", "VA59001123000012345678" };

Test(iban, takes_the_examples_of_the_registry)
{
	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++)
		cr_expect_eq(fault_of(sound[i]), IBAN_SOUND, "%s", sound[i]);
}

Test(iban, takes_blanks_and_small_letters)
{
	char read[IBAN_BYTES_MAX + 1];
	int length;

	cr_assert_eq(
	    iban_read(TEXT("it60 x054 2811 1010 0000 0123 456"), read, &length), IBAN_SOUND);
	cr_assert_str_eq(read, "IT60X0542811101000000123456");
	cr_assert_eq(length, 27);
}

/* ISO 7064: one wrong character, or two neighbours in each other's place, is always found. */
Test(iban, finds_every_wrong_digit_and_every_swap)
{
	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
		char wrong[IBAN_BYTES_MAX + 1];
		size_t bytes = strlen(sound[i]);

		for (size_t at = 2; at < bytes; at++) {
			if (sound[i][at] > '9')
				continue;
			for (char digit = '0'; digit <= '9'; digit++) {
				memcpy(wrong, sound[i], bytes + 1);
				wrong[at] = digit;
				cr_expect_eq(fault_of(wrong),
				    digit == sound[i][at] ? IBAN_SOUND : IBAN_CHECK_DIGITS, "%s",
				    wrong);
			}
			if (at + 1 == bytes || sound[i][at + 1] > '9')
				continue;
			memcpy(wrong, sound[i], bytes + 1);
			wrong[at] = sound[i][at + 1];
			wrong[at + 1] = sound[i][at];
			cr_expect_eq(fault_of(wrong),
			    wrong[at] == wrong[at + 1] ? IBAN_SOUND : IBAN_CHECK_DIGITS, "%s",
			    wrong);
		}
	}
}

Test(iban, says_what_is_wrong)
{
	static const struct {
		const char *iban;
		enum iban_fault fault;
	} cases[] = { { "IT60X054281110100000012345", IBAN_LENGTH },
		{ "IT60X05428111010000001234567", IBAN_LENGTH },
		{ "IT60X0542811101000000123456000000000000000", IBAN_LENGTH },
		{ "US60X0542811101000000123456", IBAN_COUNTRY },
		{ "IT61X0542811101000000123456", IBAN_CHECK_DIGITS },
		{ "DE99370400440000000024", IBAN_CHECK_DIGITS }, /* as good as 02 for MOD 97 */
		{ "DE583704004405320130AB", IBAN_STRUCTURE },
		{ "NL91AB1A0417164300", IBAN_STRUCTURE }, { "ITX", IBAN_CHARACTERS },
		{ "IT6000542811101000000123456", IBAN_STRUCTURE }, { "IT6", IBAN_CHARACTERS },
		{ "I160X0542811101000000123456", IBAN_CHARACTERS },
		{ "ITX0X0542811101000000123456", IBAN_CHARACTERS },
		{ "IT60X05428111010000001234-6", IBAN_CHARACTERS },
		{ "IT60X05428111010000001234\xc3\xa9", IBAN_CHARACTERS }, { "", IBAN_CHARACTERS } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(fault_of(cases[i].iban), cases[i].fault, "%s", cases[i].iban);
}

/* The check digits that ISO 13616-1 computes: 98 less the remainder of those with 00. */
static void
put_check_digits(char *iban)
{
	size_t length = strlen(iban);
	int remainder = 0;

	iban[2] = iban[3] = '0';
	for (size_t i = 0; i < length; i++) {
		char c = iban[(i + 4) % length];

		remainder = c <= '9' ? (remainder * 10 + c - '0') % 97
				     : (remainder * 100 + c - 'A' + 10) % 97;
	}
	iban[2] = (char)('0' + (98 - remainder) / 10);
	iban[3] = (char)('0' + (98 - remainder) % 10);
}

/* Check digits of every value, for one account: 02 to 98 alone can be right. */
Test(iban, takes_check_digits_from_02_to_98_only)
{
	char iban[64];
	int right = 0;

	for (int account = 0; account < 97; account++)
		for (int digits = 0; digits < 100; digits++) {
			(void)snprintf(
			    iban, sizeof(iban), "DE%02d3704004400000000%02d", digits, account);
			if (fault_of(iban) != IBAN_SOUND)
				continue;
			right++;
			cr_expect(digits >= 2 && digits <= 98, "%s", iban);
		}
	cr_expect_eq(right, 97); /* one for each account */
}

/* Writes an IBAN of the registry's structure; `wrong` is the place that has another class than
 * the structure says, -1 for none. Returns the class of that place. */
static char
make_iban(char *to, const char *country, const char *structure, int wrong)
{
	static const char right_of[] = "n1aAcA", wrong_of[] = "nAa1c-";
	char at_wrong = '\0';
	int place = 0;

	to += snprintf(to, 5, "%s00", country);
	while (*structure != '\0') {
		char *end;
		long count = strtol(structure, &end, 10);

		cr_assert_eq(*end, '!');
		structure = end + 2;
		for (; count > 0; count--, place++) {
			const char *of = place == wrong ? wrong_of : right_of;

			if (place == wrong)
				at_wrong = end[1];
			*to++ = strchr(of, end[1])[1];
		}
	}
	*to = '\0';
	return at_wrong;
}

static void
check_country(const char *country, int length, const char *structure, bool in_registry)
{
	char iban[64];

	(void)make_iban(iban, country, structure, -1);
	cr_assert_eq((int)strlen(iban), length);
	put_check_digits(iban);
	cr_expect_eq(fault_of(iban), in_registry ? IBAN_SOUND : IBAN_COUNTRY, "%s", iban);
	for (int place = 0; in_registry && place < length - 4; place++) {
		if (make_iban(iban, country, structure, place) == 'c')
			continue; /* what is neither letter nor digit is another fault */
		put_check_digits(iban);
		cr_expect_eq(fault_of(iban), IBAN_STRUCTURE, "%s", iban);
	}
}

/* The registry's own data, place by place. */
Test(iban, follows_the_published_registry)
{
	FILE *file = fopen("../shared/data/iban-structures.csv", "r");
	char line[128], country[3], structure[64], in_sepa[4], in_registry[4];
	int length, countries = 0;

	if (file == NULL)
		cr_skip_test("the registry's data is not beside the project: not compared");
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%2[A-Z],%d,%63[^,],%3[a-z],%3[a-z]", country, &length, structure,
			in_sepa, in_registry) != 5)
			continue;
		check_country(country, length, structure, strcmp(in_registry, "yes") == 0);
		countries++;
	}
	(void)fclose(file);
	cr_expect_eq(countries, 111);
}

/* What the endpoint's row does with an argument. */
static void
check(const char *iban, const char *fault)
{
	const struct endpoint endpoint = {
		.takes = TAKES({ "iban", BODY, STRING }, { "iban_key", PREPARED, STRING },
		    { "country", PREPARED, STRING }, { "last_four", PREPARED, STRING })
	};
	struct arena arena;
	struct request request = { .arena = &arena, .endpoint = &endpoint };

	arena_init(&arena);
	request.args[0] = (struct value){ .type = STRING, .bytes = text_of(iban) };
	if (fault == NULL) {
		cr_assert(iban_check(&request));
		cr_assert(text_is(request.args[0].bytes, "IT60X0542811101000000123456"));
		cr_assert_eq(request.args[1].bytes.bytes, VAULT_MAC_TEXT_BYTES);
		cr_assert(text_is(request.args[2].bytes, "IT"));
		cr_assert(text_is(request.args[3].bytes, "3456"));
	} else {
		cr_assert_not(iban_check(&request));
		cr_assert_str_eq(request.problem.kind->slug, "iban_wrong");
		cr_assert_not_null(request.problem.detail);
		cr_assert(text_is(
		    request.problem.members, arena_print(&arena, "{\"fault\":\"%s\"}", fault)));
	}
	arena_release(&arena);
}

Test(iban, leaves_the_electronic_form_or_a_problem)
{
	check("IT60 X054 2811 1010 0000 0123 456", NULL);
	check("IT60 X054 2811 1010 0000 0123 465", "check_digits");
	check("IT60 X054 2811 1010 0000 0123", "length");
	check("XX60 X054 2811 1010 0000 0123 456", "country");
	check("my account", "characters");
	check("de99 3704 0044 0000 0000 24", "check_digits");
	check("de58 3704 0044 0532 0130 ab", "structure");
}
