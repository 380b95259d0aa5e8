/* outside: see outside.h. */
#include "run/outside.h"

#include <errno.h>
#include <poll.h>

#include "run/issuer.h"
#include "run/mail.h"
#include "run/privacy.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/world.h"

enum { IDLE_MS = 200, FAILED_MS = 1000 };

/* Statements are short; none stays open while something is on its way. */
#define OUTSIDE_OPTIONS \
	"-c statement_timeout=10000 -c lock_timeout=5000 " \
	"-c idle_in_transaction_session_timeout=10000"

static bool
is_over(void *of)
{
	const struct outside *outside = of;
	struct pollfd polled = { .fd = outside->signals, .events = POLLIN };

	return poll(&polled, 1, 0) > 0;
}

static void
rest(const struct outside *outside, int timeout_ms)
{
	struct pollfd polled = { .fd = outside->signals, .events = POLLIN };

	(void)poll(&polled, 1, timeout_ms); /* is_over asks anew */
}

static bool
is_connected(struct outside *outside)
{
	const char *const keywords[] = { "connect_timeout", "tcp_user_timeout", "dbname",
		"application_name", "client_encoding", "options", NULL };
	const char *const values[] = { "5", "10000", outside->conninfo, "socius-run-outside",
		"UTF8", OUTSIDE_OPTIONS, NULL };

	if (outside->pg != NULL && PQstatus(outside->pg) != CONNECTION_OK) {
		PQfinish(outside->pg);
		outside->pg = NULL;
	}
	if (outside->pg == NULL)
		outside->pg = PQconnectdbParams(keywords, values, 1);
	return PQstatus(outside->pg) == CONNECTION_OK;
}

/* A key or export, or one letter and one issuer; returns how long to wait before the next. */
static int
turn(struct outside *outside)
{
	const struct mail mail = { outside->pg, outside->curl, &outside->arena, &outside->smtp,
		&outside->keyhole, outside->mail_folder, is_over, outside };
	const struct fetch fetch = { outside->curl, outside->smtp.ca_file, outside->loopback,
		is_over, outside };
	char now[INSTANT_TEXT_BYTES_MAX];
	enum mail_turn letter;
	enum issuer_turn issuer;

	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	if (privacy_turn(outside->pg, &outside->keyhole, &outside->arena, now))
		return 0;
	letter = mail_send_one(&mail, now);
	issuer = issuer_refresh_one(outside->pg, &fetch, &outside->arena, now);
	if (letter == MAIL_FAILED || issuer == ISSUER_FAILED)
		return FAILED_MS;
	return letter == MAIL_NONE && issuer == ISSUER_NONE ? IDLE_MS : 0;
}

static void *
run(void *of)
{
	struct outside *outside = of;

	while (!is_over(outside))
		rest(outside, is_connected(outside) ? turn(outside) : FAILED_MS);
	return NULL;
}

void
outside_start(struct outside *outside, const char *conninfo, int signals, struct arena *arena)
{
	int fault;

	*outside = (struct outside){ .conninfo = conninfo, .signals = signals };
	arena_init(&outside->arena);
	smtp_settings(&outside->smtp, arena);
	keyhole_init(&outside->keyhole, arena);
	outside->loopback = world_setting_int("SOCIUS_PROVIDERS_ON_LOOPBACK", 0, 0, 1) == 1;
	outside->mail_folder = arena_print(arena, "%s/mail", world_setting("SOCIUS_VAR", "var"));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		log_die("libcurl cannot be used");
	outside->curl = curl_easy_init();
	if (outside->curl == NULL)
		log_die("libcurl cannot be used");
	fault = pthread_create(&outside->thread, NULL, run, outside);
	if (fault != 0)
		log_die("pthread_create: %s", strerror(fault));
}

void
outside_end(struct outside *outside)
{
	(void)pthread_join(outside->thread, NULL); /* it is ours and was joined by nobody */
	PQfinish(outside->pg);
	keyhole_close(&outside->keyhole);
	curl_easy_cleanup(outside->curl);
	curl_global_cleanup();
	arena_release(&outside->arena);
}
