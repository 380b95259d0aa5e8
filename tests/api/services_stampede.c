/* A thousand partners want one of a hundred discounts at once: exactly a hundred get a code, and
 * each of these exists. */
#include <criterion/criterion.h>
#include <curl/curl.h>
#include <stdio.h>

#include "socius/world.h"
#include "story.h"

TestSuite(stampede, .init = story_begin, .fini = story_end, .timeout = 300);

enum { CALLERS = 1000, STOCK = 100, CONNECTIONS = 200, ANSWER_BYTES_MAX = 4096 };

struct caller {
	CURL *curl;
	struct curl_slist *headers;
	long status;
	char answer[ANSWER_BYTES_MAX + 1];
	size_t bytes;
};

static struct caller callers[CALLERS];
static const char *tokens[CALLERS];

static size_t
take(char *from, size_t size, size_t count, void *of)
{
	struct caller *caller = of;
	size_t bytes = size * count;

	cr_assert_leq(caller->bytes + bytes, ANSWER_BYTES_MAX);
	memcpy(caller->answer + caller->bytes, from, bytes);
	caller->bytes += bytes;
	caller->answer[caller->bytes] = '\0';
	return bytes;
}

/* A POST that waits to be sent with all others. */
static void
prepare(struct caller *caller, const char *path, const char *token, const char *body)
{
	*caller = (struct caller){ .curl = curl_easy_init() };
	caller->headers = curl_slist_append(NULL, story_print("Authorization: Bearer %s", token));
	caller->headers =
	    curl_slist_append(caller->headers, story_print("Idempotency-Key: %s", story_key()));
	caller->headers = curl_slist_append(caller->headers, "Content-Type: application/json");
	curl_easy_setopt(
	    caller->curl, CURLOPT_URL, story_print("%s%s", world_setting("SOCIUS_URL", ""), path));
	curl_easy_setopt(caller->curl, CURLOPT_HTTPHEADER, caller->headers);
	curl_easy_setopt(caller->curl, CURLOPT_COPYPOSTFIELDS, body);
	curl_easy_setopt(caller->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(caller->curl, CURLOPT_WRITEDATA, caller);
	curl_easy_setopt(caller->curl, CURLOPT_PRIVATE, caller);
}

/* All at once; returns when the last has its answer. */
static void
call_all(void)
{
	CURLM *all = curl_multi_init();
	int running = CALLERS, left;
	CURLMsg *message;
	char *of;

	curl_multi_setopt(all, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS);
	for (int i = 0; i < CALLERS; i++)
		curl_multi_add_handle(all, callers[i].curl);
	while (running > 0) {
		curl_multi_perform(all, &running);
		curl_multi_poll(all, NULL, 0, 1000, NULL);
	}
	while ((message = curl_multi_info_read(all, &left)) != NULL) {
		cr_assert_eq(
		    message->data.result, CURLE_OK, "%s", curl_easy_strerror(message->data.result));
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &of);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE,
		    &((struct caller *)(void *)of)->status);
	}
	for (int i = 0; i < CALLERS; i++) {
		curl_multi_remove_handle(all, callers[i].curl);
		curl_easy_cleanup(callers[i].curl);
		curl_slist_free_all(callers[i].headers);
	}
	curl_multi_cleanup(all);
}

static void
make_partners(void)
{
	for (int i = 0; i < CALLERS; i++) {
		const char *partner_id = story_key();

		tokens[i] = story_token("partner", story_key(), partner_id);
		prepare(&callers[i], "/v1/partners", story.operator_token,
		    story_print("{\"partner_id\":\"%s\",\"name\":\"Ada\",\"enrolments\":"
				"[{\"kind\":\"courier\"}]}",
			partner_id));
	}
	call_all();
	for (int i = 0; i < CALLERS; i++)
		cr_assert_eq(callers[i].status, 201, "%s", callers[i].answer);
}

static const char *
lunch(void)
{
	const char *vendor = story_text(
	    story_post(story.operator_token, "/v1/vendors", "{\"name\":\"Bar\"}"), "vendor_id");

	return story_text(
	    story_post(story.operator_token, "/v1/listings",
		"{\"kind\":\"discount\",\"vendor_id\":\"%s\",\"title\":\"Lunch\","
		"\"list_price_minor\":2000,\"partner_price_minor\":1200,\"stock\":%d}",
		vendor, STOCK),
	    "listing_id");
}

/* How many redemptions the operator sees, page by page. */
static int
count_redemptions(void)
{
	struct story_reply *page = story_get(story.operator_token, "/v1/redemptions?limit=200");

	cr_assert(json_is_false(story_at(page, "has_more")));
	return (int)json_array_size(story_at(page, "data"));
}

Test(stampede, gives_a_hundred_of_a_thousand_a_code)
{
	const char *listing, *path;
	int64_t started_us;
	int made = 0;

	make_partners();
	listing = lunch();
	path = story_print("/v1/listings/%s/redemptions", listing);
	for (int i = 0; i < CALLERS; i++)
		prepare(&callers[i], path, tokens[i], "");
	started_us = world_monotonic_us();
	call_all();
	(void)printf(
	    "%d callers in %.0f ms\n", CALLERS, (double)(world_monotonic_us() - started_us) / 1e3);
	for (int i = 0; i < CALLERS; i++) {
		cr_assert(callers[i].status == 201 ||
			      (callers[i].status == 409 &&
				  strstr(callers[i].answer, "\"sold_out\"") != NULL),
		    "%ld %s", callers[i].status, callers[i].answer);
		if (callers[i].status != 201)
			continue;
		made++;
		struct story_reply *own = story_get(tokens[i], "/v1/redemptions");

		cr_assert_neq(strstr(callers[i].answer, story_text(own, "data.0.code")), NULL, "%s",
		    own->text);
	}
	cr_assert_eq(made, STOCK);
	cr_assert_eq(count_redemptions(), STOCK);
	cr_assert_eq(
	    story_int(story_get(story.operator_token, "/v1/vendors"), "data.0.balance_minor"),
	    STOCK * 800);
	cr_assert_eq(
	    story_int(story_get(story.operator_token, "/v1/listings/%s", listing), "stock_left"),
	    0);
}
