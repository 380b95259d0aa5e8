/* What a person has said of itself: sealed in the database, open to who may read it. */
#include <criterion/criterion.h>
#include <poll.h>

#include "api/offices_given.h"
#include "api/privacy_given.h"
#include "socius/world.h"

enum { PATIENCE_US = 20 * 1000 * 1000 };

TestSuite(privacy, .init = given_databases, .fini = given_databases_end, .timeout = 120);

static struct story_reply *
get_partner(const char *partner_id)
{
	return story_get(story.operator_token, "/v1/partners/%s", partner_id);
}

Test(privacy, leaves_no_word_in_a_dump)
{
	struct person zoe = given_somebody();
	const char *const words[] = { zoe.email, zoe.name, zoe.phone, zoe.holder, IBAN };
	struct story_reply *reply;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		cr_expect_eq(given_dumped("socius", words[i]), 0, "%s", words[i]);
		cr_expect_eq(given_dumped("socius_keys", words[i]), 0, "%s", words[i]);
	}
	cr_assert_gt(given_dumped("socius", zoe.account_id), 0);
	reply = story_get(zoe.token, "/v1/me");
	cr_expect_str_eq(story_text(reply, "name"), zoe.name);
	cr_expect_str_eq(story_text(reply, "partner.name"), zoe.name);
	cr_expect_str_eq(story_text(get_partner(zoe.partner_id), "name"), zoe.name);
	reply = story_get(zoe.token, "/v1/partners/%s/bank_account", zoe.partner_id);
	cr_expect_str_eq(story_text(reply, "holder_name"), zoe.holder);
	cr_expect_str_eq(story_text(reply, "last_four"), "5555");
	cr_expect_str_eq(story_text(reply, "country"), "GB");
	cr_expect_str_eq(
	    story_text(story_get(zoe.token, "/v1/auth/sessions"), "data.0.device_name"), zoe.phone);
}

Test(privacy, opens_no_cell_in_another_row)
{
	struct person zoe = given_somebody(), eve = given_somebody();
	const char *swap =
	    story_print("update identity.partner p set name = o.name from identity.partner o "
			"where (p.partner_id, o.partner_id) in (('%s', '%s'), ('%s', '%s'))",
		zoe.partner_id, eve.partner_id, eve.partner_id, zoe.partner_id);

	(void)given_sql(given_database, swap);
	cr_expect(json_is_null(story_at(get_partner(zoe.partner_id), "name")));
	cr_expect(json_is_null(story_at(get_partner(eve.partner_id), "name")));
	(void)given_sql(given_database, swap);
	cr_expect_str_eq(story_text(get_partner(zoe.partner_id), "name"), zoe.name);
}

/* Within five seconds everywhere, and no key is made again. */
Test(privacy, says_nothing_of_whom_was_erased)
{
	struct person zoe = given_somebody();
	int64_t since_us;

	cr_expect_str_eq(story_text(get_partner(zoe.partner_id), "name"), zoe.name);
	since_us = world_monotonic_us();
	(void)given_sql(given_keys, story_print("select keys.destroy_key('%s')", zoe.partner_id));
	for (int in_a_row = 0; in_a_row < 10;) {
		story_header("Connection: close");
		in_a_row =
		    json_is_null(story_at(get_partner(zoe.partner_id), "name")) ? in_a_row + 1 : 0;
		cr_assert_lt(world_monotonic_us() - since_us, 10 * 1000 * 1000);
		if (in_a_row == 1)
			cr_expect_leq(world_monotonic_us() - since_us, 5 * 1000 * 1000);
		if (in_a_row == 0)
			(void)poll(NULL, 0, 20);
	}
	cr_expect_eq(get_partner(zoe.partner_id)->status, 200);
	story_refused(story_call("PUT", story_print("/v1/partners/%s/bank_account", zoe.partner_id),
			  zoe.token, NULL, "{\"iban\":\"" IBAN "\",\"holder_name\":\"Zoe\"}"),
	    "person_erased");
}

/* How many keys of no person there are, of those made since then and before now. */
static int
keys_of_nobody(const char *since, const char *until)
{
	const char *ids = given_sql(given_keys,
	    story_print("select coalesce(array_agg(person_id), '{}') from keys.person_key "
			"where made_at between '%s' and '%s'",
		since, until));

	return (int)strtol(given_sql(given_database,
			       story_print("select count(*) from unnest('%s'::uuid[]) p (id) "
					   "where not identity.is_taken(p.id)",
				   ids)),
	    NULL, 10);
}

