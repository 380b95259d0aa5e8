/* token: good ones, and every bad one that could be mistaken for good. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forge.h"
#include "socius/uuid.h"
#include "socius/world.h"
#include "token.h"

#define NOW_S INT64_C(1795341600) /* 2026-11-22T10:00:00Z */
#define NOW_US (NOW_S * 1000000)
#define ACCOUNT "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

static const struct role roles[] = {
	{ "partner", "slots.read bookings.write", "", .is_partner = true },
	{ "auditor", "slots.read", "" },
	{ 0 },
};

static char folder[] = "/tmp/socius-token-XXXXXX";
static struct token_keys keys;
static struct token token;

static void
write_key(const char *name, const char *secret, mode_t mode)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert(fd >= 0 && write(fd, secret, strlen(secret)) == (ssize_t)strlen(secret));
	cr_assert(fchmod(fd, mode) == 0 && close(fd) == 0);
}

static void
remove_key(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(unlink(path), 0);
}

#define SECRET_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET_B "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static void
given(void)
{
	cr_assert_not_null(mkdtemp(folder));
	world_hold_still(NOW_US);
	write_key("a.key", SECRET_A "\n", 0600);
	cr_assert_null(token_keys_load(&keys, folder));
	cr_assert_eq(keys.count, 1);
}

static void
ended(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}

TestSuite(token, .init = given, .fini = ended);

static char *
minted(const char *role, const char *scopes)
{
	struct caller caller = { .market_id = 7, .role = role, .scopes = scopes };

	cr_assert(uuid_read(text_of(ACCOUNT), &caller.account_id));
	caller.has_partner = strcmp(role, "partner") == 0;
	caller.partner_id = caller.account_id;
	return token_mint(&keys, roles, &caller, NOW_US, TOKEN_LIFE_S);
}

static const char *
check(const char *text)
{
	return token_check(&keys, roles, text_of(text), NOW_US, &token);
}

#define GOOD_HEADER "{\"alg\":\"HS256\",\"kid\":\"a\",\"typ\":\"JWT\"}"
#define CLAIMS(iss, aud, use, iat, nbf, exp, rest) \
	"{\"iss\":\"" iss "\",\"aud\":\"" aud "\",\"token_use\":\"" use "\",\"iat\":" iat \
	",\"nbf\":" nbf ",\"exp\":" exp "," rest "}"
#define WHO "\"sub\":\"" ACCOUNT "\",\"role\":\"auditor\",\"market\":7,\"scope\":\"slots.read\""
#define GOOD_CLAIMS \
	CLAIMS("socius", "socius-api", "access", "1795341600", "1795341600", "1795342200", WHO)

static const char *
check_forged(const char *header, const char *claims)
{
	return check(forge(header, claims, keys.keys[0].secret, 32));
}

Test(token, says_who_asks)
{
	char *text = minted("partner", NULL);

	cr_assert_null(check(text));
	cr_assert(token.caller.known);
	cr_assert_eq(token.caller.market_id, 7);
	cr_assert_str_eq(token.caller.role, "partner");
	cr_assert_str_eq(token.caller.scopes, "slots.read bookings.write");
	cr_assert(token.caller.has_partner);
	cr_assert_eq(token.expires_us, NOW_US + TOKEN_LIFE_S * INT64_C(1000000));
	free(text);
	text = minted("auditor", NULL);
	cr_assert_null(check(text));
	cr_assert_not(token.caller.has_partner);
	free(text);
}

Test(token, holds_no_more_scopes_than_its_role)
{
	char *text = minted("auditor", "bookings.write slots.read payouts.approve");

	cr_assert_null(check(text));
	cr_assert_str_eq(token.caller.scopes, "slots.read");
	free(text);
}

Test(token, forged_with_the_right_key_is_the_measure_of_the_bad_ones)
{
	cr_assert_null(check_forged(GOOD_HEADER, GOOD_CLAIMS), "the good one passes");
}

/* The fourteen, and more of their kind. */

Test(token, refuse_no_algorithm)
{
	char *text = forge("{\"alg\":\"none\",\"kid\":\"a\",\"typ\":\"JWT\"}", GOOD_CLAIMS, "", 0);

	cr_assert_not_null(check(text));
	strrchr(text, '.')[1] = '\0';
	cr_assert_not_null(check(text));
}

