/* limit: buckets of tokens in shared memory; see limit.h. */
#include "limit.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "socius/log.h"
#include "socius/world.h"

#define NS_PER_S INT64_C(1000000000)

/* One bucket: whose it is (0: nobody's) and when it will be full again. */
struct place {
	_Atomic uint64_t who;
	_Atomic int64_t full_ns;
};

struct limit {
	int64_t per_s, burst;
	int64_t each_ns; /* until one request has grown back */
	uint64_t seed;   /* of the hash, so that nobody can aim at a place */
	struct place places[LIMIT_PLACES];
};

struct limit *
limit_new(int64_t per_s, int64_t burst)
{
	struct limit *limit =
	    mmap(NULL, sizeof(*limit), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (limit == MAP_FAILED)
		log_die("no shared memory for rate limits: %s", strerror(errno));
	limit->per_s = per_s;
	limit->burst = burst > 0 ? burst : 1;
	limit->each_ns = per_s > 0 ? NS_PER_S / per_s : 0;
	world_chance(&limit->seed, sizeof(limit->seed));
	return limit;
}

void
limit_free(struct limit *limit)
{
	(void)munmap(limit, sizeof(*limit)); /* it was mapped with this size */
}

/* FNV-1a from a secret seed, then mixed so that the low bits depend on all. Never 0. */
static uint64_t
hash(const struct limit *limit, struct text who)
{
	uint64_t value = limit->seed ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < who.bytes; i++)
		value = (value ^ (unsigned char)who.at[i]) * UINT64_C(0x100000001b3);
	value ^= value >> 32;
	value *= UINT64_C(0xd6e8feb86659fd93);
	value ^= value >> 32;
	return value != 0 ? value : 1;
}

/* The bucket of `who`: its own, or the fullest of the neighbourhood, taken over. */
static struct place *
find_place(struct limit *limit, uint64_t who)
{
	for (;;) {
		struct place *fullest = &limit->places[who % LIMIT_PLACES];
		uint64_t owner;

		for (uint64_t i = 0; i < LIMIT_NEIGHBOURS; i++) {
			struct place *place = &limit->places[(who + i) % LIMIT_PLACES];

			if (atomic_load(&place->who) == who)
				return place;
			if (atomic_load(&place->full_ns) < atomic_load(&fullest->full_ns))
				fullest = place;
		}
		owner = atomic_load(&fullest->who);
		if (atomic_compare_exchange_strong(&fullest->who, &owner, who)) {
			atomic_store(&fullest->full_ns, 0);
			return fullest;
		}
	}
}

static int64_t
ceil_s(int64_t ns)
{
	return ns <= 0 ? 0 : (ns + NS_PER_S - 1) / NS_PER_S;
}

struct limit_state
limit_take(struct limit *limit, struct text who, int64_t monotonic_us)
{
	struct limit_state state = { .limited = limit->per_s > 0, .allowed = true };
	int64_t now_ns = monotonic_us * 1000, room_ns = limit->burst * limit->each_ns;
	int64_t full_ns, after_ns;
	struct place *place;

	if (!state.limited)
		return state;
	place = find_place(limit, hash(limit, who));
	full_ns = atomic_load(&place->full_ns);
	do {
		after_ns = (full_ns > now_ns ? full_ns : now_ns) + limit->each_ns;
		state.allowed = after_ns - now_ns <= room_ns;
		if (!state.allowed)
			break;
	} while (!atomic_compare_exchange_weak(&place->full_ns, &full_ns, after_ns));
	if (!state.allowed) {
		state.retry_after_s = ceil_s(after_ns - now_ns - room_ns);
		after_ns = full_ns;
	}
	state.left = (room_ns - (after_ns - now_ns)) / limit->each_ns;
	state.full_in_s = ceil_s(after_ns - now_ns);
	return state;
}

void
limit_policy(const struct limit *limit, char to[LIMIT_HEADER_BYTES_MAX])
{
	(void)snprintf(to, LIMIT_HEADER_BYTES_MAX, "\"default\";q=%lld;w=%lld",
	    (long long)limit->burst,
	    (long long)(limit->per_s > 0 ? (limit->burst + limit->per_s - 1) / limit->per_s : 0));
}

void
limit_header(const struct limit_state *state, char to[LIMIT_HEADER_BYTES_MAX])
{
	(void)snprintf(to, LIMIT_HEADER_BYTES_MAX, "\"default\";r=%lld;t=%lld",
	    (long long)state->left, (long long)state->full_in_s);
}
