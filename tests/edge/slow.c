/*
 * slow: a thousand connections that take their time, to the API directly, and a thousand to its
 * edge: heads byte by byte, bodies byte by byte, and readers that do not read. Whoever does not
 * dawdle is served as before, and the slow ones are cut.
 */
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "gauge.h"
#include "line.h"
#include "socius/world.h"
#include "story.h"

enum {
	CONNECTIONS = 1000, /* each way */
	SAMPLES_MAX = 200000,
	SAMPLES_BEFORE = 1000,
	DRIP_EVERY_US = 500 * 1000,
	PATIENCE_US = 60 * 1000 * 1000,
	SLACK_US = 100 * 1000 /* machines of tests are busy */
};

enum kind { HEAD, BODY, DEAF, KINDS };

struct slow {
	enum line_way way;
	enum kind kind;
	struct line line;
	int said;
	bool cut;
};

static struct slow slows[LINE_WAYS * CONNECTIONS];

static void
begin(void)
{
	struct rlimit limit;

	if (!line_ways())
		cr_skip_test("SOCIUS_URL and SOCIUS_EDGE_URL name no instance with its edge");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_geq(limit.rlim_cur, LINE_WAYS * CONNECTIONS + 100, "too few descriptors");
	story_begin();
}

TestSuite(slow, .init = begin, .fini = story_end, .timeout = 300);

/* --- one who does not dawdle --- */

struct healthy {
	CURL *curl;
	struct curl_slist *headers;
	int64_t us[SAMPLES_MAX];
	int count;
};

static struct healthy healthy[LINE_WAYS];

static size_t
throw_away(char *from, size_t size, size_t count, void *of)
{
	(void)from;
	(void)of;
	return size * count;
}

