/* load: many callers at once; see load.h. */
#include "load.h"

#include <errno.h>
#include <poll.h>

#include "socius/log.h"
#include "socius/world.h"

enum {
	PATIENCE_US = 10 * 1000 * 1000, /* no answer for so long: the line is cut */
	REST_US = 20 * 1000,            /* after a request that the instance could not take */
	HANG_UP_PERCENT = 20,
	HANG_UP_US_MAX = 8000, /* after the request was out */
	TURN_MS = 5
};

struct client {
	struct http http;
	int operation; /* LOAD_LATER: none; LOAD_END: no more */
	int64_t begun_us, rest_until_us;
	bool hangs_up, has_hung_up;
	size_t cut_at_bytes;  /* of the request; the rest is not sent */
	int64_t cut_after_us; /* since it was sent; counts from cut_from_us */
	int64_t cut_from_us;
};

static struct client *
make_clients(int count)
{
	struct client *clients = calloc((size_t)count, sizeof(*clients));

	if (clients == NULL)
		log_die("no memory for the clients");
	for (int i = 0; i < count; i++) {
		http_init(&clients[i].http);
		clients[i].operation = LOAD_LATER;
	}
	return clients;
}

static void
end_clients(struct client *clients, int count)
{
	for (int i = 0; i < count; i++) {
		http_hang_up(&clients[i].http);
		free(clients[i].http.reply);
	}
	free(clients);
}

/* Half of those who hang up do so with the request half out, the others soon after it. Short
 * times are likelier, so that many fall into the time that an answer takes. */
static void
plan_hang_up(struct load *load, struct client *client)
{
	client->hangs_up = load->hang_ups > 0 && chance_below(load->chance, 100) < HANG_UP_PERCENT;
	client->cut_at_bytes = HTTP_REQUEST_BYTES_MAX;
	client->cut_from_us = 0;
	client->has_hung_up = false;
	if (!client->hangs_up)
		return;
	load->hang_ups--;
	if (chance_below(load->chance, 4) == 0)
		client->cut_at_bytes =
		    (size_t)chance_below(load->chance, (int64_t)client->http.request_bytes);
	client->cut_after_us =
	    HANG_UP_US_MAX >> chance_below(load->chance, 12); /* 8 ms, 4 ms ... 4 us */
}

static void
begin(struct load *load, struct client *client, int number, int64_t now_us)
{
	if (client->operation == LOAD_END || client->rest_until_us > now_us)
		return;
	client->operation = load->next(load, number);
	if (client->operation < 0)
		return;
	record_ask(load->record, load->city, client->operation, &client->http);
	client->begun_us = now_us;
	plan_hang_up(load, client);
}

/* Cuts the line when it is time to. */
static void
hang_up_in_time(struct load *load, struct client *client, int64_t now_us)
{
	struct http *http = &client->http;
	bool sent = http->sent == http->request_bytes;

	if (now_us - client->begun_us > PATIENCE_US) {
		http_hang_up(http);
		return;
	}
	if (!client->hangs_up || http->sent < client->cut_at_bytes * !sent)
		return;
	if (client->cut_from_us == 0)
		client->cut_from_us = now_us;
	if (now_us - client->cut_from_us < client->cut_after_us)
		return;
	http_hang_up(http);
	client->has_hung_up = true;
	load->hang_ups_sent += sent;
	load->hang_ups_unsent += !sent;
}

static void
go_on(struct load *load, struct client *client, int number, int64_t now_us)
{
	struct http *http = &client->http;
	struct answer answer;

	if (http_turn(http, client->cut_at_bytes) == HTTP_GOING)
		hang_up_in_time(load, client, now_us);
	if (http->state == HTTP_GOING)
		return;
	load->hang_ups += client->hangs_up && !client->has_hung_up; /* the answer was faster */
	record_read(&load->record->operations[client->operation], http, &answer);
	if (!client->has_hung_up && answer.outcome != DONE && answer.outcome != REFUSED)
		client->rest_until_us = now_us + REST_US;
	load->ended(load, number, client->operation, &answer, client->begun_us);
	http->state = HTTP_IDLE;
	client->operation = LOAD_LATER;
}

/* Whether somebody hangs up within this turn's time, so that nobody may sleep. */
static bool
is_hurried(const struct client *client)
{
	return client->operation >= 0 && client->hangs_up;
}

static void
wait_for_any(struct client *clients, int count)
{
	static struct pollfd polled[LOAD_CLIENTS_MAX];
	int timeout_ms = TURN_MS;

	for (int i = 0; i < count; i++) {
		polled[i].fd = clients[i].operation >= 0 ? clients[i].http.fd : -1;
		polled[i].events = http_events(&clients[i].http);
		if (is_hurried(&clients[i]))
			timeout_ms = 0;
	}
	if (poll(polled, (nfds_t)count, timeout_ms) < 0 && errno != EINTR)
		log_die("poll: %s", strerror(errno));
}

void
load_run(struct load *load)
{
	struct client *clients = make_clients(load->clients_count);
	int ended = 0;

	while (ended < load->clients_count) {
		int64_t now_us = world_monotonic_us();

		ended = 0;
		for (int i = 0; i < load->clients_count; i++) {
			if (clients[i].operation < 0)
				begin(load, &clients[i], i, now_us);
			if (clients[i].operation >= 0)
				go_on(load, &clients[i], i, now_us);
			ended += clients[i].operation == LOAD_END;
		}
		if (load->turned != NULL)
			load->turned(load);
		wait_for_any(clients, load->clients_count);
	}
	end_clients(clients, load->clients_count);
}
