/* problem: refusals and errors as problem details. */
#include <criterion/criterion.h>
#include <jansson.h>

#include "socius/arena.h"
#include "socius/endpoint.h"
#include "socius/problem.h"

static struct arena arena;
static struct problem problem;

static void
given(void)
{
	arena_init(&arena);
	problem = (struct problem){ 0 };
}

static void
ended(void)
{
	arena_release(&arena);
}

TestSuite(problem, .init = given, .fini = ended);

static const char *
slug_of(const char *sqlstate, const char *message, const char *constraint)
{
	problem = (struct problem){ 0 };
	problem_of_sql(&problem, &arena, sqlstate, message, constraint, NULL);
	return problem.kind->slug;
}

/* The written problem, parsed. */
static json_t *
written(void)
{
	struct buffer buffer;
	json_t *read;

	buffer_init(&buffer, &arena, 0);
	problem_write(&problem, "req-1", &buffer);
	read = json_loadb(buffer.at, buffer.bytes, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(read, "%.*s", (int)buffer.bytes, buffer.at);
	return read;
}

static const char *
member(json_t *read, const char *name)
{
	return json_string_value(json_object_get(read, name));
}

Test(problem, keeps_the_first_fault)
{
	problem_set(&problem, "slot_full", "first");
	problem_set(&problem, "not_found", "second");
	problem_of_sql(&problem, &arena, "57014", "canceled", NULL, NULL);
	problem_of_refusal(&problem, &arena, TEXT("slot_started"), TEXT(""));
	cr_assert_str_eq(problem.kind->slug, "slot_full");
	cr_assert_str_eq(problem.detail, "first");
}

Test(problem, takes_refusals_by_name_with_their_detail)
{
	problem_of_sql(&problem, &arena, "SO001", "slot_full", NULL,
	    "{\"detail\": \"Too late.\", \"seats_left\": 0}");
	cr_assert_str_eq(problem.kind->slug, "slot_full");
	cr_assert_str_eq(problem.detail, "Too late.");
	cr_assert(text_is(problem.members, "{\"seats_left\":0}"));
}

Test(problem, hides_a_refusal_that_nobody_knows)
{
	cr_assert_str_eq(slug_of("SO001", "no_such_slug", NULL), "internal_error");
}

Test(problem, takes_constraints_by_name)
{
	cr_assert_str_eq(
	    slug_of("23505", "duplicate key", "market_code_taken"), "market_code_taken");
	cr_assert_str_eq(
	    slug_of("23514", "check", "transaction_balances_2"), "transaction_balances");
	cr_assert_str_eq(slug_of("23505", "duplicate key", "market_pkey"), "internal_error");
	cr_assert_str_eq(slug_of("23502", "null value", NULL), "internal_error");
	cr_assert_str_eq(slug_of("23505", "duplicate key", "_1"), "internal_error");
}

Test(problem, calls_unavailable_what_passes_over)
{
	static const char *const passing[] = { "57014", "55P03", "40001", "40P01", "08006", "53300",
		"57P01", "25006" };

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		cr_assert_str_eq(slug_of(passing[i], "x", NULL), "unavailable", "%s", passing[i]);
		cr_assert(problem.kind->retryable);
		cr_assert_gt(problem.kind->retry_after_s, 0);
	}
}

Test(problem, hides_what_went_wrong_on_our_side)
{
	json_t *read;

	cr_assert_str_eq(
	    slug_of("42P01", "relation \"secret\" does not exist", NULL), "internal_error");
	read = written();
	cr_assert_null(problem.detail);
	cr_assert_str_eq(member(read, "detail"), problem.kind->title);
	json_decref(read);
}

Test(problem, writes_every_member)
{
	json_t *read;

	problem_set(&problem, "invalid_fields", NULL);
	problem_add_error(&problem, "/a", "type", "Expected a \"string\".");
	problem.members = TEXT("{\"seats_left\":3}");
	read = written();
	cr_assert_str_eq(member(read, "type"), "/problems/invalid_fields");
	cr_assert_str_eq(member(read, "code"), "invalid_fields");
	cr_assert_str_eq(member(read, "title"), "Some fields are not as described.");
	cr_assert_str_eq(member(read, "request_id"), "req-1");
	cr_assert_str_eq(member(read, "instance"), "/requests/req-1");
	cr_assert_eq(json_integer_value(json_object_get(read, "status")), 400);
	cr_assert(json_is_false(json_object_get(read, "retryable")));
	cr_assert_eq(json_integer_value(json_object_get(read, "seats_left")), 3);
	cr_assert_eq(json_array_size(json_object_get(read, "errors")), 1);
	json_decref(read);
}

Test(problem, never_lets_data_take_the_place_of_a_member)
{
	json_t *read;

	problem_of_refusal(&problem, &arena, TEXT("slot_full"),
	    TEXT("{\"status\": 200, \"code\": \"fine\", \"errors\": 1, \"free\": [1, {\"a\": "
		 "null}]}"));
	read = written();
	cr_assert_eq(json_integer_value(json_object_get(read, "status")), 409);
	cr_assert_str_eq(member(read, "code"), "slot_full");
	cr_assert_null(json_object_get(read, "errors"));
	cr_assert_eq(json_array_size(json_object_get(read, "free")), 2);
	json_decref(read);
}

