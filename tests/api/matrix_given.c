/* matrix_given: a city, who lives there and what there is; see matrix.h. */
#include <criterion/criterion.h>

#include "api/matrix.h"
#include "api/sign_in_given.h"

int matrix_probes;

/* Parameters that no list shows under their name, and members that an example lacks but needs. */
static const struct {
	const char *name, *value;
	bool always;
} said[] = {
	{ "week", "2026-03-02", false }, { "ends_at", "2026-03-08T08:00:00Z", false },
	{ "refresh_token", "example", true }, { "role", "operator", false },
	{ "test_market_code", "test-00000000", false }, /* the city itself is needed to the end */
};

static void
add_thing(struct city *city, const char *name, const char *id, int owner)
{
	cr_assert_lt(city->things_count, THINGS_MAX);
	city->things[city->things_count++] =
	    (struct thing){ story_print("%s", name), story_print("%s", id), owner, false };
}

const struct thing *
matrix_thing(const struct city *city, const char *name)
{
	for (int i = 0; i < city->things_count; i++)
		if (strcmp(city->things[i].name, name) == 0)
			return &city->things[i];
	return NULL;
}

const struct person *
matrix_person(const struct city *city, const char *name)
{
	for (int i = 0; i < city->people_count; i++)
		if (strcmp(city->people[i].name, name) == 0)
			return &city->people[i];
	cr_assert_fail("nobody is called %s", name);
	return NULL;
}

/* Every `..._id` of an object that has none yet. */
static void
find_things(struct city *city, json_t *object, int owner)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value) {
		size_t bytes = strlen(name);

		if (json_is_string(value) && bytes > 3 && strcmp(name + bytes - 3, "_id") == 0 &&
		    strlen(json_string_value(value)) == STORY_ID_BYTES - 1 &&
		    matrix_thing(city, name) == NULL)
			add_thing(city, name, json_string_value(value), owner);
	}
}

/* What this person's lists show. The own rows of a kind are listed by the operation that needs no
 * other thing than the partner. */
static void
look_around(struct city *city, int who)
{
	const struct person *person = &city->people[who];

	for (int i = 0; i < city->operations->count; i++) {
		const struct operation *operation = &city->operations->at[i];
		struct instead self = { "partner_id", person->partner_id };
		const char *path, *lacks;
		struct story_reply *reply;
		json_t *row;
		size_t n;

		if (!operation->lists || !matrix_opens(operation, person->role))
			continue;
		path = matrix_path(city, operation, self, &lacks);
		if (path == NULL)
			continue;
		reply = matrix_call(operation, path, person->token, NULL);
		json_array_foreach (story_at(reply, "data"), n, row)
			find_things(city, row, who);
	}
}

/* A thing that no list shows is made by the operation whose answer has it. */
static void
make_things(struct city *city)
{
	for (int i = 0; i < city->operations->count; i++) {
		const struct operation *operation = &city->operations->at[i];
		json_t *answer = matrix_answer(city->operations, operation);
		const struct person *owner = matrix_owner(city, operation);
		struct story_reply *reply;
		const char *name, *lacks;
		json_t *property;
		bool makes = false;

		if (strcmp(operation->method, "POST") != 0 || operation->scope == NULL ||
		    owner == NULL ||
		    matrix_path(city, operation, (struct instead){ NULL }, &lacks) == NULL)
			continue;
		json_object_foreach (json_object_get(answer, "properties"), name, property)
			makes |=
			    strcmp(name + (strlen(name) > 3 ? strlen(name) - 3 : 0), "_id") == 0 &&
			    matrix_thing(city, name) == NULL;
		if (!makes)
			continue;
		reply = matrix_probe(city, operation, owner->token, (struct instead){ NULL });
		if (reply->status < 300)
			find_things(city, reply->body, (int)(owner - city->people));
	}
}

static void
add_person(struct city *city, struct person person)
{
	cr_assert_lt(city->people_count, PEOPLE_MAX);
	city->people[city->people_count++] = person;
}

static const char *
member(json_t *of, const char *name)
{
	const char *text = json_string_value(json_object_get(of, name));

	return text == NULL ? NULL : story_print("%s", text);
}

void
matrix_sign_in(struct city *city)
{
	struct person *anna = (struct person *)(uintptr_t)matrix_person(city, "anna");
	const char *email = given_email();

	anna->account_id = given_account(email);
	anna->token = story_text(given_session(email, NULL), "access_token");
}

