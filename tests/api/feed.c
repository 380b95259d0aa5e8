/* Events: each change once, in order, to those whom it concerns; as pages and as a stream. */
#include <criterion/criterion.h>
#include <curl/curl.h>

#include "story.h"

TestSuite(feed, .init = story_begin, .fini = story_end);

static void
book_one(const struct story_partner *partner)
{
	const char *slot = story_slot(story_station(), "2026-03-02T17:00", "2026-03-02T21:00", 2);
	struct story_reply *reply = story_call(
	    "POST", story_print("/v1/slots/%s/bookings", slot), partner->token, story_key(), NULL);

	cr_assert_eq(reply->status, 201, "%s", reply->text);
}

static int
count_of(const struct story_reply *reply, const char *kind)
{
	json_t *event;
	size_t i;
	int count = 0;

	json_array_foreach (story_at(reply, "data"), i, event)
		count += strcmp(json_string_value(json_object_get(event, "kind")), kind) == 0;
	return count;
}

Test(feed, shows_partners_their_own_and_operators_all)
{
	struct story_partner ada = story_partner("courier"), bob = story_partner("courier");

	book_one(&ada);
	cr_assert_eq(
	    count_of(story_get(ada.token, "/v1/events?limit=200"), "booking.confirmed"), 1);
	cr_assert_eq(
	    count_of(story_get(bob.token, "/v1/events?limit=200"), "booking.confirmed"), 0);
	cr_assert_eq(
	    count_of(story_get(story.operator_token, "/v1/events?limit=200"), "booking.confirmed"),
	    1);
}

/* An event shows up when every transaction before it has ended, those of other tests too: asks
 * until it is there. */
static struct story_reply *
page_with(const char *kind, const char *cursor)
{
	struct story_reply *page = NULL;

	for (int i = 0; i < 1000; i++) {
		page = story_get(story.operator_token, "/v1/events?limit=200%s%s",
		    cursor == NULL ? "" : "&cursor=", cursor == NULL ? "" : cursor);
		if (count_of(page, kind) > 0)
			return page;
	}
	cr_assert_gt(count_of(page, kind), 0, "%s", page->text);
	return page;
}

Test(feed, goes_on_from_a_cursor)
{
	struct story_partner ada = story_partner("courier");
	struct story_reply *page = page_with("partner.created", NULL);
	const char *cursor = story_text(page, "next_cursor");

	book_one(&ada);
	page = page_with("booking.confirmed", cursor);
	cr_assert_eq(count_of(page, "booking.confirmed"), 1, "%s", page->text);
	cr_assert_eq(count_of(page, "partner.created"), 0, "what was read is not shown again");
}

struct stream {
	char text[65536];
	size_t bytes;
	const char *until;
};

/* Ends the transfer as soon as the awaited text has come. */
static size_t
stream_take(char *from, size_t size, size_t count, void *of)
{
	struct stream *stream = of;
	size_t bytes = size * count;

	if (stream->bytes + bytes >= sizeof(stream->text))
		return 0;
	memcpy(stream->text + stream->bytes, from, bytes);
	stream->bytes += bytes;
	stream->text[stream->bytes] = '\0';
	return strstr(stream->text, stream->until) != NULL ? 0 : bytes;
}

static void
follow(struct stream *stream, const char *token, const char *last_event_id)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = NULL;

	headers = curl_slist_append(headers, story_print("Authorization: Bearer %s", token));
	if (last_event_id != NULL)
		headers =
		    curl_slist_append(headers, story_print("Last-Event-ID: %s", last_event_id));
	curl_easy_setopt(
	    curl, CURLOPT_URL, story_print("%s/v1/events/stream", getenv("SOCIUS_URL")));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, stream_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_perform(curl); /* it is cut by stream_take; the text says what came */
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
}

/* The id of the last event that came. */
static const char *
last_id(const struct stream *stream)
{
	const char *at = stream->text, *last = NULL;

	while ((at = strstr(at, "id: ")) != NULL) {
		last = at + 4;
		at = last;
	}
	cr_assert_not_null(last);
	return story_print("%.*s", (int)strcspn(last, "\r\n"), last);
}

Test(feed, streams_what_happened_and_resumes)
{
	struct story_partner ada = story_partner("courier");
	struct stream stream = { .until = "event: booking.confirmed" };
	struct stream rest = { .until = "event: booking.forfeited" };

	book_one(&ada);
	follow(&stream, ada.token, NULL);
	cr_assert(strstr(stream.text, "event: booking.confirmed"), "%s", stream.text);
	(void)story_call("POST",
	    story_print("/v1/bookings/%s/forfeit",
		story_text(story_get(ada.token, "/v1/bookings"), "data.0.booking_id")),
	    ada.token, story_key(), NULL); /* the stream shows whether it worked */
	follow(&rest, ada.token, last_id(&stream));
	cr_assert(strstr(rest.text, "event: booking.forfeited"), "%s", rest.text);
	cr_assert_null(
	    strstr(rest.text, "event: booking.confirmed"), "read before, and shown again");
}
