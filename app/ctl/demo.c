/*
 * demo: tells the story of demo_story.c on a running instance: each request as a curl line, then
 * its reply. Everything happens in a test market of its own, which goes after a day. Exit code 1
 * when a reply is not the one that the story tells.
 */
#include "demo.h"

#include <poll.h>

#include <curl/curl.h>
#include <jansson.h>

#include "ctl.h"
#include "minting.h"
#include "socius/log.h"
#include "socius/world.h"

enum { VARIABLES_MAX = 64, UNTIL_US = 30 * 1000 * 1000, GLANCE_MS = 200, PATIENCE_S = 30 };

struct demo {
	struct ctl *ctl;
	CURL *easy;
	const char *url;
	const char *names[VARIABLES_MAX], *values[VARIABLES_MAX];
	int variables;
	int keys;
	struct buffer reply;
};

static const char *
value_of(const struct demo *demo, struct text name)
{
	for (int i = demo->variables - 1; i >= 0; i--)
		if (text_equal(text_of(demo->names[i]), name))
			return demo->values[i];
	log_die("the story asks for {%.*s}, which nobody has said", (int)name.bytes, name.at);
}

static void
keep(struct demo *demo, const char *name, const char *value)
{
	if (demo->variables == VARIABLES_MAX)
		log_die("the story has more than %d variables", VARIABLES_MAX);
	demo->names[demo->variables] = name;
	demo->values[demo->variables++] = value;
}

/* A template with its variables filled in; a brace that opens no name stands for itself. */
static const char *
fill(struct demo *demo, const char *template)
{
	struct buffer filled;

	buffer_init(&filled, &demo->ctl->arena, 256);
	while (*template != '\0') {
		size_t bytes = strspn(template + 1, "abcdefghijklmnopqrstuvwxyz_0123456789");

		if (*template == '{' && bytes > 0 && template[1 + bytes] == '}') {
			buffer_add_text(
			    &filled, value_of(demo, (struct text){ template + 1, bytes }));
			template += bytes + 2;
		} else {
			buffer_add(&filled, template ++, 1);
		}
	}
	buffer_add(&filled, "", 1);
	return buffer_text(&filled).at;
}

/* The value at a path of a reply as text, or NULL. */
static const char *
value_at(struct demo *demo, json_t *json, const char *path)
{
	while (json != NULL && *path != '\0') {
		size_t bytes = strcspn(path, ".");
		const char *word = arena_print(&demo->ctl->arena, "%.*s", (int)bytes, path);

		json = json_is_array(json) ? json_array_get(json, strtoul(word, NULL, 10))
					   : json_object_get(json, word);
		path += path[bytes] == '.' ? bytes + 1 : bytes;
	}
	if (json_is_string(json))
		return arena_print(&demo->ctl->arena, "%s", json_string_value(json));
	if (json_is_integer(json))
		return arena_print(&demo->ctl->arena, "%lld", json_integer_value(json));
	return NULL;
}

static void
keep_all(struct demo *demo, json_t *json, const char *keeps)
{
	while (*keeps != '\0') {
		size_t name = strcspn(keeps, "="), path = strcspn(keeps + name + 1, " ");
		struct arena *arena = &demo->ctl->arena;
		const char *where = arena_print(arena, "%.*s", (int)path, keeps + name + 1);
		const char *value = value_at(demo, json, where);

		if (value == NULL)
			log_die("the reply has no %s, which the story needs", where);
		keep(demo, arena_print(arena, "%.*s", (int)name, keeps), value);
		keeps += name + 1 + path;
		keeps += strspn(keeps, " ");
	}
}

static size_t
take_reply(char *bytes, size_t size, size_t count, void *of)
{
	struct demo *demo = of;

	buffer_add(&demo->reply, bytes, size * count);
	return size * count;
}

static void
add_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (longer == NULL)
		log_die("out of memory");
	*headers = longer;
}

/* An instance that makes no test markets cannot be told the story on. */
static void
refuse_to_tell(const json_t *reply)
{
	const char *code = json_string_value(json_object_get(reply, "code"));

	if (code != NULL && strcmp(code, "test_markets_off") == 0)
		log_die(
		    "the demo needs a test market, and this instance makes none: it has an edge, "
		    "a public address or --no-seed; SOCIUS_TEST_MARKETS=20 ./socius run");
}

/* Sends one request; the status. The reply is in demo->reply. */
static int
send_request(
    struct demo *demo, const struct step *step, const char *path, const char *body, const char *key)
{
	struct arena *arena = &demo->ctl->arena;
	struct curl_slist *headers = NULL;
	long status = 0;
	CURLcode code;

