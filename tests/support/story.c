/* story: HTTP by libcurl, JSON by jansson; see story.h. */
#include "story.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdarg.h>

#include "promise.h"
#include "socius/arena.h"
#include "socius/problem.h"
#include "socius/text.h"
#include "socius/uuid.h"
#include "socius/world.h"
#include "token.h"

enum { REPLIES_MAX = 4096, BODY_BYTES_MAX = 4 * 1024 * 1024 };

struct story story;

static struct arena arena;
static CURL *curl;
static const char *base;
static struct token_keys keys;
static struct story_reply *replies[REPLIES_MAX];
static int replies_count;
static const char *next_header;
static bool next_is_form;
static json_t *document; /* what every reply is held against */

const char *
story_print(const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	cr_assert_geq(vasprintf(&text, format, list), 0);
	va_end(list);
	const char *kept = arena_copy(&arena, text, strlen(text));

	free(text);
	return kept;
}

const char *
story_key(void)
{
	char text[STORY_ID_BYTES];
	struct uuid id = world_fresh_id();

	uuid_write(&id, text);
	return arena_copy(&arena, text, strlen(text));
}

const char *
story_token(const char *role, const char *account_id, const char *partner_id)
{
	struct caller caller = { .known = true,
		.role = role,
		.market_id = story.market_id,
		.totp_us = world_now_us() + TOKEN_LIFE_S * INT64_C(1000000) };
	char *token;

	cr_assert(uuid_read(text_of(account_id), &caller.account_id));
	if (partner_id != NULL) {
		caller.has_partner = true;
		cr_assert(uuid_read(text_of(partner_id), &caller.partner_id));
	}
	token = token_mint(&keys, app.roles, &caller, world_now_us(), TOKEN_LIFE_S);
	cr_assert_not_null(token, "no key in SOCIUS_KEYS");
	const char *kept = arena_copy(&arena, token, strlen(token));

	free(token);
	return kept;
}

const char *
story_token_with(const char *role, const char *account_id, const char *scopes)
{
	const struct role roles[] = { { role, scopes, "As told." }, { 0 } };
	struct caller caller = { .known = true, .role = role, .market_id = story.market_id };
	char *token;

	cr_assert(uuid_read(text_of(account_id), &caller.account_id));
	token = token_mint(&keys, roles, &caller, world_now_us(), TOKEN_LIFE_S);
	cr_assert_not_null(token, "no key in SOCIUS_KEYS");
	const char *kept = arena_copy(&arena, token, strlen(token));

	free(token);
	return kept;
}

static struct story_reply *perform(
    const char *method, const char *path, struct curl_slist *headers, const char *body);

static void
connect_to_instance(void)
{
	const char *folder = world_setting("SOCIUS_KEYS", NULL);

	base = world_setting("SOCIUS_URL", NULL);
	if (base == NULL || folder == NULL)
		cr_skip_test("SOCIUS_URL and SOCIUS_KEYS name no running instance");
	arena_init(&arena);
	cr_assert_null(token_keys_load(&keys, folder));
	curl = curl_easy_init();
	cr_assert_not_null(curl);
}

void
story_begin_in(const char *currency, const char *time_zone)
{
	connect_to_instance();
	document = perform("GET", "/openapi.json", NULL, NULL)->body;
	story.market_id = 0;
	story.platform = story_token("admin", story_key(), NULL);
	(void)snprintf(story.market, sizeof(story.market), "t%.12s%.4s", story_key() + 24,
	    story_key() + 9); /* a fresh code; its length is known */
	struct story_reply *market = story_post(story.platform, "/v1/markets",
	    "{\"code\":\"%s\",\"name\":\"Story\",\"currency\":\"%s\",\"time_zone\":\"%s\","
	    "\"is_test\":true}",
	    story.market, currency, time_zone);

	story.market_id = (int)story_int(market, "market_id");
	story.operator_token = story_token("operator", story_key(), NULL);
	story.auditor = story_token("auditor", story_key(), NULL);
	story.service = story_token("service", story_key(), NULL);
	story_clock(STORY_NOW);
}

