/* sign_in_given: see sign_in_given.h. */
#include "api/sign_in_given.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>

#include "socius/world.h"

enum { PATIENCE_US = 20 * 1000 * 1000, LETTER_BYTES_MAX = 4096 };

const char *
given_email(void)
{
	return story_print("ada.%s@example.com", story_key() + 19);
}

/* The code of one letter, or NULL. */
static const char *
code_in(const char *path, const char *email, const char *about)
{
	char letter[LETTER_BYTES_MAX + 1];
	FILE *file = fopen(path, "r");
	const char *code;
	size_t bytes;

	if (file == NULL)
		return NULL;
	bytes = fread(letter, 1, LETTER_BYTES_MAX, file);
	(void)fclose(file); /* only read */
	letter[bytes] = '\0';
	if (strstr(letter, email) == NULL || strstr(letter, about) == NULL)
		return NULL;
	code = strstr(letter, ":\n\n"); /* of an invitation: in a line of its own */
	if (code != NULL)
		return story_print("%.43s", code + 3);
	code = strpbrk(strstr(letter, "\n\n"), "0123456789");
	return code == NULL ? "" : story_print("%.8s", code);
}

/* Letters are named by the time at which they were written for. */
static const char *
newest_code(const char *email, const char *about)
{
	const char *folder = story_print("%s/mail", world_setting("SOCIUS_VAR", "var"));
	const char *found = NULL;
	struct dirent **names;
	int count = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *code =
		    names[i]->d_name[0] == '.'
			? NULL
			: code_in(story_print("%s/%s", folder, names[i]->d_name), email, about);

		found = code != NULL ? code : found;
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return found;
}

const char *
given_code(const char *email, const char *about)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;
	const char *code = NULL;

	while (code == NULL && world_monotonic_us() < until_us) {
		code = newest_code(email, about);
		if (code == NULL)
			(void)poll(NULL, 0, 20); /* the runner is a process of its own */
	}
	cr_assert_not_null(code, "no letter to %s about %s", email, about);
	return code;
}

const char *
given_account(const char *email)
{
	struct story_reply *asked = story_call("POST", "/v1/accounts", NULL, NULL,
	    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"name\":\"Ada\"}", email);
	struct story_reply *account;

	cr_assert_eq(asked->status, 202, "%s", asked->text);
	account = story_call("POST", "/v1/accounts/confirmations", NULL, NULL,
	    "{\"confirmation_id\":\"%s\",\"code\":\"%s\"}", story_text(asked, "confirmation_id"),
	    given_code(email, "asked for"));
	cr_assert_eq(account->status, 201, "%s", account->text);
	return story_text(account, "account_id");
}

struct story_reply *
given_try(const char *email, const char *password, const char *more)
{
	return story_call("POST", "/v1/auth/sessions", NULL, NULL,
	    "{\"email\":\"%s\",\"password\":\"%s\",\"device_name\":\"Ada's phone\","
	    "\"market_code\":\"%s\"%s}",
	    email, password, story.market, more == NULL ? "" : more);
}

struct story_reply *
given_session(const char *email, const char *more)
{
	struct story_reply *reply = given_try(email, PASSWORD, more);

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	return reply;
}

struct story_reply *
given_refresh(const char *refresh_token, const char *device_secret)
{
	return story_call("POST", "/v1/auth/tokens", NULL, NULL,
	    "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"%s\"%s}", refresh_token,
	    device_secret == NULL ? "" : story_print(",\"device_secret\":\"%s\"", device_secret));
}
