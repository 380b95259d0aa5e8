/* limit: buckets of tokens in shared memory; see limit.h. */
#include "limit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "socius/log.h"
#include "socius/world.h"

#define NS_PER_S INT64_C(1000000000)

enum { DEFAULT_PER_S = 100, RATE_MAX = 1000000, NETWORK_BYTES = 7 };

/* One bucket: whose it is (0: nobody's) and when it will be full again. */
struct place {
	_Atomic uint64_t who;
	_Atomic int64_t full_ns;
};

/* What one worker holds for somebody; only that worker writes it. */
struct held {
	_Atomic uint64_t who;
	_Atomic int64_t count;
};

struct limit {
	int64_t most[LIMIT_HOLDINGS]; /* 0: no limit */
	struct limit_rate rates[LIMIT_RATES];
	int64_t each_ns[LIMIT_RATES]; /* until one request has grown back; 0: no limit */
	char policies[LIMIT_RATES][LIMIT_HEADER_BYTES_MAX];
	uint64_t seed; /* of the hash, so that nobody can aim at a place */
	struct place places[LIMIT_PLACES];
	_Atomic int workers; /* that have begun */
	struct held held[LIMIT_WORKERS_MAX][LIMIT_HELD_PLACES];
};

static int own_worker; /* of this process */

const struct limit_setting limit_settings[LIMIT_RATES] = {
	[LIMIT_READ] = { "SOCIUS_RATE_PER_S", "SOCIUS_RATE_BURST" },
	[LIMIT_WRITE] = { "SOCIUS_RATE_WRITE_PER_S", "SOCIUS_RATE_WRITE_BURST" },
	[LIMIT_AUTH] = { "SOCIUS_RATE_AUTH_PER_S", "SOCIUS_RATE_AUTH_BURST" },
	[LIMIT_EXPORT] = { "SOCIUS_RATE_EXPORT_PER_S", "SOCIUS_RATE_EXPORT_BURST" },
	[LIMIT_SERVICE] = { "SOCIUS_RATE_SERVICE_PER_S", "SOCIUS_RATE_SERVICE_BURST" },
	[LIMIT_COSTLY] = { "SOCIUS_RATE_COSTLY_PER_HOUR", "SOCIUS_RATE_COSTLY_BURST" },
	[LIMIT_DOCUMENT] = { "SOCIUS_RATE_DOCUMENT_PER_S", "SOCIUS_RATE_DOCUMENT_BURST" },
	[LIMIT_PROBE] = { "SOCIUS_RATE_PROBE_PER_S", "SOCIUS_RATE_PROBE_BURST" },
	[LIMIT_NETWORK] = { "SOCIUS_RATE_NETWORK_PER_S", "SOCIUS_RATE_NETWORK_BURST" },
};

const struct limit_holding_setting limit_holding_settings[LIMIT_HOLDINGS] = {
	[LIMIT_CONNECTIONS] = { "SOCIUS_CONNECTIONS_PER_NETWORK", 1024 },
	[LIMIT_NETWORK_STREAMS] = { "SOCIUS_STREAMS_PER_NETWORK", 512 },
	[LIMIT_ACCOUNT_STREAMS] = { "SOCIUS_STREAMS_PER_ACCOUNT", 10 },
};

/* What follows from the rate of reads, and how many are allowed at once: so many times the rate. */
static const struct {
	int times, parts, bursts, over_s;
} defaults[LIMIT_RATES] = {
	[LIMIT_READ] = { 1, 1, 2, 1 },
	[LIMIT_WRITE] = { 1, 1, 2, 1 },
	[LIMIT_AUTH] = { 1, 5, 2, 1 },
	[LIMIT_EXPORT] = { 1, 20, 2, 1 },
	[LIMIT_SERVICE] = { 10, 1, 2, 1 },
	[LIMIT_COSTLY] = { 1, 10, 1, 3600 },
	[LIMIT_DOCUMENT] = { 1, 5, 2, 1 },
	[LIMIT_PROBE] = { 1, 5, 2, 1 },
	[LIMIT_NETWORK] = { 10, 1, 2, 1 },
};

