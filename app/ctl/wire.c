/* wire: see wire.h. */
#include "wire.h"

#include <curl/curl.h>

#include "minting.h"
#include "socius/log.h"
#include "socius/world.h"

enum { PAUSE_US = 50 * 1000, PAUSE_US_MAX = 2 * 1000 * 1000, POLL_MS = 100, TRY_S = 30 };

/* A request on its way, and the connection that it uses. */
struct flight {
	struct wire *wire;
	CURL *easy;
	struct curl_slist *headers;
	struct arena arena; /* the request's own memory */
	struct wire_request request;
	struct buffer answer;
	bool replayed;
	int64_t retry_after_us;
	bool busy;       /* has a request */
	bool on_the_way; /* libcurl has it */
	int tries;
	int64_t begun_us;
	int64_t due_us; /* busy, not on the way: when to go again */
	char error[CURL_ERROR_SIZE];
};

struct wire {
	struct ctl *ctl;
	const char *url;
	struct caller caller;
	char *authorization;
	int64_t authorized_us; /* when the token was signed */
	CURLM *multi;
	struct flight flights[WIRE_FLIGHTS_MAX];
	int flights_count;
	int64_t retries;
	wire_done *done;
	void *of;
};

/* A token is used for half of its life. */
static void
authorize(struct wire *wire)
{
	int64_t now_us = world_monotonic_us();
	char *token;

	if (wire->authorization != NULL &&
	    now_us - wire->authorized_us < WIRE_TOKEN_LIFE_S * INT64_C(500000))
		return;
	token = minting_sign(wire->ctl, &wire->caller, WIRE_TOKEN_LIFE_S);
	free(wire->authorization);
	if (asprintf(&wire->authorization, "Authorization: Bearer %s", token) < 0)
		log_die("out of memory");
	free(token);
	wire->authorized_us = now_us;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *of)
{
	struct flight *flight = of;

	if (flight->answer.bytes + size * count > WIRE_ANSWER_BYTES_MAX)
		return 0; /* libcurl ends the transfer */
	buffer_add(&flight->answer, bytes, size * count);
	return size * count;
}

static bool
header_value(struct text line, const char *name, struct text *value)
{
	size_t bytes = strlen(name);

	if (line.bytes <= bytes || line.at[bytes] != ':' ||
	    !text_equal_nocase((struct text){ line.at, bytes }, text_of(name)))
		return false;
	*value = (struct text){ line.at + bytes + 1, line.bytes - bytes - 1 };
	while (value->bytes > 0 && value->at[0] == ' ') {
		value->at++;
		value->bytes--;
	}
	return true;
}

static size_t
take_header(char *bytes, size_t size, size_t count, void *of)
{
	struct flight *flight = of;
	struct text line = { bytes, size * count };
	struct text value;

	if (header_value(line, "Idempotent-Replayed", &value))
		flight->replayed = value.bytes >= 4 && memcmp(value.at, "true", 4) == 0;
	if (header_value(line, "Retry-After", &value))
		for (size_t i = 0;
		     i < value.bytes && i < 4 && value.at[i] >= '0' && value.at[i] <= '9'; i++)
			flight->retry_after_us =
			    flight->retry_after_us * 10 + (value.at[i] - '0') * INT64_C(1000000);
	return line.bytes;
}

static void
add_header(struct flight *flight, const char *line)
{
	struct curl_slist *longer = curl_slist_append(flight->headers, line);

	if (longer == NULL)
		log_die("out of memory");
	flight->headers = longer;
}

static void
set_headers(struct flight *flight)
{
	const struct wire_request *request = &flight->request;

	curl_slist_free_all(flight->headers);
	flight->headers = NULL;
	authorize(flight->wire);
	add_header(flight, flight->wire->authorization);
	add_header(flight, "Expect:"); /* no pause before the body */
	if (request->body.bytes > 0)
		add_header(flight, "Content-Type: application/json");
	if (request->key != NULL)
		add_header(
		    flight, arena_print(&flight->arena, "Idempotency-Key: %s", request->key));
	(void)curl_easy_setopt(flight->easy, CURLOPT_HTTPHEADER, flight->headers);
}

/* Options that every libcurl has: their results are all the same. */
static void
go(struct flight *flight)
{
	const struct wire_request *request = &flight->request;
	CURL *easy = flight->easy;

	flight->tries++;
	flight->replayed = false;
	flight->retry_after_us = 0;
	flight->error[0] = '\0';
	buffer_init(&flight->answer, &flight->arena, 1024);
	set_headers(flight);
	(void)curl_easy_setopt(easy, CURLOPT_URL,
	    arena_print(&flight->arena, "%s%s", flight->wire->url, request->path));
	if (strcmp(request->method, "POST") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.at);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body.bytes);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	if (curl_multi_add_handle(flight->wire->multi, easy) != CURLM_OK)
		log_die("libcurl takes no more requests");
	flight->on_the_way = true;
}

static void
land(struct flight *flight, int status, const char *failure)
{
	struct wire_answer answer = { .status = status,
		.replayed = flight->replayed,
		.body = buffer_text(&flight->answer),
		.failure = failure };

	flight->wire->done(flight->wire->of, &flight->request, &answer);
	flight->busy = false;
}

