/* id_token: tokens of another issuer that hold, and all those that do not. */
#include <criterion/criterion.h>

#include "issuer.h"
#include "run/jwks.h"
#include "socius/id_token.h"

#define NOW_S 1772445600 /* 2026-03-02 10:00 UTC */
#define NOW_US (INT64_C(1000000) * NOW_S)
#define NONCE "the-nonce"

static struct issuer issuer;
static struct text provider;
static struct id_token said;

/* What is held against: the keys as the runner has them, and two clients. */
static void
begin(void)
{
	struct buffer keys;

	issuer_start(&issuer);
	buffer_init(&keys, &issuer.arena, 4096);
	cr_assert_null(jwks_read(issuer_jwks(&issuer), &keys));
	provider = text_of(arena_print(&issuer.arena,
	    "{\"issuer\":\"%s\",\"client_ids\":[\"ours\",\"also-ours\"],\"keys\":%.*s}", issuer.url,
	    (int)keys.bytes, keys.at));
}

static void
end(void)
{
	issuer_end(&issuer);
}

TestSuite(id_token, .init = begin, .fini = end);

static const char *
check(const char *token)
{
	return id_token_check(&issuer.arena, provider, text_of(token), TEXT(NONCE), NOW_US, &said);
}

/* Claims that hold, with other members behind them: the later of two is no JSON of ours. */
static const char *
claims(const char *audience, const char *more)
{
	return arena_print(&issuer.arena,
	    "{\"iss\":\"%s\",\"sub\":\"ada\",\"aud\":%s,\"iat\":%d,\"exp\":%d,\"nonce\":\"" NONCE
	    "\"%s}",
	    issuer.url, audience, NOW_S - 5, NOW_S + 300, more);
}

static const char *
good(void)
{
	return claims("\"ours\"", "");
}

Test(id_token, holds_by_either_algorithm)
{
	const char *person = claims("\"ours\"",
	    ",\"email\":\"ada@example.com\",\"email_verified\":true,\"name\":\"Ada Rossi\"");

	cr_expect_null(check(issuer_token(&issuer, "RS256", person)));
	cr_expect(text_is(said.subject, "ada"));
	cr_expect(text_is(said.issuer, issuer.url));
	cr_expect(text_is(said.email, "ada@example.com"));
	cr_expect(said.email_verified);
	cr_expect(text_is(said.name, "Ada Rossi"));
	cr_expect_null(check(issuer_token(&issuer, "ES256", good())));
	cr_expect_null(said.email.at);
	cr_expect_not(said.email_verified);
}

/* What no field of ours takes as a name comes by no other way either. */
Test(id_token, keeps_names_in_our_form_or_not_at_all)
{
	static const struct {
		const char *said, *kept; /* NULL: it is dropped */
	} names[] = { { " Jose\u0301\u00a0Rossi ", "Jos\u00e9 Rossi" }, { "\u200b", NULL },
		{ "\u00a0", NULL }, { "Ada\u202eissoR", NULL }, { "Ada\u2028", NULL },
		{ "Ada\ufdd0", NULL }, { "Ada\\u0007", NULL }, { "Ada\\nRossi", NULL } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *more = arena_print(&issuer.arena, ",\"name\":\"%s\"", names[i].said);

		cr_expect_null(check(issuer_token(&issuer, "ES256", claims("\"ours\"", more))));
		cr_expect_eq(said.name.at == NULL, names[i].kept == NULL, "case %zu", i);
		if (names[i].kept != NULL)
			cr_expect(text_is(said.name, names[i].kept));
	}
}

Test(id_token, trusts_no_address_that_nobody_has_verified)
{
	static const char *const doubtful[] = { ",\"email\":\"ada@example.com\"",
		",\"email\":\"ada@example.com\",\"email_verified\":false",
		",\"email\":\"ada@example.com\",\"email_verified\":1",
		",\"email\":\"ada\",\"email_verified\":true", ",\"email_verified\":true",
		",\"email\":[\"ada@example.com\"],\"email_verified\":true" };

	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++) {
		cr_expect_null(
		    check(issuer_token(&issuer, "ES256", claims("\"ours\"", doubtful[i]))));
		cr_expect_not(said.email_verified, "%s", doubtful[i]);
	}
}

