/* person_key: see person_key.h. */
#include "person_key.h"

#include <openssl/crypto.h>

#include "socius/log.h"
#include "socius/world.h"

static PGresult *
ask(PGconn *pg, const struct kek_ring *ring, const struct uuid *person, bool makes)
{
	uint8_t key[SEAL_KEY_BYTES], wrapped[SEAL_WRAPPED_BYTES];
	const char *const values[] = { (const char *)person->byte, (const char *)wrapped };
	const int lengths[] = { UUID_BYTES, SEAL_WRAPPED_BYTES }, formats[] = { 1, 1 };

	if (!makes)
		return PQexecParams(pg, "select wrapped from keys.find_keys($1::bytea)", 1, NULL,
		    values, lengths, formats, 1);
	world_chance(key, sizeof(key));
	seal_wrap(ring, person, key, wrapped);
	OPENSSL_cleanse(key, sizeof(key));
	return PQexecParams(pg, "select wrapped from keys.make_keys($1::bytea, $2::bytea)", 2, NULL,
	    values, lengths, formats, 1);
}

enum person_key_answer
person_key_get(PGconn *pg, const struct kek_ring *ring, const struct uuid *person, bool makes,
    uint8_t key[SEAL_KEY_BYTES])
{
	enum person_key_answer answer = PERSON_KEY_FAILED;
	PGresult *result = ask(pg, ring, person, makes);

	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
		log_line(LOG_LEVEL_ERROR, "person_key.failed", "error", PQerrorMessage(pg), NULL);
	else if (PQgetisnull(result, 0, 0))
		answer = PERSON_KEY_GONE;
	else if (PQgetlength(result, 0, 0) == SEAL_WRAPPED_BYTES &&
		 seal_unwrap(ring, person, (const uint8_t *)PQgetvalue(result, 0, 0), key))
		answer = PERSON_KEY_FOUND;
	else
		log_line(LOG_LEVEL_ERROR, "seal.key_unusable", NULL);
	PQclear(result);
	return answer;
}

enum person_key_answer
person_key_open(PGconn *pg, const struct kek_ring *ring, struct arena *arena, const char *place,
    const struct uuid *row, struct text cell, struct text *clear)
{
	uint8_t key[SEAL_KEY_BYTES];
	enum person_key_answer answer;
	struct uuid person;

	*clear = cell;
	if (!seal_person(cell, &person))
		return PERSON_KEY_FOUND;
	answer = person_key_get(pg, ring, &person, false, key);
	if (answer != PERSON_KEY_FOUND)
		return answer;
	if (seal_open(arena, key, place, row, cell, clear))
		return PERSON_KEY_FOUND;
	log_line(LOG_LEVEL_ERROR, "seal.broken", "place", place, NULL);
	return PERSON_KEY_FAILED;
}
