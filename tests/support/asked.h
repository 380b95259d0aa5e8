/*
 * asked: a request made by hand, and what decode made of it. For the tests of one file each.
 */
#ifndef TESTS_ASKED_H
#define TESTS_ASKED_H

#include <criterion/criterion.h>

#include "decode.h"
#include "socius/world.h"

#define NOW INT64_C(1795168800000000) /* 2026-11-20T10:00:00Z */

static struct arena arena;
static struct request request;
static struct endpoint endpoint;
static struct operation operation;
static struct cursor_key cursor_key;

static inline void
given(void)
{
	world_hold_still(NOW);
	arena_init(&arena);
	cursor_key_of("a secret of the tests", &cursor_key);
	request = (struct request){ .arena = &arena, .now_us = NOW, .endpoint = &endpoint };
	request.caller = (struct caller){ .known = true, .market_id = 7, .role = "partner" };
	request.caller.account_id.byte[0] = 0xaa;
	request.caller.has_partner = true;
	request.caller.partner_id.byte[0] = 0xbb;
	endpoint = (struct endpoint){ .method = POST, .path = "/v1/things", .gives = ONE };
	operation = (struct operation){ .endpoint = &endpoint, .id = "make_thing" };
}

static inline void
ended(void)
{
	arena_release(&arena);
}

static inline void
send_header(const char *name, const char *value)
{
	request.headers[request.headers_count++] = (struct header){ text_of(name), text_of(value) };
}

static inline void
send_json(const char *body)
{
	send_header("Content-Type", "application/json");
	request.body = text_of(body);
}

static inline bool
decoded(const struct field *takes)
{
	endpoint.takes = takes;
	return decode(&request, &operation, &cursor_key);
}

static inline const char *
slug(void)
{
	return request.problem.kind == NULL ? "none" : request.problem.kind->slug;
}

/* Whether there is exactly one error, and it is this. */
static inline void
assert_error(const char *pointer, const char *code)
{
	cr_assert_str_eq(slug(), "invalid_fields");
	cr_assert_eq(request.problem.errors_count, 1);
	cr_assert_str_eq(request.problem.errors[0].pointer, pointer);
	cr_assert_str_eq(request.problem.errors[0].code, code);
	cr_assert_not_null(request.problem.errors[0].detail);
}

#endif