Test(id_token, is_for_us_and_was_asked_for_by_us)
{
	static const struct {
		const char *audience, *more;
		bool holds;
	} cases[] = { { "\"also-ours\"", "", true }, { "[\"ours\"]", "", true },
		{ "[\"ours\",\"theirs\"]", ",\"azp\":\"ours\"", true },
		{ "[\"ours\",\"theirs\"]", "", false },
		{ "[\"ours\",\"theirs\"]", ",\"azp\":\"theirs\"", false },
		{ "\"ours\"", ",\"azp\":\"theirs\"", false }, { "\"ours\"", ",\"azp\":1", false },
		{ "\"theirs\"", "", false }, { "[\"theirs\"]", ",\"azp\":\"ours\"", false },
		{ "[]", "", false }, { "null", "", false }, { "\"ours also-ours\"", "", false } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(check(issuer_token(&issuer, "ES256",
				 claims(cases[i].audience, cases[i].more))) == NULL,
		    cases[i].holds, "%zu", i);
}

#define CLAIMS(iss, sub, iat, exp, nonce, more) \
	arena_print(&issuer.arena, \
	    "{\"iss\":\"%s\",%s\"aud\":\"ours\",\"iat\":%d,\"exp\":%d,\"nonce\":%s%s}", iss, sub, \
	    iat, exp, nonce, more)
#define SUB "\"sub\":\"ada\","
#define QUOTED "\"" NONCE "\""

Test(id_token, does_not_hold)
{
	const char *url = issuer.url, *slash = arena_print(&issuer.arena, "%s/", url);
	const struct {
		const char *why, *claims;
	} cases[] = {
		{ "issuer", CLAIMS("http://other.example", SUB, NOW_S, NOW_S + 9, QUOTED, "") },
		{ "issuer", CLAIMS(slash, SUB, NOW_S, NOW_S + 9, QUOTED, "") },
		{ "nonce", CLAIMS(url, SUB, NOW_S, NOW_S + 9, "\"another\"", "") },
		{ "nonce", CLAIMS(url, SUB, NOW_S, NOW_S + 9, "null", "") },
		{ "nonce", CLAIMS(url, SUB, NOW_S, NOW_S + 9, "\"\"", "") },
		{ "expired", CLAIMS(url, SUB, NOW_S - 99, NOW_S, QUOTED, "") },
		{ "not valid yet", CLAIMS(url, SUB, NOW_S + 61, NOW_S + 99, QUOTED, "") },
		{ "not valid yet",
		    CLAIMS(url, SUB, NOW_S, NOW_S + 99, QUOTED, ",\"nbf\":1772445661") },
		{ "nbf", CLAIMS(url, SUB, NOW_S, NOW_S + 99, QUOTED, ",\"nbf\":\"soon\"") },
		{ "names nobody", CLAIMS(url, "", NOW_S, NOW_S + 9, QUOTED, "") },
		{ "names nobody", CLAIMS(url, "\"sub\":\"\",", NOW_S, NOW_S + 9, QUOTED, "") },
		{ "names nobody", CLAIMS(url, "\"sub\":7,", NOW_S, NOW_S + 9, QUOTED, "") },
		{ "JSON", CLAIMS(url, SUB, NOW_S, NOW_S + 9, QUOTED, ",\"iss\":\"twice\"") },
		{ "JSON", "[]" },
		{ "issuer", "{}" },
		{ "lacks exp or iat", arena_print(&issuer.arena,
					  "{\"iss\":\"%s\",\"aud\":\"ours\",\"iat\":1}", url) },
	};

	cr_expect_null(check(
	    issuer_token(&issuer, "ES256", CLAIMS(url, SUB, NOW_S + 60, NOW_S + 99, QUOTED, ""))));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = check(issuer_token(&issuer, "ES256", cases[i].claims));

		cr_expect(why != NULL && strstr(why, cases[i].why) != NULL, "%zu: %s", i,
		    why == NULL ? "it holds" : why);
	}
}

static const char *
header(const char *algorithm, const char *kid, const char *more)
{
	return arena_print(
	    &issuer.arena, "{\"alg\":\"%s\",\"kid\":\"%s\"%s}", algorithm, kid, more);
}

