/* smtp: letters handed to a server that takes them, or does not. */
#include <criterion/criterion.h>
#include <signal.h>

#include "run/smtp.h"
#include "smtp_server.h"

static CURL *curl;
static char why[CURL_ERROR_SIZE];
static char url[64];

static void
begin(void)
{
	cr_assert_neq(signal(SIGPIPE, SIG_IGN), SIG_ERR);
	cr_assert_eq(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	curl = curl_easy_init();
	cr_assert_not_null(curl);
}

static void
end(void)
{
	curl_easy_cleanup(curl);
	curl_global_cleanup();
}

TestSuite(smtp, .init = begin, .fini = end);

static struct smtp
of(const struct smtp_server *server)
{
	(void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", server->port); /* fits */
	return (struct smtp){ .url = url, .sender = "socius@example.org" };
}

static enum smtp_outcome
hand_over(const struct smtp *smtp)
{
	return smtp_send(curl, smtp, "ada@example.com", TEXT("Subject: x\r\n\r\n.one\r\ntwo\r\n"),
	    NULL, NULL, why);
}

/* The connection that is kept for the next letter is the client's to end. */
static void
hang_up(struct smtp_server *server)
{
	curl_easy_cleanup(curl);
	curl = curl_easy_init();
	smtp_server_end(server);
}

Test(smtp, hands_letters_over_by_one_connection)
{
	struct smtp_server server = { 0 };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	cr_expect_eq(hand_over(&smtp), SMTP_ACCEPTED, "%s", why);
	cr_expect_eq(hand_over(&smtp), SMTP_ACCEPTED, "%s", why);
	hang_up(&server);
	cr_expect_eq(server.letters, 2);
	cr_expect_not_null(strstr(server.heard, "MAIL FROM:<socius@example.org>\n"));
	cr_expect_not_null(strstr(server.heard, "RCPT TO:<ada@example.com>\n"));
	cr_expect_not_null(strstr(server.heard, "\n..one\ntwo\n.\n"));
	cr_expect_null(strstr(strstr(server.heard, "EHLO") + 1, "EHLO"));
}

/* Refused for now, and then taken; refused for ever. */
Test(smtp, tells_what_is_for_now_from_what_is_for_ever)
{
	static const struct {
		const char *rcpt, *data;
		enum smtp_outcome first, second;
	} cases[] = { { "451 4.3.0 later", NULL, SMTP_LATER, SMTP_ACCEPTED },
		{ NULL, "452 4.3.1 full", SMTP_LATER, SMTP_ACCEPTED },
		{ "550 5.1.1 nobody", NULL, SMTP_REFUSED, SMTP_ACCEPTED },
		{ NULL, "554 5.7.1 no", SMTP_REFUSED, SMTP_ACCEPTED } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smtp_server server = {
			.rcpt_reply = cases[i].rcpt, .data_reply = cases[i].data, .replies = 1
		};
		struct smtp smtp;

		smtp_server_start(&server);
		smtp = of(&server);
		cr_expect_eq(hand_over(&smtp), cases[i].first, "%zu: %s", i, why);
		cr_expect_eq(hand_over(&smtp), cases[i].second, "%zu: %s", i, why);
		hang_up(&server);
		cr_expect_eq(server.letters, 1);
	}
}

Test(smtp, waits_for_a_server_that_is_away)
{
	struct smtp_server server = { 0 };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	smtp_server_end(&server);
	cr_expect_eq(hand_over(&smtp), SMTP_LATER);
	cr_expect_neq(why[0], '\0');
}

Test(smtp, encrypts_and_wants_the_certificate_of_the_name)
{
	struct smtp_server server = { .offers_tls = true, .demands_tls = true };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	smtp.demands_tls = true;
	cr_expect_eq(hand_over(&smtp), SMTP_LATER, "nobody has said whom to trust");
	smtp.ca_file = server.ca_file;
	cr_expect_eq(hand_over(&smtp), SMTP_ACCEPTED, "%s", why);
	hang_up(&server);
	cr_expect(server.was_encrypted);
	cr_expect_eq(server.letters, 1);
}

Test(smtp, says_nothing_to_a_server_that_does_not_encrypt)
{
	struct smtp_server server = { .auth = "AHVzZXIAc2VjcmV0" };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	smtp.demands_tls = true;
	smtp.user = "user";
	smtp.password = "secret";
	cr_expect_eq(hand_over(&smtp), SMTP_LATER);
	hang_up(&server);
	cr_expect_null(strstr(server.heard, "AUTH"));
	cr_expect_null(strstr(server.heard, "MAIL"));
}

/* On this machine what is offered is taken, whoever signed the certificate. */
Test(smtp, encrypts_on_loopback_where_it_is_offered)
{
	struct smtp_server server = { .offers_tls = true };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	cr_expect_eq(hand_over(&smtp), SMTP_ACCEPTED, "%s", why);
	hang_up(&server);
	cr_expect(server.was_encrypted);
}

Test(smtp, signs_in_and_comes_again_where_it_could_not)
{
	struct smtp_server server = { .auth = "AHVzZXIAc2VjcmV0" };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	smtp.user = "user";
	smtp.password = "wrong";
	cr_expect_eq(hand_over(&smtp), SMTP_LATER, "the letter has not failed");
	smtp.password = "secret";
	cr_expect_eq(hand_over(&smtp), SMTP_ACCEPTED, "%s", why);
	hang_up(&server);
	cr_expect(server.was_authenticated);
	cr_expect_null(strstr(server.heard, "secret"));
}

static bool
at_once(void *nothing)
{
	(void)nothing;
	return true;
}

Test(smtp, ends_when_it_is_told_to)
{
	struct smtp_server server = { .is_mute = true };
	struct smtp smtp;

	smtp_server_start(&server);
	smtp = of(&server);
	cr_expect_eq(
	    smtp_send(curl, &smtp, "ada@example.com", TEXT("x"), at_once, NULL, why), SMTP_LATER);
	hang_up(&server);
}

static struct smtp
settings(const char *smtp_url, const char *sender)
{
	static struct arena arena;
	struct smtp smtp;

	cr_assert_eq(setenv("SOCIUS_SMTP_URL", smtp_url, 1), 0);
	cr_assert_eq(setenv("SOCIUS_MAIL_SENDER", sender, 1), 0);
	arena_init(&arena);
	smtp_settings(&smtp, &arena);
	arena_release(&arena);
	return smtp;
}

Test(smtp, goes_unencrypted_to_this_machine_only)
{
	cr_expect(settings("smtp://mail.example.org:587", "s@example.org").demands_tls);
	cr_expect(settings("smtp://127.0.0.1.example.org", "s@example.org").demands_tls);
	cr_expect(settings("smtps://localhost", "s@example.org").demands_tls);
	cr_expect_not(settings("smtp://localhost:2525", "s@example.org").demands_tls);
	cr_expect_not(settings("smtp://127.0.0.1", "s@example.org").demands_tls);
	cr_expect_not(settings("smtp://[::1]:25", "s@example.org").demands_tls);
}

#define DIES(name, url, sender) \
	Test(smtp, name, .exit_code = 1) \
	{ \
		(void)settings(url, sender); \
	}

DIES(wants_no_other_scheme, "https://mail.example.org", "s@example.org")
DIES(wants_no_password_in_the_url, "smtp://u:p@mail.example.org", "s@example.org")
DIES(wants_no_path, "smtp://mail.example.org/x", "s@example.org")
DIES(wants_to_know_who_writes, "smtp://mail.example.org", "")
DIES(wants_an_address_of_who_writes, "smtp://mail.example.org", "s@example.org>\r\nX: y")