Test(problem, ignores_a_detail_that_is_no_object)
{
	problem_of_refusal(&problem, &arena, TEXT("slot_full"), TEXT("[1]"));
	cr_assert_eq(problem.members.bytes, 0);
	problem = (struct problem){ 0 };
	problem_of_refusal(&problem, &arena, TEXT("slot_full"), TEXT("{"));
	cr_assert_str_eq(problem.kind->slug, "slot_full");
}

Test(problem, bounds_the_number_of_errors)
{
	for (int i = 0; i < PROBLEM_ERRORS_MAX + 5; i++)
		problem_add_error(&problem, "/a", "type", "x");
	cr_assert_eq(problem.errors_count, PROBLEM_ERRORS_MAX);
}

Test(problem, says_when_the_same_request_may_succeed)
{
	json_t *read;

	problem_of_refusal(&problem, &arena, TEXT("slot_not_released"),
	    TEXT("{\"released_at\": \"2026-03-02T10:30:00Z\", \"retry_after_s\": 1800}"));
	cr_assert_eq(problem_retry_after_s(&problem), 1800);
	read = written();
	cr_assert(json_is_true(json_object_get(read, "retryable")));
	cr_assert_eq(json_integer_value(json_object_get(read, "retry_after")), 1800);
	cr_assert_str_eq(member(read, "retry_at"), "2026-03-02T10:30:00Z");
	cr_assert_str_eq(member(read, "released_at"), "2026-03-02T10:30:00Z");
	cr_assert_null(json_object_get(read, "retry_after_s"));
	json_decref(read);
}

Test(problem, says_no_time_where_none_is_known)
{
	json_t *read;

	problem_of_refusal(&problem, &arena, TEXT("slot_full"), TEXT("{\"next_slot_id\": null}"));
	cr_assert_eq(problem_retry_after_s(&problem), 0);
	read = written();
	cr_assert(json_is_true(json_object_get(read, "retryable")));
	cr_assert_null(json_object_get(read, "retry_after"));
	cr_assert_null(json_object_get(read, "retry_at"));
	json_decref(read);
}

Test(problem, says_how_long_its_kind_takes)
{
	json_t *read;

	problem_set(&problem, "provider_key_unknown", NULL);
	read = written();
	cr_assert_eq(json_integer_value(json_object_get(read, "retry_after")), 10);
	json_decref(read);
}

/* The table of this marketplace. */

/* Each that time or others end, with the member that says from when, or NULL. All others, no. */
static const struct {
	const char *slug, *retry_at;
} passing[] = {
	{ "request_timeout", NULL },
	{ "quota_exceeded", NULL },
	{ "internal_error", NULL },
	{ "unavailable", NULL },
	{ "sign_in_delayed", NULL },
	{ "provider_key_unknown", NULL },
	{ "test_markets_full", "next_goes_at" },
	{ "requirements_due", NULL },
	{ "account_in_use", NULL },
	{ "slot_full", NULL },
	{ "slot_not_released", "released_at" },
	{ "check_in_too_early", "opens_at" },
	{ "slot_not_ended", "ends_at" },
	{ "agreement_missing", NULL },
	{ "trip_in_the_future", "ended_at" },
	{ "payout_run_open", NULL },
	{ "balance_out_of_range", NULL },
	{ "period_not_over", "ends_at" },
	{ "not_yet_available", "available_from" },
	{ "rental_overlaps", NULL },
	{ "no_asset_free", NULL },
	{ "rental_not_started", "starts_at" },
	{ "rental_not_overdue", "ends_at" },
};

Test(problem, tells_what_may_be_sent_again)
{
	size_t count = sizeof(passing) / sizeof(passing[0]);
	size_t met = 0;

	for (const struct problem_kind *kind = app.problems; kind->slug != NULL; kind++) {
		size_t i = 0;

		while (i < count && strcmp(passing[i].slug, kind->slug) != 0)
			i++;
		cr_expect_eq(kind->retryable, i < count, "%s", kind->slug);
		if (i == count)
			continue;
		met++;
		cr_expect_str_eq(kind->retry_at == NULL ? "" : kind->retry_at,
		    passing[i].retry_at == NULL ? "" : passing[i].retry_at, "%s", kind->slug);
	}
	cr_assert_eq(met, count);
}

Test(problem, has_kinds_that_are_whole_and_listed_once)
{
	for (const struct problem_kind *kind = app.problems; kind->slug != NULL; kind++) {
		cr_assert_eq(problem_kind(kind->slug), kind, "%s stands twice", kind->slug);
		cr_assert(kind->status >= 400 && kind->status < 600, "%s", kind->slug);
		cr_assert_not_null(kind->title, "%s", kind->slug);
		cr_assert_not_null(kind->remedy, "%s", kind->slug);
		cr_assert(kind->retry_after_s == 0 || kind->retryable, "%s", kind->slug);
		cr_assert(kind->retry_at == NULL || kind->retryable, "%s", kind->slug);
		cr_assert_eq(strspn(kind->slug, "abcdefghijklmnopqrstuvwxyz_"), strlen(kind->slug));
	}
}
