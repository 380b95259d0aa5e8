/* fetch: keys of issuers that are well, and of those that are not. */
#include <criterion/criterion.h>
#include <signal.h>

#include "issuer.h"
#include "run/issuer.h"

static struct issuer issuer;
static struct arena arena;
static struct fetch fetch;
static char why[CURL_ERROR_SIZE];

static void
begin(void)
{
	cr_assert_neq(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	cr_assert_eq(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	fetch = (struct fetch){ .curl = curl_easy_init(), .loopback = true };
	arena_init(&arena);
	issuer_start(&issuer);
}

static void
end(void)
{
	issuer_end(&issuer);
	arena_release(&arena);
	curl_easy_cleanup(fetch.curl);
	curl_global_cleanup();
}

TestSuite(fetch, .init = begin, .fini = end);

static bool
fetched(void)
{
	struct text keys;

	return issuer_fetch_keys(&fetch, &arena, issuer.url, &keys, why);
}

Test(fetch, brings_the_keys_of_an_issuer)
{
	struct text keys;

	cr_assert(issuer_fetch_keys(&fetch, &arena, issuer.url, &keys, why), "%s", why);
	cr_expect_not_null(strstr(arena_copy(&arena, keys.at, keys.bytes), "\"kid\":\"rsa-1\""));
	cr_expect_not_null(strstr(arena_copy(&arena, keys.at, keys.bytes), "\"kid\":\"ec-1\""));
	cr_expect_eq(issuer_asked(&issuer), 2);
}

Test(fetch, takes_nothing_from_who_lies_or_goes_on_and_on_or_sends_elsewhere)
{
	static const struct {
		enum issuer_mood mood;
		const char *why;
	} cases[] = { { ISSUER_LIES, "the document is not this issuer's" },
		{ ISSUER_IS_HUGE, "the answer is too large" },
		{ ISSUER_REDIRECTS, "the server answers 302" },
		{ ISSUER_IS_AWAY, "the server answers 503" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		issuer_feel(&issuer, cases[i].mood);
		cr_expect_not(fetched());
		cr_expect_str_eq(why, cases[i].why);
	}
	cr_expect_eq(issuer_asked(&issuer), 4, "nobody was followed");
}

Test(fetch, goes_to_this_machine_only_where_it_may)
{
	struct buffer to;

	fetch.loopback = false;
	cr_expect_not(fetched());
	buffer_init(&to, &arena, 64);
	cr_expect_not(fetch_get(
	    &fetch, arena_print(&arena, "https://127.0.0.1:%d/keys", issuer.port), &to, why));
	cr_expect_str_eq(why, "the address is not a public one");
	cr_expect_not(fetch_get(
	    &fetch, arena_print(&arena, "https://localhost:%d/keys", issuer.port), &to, why));
	cr_expect_str_eq(why, "the address is not a public one");
	cr_expect_eq(issuer_asked(&issuer), 0);
}

Test(fetch, goes_to_no_other_scheme_and_unencrypted_to_nobody_else)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/",
		"http://192.0.2.1/", "http://10.0.0.1/", "gopher://127.0.0.1/", "" };
	struct buffer to;

	buffer_init(&to, &arena, 64);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		cr_expect_not(fetch_get(&fetch, urls[i], &to, why), "%s", urls[i]);
	cr_expect_eq(to.bytes, 0);
}

static bool
at_once(void *nothing)
{
	(void)nothing;
	return true;
}

Test(fetch, ends_when_it_is_told_to)
{
	fetch.stops = at_once;
	cr_expect_not(fetched());
}

Test(fetch, knows_where_documents_are)
{
	cr_expect_str_eq(issuer_document_url(&arena, "https://a.example/x/"),
	    "https://a.example/x/.well-known/openid-configuration");
	cr_expect_str_eq(issuer_document_url(&arena, "https://a.example"),
	    "https://a.example/.well-known/openid-configuration");
}