Test(privacy, makes_no_key_for_who_is_nobody)
{
	static const char member[] = "\"name\":\"Eve\",\"enrolments\":[{\"kind\":\"courier\"";
	const char *since = given_sql(given_keys, "select clock_timestamp()"), *until;
	int64_t until_us = world_monotonic_us() + PATIENCE_US;
	const char *ids = "";

	for (int i = 0; i < 20; i++) {
		const char *id = story_key();

		ids = story_print("%s,'%s'", ids, id);
		story_refused(story_call("PUT", story_print("/v1/partners/%s/bank_account", id),
				  story.operator_token, NULL,
				  "{\"iban\":\"" IBAN "\",\"holder_name\":\"Eve\"}"),
		    "partner_unknown");
		story_refused(story_call("POST", "/v1/partners", story.operator_token, story_key(),
				  "{\"partner_id\":\"%s\",%s,\"programme_id\":\"%s\"}]}", id,
				  member, story_key()),
		    "programme_unknown");
		story_refused(
		    story_call("POST", "/v1/partners", story.operator_token, story_key(),
			"{\"partner_id\":\"%s\",%s},{\"kind\":\"courier\"}]}", id, member),
		    "enrolment_exists");
		story_refused(story_call("POST", "/v1/partners", story.operator_token, story_key(),
				  "{\"account_id\":\"%s\",%s}]}", id, member),
		    "account_foreign");
		/* these ids are the server's own */
		story_refused(story_call("POST", "/v1/invitations/sign_ups", NULL, NULL,
				  "{\"email\":\"%s\",\"password\":\"" PASSWORD
				  "\",\"name\":\"Eve\",\"code\":\"%s\"}",
				  given_email(), id),
		    "code_wrong");
	}
	cr_expect_str_eq(
	    given_sql(given_keys,
		story_print(
		    "select count(*) from keys.person_key where person_id in (%s)", ids + 1)),
	    "0");
	cr_expect_str_eq(
	    given_sql(given_database,
		story_print(
		    "select string_agg(distinct format('%%s %%s', o.outcome, o.count), ', ') "
		    "from (select r.outcome, count(*) from access.audit_record r "
		    "where r.market_id = %d and r.outcome ~ '(partner|programme)_unknown' "
		    "group by r.outcome) o",
		    story.market_id)),
	    "partner_unknown 20, programme_unknown 20");
	until = given_sql(given_keys, "select clock_timestamp()");
	while (keys_of_nobody(since, until) > 0) {
		cr_assert_lt(world_monotonic_us(), until_us);
		(void)poll(NULL, 0, 20);
	}
	/* and who is somebody keeps theirs */
	cr_expect_str_eq(
	    given_sql(given_keys, story_print("select count(*) from keys.person_key where "
					      "wrapped is not null and person_id = '%s'",
				      given_somebody().partner_id)),
	    "1");
}

/* --- exports and leaving --- */

static struct story_reply *
leave(const struct person *person, const char *how, const char *password)
{
	return story_call("POST", story_print("/v1/me/%s", how), person->token, NULL,
	    "{\"password\":\"%s\"}", password);
}

Test(privacy, gives_a_person_everything_about_it)
{
	struct person zoe = given_somebody(), eve = given_somebody();
	int64_t until_us = world_monotonic_us() + PATIENCE_US;
	const char *key = story_key(), *path, *title = story_print("Bag %s", key);
	struct story_reply *reply = story_call("POST", "/v1/ideas", zoe.token, story_key(),
	    "{\"title\":\"%s\",\"summary\":\"It folds.\"}", title);

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	reply = story_call(
	    "POST", "/v1/me/data_exports", zoe.token, key, "{\"password\":\"" PASSWORD "\"}");
	cr_assert_eq(reply->status, 202, "%s", reply->text);
	path = story_print("/v1/me/data_exports/%s", story_text(reply, "export_id"));
	reply = story_call(
	    "POST", "/v1/me/data_exports", zoe.token, key, "{\"password\":\"" PASSWORD "\"}");
	cr_expect_str_eq(
	    story_print("/v1/me/data_exports/%s", story_text(reply, "export_id")), path);
	do {
		reply = story_get(zoe.token, "%s", path);
		cr_assert_lt(world_monotonic_us(), until_us);
		(void)poll(NULL, 0, 20); /* the runner is a process of its own */
	} while (strcmp(story_text(reply, "state"), "done") != 0);
	cr_expect_not_null(strstr(reply->text, zoe.email));
	cr_expect_not_null(strstr(reply->text, zoe.name));
	cr_expect_not_null(strstr(reply->text, zoe.phone));
	cr_expect_not_null(strstr(reply->text, zoe.holder));
	cr_expect_not_null(strstr(reply->text, IBAN));
	cr_expect_not_null(strstr(reply->text, title));
	cr_expect_null(strstr(reply->text, "argon2id"));
	cr_expect_null(strstr(reply->text, "sealed1:"));
	cr_expect_null(strstr(reply->text, eve.name));
	cr_expect_eq(given_dumped("socius", zoe.name), 0);
	story_refused(story_get(eve.token, "%s", path), "export_unknown");
}

