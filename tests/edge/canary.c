/*
 * canary: secrets that are said in every place where secrets are said, directly and through the
 * edge, appear in no log, no metric and no error; and whatever is said in a request, each line of
 * the log stays one JSON object.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>

#include "gauge.h"
#include "line.h"
#include "socius/world.h"
#include "story.h"

enum { LOGS_MAX = 32, PATIENCE_US = 20 * 1000 * 1000 };

static const char *canary; /* in every secret */

/* A log, and how much of it there was before. */
struct log {
	const char *path;
	long from;
};

static struct log logs[LOGS_MAX];
static int logs_count;

static long
size_of(const char *path)
{
	FILE *file = fopen(path, "r");
	long bytes = 0;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		bytes = ftell(file);
	if (file != NULL)
		(void)fclose(file); /* only read */
	return bytes;
}

static void
begin(void)
{
	const char *var = world_setting("SOCIUS_VAR", NULL);
	struct dirent *entry;
	DIR *folder;

	if (!line_ways() || var == NULL)
		cr_skip_test("SOCIUS_URL and SOCIUS_EDGE_URL name no instance with its edge");
	story_begin();
	canary = story_print("canary-%s", story_key());
	folder = opendir(story_print("%s/log", var));
	cr_assert_not_null(folder);
	while ((entry = readdir(folder)) != NULL && logs_count < LOGS_MAX)
		if (entry->d_name[0] != '.') {
			const char *path = story_print("%s/log/%s", var, entry->d_name);

			logs[logs_count++] = (struct log){ path, size_of(path) };
		}
	(void)closedir(folder); /* only read */
}

TestSuite(canary, .init = begin, .fini = story_end);

/* What has been added to a log. To be freed. */
static char *
added_to(const struct log *log)
{
	long bytes = size_of(log->path) - log->from;
	char *text = calloc(1, (size_t)bytes + 1);
	FILE *file = fopen(log->path, "r");

	cr_assert(file != NULL && text != NULL && fseek(file, log->from, SEEK_SET) == 0);
	cr_assert_eq(fread(text, 1, (size_t)bytes, file), (size_t)bytes);
	(void)fclose(file); /* only read */
	return text;
}

static bool
log_holds(const struct log *log, const char *what)
{
	char *text = added_to(log);
	bool holds = strstr(text, what) != NULL;

	free(text);
	return holds;
}

static const struct log *
log_named(const char *name)
{
	for (int i = 0; i < logs_count; i++)
		if (strcmp(strrchr(logs[i].path, '/') + 1, name) == 0)
			return &logs[i];
	cr_assert_fail("there is no log %s", name);
	return NULL;
}

/* A line is written after its reply; both logs are written in order. */
static void
await_log(void)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;
	const char *id = story_key();
	const char *request = story_print(
	    "GET /healthz HTTP/1.1\r\nHost: a\r\nRequest-Id: %s\r\nConnection: close\r\n\r\n", id);

	(void)line_ask(LINE_EDGE, request, strlen(request)); /* it is looked for below */
	while (
	    !log_holds(log_named("api.log"), id) || !log_holds(log_named("edge-access.log"), id)) {
		cr_assert_lt(world_monotonic_us(), until_us, "%s is in no log", id);
		(void)poll(NULL, 0, 20); /* the servers are processes of their own */
	}
}

/* --- saying --- */

/* One request; where it is refused, the refusal must not repeat the secret. */
static void
say(const char *line, const char *headers, const char *body)
{
	const char *request = story_print("%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
					  "Content-Type: application/json\r\n%s%s%s\r\n%s",
	    line, headers, body == NULL ? "" : story_print("Content-Length: %zu\r\n", strlen(body)),
	    "", body == NULL ? "" : body);

	for (int way = LINE_DIRECT; way < LINE_WAYS; way++) {
		const char *reply = line_ask((enum line_way)way, request, strlen(request));

		cr_expect(
		    line_status(reply) >= 200 && line_status(reply) < 500, "%s: %s", line, reply);
		if (line_status(reply) >= 400)
			cr_expect_null(strstr(reply, canary), "%s: %s", line, reply);
	}
}

static void
say_secrets_of_people(void)
{
	const char *email = story_print("%s@example.com", canary);

	say("POST /v1/accounts", "",
	    story_print(
		"{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"%s\"}", email, canary, canary));
	say("POST /v1/accounts", "",
	    story_print("{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"%s\",\"pin\":\"%s\"}",
		email, canary, canary, canary));
	say("POST /v1/accounts/confirmations", "",
	    story_print("{\"confirmation_id\":\"%s\",\"code\":\"%s\"}", story_key(), canary));
	say("POST /v1/accounts/password_resets", "", story_print("{\"email\":\"%s\"}", email));
	say("POST /v1/auth/sessions", "",
	    story_print("{\"email\":\"%s\",\"password\":\"%s\",\"device_name\":\"%s\","
			"\"device_secret\":\"%s\",\"totp\":\"%.16s\"}",
		email, canary, canary, canary, canary));
	say("POST /v1/auth/tokens", "",
	    story_print("{\"grant_type\":\"refresh_token\",\"refresh_token\":\"%s\"}", canary));
	say("POST /v1/auth/revoke", "", story_print("{\"token\":\"%s\"}", canary));
	say("POST /v1/auth/sessions", "", story_print("{\"password\":\"%s", canary));
}