static void
expect_not(const char *why, const char *token)
{
	const char *said_why = check(token);

	cr_expect(said_why != NULL && strstr(said_why, why) != NULL, "wanted %s, got %s", why,
	    said_why == NULL ? "it holds" : said_why);
}

/* RFC 8725 section 2: the algorithm is the key's, and never what the token says. */
Test(id_token, is_signed_as_its_key_is_for)
{
	const char *rsa = issuer.rsa_kid, *ec = issuer.ec_kid;

	expect_not("algorithm",
	    issuer_sign(&issuer, "HS256", issuer.rsa, header("HS256", rsa, ""), good()));
	expect_not("signature",
	    issuer_sign(&issuer, "HS256", issuer.rsa, header("RS256", rsa, ""), good()));
	expect_not("JWT", issuer_sign(&issuer, "none", NULL, header("none", rsa, ""), good()));
	expect_not("JWT", issuer_sign(&issuer, "none", NULL, header("RS256", rsa, ""), good()));
	expect_not("algorithm",
	    issuer_sign(&issuer, "RS256", issuer.rsa, header("none", rsa, ""), good()));
	expect_not("algorithm",
	    issuer_sign(&issuer, "RS256", issuer.rsa, header("RS384", rsa, ""), good()));
	expect_not("algorithm",
	    issuer_sign(&issuer, "RS256", issuer.rsa, header("RS256", ec, ""), good()));
	expect_not("signature",
	    issuer_sign(&issuer, "RS256", issuer.rsa, header("ES256", ec, ""), good()));
	expect_not("signature",
	    issuer_sign(&issuer, "ES256", issuer.ec, header("RS256", rsa, ""), good()));
}

Test(id_token, is_signed_by_a_key_of_the_issuer)
{
	struct issuer other;
	const char *kid = issuer.rsa_kid;

	issuer_start(&other);
	expect_not("signature",
	    issuer_sign(&issuer, "RS256", other.rsa, header("RS256", kid, ""), good()));
	expect_not("signature",
	    issuer_sign(&issuer, "ES256", other.ec, header("ES256", issuer.ec_kid, ""), good()));
	/* a key that the token brings along is nobody's */
	expect_not("signature", issuer_sign(&issuer, "RS256", other.rsa,
				    header("RS256", kid,
					arena_print(&issuer.arena, ",\"jwk\":%s",
					    issuer_jwk(&issuer.arena, other.rsa, kid))),
				    good()));
	cr_expect_eq(
	    check(issuer_sign(&issuer, "RS256", other.rsa, header("RS256", "new", ""), good())),
	    id_token_key_unknown);
	expect_not("names no key",
	    issuer_sign(&issuer, "RS256", issuer.rsa, "{\"alg\":\"RS256\"}", good()));
	expect_not("names no key", issuer_sign(&issuer, "RS256", issuer.rsa,
				       header("RS256", kid, ",\"crit\":[\"x\"]"), good()));
	expect_not("type", issuer_sign(&issuer, "RS256", issuer.rsa,
			       header("RS256", kid, ",\"typ\":\"at+jwt\""), good()));
	issuer_end(&other);
}

Test(id_token, is_read_strictly)
{
	const char *token = issuer_token(&issuer, "RS256", good());
	char *spoilt = arena_copy(&issuer.arena, token, strlen(token));

	spoilt[strlen(spoilt) - 10] ^= 1;
	cr_expect_not_null(check(spoilt));
	spoilt = arena_copy(&issuer.arena, token, strlen(token));
	*(strchr(spoilt, '.') + 5) ^= 1;
	cr_expect_not_null(check(spoilt));
	expect_not("JWT", "");
	expect_not("JWT", "a.b");
	expect_not("JWT", "..");
	expect_not("JWT", arena_print(&issuer.arena, "%s.x", token));
	expect_not("JWT", arena_print(&issuer.arena, "%s%04096d", token, 0));
	cr_expect_not_null(check(arena_print(&issuer.arena, "%s=", token)));
	cr_expect_not_null(check(arena_print(&issuer.arena, " %s", token)));
}
