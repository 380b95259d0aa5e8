/* 300 accounts support one idea at the same time, each over a connection of its own. */
#include <criterion/criterion.h>
#include <curl/curl.h>

#include "socius/world.h"
#include "story.h"

TestSuite(cocreation_crowd, .init = story_begin, .fini = story_end);

enum { CROWD = 300 };

static struct curl_slist *headers[CROWD];

static size_t
discard(char *from, size_t size, size_t count, void *of)
{
	(void)from;
	(void)of;
	return size * count;
}

static CURL *
caller(const char *idea_id, int i)
{
	CURL *curl = curl_easy_init();

	headers[i] = curl_slist_append(NULL,
	    story_print("Authorization: Bearer %s", story_token("customer", story_key(), NULL)));
	curl_easy_setopt(curl, CURLOPT_URL,
	    story_print("%s/v1/ideas/%s/support", world_setting("SOCIUS_URL", NULL), idea_id));
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers[i]);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	return curl;
}

/* Performs all calls at once and counts those that were answered with 200. */
static int
perform(CURL *callers[CROWD])
{
	CURLM *multi = curl_multi_init();
	int running = CROWD, answered = 0;

	for (int i = 0; i < CROWD; i++)
		curl_multi_add_handle(multi, callers[i]);
	while (running > 0) {
		cr_assert_eq(curl_multi_perform(multi, &running), CURLM_OK);
		cr_assert_eq(curl_multi_poll(multi, NULL, 0, 100, NULL), CURLM_OK);
	}
	for (int i = 0; i < CROWD; i++) {
		long status = 0;

		curl_easy_getinfo(callers[i], CURLINFO_RESPONSE_CODE, &status);
		answered += status == 200;
		cr_expect_eq(status, 200, "%ld", status);
		curl_multi_remove_handle(multi, callers[i]);
		curl_easy_cleanup(callers[i]);
		curl_slist_free_all(headers[i]);
	}
	curl_multi_cleanup(multi);
	return answered;
}

Test(cocreation_crowd, lifts_an_idea_once)
{
	struct story_partner ada = story_partner("co_creator");
	const char *idea_id =
	    story_text(story_post(ada.token, "/v1/ideas",
			   "{\"title\":\"A bag\",\"summary\":\"It folds flat.\"}"),
		"idea_id");
	CURL *callers[CROWD];
	struct story_reply *idea, *feed;
	json_t *event;
	size_t i;
	int flips = 0;

	for (int n = 0; n < CROWD; n++)
		callers[n] = caller(idea_id, n);
	cr_assert_eq(perform(callers), CROWD);
	idea = story_get(ada.token, "/v1/ideas/%s", idea_id);
	cr_assert_eq(story_int(idea, "supporters_count"), CROWD);
	cr_assert_eq(story_int(idea, "stage"), 2);
	cr_assert_eq(story_int(idea, "version"), CROWD + 1);
	story_await(ada.token, "idea.stage_reached");
	feed = story_get(ada.token, "/v1/events?limit=200");
	json_array_foreach (story_at(feed, "data"), i, event)
		flips += strcmp(json_string_value(json_object_get(event, "kind")),
			     "idea.stage_reached") == 0;
	cr_assert_eq(flips, 1);
}
