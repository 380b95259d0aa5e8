/* jwks: which published keys are taken. */
#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "issuer.h"
#include "run/jwks.h"

static struct arena arena;

static void
begin(void)
{
	arena_init(&arena);
}

static void
end(void)
{
	arena_release(&arena);
}

TestSuite(jwks, .init = begin, .fini = end);

/* NULL: none was taken; else what was. */
static const char *
taken(const char *set)
{
	struct buffer to;

	buffer_init(&to, &arena, 64);
	if (jwks_read(text_of(set), &to) != NULL)
		return NULL;
	return arena_copy(&arena, to.at, to.bytes);
}

static const char *
set_of(const char *key)
{
	return arena_print(&arena, "{\"keys\":[%s]}", key);
}

Test(jwks, takes_rsa_of_2048_bits_and_no_less)
{
	EVP_PKEY *large = EVP_RSA_gen(2048), *small = EVP_RSA_gen(1024);

	cr_expect_not_null(taken(set_of(issuer_jwk(&arena, large, "large"))));
	cr_expect_null(taken(set_of(issuer_jwk(&arena, small, "small"))));
	EVP_PKEY_free(large);
	EVP_PKEY_free(small);
}

Test(jwks, takes_points_that_are_on_the_curve)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *good = issuer_jwk(&arena, key, "ec");
	char *off = arena_copy(&arena, good, strlen(good));
	char *x = strstr(off, "\"x\":\"") + 8;

	*x = *x == 'A' ? 'B' : 'A';
	cr_expect_not_null(taken(set_of(good)));
	cr_expect_null(taken(set_of(off)));
	EVP_PKEY_free(key);
}

/* RFC 7517 section 5: what is for something else is passed over. */
Test(jwks, passes_over_what_it_does_not_know)
{
	static const char *const others[] = { "{\"kty\":\"oct\",\"kid\":\"s\",\"k\":\"c2VjcmV0\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"x\",\"x\":\"AA\",\"y\":\"AA\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"x\",\"x\":\"AA\"}",
		"{\"kty\":\"RSA\",\"kid\":\"x\",\"n\":\"AA\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"kid\":\"x\",\"n\":\"!!\",\"e\":\"AQAB\"}",
		"{\"kty\":\"RSA\",\"kid\":\"x\"}", "{}", "7", "null" };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *good = issuer_jwk(&arena, key, "good");

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const char *both = taken(set_of(arena_print(&arena, "%s,%s", others[i], good)));

		cr_expect_null(taken(set_of(others[i])), "%s", others[i]);
		cr_expect(
		    both != NULL && strstr(both, "\"kid\":\"good\"") != NULL, "%s", others[i]);
	}
	EVP_PKEY_free(key);
}

static const char *
with(const char *jwk, const char *member)
{
	return arena_print(&arena, "%.*s,%s}", (int)strlen(jwk) - 1, jwk, member);
}

Test(jwks, takes_keys_for_signatures_by_their_algorithm)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *jwk = issuer_jwk(&arena, key, "ec");

	cr_expect_not_null(taken(set_of(with(jwk, "\"alg\":\"ES256\",\"use\":\"sig\""))));
	cr_expect_null(taken(set_of(with(jwk, "\"use\":\"enc\""))));
	cr_expect_null(taken(set_of(with(jwk, "\"alg\":\"HS256\""))));
	cr_expect_null(taken(set_of(with(jwk, "\"alg\":7"))));
	cr_expect_null(taken(set_of(with(jwk, "\"kid\":\"twice\""))));
	EVP_PKEY_free(key);
}

Test(jwks, takes_the_first_of_two_with_one_kid)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const char *jwk = issuer_jwk(&arena, key, "ec");
	const char *both = taken(set_of(arena_print(&arena, "%s,%s", jwk, jwk)));

	cr_assert_not_null(both);
	cr_expect_null(strstr(strstr(both, "\"kid\"") + 1, "\"kid\""));
	EVP_PKEY_free(key);
}

Test(jwks, is_a_set)
{
	cr_expect_null(taken(""));
	cr_expect_null(taken("{\"keys\":{}}"));
	cr_expect_null(taken("{\"keys\":[]}"));
	cr_expect_null(taken("[]"));
}