/* Who found a phone that is signed in carries nothing off. */
Test(privacy, gives_nothing_without_the_password_or_a_fresh_code)
{
	struct person zoe = given_somebody();
	const char *secret, *code, *key = story_key();
	struct story_reply *reply, *again;

	story_refused(story_call("POST", "/v1/me/data_exports", zoe.token, story_key(), "{}"),
	    "password_wrong");
	story_refused(story_call("POST", "/v1/me/data_exports", zoe.token, story_key(),
			  "{\"password\":\"something else\"}"),
	    "password_wrong");
	story_refused(story_call("POST", "/v1/me/data_exports", zoe.token, story_key(),
			  "{\"totp\":\"123456\"}"),
	    "totp_not_enrolled");
	secret = given_enrolled(zoe.token, NULL);
	story_refused(story_call("POST", "/v1/me/data_exports", zoe.token, story_key(),
			  "{\"totp\":\"000000\"}"),
	    "totp_wrong");
	code = given_totp(secret, 0);
	reply =
	    story_call("POST", "/v1/me/data_exports", zoe.token, key, "{\"totp\":\"%s\"}", code);
	cr_assert_eq(reply->status, 202, "%s", reply->text);
	/* the reply was lost, and a code is good for once */
	again =
	    story_call("POST", "/v1/me/data_exports", zoe.token, key, "{\"totp\":\"%s\"}", code);
	cr_assert_eq(again->status, 202, "%s", again->text);
	cr_assert_str_eq(story_text(again, "export_id"), story_text(reply, "export_id"));
	story_refused(story_call("POST", "/v1/me/erasure", zoe.token, NULL, "{\"totp\":\"%s\"}",
			  given_totp(secret, -1)),
	    "totp_wrong"); /* it was used */
}

static const char *
cell_of(const struct person *person)
{
	return given_sql(
	    given_database, story_print("select name from identity.partner where partner_id = '%s'",
				person->partner_id));
}

static void
await_erased(const struct person *person)
{
	int64_t until_us = world_monotonic_us() + PATIENCE_US;

	for (int in_a_row = 0; in_a_row < 10;) {
		story_header("Connection: close");
		in_a_row = json_is_null(story_at(get_partner(person->partner_id), "name"))
			       ? in_a_row + 1
			       : 0;
		cr_assert_lt(world_monotonic_us(), until_us);
		if (in_a_row == 0)
			(void)poll(NULL, 0, 20);
	}
}

/* Anybody may open a test market and act in all its roles. */
Test(privacy, is_out_of_reach_of_other_markets)
{
	struct person zoe = given_somebody();
	struct story_reply *made = story_call("POST", "/v1/test/markets", NULL, NULL, NULL);
	const char *operator= story_text(made, "tokens.0.token");
	const char *const ids[] = { zoe.partner_id, zoe.account_id };

	cr_assert_str_eq(story_text(made, "tokens.0.role"), "operator");
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		story_refused(story_call("POST", "/v1/partners", operator, story_key(),
				  "{\"partner_id\":\"%s\",\"name\":\"Eve\",\"enrolments\":"
				  "[{\"kind\":\"courier\"}]}",
				  ids[i]),
		    "person_id_taken");
	story_refused(story_call("POST", "/v1/partners", operator, story_key(),
			  "{\"account_id\":\"%s\",\"name\":\"Eve\",\"enrolments\":"
			  "[{\"kind\":\"courier\"}]}",
			  zoe.account_id),
	    "account_foreign");
	cr_expect_str_eq(story_text(get_partner(zoe.partner_id), "name"), zoe.name);
	cr_expect_eq(leave(&zoe, "erasure", PASSWORD)->status, 200);
}

