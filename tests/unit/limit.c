/* limit: buckets that fill at a rate and hold a burst. */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "limit.h"

#define S INT64_C(1000000)

static struct limit *limit;

static void
given(void)
{
	limit = limit_new(10, 20);
}

static void
ended(void)
{
	limit_free(limit);
}

TestSuite(limit, .init = given, .fini = ended);

static int
taken(struct text who, int count, int64_t now_us)
{
	int allowed = 0;

	for (int i = 0; i < count; i++)
		allowed += limit_take(limit, who, now_us).allowed;
	return allowed;
}

Test(limit, allows_a_burst_and_then_the_rate)
{
	cr_assert_eq(taken(TEXT("a"), 100, 1000 * S), 20);
	cr_assert_eq(taken(TEXT("a"), 100, 1001 * S), 10);
	cr_assert_eq(taken(TEXT("a"), 100, 1001 * S + S / 10), 1);
	cr_assert_eq(taken(TEXT("a"), 100, 1010 * S), 20, "no more than a burst grows back");
}

Test(limit, never_allows_more_than_burst_and_rate_together)
{
	int allowed = 0;

	for (int64_t ms = 0; ms < 60000; ms += 7)
		allowed += taken(TEXT("a"), 3, 1000 * S + ms * 1000);
	cr_assert_leq(allowed, 20 + 600);
	cr_assert_geq(allowed, 20 + 600 - 1);
}

Test(limit, keeps_callers_apart)
{
	cr_assert_eq(taken(TEXT("a"), 100, 1000 * S), 20);
	cr_assert_eq(taken(TEXT("b"), 100, 1000 * S), 20);
	cr_assert_eq(taken(TEXT("a"), 1, 1000 * S), 0);
}

Test(limit, says_what_is_left_and_when_to_come_back)
{
	struct limit_state state = limit_take(limit, TEXT("a"), 1000 * S);

	cr_assert(state.limited && state.allowed);
	cr_assert_eq(state.left, 19);
	cr_assert_eq(state.full_in_s, 1);
	cr_assert_eq(state.retry_after_s, 0);
	cr_assert_eq(taken(TEXT("a"), 19, 1000 * S), 19);
	state = limit_take(limit, TEXT("a"), 1000 * S);
	cr_assert_not(state.allowed);
	cr_assert_eq(state.left, 0);
	cr_assert_eq(state.full_in_s, 2);
	cr_assert_eq(state.retry_after_s, 1);
}

Test(limit, costs_nothing_when_it_refuses)
{
	cr_assert_eq(taken(TEXT("a"), 1000, 1000 * S), 20);
	cr_assert_eq(taken(TEXT("a"), 1, 1000 * S + S / 10), 1);
}

Test(limit, of_zero_is_none)
{
	struct limit *none = limit_new(0, 0);
	struct limit_state state = { 0 };

	for (int i = 0; i < 1000; i++)
		state = limit_take(none, TEXT("a"), 1000 * S);
	cr_assert(state.allowed && !state.limited);
	limit_free(none);
}

Test(limit, shuts_nobody_out_in_a_crowd)
{
	char name[16];

	for (int i = 0; i < 4 * LIMIT_PLACES; i++) {
		int bytes = snprintf(name, sizeof(name), "%d", i);

		cr_assert(
		    limit_take(limit, (struct text){ name, (size_t)bytes }, 1000 * S).allowed);
	}
}

Test(limit, holds_for_all_processes_together)
{
	int status, total = 0;
	pid_t children[4];

	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(taken(TEXT("a"), 100, 1000 * S));
	}
	for (int i = 0; i < 4; i++) {
		cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
		total += WEXITSTATUS(status);
	}
	cr_assert_eq(total, 20);
}

Test(limit, writes_structured_headers)
{
	char text[LIMIT_HEADER_BYTES_MAX];
	struct limit_state state = { .limited = true, .left = 7, .full_in_s = 2 };

	limit_policy(limit, text);
	cr_assert_str_eq(text, "\"default\";q=20;w=2");
	limit_header(&state, text);
	cr_assert_str_eq(text, "\"default\";r=7;t=2");
}