static bool
is_no_answer(int status)
{
	return status == 0 || status == 408 || status == 429 || status == 502 || status == 503 ||
	       status == 504;
}

static int64_t
pause_us(const struct flight *flight)
{
	int64_t us = PAUSE_US;

	if (flight->retry_after_us > 0)
		return flight->retry_after_us;
	for (int i = 1; i < flight->tries && us < PAUSE_US_MAX; i++)
		us *= 2;
	return us < PAUSE_US_MAX ? us : PAUSE_US_MAX;
}

static void
finish(struct flight *flight, CURLcode code)
{
	int64_t now_us = world_monotonic_us();
	const char *failure = NULL;
	long status = 0;

	if (code == CURLE_OK)
		(void)curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
	else
		failure = flight->error[0] != '\0' ? flight->error : curl_easy_strerror(code);
	(void)curl_multi_remove_handle(flight->wire->multi, flight->easy); /* it was added */
	flight->on_the_way = false;
	if (!is_no_answer((int)status)) {
		land(flight, (int)status, NULL);
	} else if (now_us - flight->begun_us > WIRE_PATIENCE_US) {
		land(flight, 0, failure != NULL ? failure : "the API cannot answer at the moment");
	} else {
		flight->wire->retries++;
		flight->due_us = now_us + pause_us(flight);
	}
}

static struct flight *
flight_of(struct wire *wire, const CURL *easy)
{
	for (int i = 0; i < wire->flights_count; i++)
		if (wire->flights[i].easy == easy)
			return &wire->flights[i];
	return NULL;
}

/* Sends what is due again, moves bytes, takes what has come, waits a little when nothing has. */
static void
turn(struct wire *wire)
{
	int64_t now_us = world_monotonic_us();
	int64_t wait_ms = POLL_MS;
	int running, left;
	CURLMsg *message;

	for (int i = 0; i < wire->flights_count; i++) {
		struct flight *flight = &wire->flights[i];

		if (!flight->busy || flight->on_the_way)
			continue;
		if (flight->due_us <= now_us)
			go(flight);
		else if ((flight->due_us - now_us) / 1000 + 1 < wait_ms)
			wait_ms = (flight->due_us - now_us) / 1000 + 1;
	}
	if (curl_multi_perform(wire->multi, &running) != CURLM_OK)
		log_die("libcurl gave up");
	if ((message = curl_multi_info_read(wire->multi, &left)) == NULL) {
		if (curl_multi_poll(wire->multi, NULL, 0, (int)wait_ms, NULL) != CURLM_OK)
			log_die("libcurl gave up");
		return;
	}
	for (; message != NULL; message = curl_multi_info_read(wire->multi, &left))
		finish(flight_of(wire, message->easy_handle), message->data.result);
}

static struct flight *
free_flight(struct wire *wire)
{
	for (int i = 0; i < wire->flights_count; i++)
		if (!wire->flights[i].busy)
			return &wire->flights[i];
	return NULL;
}

static void
flight_open(struct wire *wire, struct flight *flight)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		log_die("libcurl cannot be used");
	flight->wire = wire;
	flight->easy = easy;
	arena_init(&flight->arena);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TRY_S);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, flight->error);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "socius-import");
}

struct wire *
wire_open(struct ctl *ctl, const char *url, const struct caller *caller, int flights,
    wire_done *done, void *of)
{
	struct wire *wire = arena_take(&ctl->arena, sizeof(*wire));

	*wire = (struct wire){ .ctl = ctl,
		.url = url,
		.caller = *caller,
		.multi = curl_multi_init(),
		.flights_count = flights < WIRE_FLIGHTS_MAX ? flights : WIRE_FLIGHTS_MAX,
		.done = done,
		.of = of };
	if (wire->multi == NULL)
		log_die("libcurl cannot be used");
	for (int i = 0; i < wire->flights_count; i++)
		flight_open(wire, &wire->flights[i]);
	return wire;
}

void
wire_send(struct wire *wire, const struct wire_request *request)
{
	struct flight *flight;

	while ((flight = free_flight(wire)) == NULL)
		turn(wire);
	arena_clear(&flight->arena);
	flight->request = *request;
	flight->request.path = arena_copy(&flight->arena, request->path, strlen(request->path));
	if (request->key != NULL)
		flight->request.key =
		    arena_copy(&flight->arena, request->key, strlen(request->key));
	if (request->body.bytes > 0)
		flight->request.body.at =
		    arena_copy(&flight->arena, request->body.at, request->body.bytes);
	flight->busy = true;
	flight->tries = 0;
	flight->begun_us = world_monotonic_us();
	flight->due_us = 0;
	go(flight);
}

void
wire_settle(struct wire *wire)
{
	for (int i = 0; i < wire->flights_count; i++)
		while (wire->flights[i].busy)
			turn(wire);
}

int64_t
wire_retries(const struct wire *wire)
{
	return wire->retries;
}

void
wire_close(struct wire *wire)
{
	for (int i = 0; i < wire->flights_count; i++) {
		struct flight *flight = &wire->flights[i];

		curl_easy_cleanup(flight->easy);
		curl_slist_free_all(flight->headers);
		arena_release(&flight->arena);
	}
	(void)curl_multi_cleanup(wire->multi); /* it has no handles left */
	free(wire->authorization);
}