/* The cells stay as an older dump has them; the keys of today do not open them. */
Test(privacy, ends_with_the_keys_of_whoever_is_erased)
{
	struct person zoe = given_somebody();
	const char *cell = cell_of(&zoe);
	struct story_reply *reply;

	story_refused(leave(&zoe, "erasure", "something else"), "password_wrong");
	(void)given_sql(given_database, story_print("update ledger.wallet set balance_minor = 100 "
						    "where owner_id = '%s'",
					    zoe.partner_id));
	reply = leave(&zoe, "erasure", PASSWORD);
	(void)given_sql(given_database, story_print("update ledger.wallet set balance_minor = 0 "
						    "where owner_id = '%s'",
					    zoe.partner_id));
	story_refused(reply, "account_in_use");
	cr_expect_str_eq(story_text(reply, "obstacles.0.kind"), "balance");
	cr_expect_eq(story_int(reply, "obstacles.0.amount_minor"), 100);
	reply = leave(&zoe, "erasure", PASSWORD);
	cr_assert_eq(reply->status, 200, "%s", reply->text);
	cr_expect_str_eq(story_text(reply, "state"), "erased");
	await_erased(&zoe);
	cr_expect_str_eq(story_text(get_partner(zoe.partner_id), "state"), "closed");
	cr_expect_str_eq(cell_of(&zoe), cell);
	cr_expect_str_eq(
	    given_sql(given_keys, story_print("select count(*) from keys.person_key where "
					      "wrapped is null and person_id in ('%s', '%s')",
				      zoe.account_id, zoe.partner_id)),
	    "2");
	story_refused(given_try(zoe.email, PASSWORD, NULL), "sign_in_wrong");
	/* the address is free */
	cr_expect_str_eq(given_sql(given_database,
			     story_print("select count(*) from access.credential where "
					 "account_id = '%s' and email_key like 'closed %%'",
				 zoe.account_id)),
	    "1");
}

Test(privacy, closes_an_account_that_goes_on_being_paid)
{
	struct person zoe = given_somebody();
	struct story_reply *reply = leave(&zoe, "closing", PASSWORD);

	cr_assert_eq(reply->status, 200, "%s", reply->text);
	cr_expect_str_eq(story_text(reply, "state"), "closed");
	reply = get_partner(zoe.partner_id);
	cr_expect_str_eq(story_text(reply, "state"), "closed");
	cr_expect_str_eq(story_text(reply, "name"), zoe.name);
	story_refused(given_try(zoe.email, PASSWORD, NULL), "sign_in_wrong");
}

/* --- another address --- */

static struct story_reply *
ask_for_address(const struct person *person, const char *password, const char *email)
{
	return story_call("POST", "/v1/accounts/email", person->token, NULL,
	    "{\"password\":\"%s\",\"email\":\"%s\"}", password, email);
}

static struct story_reply *
confirm_address(const struct person *person, const char *id, const char *code)
{
	return story_call("POST", "/v1/accounts/email/confirmations", person->token, NULL,
	    "{\"confirmation_id\":\"%s\",\"code\":\"%s\"}", id, code);
}

Test(privacy, lets_a_person_change_its_address)
{
	struct person zoe = given_somebody(), eve = given_somebody();
	const char *email = story_print("new.%s", zoe.email), *id, *code;
	struct story_reply *reply;

	story_refused(ask_for_address(&zoe, "something else", email), "password_wrong");
	reply = ask_for_address(&zoe, PASSWORD, email);
	cr_assert_eq(reply->status, 202, "%s", reply->text);
	id = story_text(reply, "confirmation_id");
	code = given_code(email, "wants to use");
	story_refused(confirm_address(&eve, id, code), "code_wrong");
	reply = confirm_address(&zoe, id, code);
	cr_assert_eq(reply->status, 200, "%s", reply->text);
	cr_expect_str_eq(story_text(reply, "email"), email);
	cr_expect_str_eq(story_text(confirm_address(&zoe, id, code), "email"), email);
	(void)given_code(zoe.email, "another address");
	story_refused(given_try(zoe.email, PASSWORD, NULL), "sign_in_wrong");
	cr_expect_eq(given_try(email, PASSWORD, NULL)->status, 201);
	cr_expect_eq(story_get(zoe.token, "/v1/auth/sessions")->status, 200);
	cr_expect_eq(given_dumped("socius", email), 0);
}

/* Only the letter says that the address has an account already. */
Test(privacy, gives_nobody_the_address_of_another)
{
	struct person zoe = given_somebody(), eve = given_somebody();
	struct story_reply *reply = ask_for_address(&eve, PASSWORD, zoe.email);

	cr_assert_eq(reply->status, 202, "%s", reply->text);
	(void)given_code(zoe.email, "has one already");
	story_refused(
	    confirm_address(&eve, story_text(reply, "confirmation_id"), "00000000"), "code_wrong");
}
