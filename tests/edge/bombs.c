/*
 * bombs: bodies that are small to send and dear to read, each said to the API directly and through
 * the edge: each is refused at once, and the workers do not grow by them. One test, because it
 * looks at the workers' memory, and tests run side by side.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>

#include "line.h"
#include "socius/world.h"
#include "story.h"

enum {
	KEPT_BYTES = 60 * 1024, /* what the API keeps in memory */
	PIECE_BYTES = 16 * 1024,
	WORKERS_MAX = 8,
	DUE_US = 2 * 1000 * 1000, /* generous: machines of tests are busy */
	GROWTH_KB_MAX = 5 * 1024,
	GROWTH_KB_MAX_SANITIZED = 96 * 1024 /* its allocator keeps what was freed */
};

static void
begin(void)
{
	if (!line_ways())
		cr_skip_test("SOCIUS_URL and SOCIUS_EDGE_URL name no instance with its edge");
	story_begin();
}

TestSuite(bombs, .init = begin, .fini = story_end);

/* --- bodies --- */

static char *
repeated(const char *before, const char *what, size_t times, const char *after)
{
	size_t bytes = strlen(what), at = strlen(before);
	char *body = malloc(at + bytes * times + strlen(after) + 1);

	memcpy(body, before, at);
	for (size_t i = 0; i < times; i++, at += bytes)
		memcpy(body + at, what, bytes);
	memcpy(body + at, after, strlen(after) + 1);
	return body;
}

/* {"k0":0,"k1":0,...} */
static char *
keys(int count)
{
	char *body = malloc(20 * (size_t)count + 2), *to = body;

	*to++ = '{';
	for (int i = 0; i < count; i++)
		to += snprintf(to, 20, "%s\"k%d\":0", i == 0 ? "" : ",", i);
	*to++ = '}';
	*to = '\0';
	return body;
}

/* A station with this JSON text as its latitude. */
static char *
number(const char *text)
{
	char *body;

	cr_assert_geq(asprintf(&body,
			  "{\"zone_id\":\"01a2198d-d5fb-7a6e-b0b4-22e65456d17b\",\"name\":\"a\","
			  "\"latitude_e7\":%s,\"longitude_e7\":1}",
			  text),
	    0);
	return body;
}

struct bomb {
	const char *name, *path;
	char *body;
	int status;
};

static int
make_bombs(struct bomb *bombs)
{
	const struct bomb made[] = {
		{ "arrays 100,000 deep", "/v1/zones", repeated("", "[", 100000, ""), 413 },
		{ "arrays as deep as are read", "/v1/zones", repeated("", "[", KEPT_BYTES, ""),
		    400 },
		{ "the same, closed", "/v1/zones",
		    repeated("{\"name\":", "[", KEPT_BYTES / 2 - 16, "1"), 400 },
		{ "objects as deep as are read", "/v1/zones",
		    repeated("", "{\"a\":", KEPT_BYTES / 5, "1"), 400 },
		{ "1,000,000 members", "/v1/zones", keys(1000000), 413 },
		{ "as many members as are read", "/v1/zones", keys(6000), 400 },
		{ "a string of 10 MB", "/v1/zones",
		    repeated("{\"name\":\"", "x", 10 * 1024 * 1024, "\"}"), 413 },
		{ "a string as long as is read", "/v1/zones",
		    repeated("{\"name\":\"", "x", KEPT_BYTES, "\"}"), 400 },
		{ "escapes that grow", "/v1/zones",
		    repeated("{\"name\":\"", "\\uffff", KEPT_BYTES / 6, "\"}"), 400 },
		{ "members twice", "/v1/zones", strdup("{\"name\":\"a\",\"name\":\"b\"}"), 400 },
		{ "members twice, one escaped", "/v1/zones",
		    strdup("{\"name\":\"a\",\"n\\u0061me\":\"b\"}"), 400 },
		{ "items without end", "/v1/share_agreements",
		    repeated("{\"name\":\"a\",\"base\":\"fare\",\"effective_from\":"
			     "\"2019-01-01T00:00:00Z\",\"parties\":[",
			"{},", KEPT_BYTES / 4, "{}]}"),
		    400 },
		{ "1e400", "/v1/stations", number("1e400"), 400 },
		{ "an exponent of nine digits", "/v1/stations", number("1e999999999"), 400 },
		/* as near to 0 as a number gets: where the station stands is right, its zone is not
		 */
		{ "a negative one", "/v1/stations", number("1e-999999999"), 404 },
		{ "sixty thousand digits", "/v1/stations",
		    repeated("{\"latitude_e7\":1", "0", KEPT_BYTES, "}"), 400 },
		{ "as many behind the point", "/v1/stations",
		    repeated("{\"latitude_e7\":0.", "0", KEPT_BYTES, "1}"), 400 },
		{ "2^63", "/v1/stations", number("9223372036854775808"), 400 },
		{ "a fraction", "/v1/stations", number("1.5"), 400 },
		{ "no number", "/v1/stations", number("NaN"), 400 },
		{ "-0 is 0, and there is no such zone", "/v1/stations", number("-0"), 404 },
		{ "half a surrogate pair", "/v1/zones", strdup("{\"name\":\"\\ud800\"}"), 400 },
		{ "its other half", "/v1/zones", strdup("{\"name\":\"\\udc00x\"}"), 400 },
		{ "the halves swapped", "/v1/zones", strdup("{\"name\":\"\\udc00\\ud800\"}"), 400 },
		{ "a surrogate in UTF-8", "/v1/zones", strdup("{\"name\":\"\xed\xa0\x80\"}"), 400 },
		{ "an overlong slash", "/v1/zones", strdup("{\"name\":\"\xc0\xaf\"}"), 400 },
		{ "NUL", "/v1/zones", strdup("{\"name\":\"a\\u0000b\"}"), 400 },
		{ "two documents", "/v1/zones", strdup("{\"name\":\"a\"}{}"), 400 },
		{ "a comment", "/v1/zones", strdup("{\"name\":\"a\"/**/}"), 400 },
		{ "a byte order mark", "/v1/zones", strdup("\xef\xbb\xbf{\"name\":\"a\"}"), 400 },
		{ "blanks", "/v1/zones", repeated("", " ", KEPT_BYTES, "{"), 400 },
	};

	memcpy(bombs, made, sizeof(made));
	return (int)(sizeof(made) / sizeof(made[0]));
}

