/* metrics: counters and histograms of all workers; see metrics.h. */
#include "metrics.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "socius/log.h"

/* Upper bounds of the histogram's buckets; one more holds the rest. */
static const struct {
	int64_t us;
	const char *seconds;
} buckets[METRICS_BUCKETS] = {
	{ 500, "0.0005" },
	{ 1000, "0.001" },
	{ 2500, "0.0025" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 25000, "0.025" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 250000, "0.25" },
	{ 500000, "0.5" },
	{ 1000000, "1" },
	{ 2500000, "2.5" },
	{ 5000000, "5" },
	{ 10000000, "10" },
};

/* The statuses we answer with; 499: the client left before its answer. */
static const int statuses[METRICS_STATUSES_MAX] = { 200, 201, 202, 204, 206, 304, 400, 401, 403,
	404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 422, 428, 429, 431, 499, 500, 501,
	502, 503, 504, 505 };

static const struct {
	const char *name, *type, *help;
} names[METRICS_COUNT] = {
	[METRIC_CONNECTIONS] = { "socius_connections", "gauge", "Open connections." },
	[METRIC_REQUESTS_IN_FLIGHT] = { "socius_requests_in_flight", "gauge",
	    "Requests that are read and not answered." },
	[METRIC_STREAMS] = { "socius_streams", "gauge", "Subscribers of server-sent events." },
	[METRIC_LINK_WAITING] = { "socius_link_waiting", "gauge",
	    "Calls to PostgreSQL queued or in flight." },
	[METRIC_LINK_READY] = { "socius_link_ready", "gauge",
	    "1 when PostgreSQL can be read and written." },
	[METRIC_POOL_WAITING] = { "socius_pool_waiting", "gauge",
	    "Jobs of the thread pool queued or running." },
	[METRIC_ACCEPTED] = { "socius_connections_accepted_total", "counter",
	    "Connections accepted." },
	[METRIC_CONNECTIONS_REFUSED] = { "socius_connections_refused_total", "counter",
	    "Connections that were closed at once: their network had as many as it may." },
	[METRIC_CONNECTIONS_EVICTED] = { "socius_connections_evicted_total", "counter",
	    "Silent connections that gave way to others." },
	[METRIC_STARTS] = { "socius_worker_starts_total", "counter", "Starts of a worker." },
	[METRIC_SENT_BYTES] = { "socius_sent_bytes_total", "counter", "Bytes sent to clients." },
	[METRIC_TOKENS_VERIFIED] = { "socius_tokens_verified_total", "counter",
	    "Access tokens verified (remembered ones are not)." },
	[METRIC_EVENTS_SENT] = { "socius_events_sent_total", "counter",
	    "Server-sent events sent." },
	[METRIC_PASSWORDS] = { "socius_password_evaluations_total", "counter",
	    "Passwords hashed, to make or to check a hash." },
};

/* One writer, many readers: a plain add that cannot tear. */
struct number {
	_Atomic int64_t value;
};

struct route_counts {
	struct number by_status[METRICS_STATUSES_MAX];
	struct number by_bucket[METRICS_BUCKETS + 1];
	struct number sum_us;
};

struct slab {
	struct number entered;
	struct number values[METRICS_COUNT];
	struct route_counts routes[METRICS_ROUTES_MAX];
	struct number problems[METRICS_PROBLEMS_MAX];
};

struct metrics {
	const struct metrics_route *routes;
	const char *const *problems;
	int routes_count, problems_count;
	struct slab *slabs; /* shared */
	struct slab *own;
};

static void
add(struct number *number, int64_t by)
{
	int64_t value = atomic_load_explicit(&number->value, memory_order_relaxed);

	atomic_store_explicit(&number->value, value + by, memory_order_relaxed);
}

static void
set(struct number *number, int64_t to)
{
	atomic_store_explicit(&number->value, to, memory_order_relaxed);
}

static int64_t
get(const struct number *number)
{
	return atomic_load_explicit(&number->value, memory_order_relaxed);
}

struct metrics *
metrics_new(const struct metrics_route *routes, const char *const *problems)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (metrics == NULL)
		log_die("out of memory for metrics");
	metrics->routes = routes;
	metrics->problems = problems;
	while (routes[metrics->routes_count].method != NULL)
		metrics->routes_count++;
	while (problems[metrics->problems_count] != NULL)
		metrics->problems_count++;
	assert(metrics->routes_count <= METRICS_ROUTES_MAX);
	assert(metrics->problems_count <= METRICS_PROBLEMS_MAX);
	metrics->slabs = mmap(NULL, sizeof(struct slab) * METRICS_WORKERS_MAX,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (metrics->slabs == MAP_FAILED)
		log_die("no shared memory for metrics: %s", strerror(errno));
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	(void)munmap(metrics->slabs, sizeof(struct slab) * METRICS_WORKERS_MAX); /* as mapped */
	free(metrics);
}

