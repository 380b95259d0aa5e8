/* etag: lists of entity tags, and what they are held against. */
#include "etag.h"

#include <criterion/criterion.h>

#include "socius/request.h"

static bool
known(const char *first, const char *second)
{
	struct request request = { .headers_count = second == NULL ? 1 : 2 };

	request.headers[0] = (struct header){ TEXT("if-none-match"), text_of(first) };
	if (second != NULL)
		request.headers[1] = (struct header){ TEXT("If-None-Match"), text_of(second) };
	return etag_is_known(&request, TEXT("\"7\""));
}

/* RFC 9110 section 8.8.3.2: weak comparison takes W/"7" for "7". */
Test(etag, knows_what_a_client_has)
{
	cr_expect(known("\"7\"", NULL));
	cr_expect(known("W/\"7\"", NULL));
	cr_expect(known("*", NULL));
	cr_expect(known("\"a,b\", \"\", W/\"x\",\t\"7\"", NULL));
	cr_expect(known(",, \"6\" ,, \"7\" ,", NULL));
	cr_expect(known("\"6\"", "\"7\""));
	cr_expect_not(known("\"6\"", "\"8\""));
	cr_expect_not(known("\"07\"", NULL));
	cr_expect_not(known("7", NULL));
	cr_expect_not(known("w/\"7\"", NULL));
	cr_expect_not(known("\"a,\"7\",b\"", NULL));
	cr_expect_not(known("\"6\" \"7\"", NULL));
	cr_expect_not(known("\"7", NULL));
	cr_expect_not(known("\"6\", *", NULL));
	cr_expect_not(known("", NULL));
}

Test(etag, takes_a_list_apart)
{
	struct text list = TEXT(" \"a,b\" , W/\"\xc3\xa9\",\"\" ");
	struct etag tag;

	cr_assert(etag_next(&list, &tag));
	cr_expect(text_is(tag.opaque, "\"a,b\""));
	cr_expect_not(tag.weak);
	cr_assert(etag_next(&list, &tag));
	cr_expect(text_is(tag.opaque, "\"\xc3\xa9\""));
	cr_expect(tag.weak);
	cr_assert(etag_next(&list, &tag));
	cr_expect(text_is(tag.opaque, "\"\""));
	cr_expect_not(etag_next(&list, &tag));
	cr_expect_eq(list.bytes, 0);
}