/* --- saying them --- */

/* A client that stops when it is answered, as clients do. */
static void
say_until_answered(struct line *line, const char *body)
{
	struct pollfd readable = { .fd = line->fd, .events = POLLIN };
	size_t bytes = strlen(body);

	for (size_t at = 0; at < bytes; at += PIECE_BYTES) {
		size_t piece = bytes - at < PIECE_BYTES ? bytes - at : PIECE_BYTES;

		/* over TLS something else may have come */
		if (line->tls == NULL && poll(&readable, 1, 0) == 1)
			return;
		if (!line_say(line, body + at, piece))
			return;
	}
}

static void
throw_bomb(const struct bomb *bomb, enum line_way way)
{
	struct line line = line_open(way);
	int64_t begun_us = world_monotonic_us();
	char head[4096];
	const char *reply;

	(void)snprintf(head, sizeof(head),
	    "POST %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"
	    "Content-Type: application/json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
	    bomb->path, story.operator_token, story_key(), strlen(bomb->body));
	line_say_text(&line, head);
	say_until_answered(&line, bomb->body);
	reply = line_hear(&line);
	line_close(&line);
	cr_expect_eq(line_status(reply), bomb->status, "%s, way %d: %s", bomb->name, way, reply);
	cr_expect_not_null(strstr(reply, "\"code\":\""), "%s, way %d: %s", bomb->name, way, reply);
	cr_expect_lt(
	    world_monotonic_us() - begun_us, DUE_US, "%s, way %d: too slow", bomb->name, way);
}

/* --- memory --- */

static long
field_of(const char *pid, const char *name)
{
	char line[256];
	long value = -1;
	FILE *status = fopen(story_print("/proc/%s/status", pid), "r");

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	if (status != NULL)
		(void)fclose(status); /* only read */
	return value;
}

/* What all processes of the API hold, in KiB. */
static long
resident_kb(void)
{
	FILE *file = fopen(story_print("%s/run/services", world_setting("SOCIUS_VAR", "var")), "r");
	DIR *processes = opendir("/proc");
	struct dirent *process;
	long parent = 0, total = 0;
	char line[128];

	cr_assert(file != NULL && processes != NULL);
	while (parent == 0 && fgets(line, sizeof(line), file) != NULL)
		(void)sscanf(line, "api %ld", &parent); /* another service's line */
	cr_assert_gt(parent, 0);
	(void)fclose(file); /* only read */
	while ((process = readdir(processes)) != NULL)
		if (process->d_name[0] >= '1' && process->d_name[0] <= '9' &&
		    field_of(process->d_name, "PPid:") == parent)
			total += field_of(process->d_name, "VmRSS:");
	(void)closedir(processes); /* only read */
	cr_assert_gt(total, 0);
	return total;
}

Test(bombs, are_refused_at_once_and_leave_nothing_behind)
{
	bool sanitized = world_setting("SOCIUS_PRELOAD", NULL) != NULL;
	struct bomb bombs[40];
	int count = make_bombs(bombs);
	long before_kb, most_kb = 0;

	for (int i = 0; i < 20; i++)
		(void)story_get(story.operator_token, "/v1/zones");
	before_kb = resident_kb();
	for (int way = LINE_DIRECT; way < LINE_WAYS; way++)
		for (int i = 0; i < count; i++) {
			int64_t begun_us = world_monotonic_us();
			long now_kb;

			throw_bomb(&bombs[i], (enum line_way)way);
			now_kb = resident_kb();
			most_kb = now_kb > most_kb ? now_kb : most_kb;
			cr_log_info("%s, way %d: %.1f ms, %ld KiB", bombs[i].name, way,
			    (double)(world_monotonic_us() - begun_us) / 1000, now_kb - before_kb);
		}
	cr_expect_lt(most_kb - before_kb, sanitized ? GROWTH_KB_MAX_SANITIZED : GROWTH_KB_MAX);
	for (int i = 0; i < count; i++)
		free(bombs[i].body);
}