static const char *const names[LIMIT_RATES] = {
	[LIMIT_READ] = "read",
	[LIMIT_WRITE] = "write",
	[LIMIT_AUTH] = "auth",
	[LIMIT_EXPORT] = "export",
	[LIMIT_SERVICE] = "service",
	[LIMIT_COSTLY] = "costly",
	[LIMIT_DOCUMENT] = "document",
	[LIMIT_PROBE] = "probe",
	[LIMIT_NETWORK] = "network",
};

void
limit_read_settings(struct limit_rate rates[LIMIT_RATES])
{
	int64_t first = DEFAULT_PER_S;

	for (int i = 0; i < LIMIT_RATES; i++) {
		const struct limit_setting *setting = &limit_settings[i];
		int64_t otherwise =
		    (first * defaults[i].times + defaults[i].parts - 1) / defaults[i].parts;

		if (otherwise > RATE_MAX)
			otherwise = RATE_MAX;
		rates[i].count = world_setting_int(setting->rate, otherwise, 0, RATE_MAX);
		rates[i].burst = world_setting_int(
		    setting->burst, defaults[i].bursts * rates[i].count, 0, 2 * RATE_MAX);
		rates[i].over_s = defaults[i].over_s;
		if (i == 0)
			first = rates[i].count;
	}
}

enum limit_class
limit_class_of(const struct endpoint *endpoint)
{
	if (endpoint == NULL)
		return LIMIT_READ;
	if (endpoint->costly)
		return LIMIT_COSTLY;
	if (endpoint->pool || (endpoint->scope == NULL && endpoint->method != GET))
		return LIMIT_AUTH;
	if (endpoint->slow || endpoint->gives == DOWNLOAD || endpoint->gives == STREAM)
		return LIMIT_EXPORT;
	return endpoint->method == GET ? LIMIT_READ : LIMIT_WRITE;
}

static int64_t
window_s(const struct limit_rate *rate)
{
	return (rate->burst * rate->over_s + rate->count - 1) / rate->count;
}

/* Whether requests of the class are among those of their network. */
static bool is_of_network(enum limit_class class)
{
	return class != LIMIT_NETWORK && class != LIMIT_PROBE;
}

/* The class's own and the network's, where they are limits. */
static void
write_policy(struct limit *limit, enum limit_class class)
{
	const enum limit_class both[] = { class, LIMIT_NETWORK };
	char *to = limit->policies[class];
	int used = 0;

	for (int i = 0; i < (is_of_network(class) ? 2 : 1); i++) {
		const struct limit_rate *rate = &limit->rates[both[i]];

		if (rate->count > 0)
			used += snprintf(to + used, LIMIT_HEADER_BYTES_MAX - (size_t)used,
			    "%s\"%s\";q=%" PRId64 ";w=%" PRId64, used > 0 ? ", " : "",
			    names[both[i]], rate->burst, window_s(rate));
	}
}

