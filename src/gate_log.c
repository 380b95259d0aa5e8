/* gate_log: one JSON line per request on standard output; see gate_private.h.
 *
 * Lines are gathered and written once a turn. Nothing in them needs escaping: ids are held against
 * their alphabet, methods are tokens, patterns and roles are ours. Never in them: Authorization,
 * bodies, queries, whole addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

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

static const char *
route_of(const struct exchange *exchange)
{
	static const char *const own[OWN_ROUTES] = { "/healthz", "/readyz", "/openapi.json",
		"/metrics", "" };
	int behind = exchange->route - gate.contract->operations_count;

	return behind >= 0 ? own[behind] : exchange->operation->endpoint->path;
}

static int
write_caller(const struct caller *caller, char *to, size_t room)
{
	char account[UUID_TEXT_BYTES];

	if (!caller->known)
		return snprintf(to, room, "}\n");
	uuid_write(&caller->account_id, account);
	return snprintf(to, room, ",\"market\":%d,\"account\":\"%s\",\"role\":\"%s\"}\n",
	    caller->market_id, account, caller->role);
}

void
gate_log_request(const struct exchange *exchange, int64_t duration_us)
{
	const struct request *request = &exchange->request;
	char now[INSTANT_TEXT_BYTES_MAX], network[64];
	const char *code = request->problem.kind != NULL ? request->problem.kind->slug : "";
	char *to;
	int bytes;

	if (LINES_BYTES - lines_bytes < LINE_BYTES_MAX)
		gate_log_flush();
	to = lines + lines_bytes;
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	write_network(request->peer, network, sizeof(network));
	bytes = snprintf(to, LINE_BYTES_MAX,
	    "{\"at\":\"%s\",\"level\":\"info\",\"what\":\"request\",\"method\":\"%.*s\",\"route\":"
	    "\"%s\","
	    "\"status\":%d,\"code\":\"%s\",\"dur_us\":%" PRId64
	    ",\"bytes\":%zu,\"request_id\":\"%s\",\"trace_id\":\"%s\",\"peer\":\"%s\"",
	    now, (int)request->method_name.bytes,
	    request->method_name.bytes > 0 ? request->method_name.at : "", route_of(exchange),
	    exchange->reply.status, code, duration_us, exchange->sent_bytes, request->id,
	    request->trace_id, network);
	if (bytes > 0 && bytes < LINE_BYTES_MAX)
		bytes +=
		    write_caller(&request->caller, to + bytes, (size_t)(LINE_BYTES_MAX - bytes));
	if (bytes > 0 && bytes < LINE_BYTES_MAX)
		lines_bytes += (size_t)bytes;
	gate_turn_soon();
}
