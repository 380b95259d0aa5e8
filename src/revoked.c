/* revoked: a hash set with open addressing; see revoked.h. */
#include "revoked.h"

#include "socius/log.h"

/* until_us 0: empty. */
struct place {
	struct uuid session;
	int64_t until_us;
};

struct revoked {
	struct place *places;
	int room, count; /* room is a power of two and at least twice the count */
};

static struct place *
places_new(int room)
{
	struct place *places = calloc((size_t)room, sizeof(*places));

	if (places == NULL)
		log_die("out of memory for ended sessions");
	return places;
}

struct revoked *
revoked_new(void)
{
	struct revoked *revoked = calloc(1, sizeof(*revoked));

	if (revoked == NULL)
		log_die("out of memory for ended sessions");
	revoked->room = REVOKED_PLACES_FIRST;
	revoked->places = places_new(revoked->room);
	return revoked;
}

void
revoked_free(struct revoked *revoked)
{
	free(revoked->places);
	free(revoked);
}

/* The last bytes of a session's id are chance. */
static struct place *
find(struct place *places, int room, const struct uuid *session)
{
	uint32_t at;

	memcpy(&at, session->byte + UUID_BYTES - sizeof(at), sizeof(at));
	for (;; at++) {
		struct place *place = &places[at & (uint32_t)(room - 1)];

		if (place->until_us == 0 || uuid_equal(&place->session, session))
			return place;
	}
}

/* Into a table with room enough for those that still count. */
static void
rebuild(struct revoked *revoked, int64_t now_us)
{
	struct place *old = revoked->places;
	int room = REVOKED_PLACES_FIRST, live = 0;

	for (int i = 0; i < revoked->room; i++)
		live += old[i].until_us > now_us;
	while (room < 4 * (live + 1))
		room *= 2;
	if (room > REVOKED_PLACES_MAX)
		log_die("too many sessions have ended at once: %d", live);
	revoked->places = places_new(room);
	for (int i = 0; i < revoked->room; i++)
		if (old[i].until_us > now_us)
			*find(revoked->places, room, &old[i].session) = old[i];
	revoked->room = room;
	revoked->count = live;
	free(old);
}

void
revoked_add(struct revoked *revoked, const struct uuid *session, int64_t until_us, int64_t now_us)
{
	struct place *place = find(revoked->places, revoked->room, session);

	if (place->until_us != 0 || until_us <= now_us)
		return;
	if (2 * (revoked->count + 1) > revoked->room) {
		rebuild(revoked, now_us);
		place = find(revoked->places, revoked->room, session);
	}
	*place = (struct place){ *session, until_us };
	revoked->count++;
}

bool
revoked_has(const struct revoked *revoked, const struct uuid *session)
{
	return revoked->count > 0 && find(revoked->places, revoked->room, session)->until_us != 0;
}

int
revoked_count(const struct revoked *revoked)
{
	return revoked->count;
}
