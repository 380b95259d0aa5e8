/* The matrix: every operation of the served document, by everybody: who may, who may not, and that
 * what is another's is the same as what is not there. */
#include <criterion/criterion.h>

#include "api/matrix.h"
#include "socius/endpoint.h"

static struct operations all;
static struct city city, elsewhere;

static void
begin(void)
{
	story_begin();
	matrix_probes = 0;
	matrix_read(&all);
	cr_assert_gt(all.count, 100);
}

static void
end(void)
{
	printf("%d probes of %d operations\n", matrix_probes, all.count);
	story_end();
}

TestSuite(matrix, .init = begin, .fini = end, .timeout = 600);

static bool
says(const struct story_reply *reply, const char *code)
{
	json_t *said = story_at(reply, "code");

	return json_is_string(said) && strcmp(json_string_value(said), code) == 0;
}

/* --- roles --- */

/* Signed by us, and named as no role of the table: jurors, until there are any. */
#define NO_ROLE "juror"

/* Anna may have ended her session herself just now, and one worker knows it before the other. */
static struct story_reply *
probe_as(const struct operation *operation, const char *who, const char *token)
{
	struct story_reply *reply = matrix_probe(&city, operation, token, (struct instead){ NULL });

	if (strcmp(who, "anna") != 0 || !says(reply, "unauthenticated"))
		return reply;
	matrix_sign_in(&city);
	return matrix_probe(
	    &city, operation, matrix_person(&city, "anna")->token, (struct instead){ NULL });
}

/* What is said to somebody who may not: 401 to who is nobody, else 403, whatever the request. */
static void
expect_shut(const struct operation *operation, const char *who, const char *token)
{
	struct story_reply *reply = probe_as(operation, who, token);
	const char *code =
	    token == NULL || strcmp(who, "juror") == 0 ? "unauthenticated" : "scope_missing";

	cr_expect(says(reply, code), "%s %s by %s: %d %s", operation->method, operation->path, who,
	    reply->status, reply->text);
}

/* An open door: whatever comes of it, it is nothing about who asks. */
static void
expect_open(const struct operation *operation, const char *who, const char *token)
{
	struct story_reply *reply;

	if (operation->streams) /* it would never end: see the feed's stories */
		return;
	reply = probe_as(operation, who, token);
	cr_expect(!says(reply, "unauthenticated") && !says(reply, "scope_missing") &&
		      reply->status != 405 && !says(reply, "not_found"),
	    "%s %s by %s: %d %s", operation->method, operation->path, who, reply->status,
	    reply->text);
}

/* A role of the table that nobody in the city has. */
static void
add_missing_roles(void)
{
	for (const struct role *role = app.roles; role->name != NULL; role++) {
		bool there = false;

		for (int i = 0; i < city.people_count; i++)
			there |= strcmp(city.people[i].role, role->name) == 0;
		cr_assert(there || city.people_count < PEOPLE_MAX);
		if (!there)
			city.people[city.people_count++] = (struct person){ role->name, role->name,
				story_token(role->name, story_key(), NULL), NULL, NULL };
	}
}

Test(matrix, opens_to_whom_the_table_of_roles_says)
{
	const char *account, *none, *juror;
	int writes = 0;

	matrix_city(&city, &all);
	add_missing_roles();
	account = matrix_person(&city, "operator")->account_id;
	none = story_token_with("operator", account, "nothing.at_all");
	juror = story_token_with(NO_ROLE, account, "partners.read ledger.read audit.read");
	for (int i = 0; i < all.count; i++) {
		const struct operation *operation = &all.at[i];

		if (operation->scope == NULL) {
			expect_open(operation, "nobody", NULL);
			continue;
		}
		expect_shut(operation, "nobody", NULL);
		expect_shut(operation, NO_ROLE, juror);
		expect_shut(operation, "an operator without the scope", none);
		for (int n = 0; n < city.people_count; n++) {
			const struct person *person = &city.people[n];

			if (matrix_opens(operation, person->role))
				expect_open(operation, person->name, person->token);
			else
				expect_shut(operation, person->name, person->token);
		}
		if (!matrix_writes(operation))
			continue;
		writes++;
		cr_expect_not(matrix_opens(operation, "auditor"), "%s %s", operation->method,
		    operation->path);
	}
	cr_expect_geq(writes, 35);
	printf("an auditor is refused all of %d writes\n", writes);
}

/* The owner's call gets past its decoding. */
static struct story_reply *
reach(const struct operation *operation, const struct person *owner)
{
	struct story_reply *reply = probe_as(operation, owner->name, owner->token);

	cr_expect(reply->status != 400 && !says(reply, "unauthenticated"), "%s %s by %s: %s",
	    operation->method, operation->path, owner->name, reply->text);
	return reply;
}

