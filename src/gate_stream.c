/* gate_stream: server-sent events (HTML, section 9.2); see gate_private.h.
 *
 * A stream is a LIST that does not end: the gate asks its function again and again with the cursor
 * of the last row it sent, which is the event's id. */
#include <errno.h>
#include <kore/kore.h>
#include <sys/socket.h>

#include "gate_private.h"
#include "socius/log.h"
#include "socius/world.h"

static void polled(struct call *call, const struct answer *answer);

struct stream {
	struct arena arena; /* of one poll */
	char *queue;        /* bytes to send, or NULL */
	size_t bytes, at;
	char cursor[CURSOR_TEXT_BYTES_MAX];
	size_t cursor_bytes;
	int64_t poll_us, said_us; /* the next poll; when something was queued last */
	unsigned keys_generation; /* with which its token was checked */
};

void
stream_close(struct exchange *exchange)
{
	struct stream *stream = exchange->stream;

	arena_release(&stream->arena);
	free(stream->queue);
	free(stream);
	exchange->stream = NULL;
	metrics_add(gate.metrics, METRIC_STREAMS, -1);
}

static void
add(struct stream *stream, const void *from, size_t bytes)
{
	size_t left = stream->bytes - stream->at;
	char *queue;

	if (bytes == 0)
		return;
	queue = malloc(left + bytes);
	if (queue == NULL)
		log_die("out of memory for a stream");
	if (left > 0)
		memcpy(queue, stream->queue + stream->at, left);
	memcpy(queue + left, from, bytes);
	free(stream->queue);
	stream->queue = queue;
	stream->bytes = left + bytes;
	stream->at = 0;
}

/* Sends what the socket takes; who reads too slowly is cut off and comes back with its last id. */
static void
send_on(struct client *client)
{
	struct stream *stream = client->exchange->stream;

	while (stream->at < stream->bytes) {
		ssize_t bytes = send(client->connection->fd, stream->queue + stream->at,
		    stream->bytes - stream->at, MSG_NOSIGNAL);

		if (bytes < 0 && errno == EINTR)
			continue;
		if (bytes < 0 && errno == EAGAIN)
			break;
		if (bytes < 0) {
			client_hang_up(client);
			return;
		}
		stream->at += (size_t)bytes;
		client->exchange->sent_bytes += (size_t)bytes;
	}
	if (stream->bytes - stream->at > GATE_STREAM_QUEUE_BYTES_MAX)
		client_hang_up(client);
}

/* The events of an answer, and where the next poll goes on. */
static void
take_rows(struct exchange *exchange, const struct answer *answer)
{
	struct stream *stream = exchange->stream;
	struct text cursor;

	if (answer->rows.count == 0)
		return;
	encode_reply(
	    &gate.encoder, exchange->operation, &exchange->request, answer, &exchange->reply);
	cursor = encode_cursor(&gate.encoder, exchange->operation, &exchange->request,
	    &answer->rows, answer->rows.count - 1);
	if (cursor.bytes > 0 && cursor.bytes <= sizeof(stream->cursor)) {
		memcpy(stream->cursor, cursor.at, cursor.bytes);
		stream->cursor_bytes = cursor.bytes;
	}
	add(stream, exchange->reply.body.at, exchange->reply.body.bytes);
	metrics_add(gate.metrics, METRIC_EVENTS_SENT, answer->rows.count);
	stream->said_us = world_monotonic_us();
	if (answer->rows.count > exchange->request.page_limit)
		stream->poll_us = 0;
}

void
stream_open(struct exchange *exchange, const struct answer *answer)
{
	static const char retry[] = "retry: 2000\n\n";
	struct client *client = exchange->client;
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		log_die("out of memory for a stream");
	exchange->stream = stream;
	arena_init(&stream->arena);
	metrics_add(gate.metrics, METRIC_STREAMS, 1);
	stream->keys_generation = gate.keys_generation;
	stream->said_us = world_monotonic_us();
	stream->poll_us = stream->said_us + GATE_POLL_US;
	exchange->reply = (struct reply){ .status = 200, .media = TEXT("text/event-stream") };
	reply_render_stream(exchange);
	add(stream, exchange->head.at, exchange->head.bytes);
	add(stream, retry, sizeof(retry) - 1);
	take_rows(exchange, answer);
	client->stage = STAGE_STREAMING;
	exchange->request.arena = &stream->arena;
	send_on(client);
}

/* Whether its token still opens it. Keys that have changed end every stream: whose token is still
 * good comes back with its last id. */
static bool
may_go_on(const struct exchange *exchange)
{
	const struct caller *caller = &exchange->request.caller;

	if (!caller->known)
		return true;
	return world_now_us() < exchange->token_expires_us &&
	       exchange->stream->keys_generation == gate.keys_generation &&
	       !(caller->has_session && revoked_has(gate.revoked, &caller->session_id));
}

/* The events' own arena is free again as soon as they are queued. */
static void
polled(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;
	struct stream *stream = exchange->stream;

	exchange->asking = false;
	stream->poll_us = world_monotonic_us() + GATE_POLL_US;
	if (answer->outcome == OUTCOME_FAILED) {
		log_line(LOG_LEVEL_ERROR, "stream.failed", "sqlstate", answer->sqlstate, "error",
		    answer->message, NULL);
		client_hang_up(exchange->client);
		return;
	}
	if (!may_go_on(exchange)) {
		client_hang_up(exchange->client);
		return;
	}
	if (answer->outcome == OUTCOME_ROWS)
		take_rows(exchange, answer);
	else
		stream->poll_us += GATE_S; /* PostgreSQL is away; the stream stays */
	arena_clear(&stream->arena);
	send_on(exchange->client);
}

static void
poll_again(struct exchange *exchange)
{
	struct stream *stream = exchange->stream;
	struct text cursor = { stream->cursor, stream->cursor_bytes };

	if (!decode_cursor(&exchange->request, exchange->operation, &gate.cursor_key, cursor)) {
		client_hang_up(exchange->client);
		return;
	}
	exchange_ask(exchange, &exchange->operation->statement, exchange->request.args, polled);
}

/* Whether it is time to ask, and known which sessions have ended: what is not known sends nothing.
 */
static bool
is_due(const struct exchange *exchange, int64_t now_us)
{
	return !exchange->asking && now_us >= exchange->stream->poll_us &&
	       (!exchange->request.caller.has_session || gate_revoked_is_known());
}

void
stream_tick(struct client *client, int64_t now_us)
{
	static const char beat[] = ":\n\n";
	struct exchange *exchange = client->exchange;
	struct stream *stream = exchange->stream;

	if (!may_go_on(exchange)) {
		client_hang_up(client);
		return;
	}
	if (now_us - stream->said_us > GATE_HEARTBEAT_US) {
		add(stream, beat, sizeof(beat) - 1);
		stream->said_us = now_us;
		send_on(client);
	}
	if (client->exchange != NULL && is_due(exchange, now_us))
		poll_again(exchange);
}

/* What a subscriber sends is of no interest, but that it has gone is. */
void
stream_run(struct client *client)
{
	char nothing[1024];
	ssize_t bytes;

	while (client->readable) {
		bytes = recv(client->connection->fd, nothing, sizeof(nothing), 0);
		if (bytes > 0 || (bytes < 0 && errno == EINTR))
			continue;
		client->readable = false;
		if (bytes == 0 || errno != EAGAIN) {
			client_hang_up(client);
			return;
		}
	}
	send_on(client);
}
