/* A stream of events ends with what it was opened by: the session, the token. Each within five
 * seconds, and others stay. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "api/oauth_given.h"
#include "api/offices_given.h"
#include "line.h"
#include "socius/world.h"
#include "token.h"

enum { WITHIN_US = 5 * 1000 * 1000 };

TestSuite(streams_end, .init = story_begin, .fini = story_end);

static struct line
opened(const char *token)
{
	struct line line = line_open(LINE_DIRECT);
	char text[4096];
	size_t got = 0;

	cr_assert(line_say_text(&line,
	    story_print("GET /v1/events/stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
			"\r\n",
		token)));
	do {
		ssize_t part = recv(line.fd, text + got, sizeof(text) - 1 - got, 0);

		cr_assert_gt(part, 0);
		got += (size_t)part;
		text[got] = '\0';
	} while (strstr(text, "retry: 2000") == NULL && got < sizeof(text) - 1);
	cr_assert_eq(line_status(text), 200, "%s", text);
	return line;
}

/* Reads on to its end, which must come in time since then. */
static void
ends(struct line *line, int64_t since_us)
{
	struct pollfd wait = { .fd = line->fd, .events = POLLIN };
	char text[4096];
	ssize_t part = 1;

	while (part > 0) {
		int64_t left_us = since_us + WITHIN_US - world_monotonic_us();

		cr_assert_gt(left_us, 0, "it goes on");
		if (poll(&wait, 1, (int)(left_us / 1000) + 1) > 0)
			part = recv(line->fd, text, sizeof(text), 0);
	}
	line_close(line);
}

