/* privacy_given: see privacy_given.h. */
#include "api/privacy_given.h"

#include <criterion/criterion.h>

#include "socius/world.h"

#define PG_DUMP "/usr/lib/postgresql/15/bin/pg_dump"

enum { LINE_BYTES_MAX = 1024 };

PGconn *given_database, *given_keys;

/* The first line that a command says. */
static const char *
said(const char *command)
{
	char line[LINE_BYTES_MAX] = "";
	FILE *pipe = popen(command, "r");

	cr_assert_not_null(pipe);
	(void)fgets(line, sizeof(line), pipe); /* a line may be missing */
	(void)pclose(pipe);
	line[strcspn(line, "\n")] = '\0';
	return story_print("%s", line);
}

static const char *
conninfo(const char *name)
{
	return story_print("%s dbname=%s",
	    said(story_print("cd / && %s conninfo", world_setting("SOCIUS_CTL", "false"))), name);
}

void
given_databases(void)
{
	story_begin();
	given_database = PQconnectdb(conninfo("socius"));
	given_keys = PQconnectdb(conninfo("socius_keys"));
	cr_assert_eq(PQstatus(given_database), CONNECTION_OK, "%s", PQerrorMessage(given_database));
	cr_assert_eq(PQstatus(given_keys), CONNECTION_OK, "%s", PQerrorMessage(given_keys));
}

void
given_databases_end(void)
{
	PQfinish(given_database);
	PQfinish(given_keys);
	story_end();
}

const char *
given_sql(PGconn *pg, const char *statement)
{
	PGresult *result = PQexec(pg, statement);
	const char *cell = "";

	cr_assert(
	    PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK,
	    "%s", PQerrorMessage(pg));
	if (PQntuples(result) > 0)
		cell = story_print("%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return cell;
}

int
given_dumped(const char *name, const char *text)
{
	return (int)strtol(said(story_print("cd / && " PG_DUMP " --dbname=\"%s\" | grep -ciF '%s'",
			       conninfo(name), text)),
	    NULL, 10);
}

static const char *
programme(void)
{
	return story_text(story_post(story.operator_token, "/v1/programmes",
			      "{\"kind\":\"courier\",\"name\":\"Bikes\",\"archetype\":\"host\"}"),
	    "programme_id");
}

static void
sign_up(struct person *person)
{
	struct story_reply *asked = story_call("POST", "/v1/accounts", NULL, NULL,
	    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"name\":\"%s\"}", person->email,
	    person->name);

	cr_assert_eq(asked->status, 202, "%s", asked->text);
	person->account_id = story_text(
	    story_call("POST", "/v1/accounts/confirmations", NULL, NULL,
		"{\"confirmation_id\":\"%s\",\"code\":\"%s\"}",
		story_text(asked, "confirmation_id"), given_code(person->email, "Your code is")),
	    "account_id");
}

static struct story_reply *
sign_in(const struct person *person)
{
	struct story_reply *reply = story_call("POST", "/v1/auth/sessions", NULL, NULL,
	    "{\"email\":\"%s\",\"password\":\"" PASSWORD "\",\"device_name\":\"%s\","
	    "\"market_code\":\"%s\"}",
	    person->email, person->phone, story.market);

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	return reply;
}

struct person
given_somebody(void)
{
	const char *word = story_key() + 24;
	struct person person = { .email = story_print("zoe.%s@example.com", word),
		.name = story_print("Zoe %s", word),
		.phone = story_print("Phone %s", word),
		.holder = story_print("Holder %s", word) };
	struct story_reply *reply;

	sign_up(&person);
	reply = story_call("POST", "/v1/partners", story_text(sign_in(&person), "access_token"),
	    story_key(),
	    "{\"name\":\"%s\",\"enrolments\":[{\"kind\":\"courier\",\"programme_id\":\"%s\"}]}",
	    person.name, programme());
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	person.partner_id = story_text(reply, "partner_id");
	person.token = story_text(sign_in(&person), "access_token");
	reply = story_call("PUT", story_print("/v1/partners/%s/bank_account", person.partner_id),
	    person.token, NULL, "{\"iban\":\"" IBAN "\",\"holder_name\":\"%s\"}", person.holder);
	cr_assert_eq(reply->status, 200, "%s", reply->text);
	return person;
}