	if (step->who != NULL)
		add_header(&headers, arena_print(arena, "Authorization: Bearer %s",
					 value_of(demo, text_of(step->who))));
	if (key != NULL)
		add_header(&headers, arena_print(arena, "Idempotency-Key: %s", key));
	if (body != NULL)
		add_header(&headers, "Content-Type: application/json");
	curl_easy_reset(demo->easy);
	buffer_init(&demo->reply, arena, 4096);
	(void)curl_easy_setopt(
	    demo->easy, CURLOPT_URL, arena_print(arena, "%s%s", demo->url, path));
	(void)curl_easy_setopt(demo->easy, CURLOPT_CUSTOMREQUEST, step->method);
	(void)curl_easy_setopt(demo->easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(demo->easy, CURLOPT_WRITEFUNCTION, take_reply);
	(void)curl_easy_setopt(demo->easy, CURLOPT_WRITEDATA, demo);
	(void)curl_easy_setopt(demo->easy, CURLOPT_TIMEOUT, (long)PATIENCE_S);
	(void)curl_easy_setopt(demo->easy, CURLOPT_NOPROXY, "*");
	if (body != NULL)
		(void)curl_easy_setopt(demo->easy, CURLOPT_POSTFIELDS, body);
	code = curl_easy_perform(demo->easy);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		log_die("%s does not answer (%s): ./socius run --detach", demo->url,
		    curl_easy_strerror(code));
	(void)curl_easy_getinfo(demo->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static void
show_request(
    struct demo *demo, const struct step *step, const char *path, const char *body, const char *key)
{
	if (step->says != NULL)
		(void)printf("\n# %s\n", step->says);
	(void)printf("$ curl -s -X %s \"%s%s\"", step->method, demo->url, path);
	if (step->who != NULL)
		(void)printf(" -H \"Authorization: Bearer $%s\"", step->who);
	if (key != NULL)
		(void)printf(" -H \"Idempotency-Key: %s\"", key);
	if (body != NULL)
		(void)printf(" -H \"Content-Type: application/json\" -d '%s'", body);
	(void)printf("\n");
	(void)fflush(stdout); /* a closed pipe is fine */
}

/* The step's request, again and again where it waits for something. */
static json_t *
ask(struct demo *demo, const struct step *step)
{
	const char *path = fill(demo, step->path);
	const char *body = step->body == NULL ? NULL : fill(demo, step->body);
	const char *key = strcmp(step->method, "POST") != 0
			      ? NULL
			      : arena_print(&demo->ctl->arena, "demo-%d", ++demo->keys);
	int64_t begin_us = world_now_us();
	size_t equals = step->until == NULL ? 0 : strcspn(step->until, "=");

	show_request(demo, step, path, body, key);
	for (;;) {
		int status = send_request(demo, step, path, body, key);
		json_t *json = json_loadb(demo->reply.at, demo->reply.bytes, 0, NULL);
		const char *value;

		refuse_to_tell(json);
		if (status != step->status)
			log_die("the story tells a %d, but %d came: %.*s", step->status, status,
			    (int)demo->reply.bytes, demo->reply.at);
		if (step->until == NULL)
			return json;
		value = value_at(
		    demo, json, arena_print(&demo->ctl->arena, "%.*s", (int)equals, step->until));
		if (value != NULL && strcmp(value, step->until + equals + 1) == 0)
			return json;
		if (world_now_us() - begin_us > UNTIL_US)
			log_die("%s did not come within %d s", step->until, UNTIL_US / 1000000);
		json_decref(json);
		(void)poll(NULL, 0, GLANCE_MS); /* the runner is at work */
	}
}

/* From now on a variable holds a token of the partner. */
static void
sign(struct demo *demo, const char *name)
{
	struct caller caller = { .known = true, .has_partner = true, .role = "partner" };
	const char *partner_id = value_of(demo, text_of("partner_id"));
	const char *market = value_of(demo, text_of("market"));

	if (!uuid_read(text_of(partner_id), &caller.partner_id) ||
	    !uuid_read(text_of(value_of(demo, text_of("account_id"))), &caller.account_id))
		log_die("partner_id and account_id are no UUIDs");
	caller.market_id = (int32_t)strtol(value_of(demo, text_of("market_id")), NULL, 10);
	keep(demo, name, minting_sign(demo->ctl, &caller, 3600));
	(void)printf("$ %s=$(./socius token --role partner --market %s --partner %s)\n", name,
	    market, partner_id);
}

static void
tell(struct demo *demo, const struct step *step)
{
	json_t *json = ask(demo, step);
	int before = demo->variables;

	(void)printf("%.*s\n", (int)demo->reply.bytes, demo->reply.at);
	keep_all(demo, json, step->keeps == NULL ? "" : step->keeps);
	json_decref(json);
	for (int i = before; i < demo->variables; i++)
		(void)printf("$ %s=%s\n", demo->names[i], demo->values[i]);
	if (step->signs != NULL)
		sign(demo, step->signs);
}

int
demo_run(struct ctl *ctl)
{
	struct demo demo = { .ctl = ctl };
	const struct settings *settings = &ctl->settings;

	options_end(ctl);
	demo.url = arena_print(&ctl->arena, "http://%s",
	    settings_reach(&ctl->arena, settings->address, settings->port));
	demo.easy = curl_easy_init();
	if (demo.easy == NULL)
		log_die("out of memory");
	for (const struct step *step = demo_story; step->method != NULL; step++)
		tell(&demo, step);
	curl_easy_cleanup(demo.easy);
	return 0;
}