/* Every operation can be called so that it gets past its decoding: else the matrix tries doors that
 * the filler has shut itself. */
Test(matrix, reaches_every_operation)
{
	int reached = 0, done = 0;

	matrix_city(&city, &all);
	for (int i = 0; i < all.count; i++) {
		const struct operation *operation = &all.at[i];
		const struct person *owner = matrix_owner(&city, operation);
		struct story_reply *reply;

		cr_assert_not_null(owner, "nobody may %s %s", operation->method, operation->path);
		if (operation->streams) {
			struct story_stream stream = { .until = "event: " };

			story_follow(&stream, owner->token, NULL);
			cr_expect_not_null(strstr(stream.text, "event: "), "%s", stream.text);
			reached++;
			continue;
		}
		reply = reach(operation, owner);
		reached += reply->status != 400 && !says(reply, "unauthenticated");
		done += reply->status < 400;
	}
	printf("%d of %d operations are reached, %d of them succeed\n", reached, all.count, done);
	cr_expect_eq(reached, all.count);
	cr_expect_geq(done * 100, all.count * 60);
}

/* --- what is another's --- */

/* Things of a market that all its partners may see. */
static const char *const shared[] = { "slot_id", "station_id", "listing_id", "idea_id", "zone_id",
	"programme_id", "share_agreement_id", "vendor_id", NULL };

/* Things that know no market: an operator may make a partner of each account, each account may be
 * asked by an app, and who wants to sign in is shown the providers. */
static const char *const global[] = { "account_id", "client_id", "provider_id", NULL };

static bool
among(const char *const *list, const char *name)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* Asked for another's and for nobody's, the operation says the same. */
static void
expect_same(const struct operation *operation, const struct person *person, const char *name,
    const char *foreign)
{
	const char *unknown = story_key();
	struct story_reply *theirs =
	    matrix_probe(&city, operation, person->token, (struct instead){ name, foreign });
	struct story_reply *nobodys =
	    matrix_probe(&city, operation, person->token, (struct instead){ name, unknown });

	cr_expect_eq(theirs->status, nobodys->status, "%s %s by %s, %s of others: %s\nunknown: %s",
	    operation->method, operation->path, person->name, name, theirs->text, nobodys->text);
	if (theirs->status >= 300 || strcmp(operation->method, "GET") == 0)
		cr_expect_str_eq(matrix_masked(theirs, foreign), matrix_masked(nobodys, unknown),
		    "%s %s by %s, %s", operation->method, operation->path, person->name, name);
	if (strstr(operation->path, story_print("{%s}", name)) != NULL)
		cr_expect(theirs->status == 404 || theirs->status == 403, "%s %s by %s: %s",
		    operation->method, operation->path, person->name, theirs->text);
}

/* An id that the caller chooses for what it makes: trip_id of POST /v1/trips. */
static bool
chooses(const struct operation *operation, const char *name)
{
	const char *noun = strrchr(operation->path, '/') + 1;
	size_t bytes = strlen(name) - 3; /* without _id */

	return strcmp(operation->method, "POST") == 0 && strncmp(noun, name, bytes) == 0 &&
	       strcmp(noun + bytes, "s") == 0;
}

/* Whether the path or the body of the operation has a place for such a thing. */
static bool
names(const struct operation *operation, const char *name)
{
	char *body = operation->example == NULL ? NULL : json_dumps(operation->example, 0);
	bool found =
	    strstr(operation->path, story_print("{%s}", name)) != NULL ||
	    json_object_get(json_object_get(operation->schema, "properties"), name) != NULL ||
	    (body != NULL && strstr(body, story_print("\"%s\"", name)) != NULL);

	free(body);
	return found;
}

/* Whose things these are not: another partner of the same market for what is a partner's own, and
 * everybody of another market for everything but the markets themselves, which are no secret. */
static void
ask_for_others(const struct operation *operation, const struct city *of, bool same_market)
{
	for (int i = 0; i < of->things_count; i++) {
		const struct thing *thing = &of->things[i];

		if (strlen(thing->id) != STORY_ID_BYTES - 1 || !names(operation, thing->name) ||
		    chooses(operation, thing->name) || among(global, thing->name) ||
		    (same_market && among(shared, thing->name)))
			continue;
		for (int n = 0; n < city.people_count; n++) {
			const struct person *person = &city.people[n];
			bool mine =
			    same_market && (person->partner_id == NULL || n == thing->owner);

			if (operation->scope != NULL && !mine &&
			    matrix_opens(operation, person->role))
				expect_same(operation, person, thing->name, thing->id);
		}
	}
}

Test(matrix, makes_no_difference_between_another_markets_and_nobodys)
{
	matrix_city(&elsewhere, &all);
	matrix_city(&city, &all);
	for (int i = 0; i < all.count; i++)
		ask_for_others(&all.at[i], &elsewhere, false);
	cr_expect_gt(matrix_probes, 400);
}

