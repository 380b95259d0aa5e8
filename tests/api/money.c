/* Money: every amount that the document lets a request carry, at the bounds of its market and of
 * its type. Nothing here names a field: a new one is covered. */
#include <criterion/criterion.h>

#include "api/matrix.h"

static struct operations all;
static struct city city;

static void
begin(void)
{
	story_begin();
	matrix_probes = 0;
	matrix_read(&all);
	matrix_city(&city, &all);
}

TestSuite(money, .init = begin, .fini = story_end, .timeout = 600);

/* The limit of every market that was asked for no other. */
#define LIMIT INT64_C(100000000)

static bool
is_money(const char *name)
{
	size_t bytes = strlen(name);

	return bytes > 6 && strcmp(name + bytes - 6, "_minor") == 0;
}

static int64_t
bound(json_t *property, const char *which)
{
	json_t *value = json_object_get(property, which);

	cr_assert(json_is_integer(value), "an amount without %s", which);
	return json_integer_value(value);
}

/* Sums of them count: the others are nothing. */
static void
clear_amounts(json_t *body)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(body, next, name, value)
	{
		if (is_money(name) && json_is_integer(value))
			json_object_set_new(body, name, json_integer(0));
	}
}

/* The request that is right but for one amount. */
static struct story_reply *
ask(const struct operation *operation, const char *name, int64_t amount)
{
	const struct person *owner = matrix_owner(&city, operation);
	json_t *body = matrix_body(&city, operation, (struct instead){ NULL });
	const char *lacks, *path = matrix_path(&city, operation, (struct instead){ NULL }, &lacks);
	struct story_reply *reply;

	clear_amounts(body);
	json_object_set_new(body, name, json_integer(amount));
	/* what was reported before is answered as it was */
	if (json_object_get(body, "trip_id") != NULL)
		json_object_set_new(body, "trip_id", json_string(story_key()));
	reply = matrix_call(operation, path, owner->token, body);
	json_decref(body);
	return reply;
}

static const char *
code_of(const struct story_reply *reply)
{
	json_t *code = story_at(reply, "code");

	return json_is_string(code) ? json_string_value(code) : "";
}

/* Whatever the amount, it is either taken or refused by name, by everybody alike. */
static void
expect_bounded(const struct operation *operation, const char *name, json_t *property)
{
	int64_t most = bound(property, "maximum"), least = bound(property, "minimum");
	const int64_t amounts[] = { least, LIMIT, LIMIT + 1, most };
	struct story_reply *reply;

	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		if (amounts[i] < least || amounts[i] > most)
			continue;
		reply = ask(operation, name, amounts[i]);
		cr_expect_lt(reply->status, 500, "%s %s with %s %lld: %s", operation->method,
		    operation->path, name, (long long)amounts[i], reply->text);
		/* the limit itself is no posting */
		if (amounts[i] > LIMIT && strcmp(name, "posting_max_minor") != 0)
			cr_expect_str_eq(code_of(reply), "amount_too_large",
			    "%s %s with %s %lld: %s", operation->method, operation->path, name,
			    (long long)amounts[i], reply->text);
		/* less than the limit; at it an hour's rate may come to more */
		else if (amounts[i] < LIMIT)
			cr_expect_str_neq(code_of(reply), "amount_too_large", "%s %s with %s %lld",
			    operation->method, operation->path, name, (long long)amounts[i]);
	}
	cr_expect_eq(ask(operation, name, most + 1)->status, 400);
	cr_expect_eq(ask(operation, name, least - 1)->status, 400);
}

Test(money, is_bounded_in_every_field_of_the_document)
{
	int fields = 0;

	for (int i = 0; i < all.count; i++) {
		json_t *properties = json_object_get(all.at[i].schema, "properties"), *property;
		const char *name;

		json_object_foreach (properties, name, property)
			if (is_money(name)) {
				expect_bounded(&all.at[i], name, property);
				fields++;
			}
	}
	cr_expect_gt(fields, 14);
	printf("%d fields of money\n", fields);
}

Test(money, has_a_limit_that_an_admin_changes)
{
	const char *path = story_print("/v1/markets/%s", story.market);
	struct story_reply *shown = story_get(story.platform, "%s", path), *changed;
	const char *match = story_print("If-Match: %s", story_reply_header(shown, "ETag"));

	cr_expect_eq(story_int(shown, "posting_max_minor"), LIMIT);
	story_refused(
	    story_call("PATCH", path, story.platform, NULL, "{}"), "precondition_required");
	story_header(match);
	story_refused(
	    story_call("PATCH", path, story.operator_token, NULL, "{\"posting_max_minor\":1}"),
	    "scope_missing");
	story_header(match);
	changed = story_call("PATCH", path, story.platform, NULL, "{\"posting_max_minor\":5000}");
	cr_assert_eq(changed->status, 200, "%s", changed->text);
	cr_expect_eq(story_int(changed, "posting_max_minor"), 5000);
	cr_expect_eq(story_int(changed, "version"), story_int(shown, "version") + 1);
	story_refused(
	    story_call("POST", "/v1/earnings/quote", matrix_person(&city, "service")->token, NULL,
		"{\"currency\":\"EUR\",\"fare_minor\":5001}"),
	    "amount_too_large");
}
