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
	const struct limit_rate rates[LIMIT_RATES] = {
		[LIMIT_READ] = { 10, 20 }, [LIMIT_AUTH] = { 1, 2 }
	};

	limit = limit_new(rates);
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
		allowed += limit_take(limit, LIMIT_READ, who, "192.0.2.1", now_us).allowed;
	return allowed;
}

static int
taken_by(const char *peer, int count)
{
	int allowed = 0;

	for (int i = 0; i < count; i++)
		allowed += limit_take(limit, LIMIT_READ, TEXT(""), peer, 1000 * S).allowed;
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
	struct limit_state state = limit_take(limit, LIMIT_READ, TEXT("a"), "192.0.2.1", 1000 * S);

	cr_assert(state.limited && state.allowed);
	cr_assert_eq(state.left, 19);
	cr_assert_eq(state.full_in_s, 1);
	cr_assert_eq(state.retry_after_s, 0);
	cr_assert_eq(taken(TEXT("a"), 19, 1000 * S), 19);
	state = limit_take(limit, LIMIT_READ, TEXT("a"), "192.0.2.1", 1000 * S);
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
	struct limit_state state = { 0 };

	for (int i = 0; i < 1000; i++)
		state = limit_take(limit, LIMIT_WRITE, TEXT("a"), "192.0.2.1", 1000 * S);
	cr_assert(state.allowed && !state.limited);
	cr_assert_str_eq(limit_policy(limit, LIMIT_WRITE), "");
}

