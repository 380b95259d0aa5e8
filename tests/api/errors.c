/* Errors: each kind of bad request gets a problem that says what to do, and changes nothing. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(errors, .init = story_begin, .fini = story_end);

Test(errors, ask_for_a_token)
{
	struct story_reply *reply = story_get(NULL, "/v1/slots");

	story_refused(reply, "unauthenticated");
	cr_assert(strstr(story_reply_header(reply, "WWW-Authenticate"), "Bearer"));
	story_refused(story_get("a.b.c", "/v1/slots"), "unauthenticated");
}

Test(errors, name_the_path_and_the_methods)
{
	story_refused(story_get(story.operator_token, "/v1/nothing"), "not_found");
	struct story_reply *reply =
	    story_call("DELETE", "/v1/slots", story.operator_token, NULL, NULL);

	story_refused(reply, "method_not_allowed");
	cr_assert_str_eq(story_reply_header(reply, "Allow"), "GET, HEAD, POST");
}

Test(errors, name_every_faulty_field_by_pointer)
{
	struct story_reply *reply = story_call("POST", "/v1/zones", story.operator_token,
	    story_key(), "{\"name\":7,\"colour\":\"red\"}");

	story_refused(reply, "invalid_fields");
	cr_assert_eq(json_array_size(story_at(reply, "errors")), 2, "%s", reply->text);
	reply = story_call("POST", "/v1/zones", story.operator_token, story_key(), "{}");
	cr_assert_str_eq(story_text(reply, "errors.0.pointer"), "/name");
	cr_assert_str_eq(story_text(reply, "errors.0.code"), "required");
	reply = story_get(story.operator_token, "/v1/zones?colour=red");
	story_refused(reply, "invalid_fields");
	cr_assert_str_eq(story_text(reply, "errors.0.pointer"), "?colour");
	reply = story_get(story.operator_token, "/v1/zones?limit=201");
	cr_assert_str_eq(story_text(reply, "errors.0.pointer"), "?limit");
}

Test(errors, refuse_what_is_not_json)
{
	const char *const bodies[] = { "", "[]", "{", "{\"name\":\"a\",\"name\":\"b\"}",
		"{\"name\":\"\xff\"}", "nonsense" };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct story_reply *reply = story_call(
		    "POST", "/v1/zones", story.operator_token, story_key(), "%s", bodies[i]);

		cr_assert_eq(reply->status, 400, "%s: %s", bodies[i], reply->text);
	}
	cr_assert_eq(
	    json_array_size(story_at(story_get(story.operator_token, "/v1/zones"), "data")), 0);
}

Test(errors, refuse_a_body_of_another_type)
{
	story_header("Content-Type: text/plain");
	story_refused(story_call("POST", "/v1/zones", story.operator_token, story_key(), NULL),
	    "invalid_fields");
}

Test(errors, keep_scopes_apart)
{
	struct story_partner ada = story_partner("courier");

	story_refused(story_call("POST", "/v1/zones", ada.token, story_key(), "{\"name\":\"a\"}"),
	    "scope_missing");
	story_refused(
	    story_call("POST", "/v1/zones", story.auditor, story_key(), "{\"name\":\"a\"}"),
	    "scope_missing");
	story_refused(story_get(story.platform, "/v1/zones"), "market_required");
	story_refused(story_call("POST", story_print("/v1/slots/%s/bookings", story_key()),
			  story_token("operator", story_key(), NULL), story_key(), NULL),
	    "scope_missing");
}

Test(errors, echo_the_request_id_and_the_trace)
{
	story_header("Request-Id: my-request.1");
	struct story_reply *reply = story_get(NULL, "/v1/slots");

	cr_assert_str_eq(story_text(reply, "request_id"), "my-request.1");
	story_header("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
	reply = story_get(story.operator_token, "/v1/zones");
	cr_assert(
	    strstr(story_reply_header(reply, "traceparent"), "0af7651916cd43dd8448eb211c80319c"));
}

Test(errors, replay_the_same_key_for_the_same_body_only)
{
	const char *key = story_key();
	struct story_reply *first =
	    story_call("POST", "/v1/zones", story.operator_token, key, "{\"name\":\"Nord\"}");
	struct story_reply *again =
	    story_call("POST", "/v1/zones", story.operator_token, key, "{ \"name\" : \"Nord\" }");

	cr_assert_eq(first->status, 201);
	cr_assert_str_eq(story_text(again, "zone_id"), story_text(first, "zone_id"));
	cr_assert_str_eq(story_reply_header(again, "Idempotent-Replayed"), "true");
	story_refused(
	    story_call("POST", "/v1/zones", story.operator_token, key, "{\"name\":\"Sud\"}"),
	    "key_reused");
}

Test(errors, answer_what_did_not_change_with_304)
{
	struct story_partner ada = story_partner("courier");
	struct story_reply *first = story_get(ada.token, "/v1/partners/%s", ada.partner_id);

	cr_assert_not_null(story_reply_header(first, "ETag"));
	story_header(story_print("If-None-Match: %s", story_reply_header(first, "ETag")));
	cr_assert_eq(story_get(ada.token, "/v1/partners/%s", ada.partner_id)->status, 304);
}

Test(errors, keep_two_operators_from_undoing_each_other)
{
	const char *path = story_print("/v1/stations/%s", story_station());
	struct story_reply *read = story_get(story.operator_token, "%s", path), *changed;
	const char *tag = story_print("If-Match: %s", story_reply_header(read, "ETag"));

	story_refused(story_call("PATCH", path, story.operator_token, NULL, "{\"name\":\"Susa\"}"),
	    "precondition_required");
	story_header(tag);
	changed = story_call("PATCH", path, story.operator_token, NULL, "{\"name\":\"Susa\"}");
	cr_assert_str_eq(story_text(changed, "name"), "Susa", "%s", changed->text);
	cr_assert_eq(story_int(changed, "latitude_e7"), story_int(read, "latitude_e7"));
	story_header(tag);
	story_refused(story_call("PATCH", path, story.operator_token, NULL, "{\"name\":\"Dora\"}"),
	    "precondition_failed");
	story_header("If-Match: W/\"2\", \"02\"");
	story_refused(story_call("PATCH", path, story.operator_token, NULL, "{\"name\":\"Dora\"}"),
	    "precondition_failed");
	story_header("If-Match: \"9\", \"2\"");
	changed = story_call("PATCH", path, story.operator_token, NULL, "{\"name\":\"Dora\"}");
	cr_assert_str_eq(story_reply_header(changed, "ETag"), "\"3\"", "%s", changed->text);
	story_header("If-Match: *");
	changed = story_call("PATCH", path, story.operator_token, NULL, "{\"name\":\"Lingotto\"}");
	cr_assert_str_eq(story_reply_header(changed, "ETag"), "\"4\"", "%s", changed->text);
	story_header("If-None-Match: \"3\", W/\"4\"");
	cr_assert_eq(story_get(story.operator_token, "%s", path)->status, 304);
}

/* PATCH with what the station is now. */
static struct story_reply *
change_station(const char *station, const char *body)
{
	const char *path = story_print("/v1/stations/%s", station);
	struct story_reply *read = story_get(story.operator_token, "%s", path);

	story_header(story_print("If-Match: %s", story_reply_header(read, "ETag")));
	return story_call("PATCH", path, story.operator_token, NULL, "%s", body);
}