void
story_begin(void)
{
	story_begin_in("EUR", "Europe/Rome");
}

void
story_end(void)
{
	for (int i = 0; i < replies_count; i++) {
		json_decref(replies[i]->body);
		free(replies[i]->text);
		free(replies[i]);
	}
	replies_count = 0; /* a story may go on in another market */
	curl_easy_cleanup(curl);
	arena_release(&arena);
}

struct received {
	char *at;
	size_t bytes, most;
};

static size_t
receive(char *from, size_t size, size_t count, void *of)
{
	struct received *received = of;
	size_t bytes = size * count;

	if (received->bytes + bytes > received->most)
		return 0;
	memcpy(received->at + received->bytes, from, bytes);
	received->bytes += bytes;
	return bytes;
}

static struct curl_slist *
headers_of(const char *token, const char *key, const char *body)
{
	struct curl_slist *list = NULL;

	if (token != NULL)
		list = curl_slist_append(list, story_print("Authorization: Bearer %s", token));
	if (key != NULL)
		list = curl_slist_append(list, story_print("Idempotency-Key: %s", key));
	if (body != NULL)
		list = curl_slist_append(
		    list, next_is_form ? "Content-Type: application/x-www-form-urlencoded"
				       : "Content-Type: application/json");
	if (next_header != NULL)
		list = curl_slist_append(list, next_header);
	next_header = NULL;
	next_is_form = false;
	return list;
}

/* What every reply promises. */
static void
check_promises(const struct story_reply *reply, const char *method, const char *path)
{
	const char *id = story_reply_header(reply, "Request-Id"), *fault;
	bool is_ours_alone = strncmp(path, "/v1/", 4) == 0 || reply->status >= 400;

	cr_assert_not_null(id, "%s %s: no Request-Id", method, path);
	cr_assert_str_eq(story_reply_header(reply, "X-Content-Type-Options"), "nosniff");
	cr_assert_str_eq(story_reply_header(reply, "Cross-Origin-Resource-Policy"), "same-origin");
	cr_assert_not_null(story_reply_header(reply, "traceparent"));
	cr_assert_not_null(story_reply_header(reply, "Cache-Control"), "%s %s", method, path);
	cr_assert(!is_ours_alone || strstr(story_reply_header(reply, "Cache-Control"), "no-store"),
	    "%s %s: %s", method, path, story_reply_header(reply, "Cache-Control"));
	cr_assert(strncmp(base, "https:", 6) != 0 ||
		      story_reply_header(reply, "Strict-Transport-Security") != NULL,
	    "%s %s: no HSTS behind TLS", method, path);
	cr_assert_lt(reply->status, 500, "%s %s: %d %s", method, path, reply->status, reply->text);
	/* every moment is in UTC and says so by a Z, also where it comes as JSON out of SQL */
	cr_assert_null(strstr(reply->text, "+00:00\""), "%s %s: %s", method, path, reply->text);
	fault = promise_broken(document, method, path, reply->status, reply->body);
	cr_assert_null(fault, "%s %s: %s\n%s", method, path, fault, reply->text);
	if (reply->status < 400)
		return;
	cr_assert_str_eq(story_text(reply, "request_id"), story_reply_header(reply, "Request-Id"));
	cr_assert_eq(story_int(reply, "status"), reply->status);
	cr_assert(strstr(story_reply_header(reply, "Content-Type"), "application/problem+json"));
	cr_assert_not_null(story_at(reply, "title"));
	cr_assert_not_null(story_at(reply, "code"));
}

static void
prepare(const char *method, const char *path, struct curl_slist *headers)
{
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, story_print("%s%s", base, path));
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
	/* the edge of a test instance has a certificate that it signed itself */
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

