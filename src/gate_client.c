/* gate_client: a connection, from accept to hanging up; see gate_private.h. */
#include <kore/kore.h>
#include <sys/socket.h>

#include "gate_private.h"
#include "poison.h"
#include "socius/log.h"
#include "socius/world.h"

static void happened(void *arg, int error);
static void gone(struct connection *connection);

static void
wait_for_request(struct client *client)
{
	client->stage = STAGE_READING;
	client->deadline_us = gate.now_us + GATE_IDLE_US;
}

static void
count_client(const struct client *client, int by)
{
	if (client->is_metrics)
		gate.metrics_count += by;
	else
		gate.clients_count += by;
	metrics_add(gate.metrics, METRIC_CONNECTIONS, by);
}

/* Whether it is between requests, or has been saying one for a while that nothing has let in yet.
 */
static bool
is_silent(const struct client *client)
{
	const struct exchange *exchange = client->exchange;

	if (client->stage != STAGE_READING)
		return false;
	return exchange == NULL ||
	       (!exchange->admitted && exchange->request.started_us + GATE_SILENT_US < gate.now_us);
}

/* A connection that is silent gives way to one that comes: the one that came first, of those behind
 * the place where the last one was found, within a few steps. false: none was found. */
static bool
make_room(bool is_metrics)
{
	for (int i = 0; i < GATE_HAND_STEPS_MAX && gate.clients != NULL; i++) {
		struct client *client = gate.hand != NULL ? gate.hand : gate.clients;

		gate.hand = client->next;
		if (client->is_metrics == is_metrics && is_silent(client)) {
			metrics_add(gate.metrics, METRIC_CONNECTIONS_EVICTED, 1);
			client_hang_up(client);
			return true;
		}
	}
	return false;
}

/* Behind a proxy all connections are its own: it bounds those of a network itself. */
static bool
is_welcome(struct client *client)
{
	if (client->is_metrics)
		return gate.metrics_count < GATE_METRICS_MAX || make_room(true);
	if (gate.clients_count >= gate.connections_max && !make_room(false))
		return false;
	if (client->is_proxy)
		return true;
	client->held = limit_hold(gate.limit, LIMIT_CONNECTIONS, TEXT(""), client->peer);
	return client->held != 0;
}

static void
connect_client(struct connection *connection, bool is_metrics)
{
	bool welcome;
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		log_die("out of memory for a connection");
	client->connection = connection;
	client->is_metrics = is_metrics;
	gate_name_peer(client, connection);
	welcome = is_welcome(client);
	client->at = gate.clients_end;
	*client->at = client;
	gate.clients_end = &client->next;
	count_client(client, 1);
	connection->hdlr_extra = client;
	connection->evt.handle = happened;
	connection->disconnect = gone;
	connection->proto = CONN_PROTO_UNKNOWN;
	connection->idle_timer.length = UINT64_MAX; /* our deadlines are finer */
	metrics_add(gate.metrics, METRIC_ACCEPTED, 1);
	wait_for_request(client);
	if (!welcome) {
		metrics_add(gate.metrics, METRIC_CONNECTIONS_REFUSED, 1);
		client_hang_up(client);
	}
}

void
gate_connect(struct connection *connection)
{
	connect_client(connection, false);
}

void
gate_metrics_connect(struct connection *connection)
{
	connect_client(connection, true);
}

/* Kore calls this once, however the connection ends; what it calls of us later in this turn finds
 * no client any more. Whoever has one goes on with it to the end of the turn. */
static void
gone(struct connection *connection)
{
	struct client *client = connection->hdlr_extra;

	if (client->exchange != NULL)
		exchange_orphan(client->exchange);
	client->exchange = NULL;
	free(client->surplus);
	client->surplus = NULL;
	*client->at = client->next;
	if (client->next != NULL)
		client->next->at = client->at;
	else
		gate.clients_end = client->at;
	if (gate.hand == client)
		gate.hand = client->next;
	if (client->held != 0)
		limit_release(gate.limit, client->held);
	count_client(client, -1);
	connection->hdlr_extra = NULL; /* else Kore would free it as its own */
	client->next = gate.gone_clients;
	gate.gone_clients = client;
	gate_turn_soon();
}

void
client_free_gone(void)
{
	struct client *client;

	while ((client = gate.gone_clients) != NULL) {
		gate.gone_clients = client->next;
		poison(client, sizeof(*client));
		free(client);
	}
}