Test(errors, clear_by_null_what_may_be_absent)
{
	const char *station = story_station();
	struct story_reply *changed;

	changed = change_station(station, "{\"address\":\"Via Dora 1\"}");
	cr_assert_str_eq(story_text(changed, "address"), "Via Dora 1");
	changed = change_station(station, "{\"name\":\"Dora\"}");
	cr_assert_str_eq(story_text(changed, "address"), "Via Dora 1");
	changed = change_station(station, "{\"address\":null}");
	cr_assert(json_is_null(story_at(changed, "address")), "%s", changed->text);
	changed = change_station(station, "{\"name\":null}");
	story_refused(changed, "invalid_fields");
	cr_assert_str_eq(story_text(changed, "errors.0.pointer"), "/name");
}

Test(errors, refuse_a_cursor_under_other_filters)
{
	const char *first = story_station(), *second = story_station(), *zone, *cursor;
	struct story_reply *page;

	page = story_get(story.operator_token, "/v1/stations?limit=1");
	cr_assert_str_eq(story_text(page, "data.0.station_id"), first);
	cursor = story_text(page, "next_cursor");
	page = story_get(story.operator_token, "/v1/stations?limit=2&cursor=%s", cursor);
	cr_assert_str_eq(story_text(page, "data.0.station_id"), second);
	zone = story_text(page, "data.0.zone_id");
	story_refused(story_get(story.operator_token, "/v1/stations?limit=1&zone_id=%s&cursor=%s",
			  zone, cursor),
	    "bad_cursor");
	story_refused(
	    story_get(story.operator_token, "/v1/zones?limit=1&cursor=%s", cursor), "bad_cursor");
	story_begin();
	story_refused(story_get(story.operator_token, "/v1/stations?limit=1&cursor=%s", cursor),
	    "bad_cursor");
}

Test(errors, know_trace_and_allow_it_nowhere)
{
	static const char *const paths[] = { "/v1/zones", "/v1/zones?limit=1", "/healthz",
		"/docs" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct story_reply *refused =
		    story_call("TRACE", paths[i], story.operator_token, NULL, NULL);

		story_refused(refused, "method_not_allowed");
		cr_assert_not_null(strstr(story_reply_header(refused, "Allow"), "GET"));
	}
	story_refused(
	    story_call("TRACE", "/v1/nothing", story.operator_token, NULL, NULL), "not_found");
}

TestSuite(health, .init = story_begin, .fini = story_end);

Test(health, is_open_to_anyone)
{
	cr_assert_eq(story_get(NULL, "/healthz")->status, 200);
	cr_assert_eq(story_get(NULL, "/readyz")->status, 200);
	cr_assert_str_eq(story_text(story_get(NULL, "/openapi.json"), "openapi"), "3.1.0");
}
