/* mail: letters from their rows to a server, and what is known of those that never arrive. */
#include <criterion/criterion.h>

#include "run/mail.h"
#include "smtp_server.h"
#include "support/sql.h"

static struct arena arena;
static CURL *curl;
static struct smtp_server server;

static void
begin(void)
{
	sql_begin();
	arena_init(&arena);
	curl = curl_easy_init();
	server = (struct smtp_server){ 0 };
	sql_run("update access.mail set state = 'sent', params = '{}'");
}

static void
end(void)
{
	curl_easy_cleanup(curl);
	arena_release(&arena);
	sql_end();
}

TestSuite(mail, .init = begin, .fini = end);

static const char *
given_letter(const char *kind, const char *address)
{
	const char *id = sql_id();

	sql_run("insert into access.mail (mail_id, kind, address, locale, params, made_at) values "
		"('%s', '%s', '%s', 'it', '{\"code\": \"12345678\"}', " SQL_NOW ")",
	    id, kind, address);
	return id;
}

static const char *
state_of(const char *id)
{
	return sql_text(
	    "select state || attempts || params::text from access.mail where mail_id = '%s'", id);
}

static enum mail_turn
send_one(void)
{
	char url[64];
	const struct smtp smtp = { .url = url, .sender = "socius@example.org" };
	const struct mail mail = {
		.pg = sql_connection(), .curl = curl, .arena = &arena, .smtp = &smtp
	};
	enum mail_turn turn;

	(void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", server.port); /* fits */
	sql_as("socius_runner");
	turn = mail_send_one(&mail, sql_text("select " SQL_NOW));
	sql_as(NULL);
	return turn;
}

static void
hang_up(void)
{
	curl_easy_cleanup(curl);
	curl = NULL;
	smtp_server_end(&server);
}

Test(mail, goes_to_the_server_and_is_forgotten)
{
	const char *id = given_letter("sign_up", "ada@example.com");

	smtp_server_start(&server);
	cr_expect_eq(send_one(), MAIL_SENT);
	cr_expect_eq(send_one(), MAIL_NONE);
	hang_up();
	cr_expect_eq(server.letters, 1);
	cr_expect_not_null(strstr(server.heard, "12345678"));
	cr_expect_str_eq(state_of(id), "sent1{}");
}

Test(mail, waits_where_the_server_wants_it_later)
{
	const char *id = given_letter("sign_up", "ada@example.com");

	server = (struct smtp_server){ .rcpt_reply = "451 4.3.0 later", .replies = 1 };
	smtp_server_start(&server);
	sql_run("update access.mail set made_at = clock_timestamp() where mail_id = '%s'", id);
	cr_expect_eq(send_one(), MAIL_SENT);
	cr_expect_str_eq(state_of(id), "queued1{\"code\": \"12345678\"}");
	cr_expect_eq(send_one(), MAIL_NONE);
	sql_run("update access.mail set retry_at = " SQL_NOW " where mail_id = '%s'", id);
	cr_expect_eq(send_one(), MAIL_SENT);
	hang_up();
	cr_expect_eq(server.letters, 1);
	cr_expect_str_eq(state_of(id), "sent2{}");
}

static int
audited(const char *id)
{
	return sql_count(
	    "select from access.audit_record where market_id = 0 and record_id = '%s' "
	    "and act = 'letter.send' and outcome = 'failed' and subject_id = record_id",
	    id);
}

Test(mail, has_failed_where_it_is_refused_and_operators_see_it)
{
	const char *id = given_letter("sign_up", "ada@example.com"),
		   *unknown = given_letter("postcard", "ada@example.com"),
		   *bad = given_letter("sign_up", "ada@example.com\r\nBcc: eve@example.com");

	server = (struct smtp_server){ .rcpt_reply = "550 5.1.1 nobody" };
	smtp_server_start(&server);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(send_one(), MAIL_SENT);
	hang_up();
	cr_expect_eq(server.letters, 0);
	cr_expect_null(strstr(server.heard, "Bcc"));
	cr_expect_str_eq(state_of(id), "failed1{}");
	cr_expect_eq(audited(id) + audited(unknown) + audited(bad), 3);
}

/* Who has taken it was killed: it is there again, for others, and goes perhaps a second time. */
Test(mail, is_there_again_when_its_sender_was_killed)
{
	const char *id = given_letter("sign_up", "ada@example.com");

	cr_expect_str_eq(sql_text("select mail_id from jobs.take_mail(" SQL_NOW ")"), id);
	cr_expect_eq(sql_count("select from jobs.take_mail(" SQL_NOW " + interval '59 s')"), 0);
	cr_expect_eq(sql_count("select from jobs.take_mail(" SQL_NOW " + interval '60 s')"), 1);
}

/* However many wait for a server that wants them later. */
Test(mail, goes_before_what_is_tried_again)
{
	const char *old = given_letter("sign_up", "ada@example.com"), *new;

	sql_run("select jobs.finish_mail('%s', 'later', " SQL_NOW ")", old);
	new = given_letter("sign_up", "bob@example.com");
	sql_run("update access.mail set made_at = made_at + interval '1 min' where mail_id = '%s'",
	    new);
	cr_expect_str_eq(
	    sql_text("select mail_id from jobs.take_mail(" SQL_NOW " + interval '2 min')"), new);
	cr_expect_str_eq(
	    sql_text("select mail_id from jobs.take_mail(" SQL_NOW " + interval '2 min')"), old);
}

Test(mail, has_failed_when_its_code_is_of_no_use)
{
	const char *id = given_letter("sign_up", "ada@example.com");

	sql_run("select jobs.finish_mail('%s', 'no', " SQL_NOW " + interval '16 min')", id);
	cr_expect_str_eq(state_of(id), "failed1{}");
	cr_expect_eq(audited(id), 1);
}