Test(matrix, makes_no_difference_between_another_partners_and_nobodys)
{
	int before;

	matrix_city(&city, &all);
	before = matrix_probes;
	for (int i = 0; i < all.count; i++)
		ask_for_others(&all.at[i], &city, true);
	cr_expect_gt(matrix_probes - before, 100);
}

static void
expect_same_list(
    const struct person *person, const char *path, const char *name, const char *foreign)
{
	const char *unknown = story_key();
	struct story_reply *theirs =
	    story_get(person->token, "%s", matrix_query(path, name, foreign));
	struct story_reply *nobodys =
	    story_get(person->token, "%s", matrix_query(path, name, unknown));

	cr_expect_str_eq(
	    matrix_masked(theirs, foreign), matrix_masked(nobodys, unknown), "%s?%s", path, name);
	matrix_probes += 2;
}

/* Filters are bodies in the query. */
Test(matrix, filters_by_another_markets_as_by_nobodys)
{
	int filters = 0;

	matrix_city(&elsewhere, &all);
	matrix_city(&city, &all);
	for (int i = 0; i < all.count; i++) {
		const struct operation *operation = &all.at[i];
		json_t *parameter;
		size_t n;

		if (!operation->lists)
			continue;
		json_array_foreach (json_object_get(operation->json, "parameters"), n, parameter) {
			const char *name = json_string_value(json_object_get(parameter, "name"));
			const struct thing *thing =
			    name == NULL ? NULL : matrix_thing(&elsewhere, name);
			const struct person *owner = matrix_owner(&city, operation);
			const char *path, *lacks;

			/* an admin looks at the offices of any market; roles are nobody's */
			if (thing == NULL || strcmp(name, "role") == 0 ||
			    (operation->scope != NULL &&
				strcmp(operation->scope, "offices.write") == 0) ||
			    strcmp(json_string_value(json_object_get(parameter, "in")), "query") !=
				0)
				continue;
			path = matrix_path(&city, operation, (struct instead){ NULL }, &lacks);
			expect_same_list(owner, path, name, thing->id);
			filters++;
		}
	}
	cr_expect_gt(filters, 5);
}

/* --- cursors --- */

/* The cursor says where a list goes on, not whose it is: its page shows no row of who made it that
 * the list of who presents it has not. */
static void
expect_own_page(const struct operation *operation, const struct city *of, const char *name,
    const char *cursor, const struct story_reply *made_by)
{
	const struct person *person = matrix_person(of, name);
	struct instead self = { "partner_id", person->partner_id };
	const char *lacks, *path = matrix_path(of, operation, self, &lacks);
	struct story_reply *page =
	    story_get(person->token, "%s", matrix_query(path, operation->cursor, cursor));
	struct story_reply *own =
	    story_get(person->token, "%s", matrix_query(path, "limit", "200"));
	json_t *row;
	size_t n;

	matrix_probes += 2;
	if (page->status != 200)
		return;
	json_array_foreach (story_at(made_by, "data"), n, row) {
		char *text = json_dumps(row, JSON_COMPACT);

		cr_expect(strstr(page->text, text) == NULL || strstr(own->text, text) != NULL,
		    "%s by %s: %s", path, name, text);
		free(text);
	}
}

static void
hand_over(const struct operation *operation, const struct person *owner, const char *cursor)
{
	static const char *const others[] = { "second_courier", "driver", "co_creator",
		"second_driver" };
	const char *lacks, *path = matrix_path(&city, operation, (struct instead){ NULL }, &lacks);
	struct story_reply *made_by =
	    story_get(owner->token, "%s", matrix_query(path, "limit", "200"));

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_own_page(operation, &city, others[i], cursor, made_by);
	expect_own_page(operation, &elsewhere, "courier", cursor, made_by);
}

Test(matrix, shows_nothing_of_others_to_who_has_their_cursor)
{
	int cursors = 0;

	matrix_city(&elsewhere, &all);
	matrix_city(&city, &all);
	for (int i = 0; i < all.count; i++) {
		const struct operation *operation = &all.at[i];
		const struct person *owner = matrix_owner(&city, operation);
		const char *path, *lacks;
		struct story_reply *first;

		if (!operation->lists || owner->partner_id == NULL)
			continue;
		path = matrix_path(&city, operation, (struct instead){ NULL }, &lacks);
		first = story_get(owner->token, "%s", matrix_query(path, "limit", "1"));
		if (!json_is_string(story_at(first, "next_cursor")))
			continue;
		hand_over(operation, owner, story_text(first, "next_cursor"));
		cursors++;
	}
	cr_expect_geq(cursors, 15);
	printf("%d lists with the cursor of another\n", cursors);
}