void
matrix_city(struct city *city, const struct operations *operations)
{
	struct story_reply *made = story_call("POST", "/v1/test/markets", NULL, NULL, NULL);
	static const char *const lookers[] = { "courier", "driver", "co_creator", "second_courier",
		"anna", "operator" };
	const char *provider_id = story_key();
	json_t *one;
	size_t i;

	cr_assert_eq(made->status, 201, "%s", made->text);
	*city = (struct city){ .operations = operations };
	json_array_foreach (story_at(made, "tokens"), i, one)
		add_person(city,
		    (struct person){ member(one, "name"), member(one, "role"), member(one, "token"),
			member(one, "account_id"), member(one, "partner_id") });
	(void)snprintf(story.market, sizeof(story.market), "%s", story_text(made, "code"));
	story.market_id = (int)story_int(made, "market_id");
	add_person(city, (struct person){ "anna", "customer", NULL, NULL, NULL });
	matrix_sign_in(city);
	add_person(city, (struct person){ "admin", "admin", story.platform, NULL, NULL });
	add_thing(city, "market_code", story.market,
	    (int)(matrix_person(city, "operator") - city->people));
	for (size_t n = 0; n < sizeof(said) / sizeof(said[0]); n++) {
		add_thing(city, said[n].name, said[n].value, 0);
		city->things[city->things_count - 1].always = said[n].always;
	}
	add_thing(city, "partner_id", matrix_person(city, "courier")->partner_id,
	    (int)(matrix_person(city, "courier") - city->people));
	/* nobody can be asked there, so that nobody is linked */
	cr_assert_eq(story_call("PUT", story_print("/v1/identity_providers/%s", provider_id),
			 story.platform, NULL,
			 "{\"market_code\":\"%s\",\"name\":\"Example\",\"client_ids\":\"ours\","
			 "\"issuer\":\"http://127.0.0.1:1\",\"signs_up\":true}",
			 story.market)
			 ->status,
	    200);
	add_thing(
	    city, "provider_id", provider_id, (int)(matrix_person(city, "admin") - city->people));
	add_thing(
	    city, "identity_id", story_key(), (int)(matrix_person(city, "anna") - city->people));
	add_thing(city, "invitation_id",
	    story_text(story_post(story.platform, "/v1/invitations",
			   "{\"email\":\"%s\",\"role\":\"auditor\",\"market_code\":\"%s\"}",
			   given_email(), story.market),
		"invitation_id"),
	    (int)(matrix_person(city, "admin") - city->people));
	/* it asks for one of two proofs, of which the document requires neither */
	add_thing(city, "export_id",
	    story_text(story_call("POST", "/v1/me/data_exports", matrix_person(city, "anna")->token,
			   story_key(), "{\"password\":\"" PASSWORD "\"}"),
		"export_id"),
	    (int)(matrix_person(city, "anna") - city->people));
	/* of two kinds of listings its operation wants the other one than the lists show first */
	(void)story_post(matrix_person(city, "courier")->token, "/v1/rentals",
	    "{\"listing_id\":\"%s\",\"ends_at\":\"2026-03-08T08:00:00Z\"}",
	    story_text(made, "rental_listing_id")); /* the courier's list shows it */
	for (size_t n = 0; n < sizeof(lookers) / sizeof(lookers[0]); n++)
		look_around(city, (int)(matrix_person(city, lookers[n]) - city->people));
	make_things(city);
	make_things(city); /* of the things made now */
}

/* The owner of the last thing of the path, if there is one. */
static const struct thing *
named_by(const struct city *city, const struct operation *operation)
{
	const struct thing *thing = NULL;

	for (int i = 0; i < city->things_count; i++) {
		const char *name = story_print("{%s}", city->things[i].name);

		if (strstr(operation->path, name) != NULL &&
		    (thing == NULL ||
			strstr(operation->path, name) >
			    strstr(operation->path, story_print("{%s}", thing->name))))
			thing = &city->things[i];
	}
	return thing;
}

const struct person *
matrix_owner(const struct city *city, const struct operation *operation)
{
	static const char *const order[] = { "courier", "operator", "anna", "service", "auditor",
		"admin" };
	const struct thing *thing = named_by(city, operation);

	/* the own account's business: whoever has signed in */
	if (operation->scope != NULL && (strcmp(operation->scope, "account") == 0))
		return matrix_person(city, "anna");
	if (thing != NULL && matrix_opens(operation, city->people[thing->owner].role))
		return &city->people[thing->owner];
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct person *person = matrix_person(city, order[i]);

		if (matrix_opens(operation, person->role))
			return person;
	}
	return NULL;
}
