/* vault and password: derived keys, tokens of sessions, argon2id. */
#include "vault.h"

#include <criterion/criterion.h>

#include "password.h"
#include "socius/arena.h"
#include "socius/world.h"

#define NOW_US INT64_C(1772445600000000)

static struct arena arena;
static struct token_keys keys;
static const struct role roles[] = { { "customer", "account", "" }, { 0 } };

static void
given(void)
{
	arena_init(&arena);
	keys = (struct token_keys){ .count = 1, .keys = { { .kid = "k", .secret_bytes = 32 } } };
	vault_open("secret", &keys, roles);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(vault, .init = given, .fini = ended);
TestSuite(password, .init = given, .fini = ended);

Test(vault, gives_each_purpose_a_key_of_its_own)
{
	uint8_t one[VAULT_MAC_BYTES], same[VAULT_MAC_BYTES], other[VAULT_MAC_BYTES];

	vault_mac("code", TEXT("1"), one);
	vault_mac("code", TEXT("1"), same);
	vault_mac("refresh", TEXT("1"), other);
	cr_assert(vault_same(one, same, sizeof(one)));
	cr_assert_not(vault_same(one, other, sizeof(one)));
	vault_mac("code", TEXT("2"), other);
	cr_assert_not(vault_same(one, other, sizeof(one)));
	vault_open("another secret", &keys, roles);
	vault_mac("code", TEXT("1"), other);
	cr_assert_not(vault_same(one, other, sizeof(one)));
}

/* RFC 4648 section 10, in the alphabet of section 5. */
Test(vault, writes_base64url)
{
	static const char *const known[][2] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "\xfb\xff", "-_8" } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		cr_expect(
		    text_is(vault_text(&arena, known[i][0], strlen(known[i][0])), known[i][1]),
		    "%s", known[i][1]);
}

Test(vault, signs_tokens_that_name_their_session)
{
	struct caller caller = { .known = true,
		.role = "customer",
		.market_id = 7,
		.has_session = true,
		.session_id = world_fresh_id() };
	const char *signed_token = vault_sign(&arena, &caller, NOW_US);
	struct token token;

	cr_assert_null(token_check(&keys, roles, text_of(signed_token), NOW_US, &token));
	cr_assert(token.caller.has_session);
	cr_assert(uuid_equal(&token.caller.session_id, &caller.session_id));
	cr_assert_eq(token.expires_us, NOW_US + VAULT_TOKEN_LIFE_S * INT64_C(1000000));
	caller.has_session = false;
	signed_token = vault_sign(&arena, &caller, NOW_US);
	cr_assert_null(token_check(&keys, roles, text_of(signed_token), NOW_US, &token));
	cr_assert_not(token.caller.has_session);
	keys.count = 0;
	cr_assert_null(vault_sign(&arena, &caller, NOW_US));
}

Test(vault, reads_what_it_has_signed_while_that_is_good)
{
	struct caller caller = { .known = true, .market_id = 7, .role = roles[0].name }, read;
	const char *token = vault_sign(&arena, &caller, NOW_US);
	int64_t expires_us, life_us = VAULT_TOKEN_LIFE_S * INT64_C(1000000);

	cr_assert(vault_read(&arena, text_of(token), NOW_US, &read, &expires_us));
	cr_assert_eq(read.market_id, 7);
	cr_assert_str_eq(read.scopes, roles[0].scopes);
	cr_assert_eq(expires_us, NOW_US + life_us);
	cr_assert_not(vault_read(&arena, text_of(token), NOW_US + life_us, &read, &expires_us));
	cr_assert_not(vault_read(&arena, TEXT("sk_1_x"), NOW_US, &read, &expires_us));
}

Test(password, fits_its_own_hash_and_no_other)
{
	struct text hash = password_hash(&arena, TEXT("correct horse"));

	password_begin();
	cr_assert(strstr(hash.at, "$argon2id$v=19$m=19456,t=2,p=1$") == hash.at, "%s", hash.at);
	cr_assert(password_fits(hash, TEXT("correct horse")));
	cr_assert_not(password_fits(hash, TEXT("correct horsf")));
	cr_assert_not(text_equal(hash, password_hash(&arena, TEXT("correct horse"))));
}

Test(password, fits_nobody_where_there_is_no_hash)
{
	password_begin();
	cr_assert_not(password_fits((struct text){ NULL, 0 }, TEXT("")));
	cr_assert_not(password_fits(TEXT("$argon2id$nonsense"), TEXT("nonsense")));
}

/* Finding out that there is no account costs what finding out that there is one does. */
/* Known and unknown addresses must cost the same; operators see it in the metrics. */
Test(password, evaluations_are_counted)
{
	struct text hash = password_hash(&arena, TEXT("correct horse"));

	password_begin();
	cr_assert_geq(password_count_evaluations(), 1);
	(void)password_fits(hash, TEXT("correct horse"));
	cr_assert_eq(password_count_evaluations(), 1);
	(void)password_fits(hash, TEXT("wrong"));
	cr_assert_eq(password_count_evaluations(), 1);
	(void)password_fits((struct text){ NULL, 0 }, TEXT("wrong"));
	cr_assert_eq(password_count_evaluations(), 1);
	(void)password_stale(hash);
	cr_assert_eq(password_count_evaluations(), 0);
}

Test(password, takes_as_long_for_nobody)
{
	struct text hash = password_hash(&arena, TEXT("correct horse"));
	int64_t somebody_us = 0, nobody_us = 0, start_us;

	password_begin();
	for (int i = 0; i < 8; i++) {
		start_us = world_monotonic_us();
		(void)password_fits(hash, TEXT("wrong"));
		somebody_us += world_monotonic_us() - start_us;
		start_us = world_monotonic_us();
		(void)password_fits((struct text){ NULL, 0 }, TEXT("wrong"));
		nobody_us += world_monotonic_us() - start_us;
	}
	cr_log_info("argon2id: %lld us somebody, %lld us nobody", (long long)somebody_us / 8,
	    (long long)nobody_us / 8);
	cr_assert_lt(nobody_us, 2 * somebody_us);
	cr_assert_lt(somebody_us, 2 * nobody_us);
}

Test(password, is_stale_under_other_parameters)
{
	cr_assert_not(password_stale(password_hash(&arena, TEXT("correct horse"))));
	cr_assert(password_stale(TEXT("$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
				      "dWcqGpPCQyCVL5AgtcIAAtCQmj5PRhnu/LTrBLXHjws")));
}