void
metrics_enter(struct metrics *metrics, int worker)
{
	assert(worker >= 0 && worker < METRICS_WORKERS_MAX);
	metrics->own = &metrics->slabs[worker];
	set(&metrics->own->entered, 1);
	for (int i = 0; i < METRICS_COUNT; i++)
		if (strcmp(names[i].type, "gauge") == 0)
			set(&metrics->own->values[i], 0);
	add(&metrics->own->values[METRIC_STARTS], 1);
}

void
metrics_add(struct metrics *metrics, enum metric metric, int64_t by)
{
	add(&metrics->own->values[metric], by);
}

void
metrics_set(struct metrics *metrics, enum metric metric, int64_t to)
{
	set(&metrics->own->values[metric], to);
}

static int
status_index(int status)
{
	for (int i = 0; i < METRICS_STATUSES_MAX - 1; i++)
		if (statuses[i] == status)
			return i;
	return METRICS_STATUSES_MAX - 1;
}

void
metrics_count(struct metrics *metrics, int route, int status, int problem, int64_t duration_us)
{
	struct route_counts *counts = &metrics->own->routes[route];
	int bucket = 0;

	assert(route >= 0 && route < metrics->routes_count);
	while (bucket < METRICS_BUCKETS && duration_us > buckets[bucket].us)
		bucket++;
	add(&counts->by_status[status_index(status)], 1);
	add(&counts->by_bucket[bucket], 1);
	add(&counts->sum_us, duration_us);
	if (problem >= 0)
		add(&metrics->own->problems[problem], 1);
}

/* The same number of all slabs, by its offset in a slab. */
static int64_t
sum(const struct metrics *metrics, const struct number *in_first)
{
	size_t offset = (size_t)((const char *)in_first - (const char *)metrics->slabs);
	int64_t total = 0;

	for (int i = 0; i < METRICS_WORKERS_MAX; i++)
		if (get(&metrics->slabs[i].entered) != 0)
			total +=
			    get((const struct number *)((const char *)&metrics->slabs[i] + offset));
	return total;
}

static void
write_statuses(const struct metrics *metrics, int route, struct buffer *to)
{
	const struct metrics_route *of = &metrics->routes[route];

	for (int i = 0; i < METRICS_STATUSES_MAX; i++) {
		int64_t count = sum(metrics, &metrics->slabs->routes[route].by_status[i]);

		if (count != 0)
			buffer_print(to,
			    "socius_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} "
			    "%" PRId64 "\n",
			    of->method, of->pattern, statuses[i], count);
	}
}

static void
write_histogram(const struct metrics *metrics, int route, struct buffer *to)
{
	static const char name[] = "socius_http_request_duration_seconds";
	const struct route_counts *counts = &metrics->slabs->routes[route];
	const struct metrics_route *of = &metrics->routes[route];
	int64_t sum_us = sum(metrics, &counts->sum_us), total = 0;

	for (int i = 0; i <= METRICS_BUCKETS; i++)
		total += sum(metrics, &counts->by_bucket[i]);
	if (total == 0)
		return;
	total = 0;
	for (int i = 0; i <= METRICS_BUCKETS; i++) {
		total += sum(metrics, &counts->by_bucket[i]);
		buffer_print(to, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} %" PRId64 "\n",
		    name, of->method, of->pattern,
		    i < METRICS_BUCKETS ? buckets[i].seconds : "+Inf", total);
	}
	buffer_print(to, "%s_sum{method=\"%s\",route=\"%s\"} %" PRId64 ".%06" PRId64 "\n", name,
	    of->method, of->pattern, sum_us / 1000000, sum_us % 1000000);
	buffer_print(to, "%s_count{method=\"%s\",route=\"%s\"} %" PRId64 "\n", name, of->method,
	    of->pattern, total);
}

static void
write_head(struct buffer *to, const char *name, const char *type, const char *help)
{
	buffer_print(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_values(const struct metrics *metrics, int metric, struct buffer *to)
{
	write_head(to, names[metric].name, names[metric].type, names[metric].help);
	for (int i = 0; i < METRICS_WORKERS_MAX; i++)
		if (get(&metrics->slabs[i].entered) != 0)
			buffer_print(to, "%s{worker=\"%d\"} %" PRId64 "\n", names[metric].name, i,
			    get(&metrics->slabs[i].values[metric]));
}

void
metrics_write(const struct metrics *metrics, struct buffer *to)
{
	write_head(to, "socius_http_requests_total", "counter", "Requests answered.");
	for (int i = 0; i < metrics->routes_count; i++)
		write_statuses(metrics, i, to);
	write_head(to, "socius_http_request_duration_seconds", "histogram",
	    "From the first byte of a request to its answer.");
	for (int i = 0; i < metrics->routes_count; i++)
		write_histogram(metrics, i, to);
	write_head(to, "socius_problems_total", "counter", "Problems answered, by their code.");
	for (int i = 0; i < metrics->problems_count; i++)
		buffer_print(to, "socius_problems_total{code=\"%s\"} %" PRId64 "\n",
		    metrics->problems[i], sum(metrics, &metrics->slabs->problems[i]));
	for (int i = 0; i < METRICS_COUNT; i++)
		write_values(metrics, i, to);
}