static void
stays(struct line *line)
{
	char text[4096];
	ssize_t part;

	do
		part = recv(line->fd, text, sizeof(text), MSG_DONTWAIT);
	while (part > 0);
	cr_assert(part < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
	line_close(line);
}

/* Somebody who has signed up and become a courier: the session of that. */
static struct story_reply *
given_courier(const char *email)
{
	const char *token, *programme;

	programme =
	    story_text(story_post(story.operator_token, "/v1/programmes",
			   "{\"name\":\"City\",\"kind\":\"courier\",\"archetype\":\"host\"}"),
		"programme_id");
	(void)given_account(email);
	token = story_text(given_session(email, NULL), "access_token");
	(void)story_post(token, "/v1/partners",
	    "{\"name\":\"Ada Rossi\",\"enrolments\":[{\"kind\":\"courier\","
	    "\"programme_id\":\"%s\"}]}",
	    programme);
	return given_session(email, NULL);
}

#define TOKEN(session) story_text(session, "access_token")

static const char *
session_path(const struct story_reply *session)
{
	return story_print("/v1/auth/sessions/%s", story_text(session, "session_id"));
}

Test(streams_end, with_a_sign_out)
{
	const char *email = given_email();
	struct story_reply *session = given_courier(email), *other = given_session(email, NULL);
	struct line line = opened(TOKEN(session)), another = opened(TOKEN(other));
	int64_t since_us = world_monotonic_us();

	cr_assert_eq(
	    story_call("DELETE", session_path(session), TOKEN(session), NULL, NULL)->status, 204);
	ends(&line, since_us);
	stays(&another);
}

Test(streams_end, with_a_new_password)
{
	const char *email = given_email();
	struct story_reply *session = given_courier(email), *other = given_session(email, NULL);
	struct line line = opened(TOKEN(session)), own = opened(TOKEN(other));
	int64_t since_us = world_monotonic_us();

	cr_assert_eq(story_call("POST", "/v1/accounts/password", TOKEN(other), NULL,
			 "{\"old_password\":\"" PASSWORD "\","
			 "\"password\":\"a rider courses at dawn\"}")
			 ->status,
	    200);
	ends(&line, since_us);
	stays(&own); /* of who has changed it */
}

Test(streams_end, with_the_account)
{
	const char *email = given_email();
	struct story_reply *session = given_courier(email);
	struct line line = opened(TOKEN(session));
	int64_t since_us = world_monotonic_us();

	cr_assert_eq(story_call("POST", "/v1/me/closing", TOKEN(session), NULL,
			 "{\"password\":\"" PASSWORD "\"}")
			 ->status,
	    200);
	ends(&line, since_us);
}

Test(streams_end, with_an_office)
{
	const char *email = given_email(), *secret;
	struct story_reply *session;
	struct line line;
	int64_t since_us;

	(void)given_account(email);
	secret = given_enrolled(TOKEN(given_session(email, NULL)), NULL);
	given_office(email, given_operator(""));
	session = given_in_office(email, "operator", secret);
	line = opened(TOKEN(session));
	since_us = world_monotonic_us();
	given_office(email, given_operator("--withdraw"));
	ends(&line, since_us);
}

/* An app that may read the events of a courier: the session of its pair. */
static struct story_reply *
given_reader(const char *token, const char **client)
{
	struct story_reply *pair;

	*client = given_app("events.read");
	pair = given_redeemed(*client, given_consent(token, *client), VERIFIER);
	cr_assert_eq(pair->status, 200, "%s", pair->text);
	return pair;
}

Test(streams_end, with_the_consent)
{
	struct story_reply *own = given_courier(given_email()), *reader;
	const char *client;
	struct line line, another = opened(TOKEN(own));
	int64_t since_us;

	reader = given_reader(TOKEN(own), &client);
	line = opened(TOKEN(reader));
	since_us = world_monotonic_us();
	cr_assert_eq(
	    story_call("DELETE", session_path(reader), TOKEN(own), NULL, NULL)->status, 204);
	ends(&line, since_us);
	stays(&another);
}

Test(streams_end, with_a_token_that_an_app_gives_back)
{
	const char *client;
	struct story_reply *reader = given_reader(TOKEN(given_courier(given_email())), &client);
	struct line line = opened(TOKEN(reader));
	int64_t since_us = world_monotonic_us();

	story_form("/v1/auth/revoke", NULL, "client_id=%s&token=%s", client,
	    story_text(reader, "refresh_token")); /* the stream's end says that it worked */
	ends(&line, since_us);
}

Test(streams_end, with_the_app)
{
	const char *client;
	struct story_reply *reader = given_reader(TOKEN(given_courier(given_email())), &client);
	struct line line = opened(TOKEN(reader));
	int64_t since_us = world_monotonic_us();

	cr_assert_eq(
	    story_call("DELETE", story_print("/v1/clients/%s", client), story.platform, NULL, NULL)
		->status,
	    204);
	ends(&line, since_us);
}

Test(streams_end, with_the_token)
{
	struct story_partner ada = story_partner("courier");
	struct caller caller = {
		.known = true, .role = "partner", .market_id = story.market_id, .has_partner = true
	};
	static struct token_keys keys;
	int64_t since_us = world_monotonic_us();
	struct line line, another = opened(ada.token);
	char *token;

	cr_assert(uuid_read(text_of(ada.account_id), &caller.account_id));
	cr_assert(uuid_read(text_of(ada.partner_id), &caller.partner_id));
	cr_assert_null(token_keys_load(&keys, world_setting("SOCIUS_KEYS", NULL)));
	token = token_mint(&keys, app.roles, &caller, world_now_us(), 3);
	line = opened(token);
	free(token);
	ends(&line, since_us);
	stays(&another);
}

Test(streams_end, with_its_test_market)
{
	struct story_reply *made = story_call("POST", "/v1/test/markets", NULL, NULL, NULL);
	struct line line;
	int64_t since_us;

	cr_assert_eq(made->status, 201, "%s", made->text);
	cr_assert_str_eq(story_text(made, "tokens.4.name"), "courier");
	line = opened(story_text(made, "tokens.4.token"));
	since_us = world_monotonic_us();
	cr_assert_eq(
	    story_call("DELETE", story_print("/v1/test/markets/%s", story_text(made, "code")),
		story_text(made, "tokens.0.token"), NULL, NULL)
		->status,
	    204);
	ends(&line, since_us);
}

/* So that none has to end with its key. */
Test(streams_end, are_not_for_services)
{
	story_refused(story_get(story.service, "/v1/events/stream"), "scope_missing");
}