static struct story_reply *
perform(const char *method, const char *path, struct curl_slist *headers, const char *body)
{
	struct story_reply *reply = calloc(1, sizeof(*reply));
	struct received head = { reply->headers, 0, sizeof(reply->headers) - 1 };
	struct received text = { malloc(BODY_BYTES_MAX + 1), 0, BODY_BYTES_MAX };
	char why[CURL_ERROR_SIZE] = "";
	long status = 0;

	prepare(method, path, headers);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &head);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	else if (strcmp(method, "POST") == 0)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	cr_assert_eq(curl_easy_perform(curl), CURLE_OK, "%s %s: %s", method, path, why);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	text.at[text.bytes] = '\0';
	reply->status = (int)status;
	reply->text = realloc(text.at, text.bytes + 1);
	cr_assert_not_null(reply->text);
	reply->body = json_loadb(reply->text, text.bytes, 0, NULL);
	cr_assert_lt(replies_count, REPLIES_MAX);
	replies[replies_count++] = reply;
	return reply;
}

static struct story_reply *
call(const char *method, const char *path, const char *token, const char *key, const char *body)
{
	struct story_reply *reply = perform(method, path, headers_of(token, key, body), body);

	check_promises(reply, method, path);
	return reply;
}

/* Ends the transfer as soon as the awaited text has come. */
static size_t
stream_take(char *from, size_t size, size_t count, void *of)
{
	struct story_stream *stream = of;
	size_t bytes = size * count;

	if (stream->bytes + bytes >= sizeof(stream->text))
		return 0;
	memcpy(stream->text + stream->bytes, from, bytes);
	stream->bytes += bytes;
	stream->text[stream->bytes] = '\0';
	return strstr(stream->text, stream->until) != NULL ? 0 : bytes;
}

void
story_follow(struct story_stream *stream, const char *token, const char *last_event_id)
{
	struct curl_slist *headers = headers_of(token, NULL, NULL);

	if (last_event_id != NULL)
		headers =
		    curl_slist_append(headers, story_print("Last-Event-ID: %s", last_event_id));
	prepare("GET", "/v1/events/stream", headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, stream_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
	(void)curl_easy_perform(curl); /* stream_take cuts it; the text says what came */
	curl_slist_free_all(headers);
}

void
story_await(const char *token, const char *kind)
{
	struct story_stream stream = { .until = story_print("event: %s\n", kind) };

	story_follow(&stream, token, NULL);
	cr_assert(strstr(stream.text, stream.until), "no %s in %s", kind, stream.text);
}

struct story_reply *
story_call(
    const char *method, const char *path, const char *token, const char *key, const char *body, ...)
{
	char *text = NULL;
	va_list list;
	struct story_reply *reply;

	if (body != NULL) {
		va_start(list, body);
		cr_assert_geq(vasprintf(&text, body, list), 0);
		va_end(list);
	}
	reply = call(method, path, token, key, text);
	free(text);
	return reply;
}

struct story_reply *
story_get(const char *token, const char *path, ...)
{
	struct story_reply *reply;
	va_list list;
	char *text;

	va_start(list, path);
	cr_assert_geq(vasprintf(&text, path, list), 0);
	va_end(list);
	reply = call("GET", text, token, NULL, NULL);
	free(text);
	return reply;
}

struct story_reply *
story_form(const char *path, const char *token, const char *form, ...)
{
	struct story_reply *reply;
	va_list list;
	char *text;

	va_start(list, form);
	cr_assert_geq(vasprintf(&text, form, list), 0);
	va_end(list);
	next_is_form = true;
	reply = call("POST", path, token, NULL, text);
	free(text);
	return reply;
}

struct story_reply *
story_post(const char *token, const char *path, const char *body, ...)
{
	struct story_reply *reply;
	va_list list;
	char *text;

	va_start(list, body);
	cr_assert_geq(vasprintf(&text, body, list), 0);
	va_end(list);
	reply = call("POST", path, token, story_key(), text);
	cr_assert(reply->status == 200 || reply->status == 201, "POST %s: %d %s", path,
	    reply->status, reply->text);
	free(text);
	return reply;
}

void
story_header(const char *line)
{
	next_header = line;
}

void
story_refused(const struct story_reply *reply, const char *code)
{
	cr_assert_geq(
	    reply->status, 400, "expected %s, got %d %s", code, reply->status, reply->text);
	cr_assert_str_eq(story_text(reply, "code"), code, "%s", reply->text);
	cr_assert_eq(reply->status, problem_kind(code)->status);
}

json_t *
story_at(const struct story_reply *reply, const char *path)
{
	json_t *value = reply->body;
	char *copy = strdup(path), *rest = copy, *part;

	while (value != NULL && (part = strsep(&rest, ".")) != NULL) {
		if (json_is_array(value))
			value = json_array_get(value, (size_t)strtol(part, NULL, 10));
		else
			value = json_object_get(value, part);
	}
	free(copy);
	return value;
}

const char *
story_text(const struct story_reply *reply, const char *path)
{
	json_t *value = story_at(reply, path);

	cr_assert(json_is_string(value), "no text %s in %s", path, reply->text);
	return json_string_value(value);
}

int64_t
story_int(const struct story_reply *reply, const char *path)
{
	json_t *value = story_at(reply, path);

	cr_assert(json_is_integer(value), "no integer %s in %s", path, reply->text);
	return json_integer_value(value);
}

const char *
story_reply_header(const struct story_reply *reply, const char *name)
{
	static char value[4096];
	const char *line = reply->headers;
	size_t bytes = strlen(name);

	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		if (strncasecmp(line, name, bytes) != 0 || line[bytes] != ':')
			continue;
		(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(line + bytes + 2, "\r"),
		    line + bytes + 2); /* cut at 4 KiB, more than any header of ours */
		return value;
	}
	return NULL;
}

