/* Events: each change once, in order, to those whom it concerns; as pages and as a stream. */
#include <criterion/criterion.h>

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
	story_await(story.operator_token, "booking.confirmed");
	cr_assert_eq(
	    count_of(story_get(ada.token, "/v1/events?limit=200"), "booking.confirmed"), 1);
	cr_assert_eq(
	    count_of(story_get(bob.token, "/v1/events?limit=200"), "booking.confirmed"), 0);
	cr_assert_eq(
	    count_of(story_get(story.operator_token, "/v1/events?limit=200"), "booking.confirmed"),
	    1);
}

Test(feed, goes_on_from_a_cursor)
{
	struct story_partner ada = story_partner("courier");
	struct story_reply *page;
	const char *cursor;

	story_await(story.operator_token, "partner.created");
	page = story_get(story.operator_token, "/v1/events?limit=200");
	cursor = story_text(page, "next_cursor");
	book_one(&ada);
	story_await(story.operator_token, "booking.confirmed");
	page = story_get(story.operator_token, "/v1/events?limit=200&after=%s", cursor);
	cr_assert_eq(count_of(page, "booking.confirmed"), 1, "%s", page->text);
	cr_assert_eq(count_of(page, "partner.created"), 0, "what was read is not shown again");
}

/* The id of the last event that came. */
static const char *
last_id(const struct story_stream *stream)
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
	struct story_stream stream = { .until = "event: booking.confirmed" };
	struct story_stream rest = { .until = "event: booking.forfeited" };

	book_one(&ada);
	story_follow(&stream, ada.token, NULL);
	cr_assert(strstr(stream.text, "event: booking.confirmed"), "%s", stream.text);
	(void)story_call("POST",
	    story_print("/v1/bookings/%s/forfeit",
		story_text(story_get(ada.token, "/v1/bookings"), "data.0.booking_id")),
	    ada.token, story_key(), NULL); /* the stream shows whether it worked */
	story_follow(&rest, ada.token, last_id(&stream));
	/* a page of the list goes on where the stream was cut, and the other way round */
	cr_assert_eq(count_of(story_get(ada.token, "/v1/events?after=%s", last_id(&stream)),
			 "booking.confirmed"),
	    0);
	cr_assert(strstr(rest.text, "event: booking.forfeited"), "%s", rest.text);
	cr_assert_null(
	    strstr(rest.text, "event: booking.confirmed"), "read before, and shown again");
}