Test(limit, shuts_nobody_out_in_a_crowd)
{
	char name[16];

	for (int i = 0; i < 4 * LIMIT_PLACES; i++) {
		int bytes = snprintf(name, sizeof(name), "%d", i);

		cr_assert(limit_take(
		    limit, LIMIT_READ, (struct text){ name, (size_t)bytes }, "192.0.2.1", 1000 * S)
			      .allowed);
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

Test(limit, keeps_classes_apart)
{
	cr_assert_eq(taken(TEXT("a"), 100, 1000 * S), 20);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(
		    limit_take(limit, LIMIT_AUTH, TEXT("a"), "192.0.2.1", 1000 * S).allowed, i < 2);
}

Test(limit, takes_strangers_of_a_network_for_one)
{
	cr_assert_eq(taken_by("192.0.2.1", 100), 20);
	cr_assert_eq(taken_by("192.0.2.2", 100), 20);
	cr_assert_eq(taken_by("2001:db8:0:100::1", 100), 20);
	cr_assert_eq(taken_by("2001:db8:0:1ff::2", 100), 0, "the same /56");
	cr_assert_eq(taken_by("2001:db8:0:200::1", 100), 20);
	cr_assert_eq(taken_by("::ffff:192.0.2.3", 100), 20);
	cr_assert_eq(taken_by("::ffff:192.0.2.4", 100), 20, "an IPv4 address is its own");
	cr_assert_eq(taken_by("192.0.2.3", 100), 0, "however it is written");
	cr_assert_eq(taken_by("64:ff9b::192.0.2.4", 100), 0, "or translated");
	cr_assert_eq(taken_by("64:ff9b::192.0.2.5", 100), 20);
	cr_assert_eq(taken_by("192.0.2.5", 100), 0);
	cr_assert_eq(taken_by("local", 100), 20);
}

Test(limit, binds_all_callers_of_a_network_and_gives_back_what_it_refuses)
{
	const struct limit_rate rates[LIMIT_RATES] = {
		[LIMIT_READ] = { 10, 20 }, [LIMIT_NETWORK] = { 10, 30 }
	};
	struct limit *both = limit_new(rates);
	struct limit_state state = { 0 };
	int allowed = 0;

	for (int i = 0; i < 30; i++) {
		const struct text who = i % 2 == 0 ? TEXT("a") : TEXT("b");

		state = limit_take(both, LIMIT_READ, who, "192.0.2.1", 1000 * S);
		allowed += state.allowed;
	}
	cr_assert_eq(allowed, 30, "15 of each");
	cr_assert_eq(state.of, LIMIT_NETWORK, "0 of 30 are left of it, 5 of 20 of the caller's");
	for (int i = 0; i < 10; i++) {
		state = limit_take(both, LIMIT_READ, TEXT("a"), "192.0.2.1", 1000 * S);
		cr_assert(!state.allowed && state.of == LIMIT_NETWORK && state.retry_after_s == 1);
	}
	for (int i = 0; i < 5; i++)
		cr_assert(limit_take(both, LIMIT_READ, TEXT("a"), "192.0.2.9", 1000 * S).allowed);
	state = limit_take(both, LIMIT_READ, TEXT("a"), "192.0.2.9", 1000 * S);
	cr_assert(!state.allowed && state.of == LIMIT_READ);
	cr_assert_str_eq(limit_policy(both, LIMIT_READ), "\"read\";q=20;w=2, \"network\";q=30;w=3");
	limit_free(both);
}

Test(limit, tells_the_class_of_a_row)
{
	const struct endpoint read = { .method = GET, .scope = "a" }, open = { .method = GET },
			      write = { .method = PATCH, .scope = "a" },
			      sign_in = { .method = POST },
			      costly = { .method = POST, .costly = true },
			      hash = { .method = POST, .scope = "a", .pool = true },
			      statement = { .method = GET, .scope = "a", .slow = true },
			      csv = { .method = GET, .scope = "a", .gives = DOWNLOAD },
			      stream = { .method = GET, .scope = "a", .gives = STREAM };

	cr_assert_eq(limit_class_of(NULL), LIMIT_READ);
	cr_assert_eq(limit_class_of(&read), LIMIT_READ);
	cr_assert_eq(limit_class_of(&open), LIMIT_READ);
	cr_assert_eq(limit_class_of(&write), LIMIT_WRITE);
	cr_assert_eq(limit_class_of(&sign_in), LIMIT_AUTH);
	cr_assert_eq(limit_class_of(&hash), LIMIT_AUTH);
	cr_assert_eq(limit_class_of(&statement), LIMIT_EXPORT);
	cr_assert_eq(limit_class_of(&csv), LIMIT_EXPORT);
	cr_assert_eq(limit_class_of(&stream), LIMIT_EXPORT);
	cr_assert_eq(limit_class_of(&costly), LIMIT_COSTLY);
}

Test(limit, follows_the_first_rate_where_others_are_not_set)
{
	struct limit_rate rates[LIMIT_RATES];

	for (int i = 0; i < LIMIT_RATES; i++)
		cr_assert(unsetenv(limit_settings[i].rate) == 0 &&
			  unsetenv(limit_settings[i].burst) == 0);
	limit_read_settings(rates);
	cr_assert(rates[LIMIT_READ].count == 100 && rates[LIMIT_READ].burst == 200);
	cr_assert(rates[LIMIT_AUTH].count == 20 && rates[LIMIT_EXPORT].count == 5);
	cr_assert(rates[LIMIT_NETWORK].count == 1000 && rates[LIMIT_NETWORK].burst == 2000);
	cr_assert(rates[LIMIT_SERVICE].count == 1000 && rates[LIMIT_SERVICE].burst == 2000);
	cr_assert(rates[LIMIT_COSTLY].count == 10 && rates[LIMIT_COSTLY].burst == 10 &&
		  rates[LIMIT_COSTLY].over_s == 3600);
	cr_assert_eq(setenv(limit_settings[LIMIT_READ].rate, "1", 1), 0);
	cr_assert_eq(setenv(limit_settings[LIMIT_AUTH].rate, "7", 1), 0);
	limit_read_settings(rates);
	cr_assert(rates[LIMIT_WRITE].count == 1 && rates[LIMIT_EXPORT].count == 1);
	cr_assert(rates[LIMIT_AUTH].count == 7 && rates[LIMIT_AUTH].burst == 14);
	cr_assert_eq(setenv(limit_settings[LIMIT_READ].rate, "0", 1), 0);
	limit_read_settings(rates);
	cr_assert(rates[LIMIT_EXPORT].count == 0 && rates[LIMIT_NETWORK].count == 0);
}

Test(limit, counts_over_an_hour)
{
	const struct limit_rate rates[LIMIT_RATES] = { [LIMIT_COSTLY] = { 10, 2, 3600 } };
	struct limit *hourly = limit_new(rates);
	struct limit_state state;
	int allowed = 0;

	for (int i = 0; i < 5; i++) {
		state = limit_take(hourly, LIMIT_COSTLY, TEXT(""), "192.0.2.1", 1000 * S);
		allowed += state.allowed;
	}
	cr_assert_eq(allowed, 2);
	cr_assert_eq(state.retry_after_s, 360);
	state = limit_take(hourly, LIMIT_COSTLY, TEXT(""), "192.0.2.1", (1000 + 359) * S);
	cr_assert_not(state.allowed);
	state = limit_take(hourly, LIMIT_COSTLY, TEXT(""), "192.0.2.1", (1000 + 360) * S);
	cr_assert(state.allowed);
	cr_assert_str_eq(limit_policy(hourly, LIMIT_COSTLY), "\"costly\";q=2;w=720");
	limit_free(hourly);
}

Test(limit, leaves_probes_out_of_their_network)
{
	const struct limit_rate rates[LIMIT_RATES] = {
		[LIMIT_READ] = { 10, 20 }, [LIMIT_PROBE] = { 1, 2 }, [LIMIT_NETWORK] = { 1, 2 }
	};
	struct limit *both = limit_new(rates);
	int allowed = 0;

	for (int i = 0; i < 10; i++)
		allowed += limit_take(both, LIMIT_READ, TEXT("a"), "192.0.2.1", 1000 * S).allowed;
	cr_assert_eq(allowed, 2);
	for (int i = 0; i < 10; i++)
		allowed += limit_take(both, LIMIT_PROBE, TEXT(""), "192.0.2.1", 1000 * S).allowed;
	cr_assert_eq(allowed, 4);
	cr_assert_str_eq(limit_policy(both, LIMIT_PROBE), "\"probe\";q=2;w=2");
	limit_free(both);
}

/* --- what is held --- */

static const int64_t most[LIMIT_HOLDINGS] = {
	[LIMIT_CONNECTIONS] = 3, [LIMIT_ACCOUNT_STREAMS] = 2
};

#define ACCOUNT(letter) TEXT(letter letter letter letter)

Test(limit, counts_what_is_held_until_it_is_released)
{
	uint64_t first;

	limit_set_holdings(limit, most);
	limit_enter(limit, 0);
	first = limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1");
	cr_assert_neq(first, 0);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(
		    limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1") != 0, i < 2);
	cr_assert_neq(limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.2"), 0);
	limit_release(limit, first);
	cr_assert_eq(limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1"), first);
	cr_assert_eq(limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1"), 0);
	for (int i = 0; i < 10; i++) {
		cr_assert_eq(
		    limit_hold(limit, LIMIT_ACCOUNT_STREAMS, ACCOUNT("a"), "192.0.2.1") != 0,
		    i < 2);
		cr_assert_neq(
		    limit_hold(limit, LIMIT_NETWORK_STREAMS, TEXT(""), "192.0.2.1"), 0, "no limit");
	}
}

Test(limit, counts_what_all_workers_hold_and_forgets_those_that_died)
{
	int status;
	pid_t child;

	limit_set_holdings(limit, most);
	limit_enter(limit, 0);
	cr_assert_neq(limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1"), 0);
	child = fork();
	if (child == 0) {
		limit_enter(limit, 5);
		_exit((limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1") != 0) +
		      (limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1") != 0));
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(WEXITSTATUS(status), 2);
	cr_assert_eq(limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1"), 0);
	limit_enter(limit, 5);
	limit_enter(limit, 0);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(
		    limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "192.0.2.1") != 0, i < 3);
}

Test(limit, holds_for_many_at_once)
{
	static uint64_t held[8192];
	char peer[32];

	limit_set_holdings(limit, most);
	limit_enter(limit, 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8192; i++) {
			(void)snprintf(peer, sizeof(peer), "10.0.%d.%d", i / 256, i % 256);
			held[i] = limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), peer);
			cr_assert_neq(held[i], 0);
		}
		for (int i = 0; i < 8192; i++)
			limit_release(limit, held[i]);
	}
	for (int i = 0; i < 10; i++)
		cr_assert_eq(
		    limit_hold(limit, LIMIT_CONNECTIONS, TEXT(""), "10.0.0.1") != 0, i < 3);
}

Test(limit, writes_structured_headers)
{
	char text[LIMIT_HEADER_BYTES_MAX];
	struct limit_state state = { .limited = true, .of = LIMIT_AUTH, .left = 7, .full_in_s = 2 };

	cr_assert_str_eq(limit_policy(limit, LIMIT_READ), "\"read\";q=20;w=2");
	limit_header(&state, text);
	cr_assert_str_eq(text, "\"auth\";r=7;t=2");
}