void
client_hang_up(struct client *client)
{
	kore_connection_disconnect(client->connection);
}

static bool
hung_up(const struct client *client)
{
	return client->connection->state == CONN_STATE_DISCONNECTING;
}

/* Kore says `error` for a peer that has shut its side down as well as for a broken connection; only
 * the latter is the end. */
static bool
broken(const struct client *client)
{
	int error = 0;
	socklen_t bytes = sizeof(error);

	return getsockopt(client->connection->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0 ||
	       error != 0;
}

static void
happened(void *arg, int error)
{
	struct connection *connection = arg;
	struct client *client = connection->hdlr_extra;

	if (client == NULL)
		return;
	if ((connection->evt.flags & KORE_EVENT_READ) != 0 || error)
		client->readable = true;
	connection->evt.flags = 0;
	if (error) {
		client->shut = true;
		if (broken(client)) {
			client_hang_up(client);
			return;
		}
	}
	client_run(client);
}

/* --- bytes in --- */

static char received[GATE_RECEIVE_BYTES];

/* The next bytes: first those that were left over. Empty: none now, or the connection ended. */
static struct text
next_bytes(struct client *client)
{
	ssize_t bytes;

	if (client->surplus != NULL)
		return (struct text){ client->surplus + client->surplus_at,
			client->surplus_bytes - client->surplus_at };
	if (!client->readable)
		return TEXT("");
	bytes = recv(client->connection->fd, received, sizeof(received), 0);
	if (bytes > 0) {
		/* a short read has emptied the socket; an end behind it is told apart */
		if (bytes < (ssize_t)sizeof(received) && !client->shut)
			client->readable = false;
		return (struct text){ received, (size_t)bytes };
	}
	client->readable = false;
	if (bytes == 0 || (errno != EAGAIN && errno != EINTR))
		client_hang_up(client);
	else if (errno == EINTR)
		client->readable = true;
	return TEXT("");
}

/* Of `bytes` the first `used` were looked at; the rest is kept. */
static void
keep_surplus(struct client *client, struct text bytes, size_t used)
{
	if (client->surplus != NULL) {
		client->surplus_at += used;
		if (client->surplus_at < client->surplus_bytes)
			return;
		free(client->surplus);
		client->surplus = NULL;
		return;
	}
	if (used == bytes.bytes)
		return;
	client->surplus = malloc(bytes.bytes - used);
	if (client->surplus == NULL)
		log_die("out of memory for a connection");
	memcpy(client->surplus, bytes.at + used, bytes.bytes - used);
	client->surplus_bytes = bytes.bytes - used;
	client->surplus_at = 0;
}

static void
continue_client(struct client *client)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

	/* where it cannot be sent, the client gets its final reply all the same */
	(void)send(client->connection->fd, interim, sizeof(interim) - 1, MSG_NOSIGNAL);
}

static void
begin_exchange(struct client *client)
{
	client->exchange = exchange_new(client);
	client->deadline_us = client->exchange->request.started_us + GATE_HEAD_US;
}

/* What the reader has come to. false: it wants more bytes. */
static bool
heed_reader(struct client *client)
{
	struct exchange *exchange = client->exchange;

	if (exchange->reader.state == READER_HAS_HEAD) {
		exchange_heed_head(exchange);
		client->deadline_us =
		    gate.now_us + (exchange->spool_path != NULL ? GATE_BLOB_US : GATE_BODY_US);
		if (exchange->reader.state == READER_IN_BODY && exchange->reader.continues &&
		    client->surplus == NULL)
			continue_client(client);
	}
	switch (exchange->reader.state) {
	case READER_REFUSED:
		exchange->refused = true;
		client->stage = STAGE_THINKING;
		exchange_reply_problem(exchange);
		return true;
	case READER_DONE:
		client->stage = STAGE_THINKING;
		exchange_run(exchange);
		return true;
	default:
		return false;
	}
}

/* Reads on. false: there is nothing more to do now. */
static bool
read_more(struct client *client)
{
	struct text bytes = next_bytes(client);
	size_t used;

	if (bytes.bytes == 0 || hung_up(client))
		return false;
	if (client->exchange == NULL)
		begin_exchange(client);
	used = reader_feed(
	    &client->exchange->reader, &client->exchange->request, bytes.at, bytes.bytes);
	keep_surplus(client, bytes, used);
	(void)heed_reader(client); /* the stage tells */
	return true;
}

/* --- bytes out --- */