/* Codes, verifiers, secrets and keys of apps and services. */
static void
say_secrets_of_apps(void)
{
	const char *bearer = story_print("Authorization: Bearer %s\r\n", story.operator_token);

	say("POST /v1/auth/tokens", "",
	    story_print("{\"grant_type\":\"authorization_code\",\"code\":\"%s\","
			"\"code_verifier\":\"%s\",\"client_id\":\"%s\","
			"\"redirect_uri\":\"https://%s.example/\"}",
		canary, canary, story_key(), canary));
	say("POST /v1/auth/introspect", bearer, story_print("{\"token\":\"%s\"}", canary));
	say("POST /v1/auth/introspect", story_print("Authorization: Bearer %s\r\n", story.service),
	    story_print("{\"token\":\"%s\"}", canary));
	say(story_print("GET /v1/auth/authorizations?state=%s&code_challenge=%s&client_id=%s",
		canary, canary, canary),
	    bearer, NULL);
	say("POST /v1/auth/authorizations", bearer,
	    story_print("{\"state\":\"%s\",\"code_challenge\":\"%s\"}", canary, canary));
	say("POST /v1/auth/totp/confirmations", bearer, story_print("{\"code\":\"%s\"}", canary));
}

static void
say_secrets_of_requests(void)
{
	say("GET /v1/zones", story_print("Authorization: Bearer %s\r\n", canary), NULL);
	say("GET /v1/zones", story_print("Authorization: Basic %s\r\n", canary), NULL);
	say("GET /v1/zones", story_print("Cookie: sid=%s\r\n", canary), NULL);
	say("GET /v1/zones", story_print("User-Agent: %s\r\nAccept: %s\r\n", canary, canary), NULL);
	say("GET /v1/zones", story_print("X-Forwarded-For: %s\r\n", canary), NULL);
	say("GET /v1/zones",
	    story_print("traceparent: %s\r\nRequest-Id: \"%s\"\r\n", canary, canary), NULL);
	say(story_print("GET /v1/zones?cursor=%s&limit=%s&colour=%s", canary, canary, canary),
	    story_print("Authorization: Bearer %s\r\n", story.operator_token), NULL);
	say("POST /v1/zones",
	    story_print("Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n", story.operator_token,
		canary),
	    story_print("{\"name\":\"%s\"}", canary));
	say(story_print("PATCH /v1/stations/%s", story_key()),
	    story_print(
		"Authorization: Bearer %s\r\nIf-Match: \"%s\"\r\n", story.operator_token, canary),
	    story_print("{\"name\":\"%s\"}", canary));
}

/* What is not allowed on a line of HTTP is refused there; all of it may be escaped. */
static void
say_odd_things(void)
{
	static const char escaped[] = "%0d%0a%1b%5b2J%e2%80%a8%22%5c%7b%ff%c0%af%00";
	static const char json[] = "\\r\\n\\u001b[2J\\u2028\\\"\\\\{\xe2\x80\xa8";

	say(story_print("GET /v1/zones/%s", escaped), "", NULL);
	say(story_print("GET /v1/zones/%.*s", (int)sizeof(escaped) - 4, escaped), "", NULL);
	say("GET /v1/zones/\xff\xe2\x80\xa8\x1b", "", NULL);
	say(story_print("GET /v1/zones?name=%s", escaped), "", NULL);
	say("G\x1b\xe2\x80\xa8T /v1/zones", "", NULL);
	say("POST /v1/zones",
	    story_print("Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n", story.operator_token,
		story_key()),
	    story_print("{\"name\":\"%s\"}", json));
	say("POST /v1/auth/sessions", "",
	    story_print(
		"{\"email\":\"%s\",\"password\":\"%s\",\"device_name\":\"%s\"}", json, json, json));
	for (const char *const *name =
		 (const char *const[]){ "User-Agent", "Authorization", "Request-Id", "traceparent",
		     "X-Forwarded-For", "Idempotency-Key", "Origin", "Accept-Language", NULL };
	     *name != NULL; name++)
		say("GET /v1/zones", story_print("%s: \x1b[2J\xe2\x80\xa8\"\\{\xff\r\n", *name),
		    NULL);
}

/* --- looking --- */

static void
expect_json_lines(const char *name)
{
	char *text = added_to(log_named(name)), *rest = text, *line;
	int lines = 0;

	while ((line = strsep(&rest, "\n")) != NULL) {
		json_t *object;

		if (*line == '\0')
			continue;
		object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		cr_expect(json_is_object(object), "%s: %s", name, line);
		json_decref(object);
		lines++;
	}
	cr_expect_gt(lines, 0, "%s is empty", name);
	free(text);
}

Test(canary, is_in_no_log_no_metric_and_no_error)
{
	char *text;

	say_secrets_of_people();
	say_secrets_of_apps();
	say_secrets_of_requests();
	await_log();
	for (int i = 0; i < logs_count; i++) {
		cr_expect_not(log_holds(&logs[i], canary), "%s", logs[i].path);
		cr_expect_not(
		    log_holds(&logs[i], strrchr(story.operator_token, '.')), "%s", logs[i].path);
	}
	text = gauge_text();
	cr_expect_null(strstr(text, canary));
	free(text);
}

Test(canary, lines_of_logs_are_one_object_each)
{
	say_odd_things();
	await_log();
	expect_json_lines("api.log");
	expect_json_lines("edge-access.log");
}
