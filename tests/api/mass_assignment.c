/* Mass assignment: no write takes a member of its own answer that it does not ask for, nor the ones
 * that everybody tries: it names them, and nothing is done. */
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

TestSuite(mass_assignment, .init = begin, .fini = story_end, .timeout = 600);

/* Something that fits the type of the property. */
static json_t *
some(json_t *schema)
{
	json_t *type = json_object_get(schema, "type");
	const char *name = json_string_value(json_is_array(type) ? json_array_get(type, 0) : type);

	if (name != NULL && strcmp(name, "integer") == 0)
		return json_integer(1);
	if (name != NULL && strcmp(name, "boolean") == 0)
		return json_true();
	if (name != NULL && strcmp(name, "array") == 0)
		return json_array();
	return json_string("active");
}

static bool
names_pointer(const struct story_reply *reply, const char *pointer)
{
	json_t *error;
	size_t i;

	json_array_foreach (story_at(reply, "errors"), i, error)
		if (strcmp(json_string_value(json_object_get(error, "pointer")), pointer) == 0)
			return true;
	return false;
}

/* A body that is right but for one member that is not asked for. */
static void
expect_refused(const struct operation *operation, const char *name, json_t *value)
{
	const struct person *owner = matrix_owner(&city, operation);
	json_t *body = matrix_body(&city, operation, (struct instead){ NULL });
	const char *lacks, *path = matrix_path(&city, operation, (struct instead){ NULL }, &lacks);
	struct story_reply *reply;

	if (body == NULL)
		body = json_object();
	json_object_set_new(body, name, value);
	reply = matrix_call(operation, path, owner->token, body);
	/* DELETE takes no body at all */
	cr_expect(reply->status == 400 && (strcmp(operation->method, "DELETE") == 0 ||
					      names_pointer(reply, story_print("/%s", name))),
	    "%s %s with %s: %d %s", operation->method, operation->path, name, reply->status,
	    reply->text);
	json_decref(body);
}

static void
inject(const struct operation *operation)
{
	static const char *const tried[] = { "role", "tenant_id", "market_id", "account_id",
		"state", "version", "amount_minor", "scope", "is_test" };
	json_t *asked = json_object_get(operation->schema, "properties"), *property;
	json_t *answered = json_object_get(matrix_answer(&all, operation), "properties");
	const char *name;

	json_object_foreach (answered, name, property)
		if (json_object_get(asked, name) == NULL)
			expect_refused(operation, name, some(property));
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++)
		if (json_object_get(asked, tried[i]) == NULL &&
		    json_object_get(answered, tried[i]) == NULL)
			expect_refused(operation, tried[i], json_string("1"));
}

/* Where two texts begin to differ; NULL: nowhere. */
static const char *
difference(const char *one, const char *other)
{
	size_t at = 0;

	while (one[at] != '\0' && one[at] == other[at])
		at++;
	return one[at] == other[at] ? NULL
				    : story_print("%.200s, not %.200s", one + at, other + at);
}

/* Cuts out what begins so, to the character after it that ends it. */
static void
cut_each(char *text, const char *begin, char end)
{
	for (char *at = text; (at = strstr(at, begin)) != NULL;) {
		char *last = strchr(at + strlen(begin), end);

		cr_assert_not_null(last);
		memmove(at, last + 1, strlen(last + 1) + 1);
	}
}

/* The events of this kind, each with the comma before it. */
static void
cut_events(char *text, const char *kind)
{
	for (char *at = text; (at = strstr(at, kind)) != NULL;) {
		char *last = strchr(at, '}');

		while (at > text && *at != '{')
			at--;
		cr_assert_not_null(last);
		if (at > text && at[-1] == ',')
			at--;
		else if (last[1] == ',')
			last++;
		memmove(at, last + 1, strlen(last + 1) + 1);
	}
}

/* What there is, but for archetypes and their events: the runner reads them from what happened
 * earlier, when it comes to it. */
static const char *
snapshot(void)
{
	char *text = strdup(matrix_snapshot(&city));

	cut_each(text, "\"exchange\":{", '}');
	cut_events(text, "\"kind\":\"exchange.");
	cut_each(text, "\"next_cursor\":\"", '"');
	return text;
}

/* What there is, when it has come to rest: events show up when older transactions have ended. */
static const char *
at_rest(void)
{
	const char *before = snapshot(), *after = snapshot();

	for (int i = 0; i < 50 && difference(before, after) != NULL; i++) {
		before = after;
		after = snapshot();
	}
	return after;
}

Test(mass_assignment, is_refused_by_name_and_does_nothing)
{
	const char *before = at_rest(), *changed;
	int writes = 0;

	matrix_probes = 0;
	for (int i = 0; i < all.count; i++)
		/* what is sent as a file has no members */
		if (strcmp(all.at[i].method, "GET") != 0 &&
		    (all.at[i].media == NULL || strcmp(all.at[i].media, "application/json") == 0)) {
			inject(&all.at[i]);
			writes++;
		}
	changed = difference(at_rest(), before);
	cr_expect_null(changed, "%s", changed);
	cr_expect_gt(writes, 45);
	cr_expect_gt(matrix_probes, 500);
	printf("%d members injected into %d operations\n", matrix_probes, writes);
}
