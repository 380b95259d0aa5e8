/* metrics: what workers count, in one text. */
#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metrics.h"
#include "socius/arena.h"

static const struct metrics_route routes[] = { { "GET", "/a" }, { "POST", "/b/{id}" },
	{ NULL, NULL } };
static const char *const problems[] = { "not_found", "slot_full", NULL };

static struct metrics *metrics;
static struct arena arena;
static struct buffer text;

static void
given(void)
{
	metrics = metrics_new(routes, problems);
	metrics_enter(metrics, 0);
	arena_init(&arena);
}

static void
ended(void)
{
	metrics_free(metrics);
	arena_release(&arena);
}

TestSuite(metrics, .init = given, .fini = ended);

static bool
says(const char *line)
{
	buffer_init(&text, &arena, 1024);
	metrics_write(metrics, &text);
	buffer_add(&text, "", 1);
	return strstr(text.at, line) != NULL;
}

Test(metrics, count_requests_by_route_and_status)
{
	metrics_count(metrics, 0, 200, -1, 100);
	metrics_count(metrics, 0, 200, -1, 100);
	metrics_count(metrics, 1, 409, 1, 100);
	cr_assert(
	    says("\nsocius_http_requests_total{method=\"GET\",route=\"/a\",status=\"200\"} 2\n"));
	cr_assert(says(
	    "\nsocius_http_requests_total{method=\"POST\",route=\"/b/{id}\",status=\"409\"} 1\n"));
	cr_assert(says("\nsocius_problems_total{code=\"slot_full\"} 1\n"));
	cr_assert(says("\nsocius_problems_total{code=\"not_found\"} 0\n"));
	cr_assert_not(says("status=\"404\""));
}

Test(metrics, sort_durations_into_cumulative_buckets)
{
	metrics_count(metrics, 0, 200, -1, 500);
	metrics_count(metrics, 0, 200, -1, 501);
	metrics_count(metrics, 0, 200, -1, 20000000);
	cr_assert(says("_bucket{method=\"GET\",route=\"/a\",le=\"0.0005\"} 1\n"));
	cr_assert(says("_bucket{method=\"GET\",route=\"/a\",le=\"0.001\"} 2\n"));
	cr_assert(says("_bucket{method=\"GET\",route=\"/a\",le=\"10\"} 2\n"));
	cr_assert(says("_bucket{method=\"GET\",route=\"/a\",le=\"+Inf\"} 3\n"));
	cr_assert(says("_sum{method=\"GET\",route=\"/a\"} 20.001001\n"));
	cr_assert(says("_count{method=\"GET\",route=\"/a\"} 3\n"));
}

Test(metrics, put_unknown_statuses_together)
{
	metrics_count(metrics, 0, 418, -1, 1);
	cr_assert(says("route=\"/a\",status=\"0\"} 1\n"));
}

Test(metrics, sum_what_other_processes_count)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		metrics_enter(metrics, 1);
		metrics_count(metrics, 0, 200, -1, 1);
		metrics_set(metrics, METRIC_CONNECTIONS, 5);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	metrics_count(metrics, 0, 200, -1, 1);
	cr_assert(says("route=\"/a\",status=\"200\"} 2\n"));
	cr_assert(says("\nsocius_connections{worker=\"0\"} 0\n"));
	cr_assert(says("\nsocius_connections{worker=\"1\"} 5\n"));
	cr_assert_not(says("worker=\"2\""));
}

Test(metrics, go_on_after_a_restart)
{
	metrics_add(metrics, METRIC_ACCEPTED, 3);
	metrics_set(metrics, METRIC_CONNECTIONS, 3);
	metrics_enter(metrics, 0);
	cr_assert(says("\nsocius_connections_accepted_total{worker=\"0\"} 3\n"));
	cr_assert(says("\nsocius_connections{worker=\"0\"} 0\n"));
	cr_assert(says("\nsocius_worker_starts_total{worker=\"0\"} 2\n"));
}

Test(metrics, say_what_each_is)
{
	cr_assert(
	    says("# HELP socius_connections Open connections.\n# TYPE socius_connections gauge\n"));
	cr_assert(says("# TYPE socius_http_request_duration_seconds histogram\n"));
}
