/*
 * signing_keys: the keys of access tokens, rotated, listed and removed while the instance works.
 *
 * The newest key signs. One that was replaced verifies on, until the last of its tokens is over:
 * the API's own live for a day at most, and `token` notes beside the key how long those live that
 * it makes (<kid>.until).
 */
#include "signing_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "identities.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/world.h"

/* Tokens of test cities live for a day, all others of the API for ten minutes. */
#define API_TOKENS_LIVE_US ((86400 + TOKEN_SKEW_S) * INT64_C(1000000))

static const char *
folder_of(struct ctl *ctl)
{
	return arena_print(&ctl->arena, "%s/keys", ctl->settings.var);
}

static const char *
note_path(struct ctl *ctl, const char *kid)
{
	return arena_print(&ctl->arena, "%s/%s.until", folder_of(ctl), kid);
}

/* The end of the last token that `token` has made with the key; 0: it has made none. */
static int64_t
noted_us(struct ctl *ctl, const char *kid)
{
	struct text note = files_read_if_there(&ctl->arena, note_path(ctl, kid));

	return note.at == NULL ? 0 : strtoll(note.at, NULL, 10);
}

void
keys_note(struct ctl *ctl, const char *kid, int64_t until_us)
{
	if (until_us > noted_us(ctl, kid))
		files_write(&ctl->arena, note_path(ctl, kid),
		    text_of(arena_print(&ctl->arena, "%lld\n", (long long)until_us)), 0600);
}

static void
load(struct ctl *ctl, struct token_keys *keys)
{
	const char *why = token_keys_load(keys, folder_of(ctl));

	if (why != NULL)
		log_die("the keys in %s are not usable: %s", folder_of(ctl), why);
}

/* Until when tokens of a key may live; INT64_MAX: it signs. */
static int64_t
lives_until_us(struct ctl *ctl, const struct token_keys *keys, int at)
{
	int64_t replaced_ns = INT64_MAX, until_us, noted = noted_us(ctl, keys->keys[at].kid);

	if (at == keys->newest)
		return INT64_MAX;
	for (int i = 0; i < keys->count; i++)
		if (keys->keys[i].written_ns >= keys->keys[at].written_ns && i != at &&
		    keys->keys[i].written_ns < replaced_ns)
			replaced_ns = keys->keys[i].written_ns;
	until_us = replaced_ns / 1000 + API_TOKENS_LIVE_US;
	return noted > until_us ? noted : until_us;
}

static int
list(struct ctl *ctl, const struct token_keys *keys)
{
	for (int i = 0; i < keys->count; i++) {
		int64_t until_us = lives_until_us(ctl, keys, i);
		char made[INSTANT_TEXT_BYTES_MAX], until[INSTANT_TEXT_BYTES_MAX];

		/* their lengths do not matter here */
		(void)instant_write(keys->keys[i].written_ns / 1000, made);
		if (until_us == INT64_MAX)
			(void)printf("%s  made %s  signs\n", keys->keys[i].kid, made);
		else if (until_us > world_now_us() && instant_write(until_us, until) > 0)
			(void)printf(
			    "%s  made %s  verifies until %s\n", keys->keys[i].kid, made, until);
		else
			(void)printf("%s  made %s  may be removed\n", keys->keys[i].kid, made);
	}
	return 0;
}

static int
rotate(struct ctl *ctl)
{
	char kid[TOKEN_KID_BYTES_MAX + 1];
	const char *why = token_key_make(folder_of(ctl), kid);

	if (why != NULL)
		log_die("%s", why);
	identities_share_keys(ctl);
	(void)puts(kid);
	return 0;
}

static int
remove_key(struct ctl *ctl, const struct token_keys *keys, const char *kid, bool forced)
{
	const char *path = arena_print(&ctl->arena, "%s/%s.key", folder_of(ctl), kid);
	int at = 0;

	while (at < keys->count && strcmp(keys->keys[at].kid, kid) != 0)
		at++;
	if (at == keys->count)
		log_die("there is no key %s; see ./socius keys list", kid);
	if (keys->count == 1)
		log_die("it is the only key: ./socius keys rotate makes another one");
	if (!forced && lives_until_us(ctl, keys, at) > world_now_us())
		log_die("tokens of this key may be in use, see ./socius keys list; --force ends "
			"them");
	if (unlink(path) != 0)
		log_die("cannot remove %s: %s", path, strerror(errno));
	(void)unlink(note_path(ctl, kid)); /* there may be none */
	return 0;
}

int
keys_run(struct ctl *ctl)
{
	const char *what = options_word(ctl), *kid = NULL;
	bool forced = options_flag(ctl, "--force");
	struct token_keys keys;

	if (what != NULL && strcmp(what, "remove") == 0)
		kid = options_word(ctl);
	options_end(ctl);
	load(ctl, &keys);
	if (what != NULL && strcmp(what, "list") == 0)
		return list(ctl, &keys);
	if (what != NULL && strcmp(what, "rotate") == 0)
		return rotate(ctl);
	if (kid != NULL)
		return remove_key(ctl, &keys, kid, forced);
	log_die("./socius keys list, keys rotate or keys remove KID [--force]");
}
