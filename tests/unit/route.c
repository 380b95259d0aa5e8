/* route: paths and methods to operations. */
#include <criterion/criterion.h>

#include "route.h"

static const struct endpoint endpoints[] = {
	{ .method = GET, .path = "/v1/slots" },
	{ .method = POST, .path = "/v1/slots" },
	{ .method = GET, .path = "/v1/slots/{slot_id}" },
	{ .method = POST, .path = "/v1/slots/{slot_id}/bookings" },
	{ .method = GET, .path = "/v1/slots/mine" },
	{ .method = GET, .path = "/v1/partners/{partner_id}/statements/{week}" },
};

static struct contract contract;
static struct arena arena;
static struct request request;
static const struct route *route;

static void
given(void)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		contract.operations[contract.operations_count++].endpoint = &endpoints[i];
	arena_init(&arena);
	request.arena = &arena;
	route = route_build(&contract);
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(route, .init = given, .fini = ended);

static const struct endpoint *
found(enum method method, const char *path)
{
	const struct operation *operation;

	request.method = method;
	request.path = text_of(path);
	request.problem = (struct problem){ 0 };
	operation = route_find(route, &request);
	return operation == NULL ? NULL : operation->endpoint;
}

Test(route, finds_literals_and_parameters)
{
	cr_assert_eq(found(GET, "/v1/slots"), &endpoints[0]);
	cr_assert_eq(found(POST, "/v1/slots"), &endpoints[1]);
	cr_assert_eq(found(GET, "/v1/slots/abc"), &endpoints[2]);
	cr_assert(text_is(request.path_params[0], "abc"));
	cr_assert_eq(found(GET, "/v1/partners/p%20q/statements/2026-11-23"), &endpoints[5]);
	cr_assert(text_is(request.path_params[0], "p q"));
	cr_assert(text_is(request.path_params[1], "2026-11-23"));
}

Test(route, prefers_a_literal_to_a_parameter)
{
	cr_assert_eq(found(GET, "/v1/slots/mine"), &endpoints[4]);
}

Test(route, says_what_is_not_there)
{
	const char *const paths[] = { "/", "", "/v1", "/v1/slot", "/v1/slots/", "//v1/slots",
		"/v1/slots/a/b", "/v1/slots/%zz", "/v1/slots/%00", "/v1/slots/a%2", "v1/slots" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		cr_assert_null(found(GET, paths[i]), "%s", paths[i]);
		cr_assert_str_eq(request.problem.kind->slug, "not_found");
	}
}

Test(route, names_the_methods_that_a_path_knows)
{
	cr_assert_null(found(DELETE, "/v1/slots"));
	cr_assert_str_eq(request.problem.kind->slug, "method_not_allowed");
	cr_assert_str_eq(request.allow, "GET, HEAD, POST");
}

Test(route, decodes_percent_and_plus)
{
	struct text to;

	cr_assert(route_percent_decode(&arena, TEXT("a%2Fb+c%e2%82%AC"), true, &to));
	cr_assert(text_is(to, "a/b c\xe2\x82\xac"));
	cr_assert(route_percent_decode(&arena, TEXT("a+b"), false, &to));
	cr_assert(text_is(to, "a+b"));
	cr_assert_not(route_percent_decode(&arena, TEXT("%"), true, &to));
	cr_assert_not(route_percent_decode(&arena, TEXT("%4"), true, &to));
	cr_assert_not(route_percent_decode(&arena, TEXT("%g0"), true, &to));
}