static void
make_healthy(enum line_way way)
{
	struct healthy *who = &healthy[way];
	const char *base = world_setting(way == LINE_DIRECT ? "SOCIUS_URL" : "SOCIUS_EDGE_URL", "");

	who->curl = curl_easy_init();
	who->headers =
	    curl_slist_append(NULL, story_print("Authorization: Bearer %s", story.operator_token));
	curl_easy_setopt(who->curl, CURLOPT_URL, story_print("%s/v1/zones", base));
	curl_easy_setopt(who->curl, CURLOPT_HTTPHEADER, who->headers);
	curl_easy_setopt(who->curl, CURLOPT_WRITEFUNCTION, throw_away);
	curl_easy_setopt(who->curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(who->curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(who->curl, CURLOPT_TIMEOUT, 20L);
}

static void
ask(enum line_way way)
{
	struct healthy *who = &healthy[way];
	int64_t begun_us = world_monotonic_us();
	long status = 0;

	cr_assert_eq(curl_easy_perform(who->curl), CURLE_OK);
	curl_easy_getinfo(who->curl, CURLINFO_RESPONSE_CODE, &status);
	cr_assert_eq(status, 200);
	if (who->count < SAMPLES_MAX)
		who->us[who->count++] = world_monotonic_us() - begun_us;
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

/* Of what was asked since the last call. */
static int64_t
p99_us(enum line_way way)
{
	struct healthy *who = &healthy[way];
	int64_t result;

	cr_assert_gt(who->count, 100);
	qsort(who->us, (size_t)who->count, sizeof(*who->us), compare);
	result = who->us[who->count * 99 / 100];
	cr_log_info("way %d: p50 %.2f ms, p99 %.2f ms of %d", way,
	    (double)who->us[who->count / 2] / 1000, (double)result / 1000, who->count);
	who->count = 0;
	return result;
}

/* --- the others --- */

#define LARGE "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"

static void
open_slow(struct slow *slow)
{
	int bytes = 4096;

	slow->line = line_open(slow->way);
	switch (slow->kind) {
	case HEAD:
		line_say_text(&slow->line, "GET /healthz HTTP/1.1\r\nHost: a\r\nX: ");
		break;
	case BODY:
		line_say_text(&slow->line, "POST /v1/auth/sessions HTTP/1.1\r\nHost: "
					   "a\r\nContent-Type: application/json\r\n"
					   "Content-Length: 60000\r\n\r\n{");
		break;
	default:
		(void)setsockopt(slow->line.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
		for (int i = 0; i < 8; i++)
			line_say_text(&slow->line, LARGE);
	}
}

/* Whether the other side has ended it. Of what it has sent nothing is read by those who are deaf.
 */
static bool
is_cut(struct slow *slow)
{
	struct pollfd about = { .fd = slow->line.fd, .events = POLLRDHUP };
	char what[4096];
	ssize_t bytes = 1;

	if (poll(&about, 1, 0) == 1 && (about.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
		return true;
	while (slow->kind != DEAF && bytes > 0)
		bytes = recv(slow->line.fd, what, sizeof(what), MSG_DONTWAIT);
	return bytes == 0;
}

/* A byte more. nginx bounds the pauses of a body, not its whole: there it pauses after a while. */
static void
drip(struct slow *slow)
{
	bool pauses =
	    slow->kind == DEAF || (slow->kind == BODY && slow->way == LINE_EDGE && slow->said > 4);

	if (slow->cut)
		return;
	slow->said++;
	slow->cut = (!pauses && !line_say(&slow->line, "x", 1)) || is_cut(slow);
}

static int
left(enum line_way way, enum kind kind)
{
	int count = 0;

	for (int i = 0; i < LINE_WAYS * CONNECTIONS; i++)
		count += slows[i].way == way && slows[i].kind == kind && !slows[i].cut;
	return count;
}

/* The end of a connection does not reach a client that does not read what came before it: those of
 * the API are counted by it. */
static bool
all_are_cut(long connections)
{
	int waiting = 0;

	for (int way = LINE_DIRECT; way < LINE_WAYS; way++)
		for (int kind = HEAD; kind < KINDS; kind++)
			if (way != LINE_DIRECT || kind != DEAF)
				waiting += left((enum line_way)way, (enum kind)kind);
	return waiting == 0 && gauge_sum("socius_connections") <= connections;
}

static void
open_all(void)
{
	for (int i = 0; i < LINE_WAYS * CONNECTIONS; i++) {
		slows[i].way = i < CONNECTIONS ? LINE_DIRECT : LINE_EDGE;
		slows[i].kind = (enum kind)(i % KINDS);
		open_slow(&slows[i]);
	}
}

static void
drip_all(void)
{
	for (int i = 0; i < LINE_WAYS * CONNECTIONS; i++)
		drip(&slows[i]);
}

Test(slow, ones_hold_up_nobody_and_are_cut)
{
	int64_t before_us[LINE_WAYS], during_us[LINE_WAYS], begun_us, dripped_us;
	long connections;

	for (int way = LINE_DIRECT; way < LINE_WAYS; way++)
		make_healthy((enum line_way)way);
	for (int i = 0; i < LINE_WAYS * SAMPLES_BEFORE; i++)
		ask((enum line_way)(i % LINE_WAYS));
	for (int way = LINE_DIRECT; way < LINE_WAYS; way++)
		before_us[way] = p99_us((enum line_way)way);
	/* those of the edge to the API come and go */
	connections = gauge_sum("socius_connections") + 20;
	open_all();
	begun_us = dripped_us = world_monotonic_us();
	while (dripped_us - begun_us < PATIENCE_US) {
		for (int i = 0; i < 20; i++)
			ask((enum line_way)(i % LINE_WAYS));
		if (world_monotonic_us() - dripped_us < DRIP_EVERY_US)
			continue;
		drip_all();
		dripped_us = world_monotonic_us();
		if (all_are_cut(connections))
			break;
	}
	cr_log_info("all were cut after %.1f s", (double)(dripped_us - begun_us) / 1000000);
	for (int way = LINE_DIRECT; way < LINE_WAYS; way++) {
		during_us[way] = p99_us((enum line_way)way);
		cr_expect_leq(during_us[way], 2 * before_us[way] + SLACK_US);
		for (int kind = HEAD; kind < KINDS; kind++)
			cr_expect(way == LINE_DIRECT && kind == DEAF
				      ? gauge_sum("socius_connections") <= connections
				      : left((enum line_way)way, (enum kind)kind) == 0,
			    "way %d, kind %d: not cut", way, kind);
	}
	for (int i = 0; i < LINE_WAYS * CONNECTIONS; i++)
		line_close(&slows[i].line);
}