Test(token, refuse_another_algorithm)
{
	cr_assert_not_null(
	    check_forged("{\"alg\":\"HS512\",\"kid\":\"a\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
	cr_assert_not_null(
	    check_forged("{\"alg\":\"RS256\",\"kid\":\"a\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
	cr_assert_not_null(
	    check_forged("{\"alg\":\"hs256\",\"kid\":\"a\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
}

Test(token, refuse_another_secret)
{
	cr_assert_not_null(check(forge(GOOD_HEADER, GOOD_CLAIMS, SECRET_A, 32)));
	cr_assert_not_null(check(forge(GOOD_HEADER, GOOD_CLAIMS, "", 0)));
	cr_assert_not_null(check(forge(GOOD_HEADER, GOOD_CLAIMS, "a", 1)));
}

Test(token, refuse_a_changed_byte_anywhere)
{
	char *text = minted("partner", NULL);

	for (size_t i = 0; text[i] != '\0'; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		cr_assert_not_null(check(text), "byte %zu", i);
		text[i] = was;
	}
	cr_assert_null(check(text));
	free(text);
}

Test(token, refuse_an_unknown_kid)
{
	cr_assert_not_null(
	    check_forged("{\"alg\":\"HS256\",\"kid\":\"b\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
	cr_assert_not_null(check_forged("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
	cr_assert_not_null(
	    check_forged("{\"alg\":\"HS256\",\"kid\":\"../a\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
}

Test(token, refuse_another_type)
{
	cr_assert_not_null(
	    check_forged("{\"alg\":\"HS256\",\"kid\":\"a\",\"typ\":\"refresh+jwt\"}", GOOD_CLAIMS));
	cr_assert_not_null(
	    check_forged(GOOD_HEADER, CLAIMS("socius", "socius-api", "refresh", "1795341600",
					  "1795341600", "1795342200", WHO)));
}

Test(token, refuse_keys_and_demands_in_the_header)
{
	static const char *const more[] = { "\"jku\":\"https://a\"", "\"jwk\":{}",
		"\"crit\":[\"b\"]", "\"x5u\":\"https://a\"", "\"b64\":false" };
	char header[128];

	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		(void)snprintf(header, sizeof(header),
		    "{\"alg\":\"HS256\",\"kid\":\"a\",\"typ\":\"JWT\",%s}", more[i]);
		cr_assert_not_null(check_forged(header, GOOD_CLAIMS), "%s", header);
	}
	cr_assert_not_null(check_forged(
	    "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"a\",\"typ\":\"JWT\"}", GOOD_CLAIMS));
}

Test(token, refuse_another_issuer)
{
	cr_assert_not_null(
	    check_forged(GOOD_HEADER, CLAIMS("other", "socius-api", "access", "1795341600",
					  "1795341600", "1795342200", WHO)));
}

Test(token, refuse_another_audience)
{
	cr_assert_not_null(check_forged(GOOD_HEADER,
	    CLAIMS("socius", "other", "access", "1795341600", "1795341600", "1795342200", WHO)));
}

Test(token, refuse_what_has_expired)
{
	char *text = minted("partner", NULL);

	cr_assert_null(token_check(
	    &keys, roles, text_of(text), NOW_US + TOKEN_LIFE_S * INT64_C(1000000) - 1, &token));
	cr_assert_not_null(token_check(
	    &keys, roles, text_of(text), NOW_US + TOKEN_LIFE_S * INT64_C(1000000), &token));
	cr_assert_not_null(check_forged(
	    GOOD_HEADER, CLAIMS("socius", "socius-api", "access", "1", "1", "100", WHO)));
	free(text);
}

Test(token, refuse_what_is_not_valid_yet)
{
	cr_assert_null(
	    check_forged(GOOD_HEADER, CLAIMS("socius", "socius-api", "access", "1795341660",
					  "1795341660", "1795342200", WHO)));
	cr_assert_not_null(
	    check_forged(GOOD_HEADER, CLAIMS("socius", "socius-api", "access", "1795341600",
					  "1795341661", "1795342200", WHO)));
	cr_assert_not_null(
	    check_forged(GOOD_HEADER, CLAIMS("socius", "socius-api", "access", "1795341661",
					  "1795341600", "1795342200", WHO)));
}

Test(token, refuse_a_life_without_end)
{
	cr_assert_not_null(
	    check_forged(GOOD_HEADER, CLAIMS("socius", "socius-api", "access", "1795341600",
					  "1795341600", "1900000000", WHO)));
	cr_assert_not_null(check_forged(GOOD_HEADER,
	    "{\"iss\":\"socius\",\"aud\":\"socius-api\",\"token_use\":\"access\"," WHO "}"));
	cr_assert_not_null(check_forged(GOOD_HEADER,
	    CLAIMS("socius", "socius-api", "access", "1795341600", "1795341600", "1e12", WHO)));
	cr_assert_not_null(
	    check_forged(GOOD_HEADER, CLAIMS("socius", "socius-api", "access", "1795341600",
					  "1795341600", "\"1795342200\"", WHO)));
}

Test(token, refuse_two_or_four_segments_and_trailing_bytes)
{
	char *text = minted("partner", NULL), longer[4096];

	(void)snprintf(longer, sizeof(longer), "%s.a", text);
	cr_assert_not_null(check(longer));
	(void)snprintf(longer, sizeof(longer), "%sA", text);
	cr_assert_not_null(check(longer));
	(void)snprintf(longer, sizeof(longer), "%s=", text);
	cr_assert_not_null(check(longer));
	(void)snprintf(longer, sizeof(longer), "%s ", text);
	cr_assert_not_null(check(longer));
	*strrchr(text, '.') = '\0';
	cr_assert_not_null(check(text));
	cr_assert_not_null(check(""));
	cr_assert_not_null(check(".."));
	cr_assert_not_null(check("a.b.c"));
	free(text);
}

Test(token, refuse_more_than_4_kib)
{
	char claims[4096];

	(void)snprintf(claims, sizeof(claims),
	    CLAIMS("socius", "socius-api", "access", "1795341600", "1795341600", "1795342200",
		WHO ",\"pad\":\"%03000d\""),
	    0);
	cr_assert_not_null(check_forged(GOOD_HEADER, claims));
	(void)snprintf(claims, sizeof(claims),
	    CLAIMS("socius", "socius-api", "access", "1795341600", "1795341600", "1795342200",
		WHO ",\"pad\":\"%02000d\""),
	    0);
	cr_assert_null(check_forged(GOOD_HEADER, claims));
}

Test(token, refuse_a_caller_that_makes_no_sense)
{
	static const char *const whos[] = {
		"\"sub\":\"me\",\"role\":\"auditor\",\"market\":7,\"scope\":\"\"",
		"\"role\":\"partner\",\"market\":7,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"king\",\"market\":7,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"market\":7,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"auditor\",\"market\":\"7\",\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"auditor\",\"market\":-1,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"auditor\",\"market\":4294967297,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"auditor\",\"market\":7.5,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"auditor\",\"market\":7",
		"\"sub\":\"" ACCOUNT
		"\",\"role\":\"partner\",\"market\":7,\"scope\":\"\",\"partner\":\"you\"",
		"\"sub\":\"" ACCOUNT
		"\",\"role\":\"partner\",\"market\":7,\"scope\":\"\",\"partner\":1",
		"\"sub\":\"" ACCOUNT "\",\"role\":\"partner\",\"market\":7,\"scope\":\"\"",
		"\"sub\":\"" ACCOUNT
		"\",\"role\":\"auditor\",\"market\":7,\"scope\":\"\",\"sid\":\"one\"",
		"\"sub\":\"" ACCOUNT
		"\",\"role\":\"auditor\",\"market\":7,\"scope\":\"\",\"sid\":1",
		"\"sub\":\"" ACCOUNT
		"\",\"role\":\"auditor\",\"market\":7,\"scope\":\"\",\"partner\":\"" ACCOUNT "\"",
	};
	char claims[1024];

	for (size_t i = 0; i < sizeof(whos) / sizeof(whos[0]); i++) {
		(void)snprintf(claims, sizeof(claims),
		    CLAIMS("socius", "socius-api", "access", "1795341600", "1795341600",
			"1795342200", "%s"),
		    whos[i]);
		cr_assert_not_null(check_forged(GOOD_HEADER, claims), "%s", whos[i]);
	}
	cr_assert_not_null(check_forged(GOOD_HEADER, "[]"));
	cr_assert_not_null(check_forged(GOOD_HEADER, "{"));
}

/* --- keys --- */

static void
date_key(const char *name, int64_t at_s)
{
	struct timespec at[2] = { { at_s, 0 }, { at_s, 0 } };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(utimensat(AT_FDCWD, path, at, 0), 0);
}

Test(token, is_signed_with_the_newest_key_and_checked_with_any)
{
	char *first = minted("partner", NULL), *second;

	write_key("b.key", SECRET_B, 0600);
	date_key("a.key", NOW_S);
	date_key("b.key", NOW_S + 1);
	cr_assert_null(token_keys_load(&keys, folder));
	cr_assert_str_eq(keys.keys[keys.newest].kid, "b");
	second = minted("partner", NULL);
	cr_assert_null(check(first));
	cr_assert_null(check(second));
	remove_key("a.key");
	cr_assert_null(token_keys_load(&keys, folder));
	cr_assert_not_null(check(first), "its key is gone");
	cr_assert_null(check(second));
	free(first);
	free(second);
}

Test(token, uses_no_key_that_others_can_read_or_that_is_weak)
{
	write_key("open.key", SECRET_B, 0644);
	cr_assert_not_null(token_keys_load(&keys, folder));
	cr_assert_eq(keys.count, 1, "the good one stays");
	remove_key("open.key");
	write_key("short.key", "00112233", 0600);
	cr_assert_not_null(token_keys_load(&keys, folder));
	write_key("short.key", "zz" SECRET_B, 0600);
	cr_assert_not_null(token_keys_load(&keys, folder));
	remove_key("short.key");
	write_key("note.txt", "not a key", 0600);
	cr_assert_null(token_keys_load(&keys, folder));
	cr_assert_eq(keys.count, 1);
}

Test(token, cannot_be_minted_without_a_key)
{
	remove_key("a.key");
	cr_assert_null(token_keys_load(&keys, folder));
	cr_assert_null(minted("partner", NULL));
	cr_assert_not_null(token_keys_load(&keys, "/nowhere"));
}

Test(token, can_be_minted_with_a_key_we_made)
{
	char kid[TOKEN_KID_BYTES_MAX + 1], *text;

	remove_key("a.key");
	cr_assert_null(token_key_make(folder, kid));
	cr_assert_null(token_keys_load(&keys, folder));
	cr_assert_str_eq(keys.keys[0].kid, kid);
	text = minted("auditor", NULL);
	cr_assert_null(check(text));
	free(text);
	cr_assert_not_null(token_key_make("/nowhere", kid));
}

/* --- memory --- */

Test(token, is_remembered_until_it_expires)
{
	struct token_memory *memory = token_memory_new();
	char *text = minted("partner", NULL);
	struct token_keys none = { .count = 0 };
	int64_t end_us = NOW_US + TOKEN_LIFE_S * INT64_C(1000000);
	const struct token *found;
	const char *why;

	found = token_recall(memory, &keys, roles, text_of(text), NOW_US, &why);
	cr_assert_not_null(found);
	cr_assert_str_eq(found->caller.scopes, "slots.read bookings.write");
	cr_assert_not_null(token_recall(memory, &none, roles, text_of(text), end_us - 1, &why));
	cr_assert_null(token_recall(memory, &keys, roles, text_of(text), end_us, &why));
	cr_assert_not_null(why);
	token_memory_forget(memory);
	cr_assert_null(token_recall(memory, &none, roles, text_of(text), NOW_US, &why));
	token_memory_free(memory);
	free(text);
}

Test(token, that_is_bad_is_never_remembered)
{
	struct token_memory *memory = token_memory_new();
	char *text = minted("partner", NULL);
	const char *why;

	text[strlen(text) - 2] ^= 1;
	for (int i = 0; i < 2; i++)
		cr_assert_null(token_recall(memory, &keys, roles, text_of(text), NOW_US, &why));
	token_memory_free(memory);
	free(text);
}

Test(token, memory_is_bounded)
{
	struct token_memory *memory = token_memory_new();
	const char *why;

	for (int i = 0; i < TOKEN_MEMORY + TOKEN_MEMORY / 4; i++) {
		char *text = minted("partner", NULL); /* each has its own jti */

		cr_assert_not_null(token_recall(memory, &keys, roles, text_of(text), NOW_US, &why));
		free(text);
	}
	token_memory_free(memory);
}
