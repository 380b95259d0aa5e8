/* keyhole: see keyhole.h. */
#include "run/keyhole.h"

#include "socius/arena.h"
#include "socius/log.h"
#include "socius/world.h"

void
keyhole_init(struct keyhole *keyhole, struct arena *arena)
{
	*keyhole = (struct keyhole){
		.conninfo = arena_print(arena,
		    "%s user=socius_runner connect_timeout=5 tcp_user_timeout=10000 "
		    "options='-c statement_timeout=5000 -c lock_timeout=2000'",
		    world_setting("SOCIUS_KEYS_CONNINFO", "dbname=socius_keys")),
		.kek_folder = world_setting("SOCIUS_KEK_FOLDER",
		    world_setting("SOCIUS_KEYS",
			arena_print(arena, "%s/keys", world_setting("SOCIUS_VAR", "var")))),
	};
}

void
keyhole_close(struct keyhole *keyhole)
{
	PQfinish(keyhole->pg);
	keyhole->pg = NULL;
}

bool
keyhole_open(struct keyhole *keyhole)
{
	const char *why = kek_load(&keyhole->ring, keyhole->kek_folder);

	if (why != NULL)
		log_line(LOG_LEVEL_WARN, "keks.unusable", "why", why, NULL);
	if (keyhole->ring.count == 0)
		return false;
	if (keyhole->pg != NULL && PQstatus(keyhole->pg) != CONNECTION_OK)
		keyhole_close(keyhole);
	if (keyhole->pg == NULL)
		keyhole->pg = PQconnectdb(keyhole->conninfo);
	return PQstatus(keyhole->pg) == CONNECTION_OK;
}

enum person_key_answer
keyhole_address(struct keyhole *keyhole, struct arena *arena, const char *person, const char *cell,
    const char **clear)
{
	enum person_key_answer answer;
	struct uuid id;
	struct text text;

	*clear = cell;
	if (person[0] == '\0')
		return PERSON_KEY_FOUND;
	if (!uuid_read(text_of(person), &id) || !keyhole_open(keyhole))
		return PERSON_KEY_FAILED;
	answer = person_key_open(keyhole->pg, &keyhole->ring, arena, "access.credential.email", &id,
	    text_of(cell), &text);
	if (answer == PERSON_KEY_FOUND)
		*clear = arena_copy(arena, text.at, text.bytes);
	return answer;
}