struct limit *
limit_new(const struct limit_rate rates[LIMIT_RATES])
{
	struct limit *limit =
	    mmap(NULL, sizeof(*limit), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (limit == MAP_FAILED)
		log_die("no shared memory for rate limits: %s", strerror(errno));
	for (int i = 0; i < LIMIT_RATES; i++) {
		limit->rates[i].count = rates[i].count;
		limit->rates[i].burst = rates[i].burst > 0 ? rates[i].burst : 1;
		limit->rates[i].over_s = rates[i].over_s > 0 ? rates[i].over_s : 1;
		if (rates[i].count > 0)
			limit->each_ns[i] = limit->rates[i].over_s * NS_PER_S / rates[i].count;
	}
	for (int i = 0; i < LIMIT_RATES; i++)
		write_policy(limit, (enum limit_class)i);
	world_chance(&limit->seed, sizeof(limit->seed));
	return limit;
}

void
limit_free(struct limit *limit)
{
	(void)munmap(limit, sizeof(*limit)); /* it was mapped with this size */
}

static uint64_t
mix(uint64_t value, const void *from, size_t bytes)
{
	const unsigned char *at = from;

	for (size_t i = 0; i < bytes; i++)
		value = (value ^ at[i]) * UINT64_C(0x100000001b3);
	return value;
}

/* FNV-1a from a secret seed, then mixed so that the low bits depend on all. Never 0. */
static uint64_t
hash(const struct limit *limit, unsigned char first, struct text who)
{
	uint64_t value = mix(limit->seed ^ UINT64_C(0xcbf29ce484222325), &first, sizeof(first));

	value = mix(value, who.at, who.bytes);
	value ^= value >> 32;
	value *= UINT64_C(0xd6e8feb86659fd93);
	value ^= value >> 32;
	return value != 0 ? value : 1;
}

/* Whether the IPv6 address is one of IPv4, in its last four bytes: mapped (RFC 4291 section
 * 2.5.5.2) or translated (RFC 6052 section 2.1). */
static bool
is_of_ipv4(const struct in6_addr *address)
{
	static const unsigned char translated[] = { 0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0 };

	return IN6_IS_ADDR_V4MAPPED(address) ||
	       memcmp(address, translated, sizeof(translated)) == 0;
}

/* An IPv4 address, however it is written, or the /56 of IPv6 that one subscriber has, as for
 * guesses at sign-in. */
static struct text
network_of(const char *peer, unsigned char room[sizeof(struct in6_addr)])
{
	struct in6_addr parsed;

	if (inet_pton(AF_INET, peer, room) == 1)
		return (struct text){ (const char *)room, sizeof(struct in_addr) };
	if (inet_pton(AF_INET6, peer, &parsed) != 1)
		return text_of(peer);
	memcpy(room, &parsed, sizeof(parsed));
	if (is_of_ipv4(&parsed))
		return (struct text){ (const char *)room + 12, sizeof(struct in_addr) };
	return (struct text){ (const char *)room, NETWORK_BYTES };
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

/* Takes one out of one bucket; `place` is where, for giving back. */
static struct limit_state
take(struct limit *limit, enum limit_class class, struct text who, int64_t now_ns,
    struct place **place)
{
	struct limit_state state = { .limited = limit->each_ns[class] > 0, .allowed = true };
	int64_t each_ns = limit->each_ns[class], room_ns = limit->rates[class].burst * each_ns;
	int64_t full_ns, after_ns;

	state.of = class;
	if (!state.limited)
		return state;
	*place = find_place(limit, hash(limit, (unsigned char)class, who));
	full_ns = atomic_load(&(*place)->full_ns);
	do {
		after_ns = (full_ns > now_ns ? full_ns : now_ns) + each_ns;
		state.allowed = after_ns - now_ns <= room_ns;
		if (!state.allowed)
			break;
	} while (!atomic_compare_exchange_weak(&(*place)->full_ns, &full_ns, after_ns));
	if (!state.allowed) {
		state.retry_after_s = ceil_s(after_ns - now_ns - room_ns);
		after_ns = full_ns;
	}
	state.left = (room_ns - (after_ns - now_ns)) / each_ns;
	state.full_in_s = ceil_s(after_ns - now_ns);
	return state;
}

/* Whether the first is nearer its end, as a part of its burst. */
static bool
is_nearer(const struct limit *limit, const struct limit_state *a, const struct limit_state *b)
{
	return a->limited && (!b->limited || a->left * limit->rates[b->of].burst <=
						 b->left * limit->rates[a->of].burst);
}

struct limit_state
limit_take(struct limit *limit, enum limit_class class, struct text account, const char *peer,
    int64_t monotonic_us)
{
	unsigned char room[sizeof(struct in6_addr)];
	struct text network = network_of(peer, room);
	struct limit_state own, all;
	struct place *place = NULL, *of_network;

	own =
	    take(limit, class, account.bytes > 0 ? account : network, monotonic_us * 1000, &place);
	own.asked = class;
	if (!own.allowed || !is_of_network(class))
		return own;
	all = take(limit, LIMIT_NETWORK, network, monotonic_us * 1000, &of_network);
	all.asked = class;
	if (!all.allowed && own.limited)
		(void)atomic_fetch_sub(&place->full_ns, limit->each_ns[class]); /* as it was */
	return all.allowed && is_nearer(limit, &own, &all) ? own : all;
}

/* --- what is held --- */

void
limit_set_holdings(struct limit *limit, const int64_t most[LIMIT_HOLDINGS])
{
	memcpy(limit->most, most, sizeof(limit->most));
}

void
limit_enter(struct limit *limit, int worker)
{
	int begun = atomic_load(&limit->workers);

	own_worker = worker;
	memset(limit->held[worker], 0, sizeof(limit->held[worker]));
	while (
	    begun <= worker && !atomic_compare_exchange_weak(&limit->workers, &begun, worker + 1))
		;
}

/* What a worker holds for somebody, or NULL; with `is_new` also a place where nobody's is. */
static struct held *
find_held(struct held *all, uint64_t who, bool is_new)
{
	struct held *empty = NULL;

	for (uint64_t i = 0; i < 2 * LIMIT_NEIGHBOURS; i++) {
		struct held *held = &all[(who + i) % LIMIT_HELD_PLACES];

		if (atomic_load_explicit(&held->who, memory_order_relaxed) == who)
			return held;
		if (empty == NULL && atomic_load_explicit(&held->count, memory_order_relaxed) == 0)
			empty = held;
	}
	return is_new ? empty : NULL;
}

static int64_t
count_held(struct limit *limit, uint64_t who)
{
	int64_t count = 0;

	for (int i = 0; i < atomic_load(&limit->workers); i++) {
		struct held *held = find_held(limit->held[i], who, false);

		if (held != NULL)
			count += atomic_load_explicit(&held->count, memory_order_relaxed);
	}
	return count;
}

uint64_t
limit_hold(struct limit *limit, enum limit_holding what, struct text who, const char *peer)
{
	unsigned char room[sizeof(struct in6_addr)];
	uint64_t by = hash(limit, (unsigned char)(LIMIT_RATES + what),
	    who.bytes > 0 ? who : network_of(peer, room));
	struct held *held;

	if (limit->most[what] > 0 && count_held(limit, by) >= limit->most[what])
		return 0;
	held = find_held(limit->held[own_worker], by, true);
	if (held != NULL) { /* else the neighbourhood is full: let through */
		atomic_store_explicit(&held->who, by, memory_order_relaxed);
		atomic_fetch_add_explicit(&held->count, 1, memory_order_relaxed);
	}
	return by;
}

void
limit_release(struct limit *limit, uint64_t by)
{
	struct held *held = find_held(limit->held[own_worker], by, false);

	if (held != NULL && atomic_load_explicit(&held->count, memory_order_relaxed) > 0)
		atomic_fetch_sub_explicit(&held->count, 1, memory_order_relaxed);
}

const char *limit_name(enum limit_class class)
{
	return names[class];
}

const char *
limit_policy(const struct limit *limit, enum limit_class class)
{
	return limit->policies[class];
}

void
limit_header(const struct limit_state *state, char to[LIMIT_HEADER_BYTES_MAX])
{
	(void)snprintf(to, LIMIT_HEADER_BYTES_MAX, "\"%s\";r=%" PRId64 ";t=%" PRId64,
	    names[state->of], state->left, state->full_in_s);
}