static void
advance(struct iovec out[2], size_t bytes)
{
	for (int i = 0; i < 2; i++) {
		size_t part = bytes < out[i].iov_len ? bytes : out[i].iov_len;

		out[i].iov_base = (char *)out[i].iov_base + part;
		out[i].iov_len -= part;
		bytes -= part;
	}
}

static ssize_t
send_piece(int fd, const struct iovec out[2])
{
	if (out[0].iov_len == 0)
		return send(fd, out[1].iov_base, out[1].iov_len, MSG_NOSIGNAL);
	if (out[1].iov_len == 0)
		return send(fd, out[0].iov_base, out[0].iov_len, MSG_NOSIGNAL);
	return writev(fd, out, 2);
}

/* Sends what the socket takes. true: all of it has gone out. */
static bool
send_out(struct client *client)
{
	struct exchange *exchange = client->exchange;

	while (exchange->out[0].iov_len + exchange->out[1].iov_len > 0) {
		ssize_t bytes = send_piece(client->connection->fd, exchange->out);

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes < 0) {
			if (errno != EAGAIN)
				client_hang_up(client);
			return false;
		}
		advance(exchange->out, (size_t)bytes);
		exchange->sent_bytes += (size_t)bytes;
		client->deadline_us = gate.now_us + GATE_WRITE_US;
	}
	return true;
}

/* We have said all. What the peer still sends is thrown away for a while: closing at once would
 * reset the connection, and the reset would overtake the reply (RFC 9112 section 9.6). */
static void
linger(struct client *client)
{
	if (shutdown(client->connection->fd, SHUT_WR) != 0) {
		client_hang_up(client);
		return;
	}
	free(client->surplus);
	client->surplus = NULL;
	client->stage = STAGE_LINGERING;
	client->readable = true;
	client->deadline_us = gate.now_us + GATE_LINGER_US;
}

static bool
write_more(struct client *client)
{
	struct exchange *exchange = client->exchange;
	bool closes, refused;

	if (!send_out(client))
		return false;
	closes = exchange->closes || gate.draining;
	refused = exchange->refused;
	client->exchange = NULL;
	exchange_end(exchange);
	if (!closes) {
		wait_for_request(client);
		return true;
	}
	if (refused || client->surplus != NULL || client->readable)
		linger(client);
	else
		client_hang_up(client);
	return client->stage == STAGE_LINGERING && !hung_up(client);
}

void
client_write(struct client *client)
{
	client->stage = STAGE_WRITING;
	client->deadline_us = gate.now_us + GATE_WRITE_US;
}

static bool
throw_away(struct client *client)
{
	struct text bytes = next_bytes(client);

	if (hung_up(client))
		return false;
	client->lingered += bytes.bytes;
	if (client->lingered > GATE_LINGER_BYTES_MAX)
		client_hang_up(client);
	return bytes.bytes > 0 && !hung_up(client);
}

/* --- turns --- */

void
client_run(struct client *client)
{
	bool goes_on = !hung_up(client);
	int written = 0;

	while (goes_on) {
		switch (client->stage) {
		case STAGE_READING:
			goes_on = read_more(client);
			break;
		case STAGE_WRITING:
			goes_on = write_more(client);
			if (goes_on && ++written == GATE_TURNS_MAX) {
				gate_resume(client);
				goes_on = false;
			}
			break;
		case STAGE_LINGERING:
			goes_on = throw_away(client);
			break;
		case STAGE_STREAMING:
			stream_run(client);
			goes_on = false;
			break;
		case STAGE_THINKING:
			goes_on = false;
			break;
		}
	}
}

/* A deadline has passed. */
static void
expire(struct client *client)
{
	struct exchange *exchange = client->exchange;

	if (client->stage != STAGE_READING || exchange == NULL ||
	    !reader_begun(&exchange->reader)) {
		client_hang_up(client);
		return;
	}
	exchange->refused = true;
	client->stage = STAGE_THINKING;
	exchange_refuse(exchange, "request_timeout", NULL);
	client_run(client);
}

void
client_tick(struct client *client, int64_t now_us)
{
	if (client->stage == STAGE_STREAMING)
		stream_tick(client, now_us);
	else if (client->stage != STAGE_THINKING && now_us > client->deadline_us)
		expire(client);
}

/* The worker ends: who waits for no answer is sent away. */
void
client_drain(struct client *client)
{
	if (client->stage == STAGE_STREAMING ||
	    (client->stage == STAGE_READING && client->exchange == NULL))
		client_hang_up(client);
}