void
story_clock(const char *now)
{
	struct story_reply *reply = story_call(
	    "POST", "/v1/test/clock", story.operator_token, NULL, "{\"now\":\"%s\"}", now);

	cr_assert_eq(reply->status, 200, "%s", reply->text);
}

struct story_partner
story_partner(const char *kind)
{
	struct story_reply *made = story_post(story.operator_token, "/v1/partners",
	    "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"%s\"}]}", kind);
	struct story_partner partner = { story_text(made, "partner_id"),
		story_text(made, "account_id"), NULL };

	partner.token = story_token("partner", partner.account_id, partner.partner_id);
	return partner;
}

const char *
story_station(void)
{
	const char *zone = story_text(
	    story_post(story.operator_token, "/v1/zones", "{\"name\":\"Centro\"}"), "zone_id");

	return story_text(story_post(story.operator_token, "/v1/stations",
			      "{\"zone_id\":\"%s\",\"name\":\"Porta Nuova\","
			      "\"latitude_e7\":450610000,\"longitude_e7\":76780000}",
			      zone),
	    "station_id");
}

const char *
story_slot(const char *station_id, const char *starts_local, const char *ends_local, int capacity)
{
	return story_text(
	    story_post(story.operator_token, "/v1/slots",
		"{\"station_id\":\"%s\",\"starts_local\":\"%s\",\"ends_local\":\"%s\","
		"\"capacity\":%d,\"rate_minor\":1800}",
		station_id, starts_local, ends_local, capacity),
	    "slot_id");
}

void
story_agreement(void)
{
	(void)story_post(story.operator_token, "/v1/share_agreements",
	    "{\"name\":\"Standard\",\"base\":\"fare\","
	    "\"effective_from\":\"2019-01-01T00:00:00Z\",\"parties\":["
	    "{\"party\":\"partner\",\"share_ppm\":800000},"
	    "{\"party\":\"platform\",\"share_ppm\":200000}]}"); /* a later assertion reads it */
}
