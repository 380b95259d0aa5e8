/* outside: see outside.h. */
#include "run/outside.h"

#include "run/issuer.h"
#include "run/mail.h"
#include "run/privacy.h"
#include "socius/log.h"
#include "socius/world.h"

int
outside_letter(struct lane *lane, const char *now)
{
	struct outside *outside = lane->of;
	const struct mail mail = { lane->pg, outside->curl, &lane->arena, &outside->smtp,
		&outside->keyhole, outside->mail_folder, lane_is_over, lane };

	switch (mail_send_one(&mail, now)) {
	case MAIL_SENT:
		return 0;
	case MAIL_NONE:
		return LANE_IDLE_MS;
	default:
		return LANE_FAILED_MS;
	}
}

int
outside_person(struct lane *lane, const char *now)
{
	struct outside *outside = lane->of;

	return privacy_turn(lane->pg, &outside->keyhole, &lane->arena, now) ? 0 : LANE_IDLE_MS;
}

int
outside_issuer(struct lane *lane, const char *now)
{
	const struct outside *outside = lane->of;
	const struct fetch fetch = { outside->curl, outside->smtp.ca_file, outside->loopback,
		lane_is_over, lane };

	switch (issuer_refresh_one(lane->pg, &fetch, &lane->arena, now)) {
	case ISSUER_DONE:
		return 0;
	case ISSUER_NONE:
		return LANE_IDLE_MS;
	default:
		return LANE_FAILED_MS;
	}
}

void
outside_init(struct outside *outside, struct arena *arena)
{
	*outside = (struct outside){ 0 };
	smtp_settings(&outside->smtp, arena);
	keyhole_init(&outside->keyhole, arena);
	outside->loopback = world_setting_int("SOCIUS_PROVIDERS_ON_LOOPBACK", 0, 0, 1) == 1;
	outside->mail_folder = arena_print(arena, "%s/mail", world_setting("SOCIUS_VAR", "var"));
	outside->curl = curl_easy_init();
	if (outside->curl == NULL)
		log_die("libcurl cannot be used");
}

void
outside_release(struct outside *outside)
{
	keyhole_close(&outside->keyhole);
	curl_easy_cleanup(outside->curl);
}
