/* gate_log: one JSON line per request on standard output; see gate_private.h.
 *
 * Lines are gathered and written once a turn. Nothing in them needs escaping: ids are held against
 * their alphabet, methods are tokens, patterns and roles are ours. Never in them: Authorization,
 * bodies, queries, whole addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include <kore/kore.h>

#include "gate_private.h"
#include "socius/instant.h"
#include "socius/world.h"

enum { LINES_BYTES = 64 * 1024, LINE_BYTES_MAX = 1024 };

static char lines[LINES_BYTES];
static size_t lines_bytes;

void
gate_log_flush(void)
{
	size_t at = 0;

	while (at < lines_bytes) {
		ssize_t bytes = write(STDOUT_FILENO, lines + at, lines_bytes - at);

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes < 0)
			break; /* a lost log line stops nobody */
		at += (size_t)bytes;
	}
	lines_bytes = 0;
}

/* The network of an address: /24 of IPv4, /48 of IPv6. */
static void
write_network(const char *peer, char *to, size_t room)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, peer, address) == 1)
		(void)snprintf(to, room, "%u.%u.%u.0/24", address[0], address[1], address[2]);
	else if (inet_pton(AF_INET6, peer, address) == 1)
		(void)snprintf(to, room, "%x:%x:%x::/48", address[0] << 8 | address[1],
		    address[2] << 8 | address[3], address[4] << 8 | address[5]);
	else
		(void)snprintf(to, room, "local");
}

/* That of the connection is known from its first request on. */
static const char *
network_of(const struct exchange *exchange)
{
	static char network[64];
	struct client *client = exchange->client;

	if (client == NULL || strcmp(exchange->request.peer, client->peer) != 0) {
		write_network(exchange->request.peer, network, sizeof(network));
		return network;
	}
	if (client->network[0] == '\0')
		write_network(client->peer, client->network, sizeof(client->network));
	return client->network;
}

static const char *
route_of(const struct exchange *exchange)
{
	static const char *const own[OWN_ROUTES] = {
		[OWN_HEALTH] = "/healthz",
		[OWN_READY] = "/readyz",
		[OWN_DOCUMENT] = "/openapi.json",
		[OWN_DOCS] = "/docs",
		[OWN_AUTHORIZE] = "/oauth/authorize",
		[OWN_METRICS] = "/metrics",
		[OWN_NONE] = "",
	};
	int behind = exchange->route - gate.contract->operations_count;

	return behind >= 0 ? own[behind] : exchange->operation->endpoint->path;
}

/* printf is a tenth of a short request's time. Everything added here has a bound, and their sum is
 * below LINE_BYTES_MAX. */
static void
add(struct text text)
{
	if (text.bytes > 0)
		memcpy(lines + lines_bytes, text.at, text.bytes);
	lines_bytes += text.bytes;
}

static void
add_number(int64_t number)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t left = number < 0 ? 0 : (uint64_t)number;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	add((struct text){ digits + at, sizeof(digits) - at });
}

static void
add_caller(const struct caller *caller)
{
	char account[UUID_TEXT_BYTES];

	if (!caller->known)
		return;
	uuid_write(&caller->account_id, account);
	add(TEXT(",\"market\":"));
	add_number(caller->market_id);
	add(TEXT(",\"account\":\""));
	add(text_of(account));
	add(TEXT("\",\"role\":\""));
	add(text_of(caller->role));
	add(TEXT("\""));
}

/* What the line begins with: it changes once a millisecond at most. */
static void
add_start(void)
{
	static char start[64 + INSTANT_TEXT_BYTES_MAX];
	static size_t bytes;
	static int64_t of_ms;
	int64_t now_ms = world_now_us() / GATE_MS;
	char now[INSTANT_TEXT_BYTES_MAX];

	if (now_ms != of_ms) {
		(void)instant_write(now_ms * GATE_MS, now); /* its length does not matter here */
		bytes = (size_t)snprintf(start, sizeof(start),
		    "{\"at\":\"%s\",\"level\":\"info\",\"what\":\"request\"", now);
		of_ms = now_ms;
	}
	add((struct text){ start, bytes });
}

void
gate_log_request(const struct exchange *exchange, int64_t duration_us)
{
	const struct request *request = &exchange->request;

	if (LINES_BYTES - lines_bytes < LINE_BYTES_MAX)
		gate_log_flush();
	add_start();
	add(TEXT(",\"method\":\""));
	add(request->method_name);
	add(TEXT("\",\"route\":\""));
	add(text_of(route_of(exchange)));
	add(TEXT("\",\"status\":"));
	add_number(exchange->reply.status);
	if (request->problem.kind != NULL) {
		add(TEXT(",\"code\":\""));
		add(text_of(request->problem.kind->slug));
		add(TEXT("\""));
	}
	add(TEXT(",\"dur_us\":"));
	add_number(duration_us);
	add(TEXT(",\"bytes\":"));
	add_number((int64_t)exchange->sent_bytes);
	add(TEXT(",\"request_id\":\""));
	add(text_of(request->id));
	add(TEXT("\",\"trace_id\":\""));
	add(text_of(request->trace_id));
	add(TEXT("\",\"peer\":\""));
	add(text_of(network_of(exchange)));
	add(TEXT("\""));
	add_caller(&request->caller);
	add(TEXT("}\n"));
	gate_turn_soon();
}

/* Of this machine, as the edge is: nobody else's X-Forwarded-For is believed. */
static bool
is_local(const struct connection *connection)
{
	const struct in6_addr *at = &connection->addr.ipv6.sin6_addr;

	if (connection->family == AF_INET)
		return ntohl(connection->addr.ipv4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (connection->family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(at) ||
		       (IN6_IS_ADDR_V4MAPPED(at) && at->s6_addr[12] == IN_LOOPBACKNET);
	return connection->family == AF_UNIX;
}

void
gate_name_peer(struct client *client, const struct connection *connection)
{
	const void *at = &connection->addr.ipv4.sin_addr;

	if (connection->family == AF_INET6)
		at = &connection->addr.ipv6.sin6_addr;
	if (connection->family == AF_UNIX ||
	    inet_ntop(connection->family, at, client->peer, sizeof(client->peer)) == NULL)
		(void)snprintf(client->peer, sizeof(client->peer), "local");
	client->is_proxy = gate.trusts_forwarded && is_local(connection);
}
