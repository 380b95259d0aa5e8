/* record: operations, their requests and their answers; see record.h. */
#include "record.h"

#include <jansson.h>

#include "socius/instant.h"
#include "socius/log.h"

enum { PATH_BYTES = 256, BODY_BYTES = 1024 };

#define DAY_US INT64_C(86400000000)

const char *const record_kinds[KINDS] = { "book", "forfeit", "trip", "payout run", "redeem",
	"support", "rent" };
const char *const record_outcomes[OUTCOMES] = { "asked", "done", "refused", "not sent", "unknown" };

/* The id in the reply that names what was made. */
static const char *const made_by[KINDS] = { "booking_id", "booking_id", "trip_id", "payout_run_id",
	"redemption_id", "idea_id", "rental_id" };

/* The refusals that the load may bring about. */
static const char *const codes[KINDS] = { "slot_full slots_overlap day_limit_reached",
	"booking_not_confirmed", "", "payout_run_open", "sold_out", "", "rental_overlaps" };

void
record_init(struct record *record)
{
	record->count = 0;
	record->operations = calloc(RECORD_OPERATIONS_MAX, sizeof(*record->operations));
	if (record->operations == NULL)
		log_die("no memory for the record");
}

int
record_add(struct record *record, enum kind kind, const char *key)
{
	struct operation *operation = &record->operations[record->count];

	if (record->count == RECORD_OPERATIONS_MAX)
		return -1;
	operation->kind = kind;
	memcpy(operation->key, key, UUID_TEXT_BYTES);
	return record->count++;
}

static void
ask_trip(const struct operation *operation, const struct city *city, struct http *http)
{
	char body[BODY_BYTES];
	int cents = operation->key[0] + 10 * operation->key[1]; /* the same each time */

	(void)snprintf(body, sizeof(body), /* fits */
	    "{\"trip_id\":\"%s\",\"partner_id\":\"%s\",\"status\":\"completed\","
	    "\"payment\":\"%s\",\"started_at\":\"%s\",\"ended_at\":\"%s\",\"distance_m\":5200,"
	    "\"currency\":\"EUR\",\"fare_minor\":%d,\"tip_minor\":150,\"tolls_minor\":70,"
	    "\"taxes_and_fees_minor\":31}",
	    operation->key, city->partners[operation->partner],
	    operation->key[2] < '4' ? "cash" : "card", city->trip_starts, city->trip_ends, cents);
	http_begin(http, "POST", "/v1/trips", city->service_token, NULL, body);
}

/* Each van is asked for on each of so many days to come. */
int64_t
record_rental_starts(const struct city *city, const struct operation *operation)
{
	return city->rent_from_us + operation->thing / CITY_VANS * DAY_US;
}

static void
ask_rental(const struct operation *operation, const struct city *city, struct http *http)
{
	char starts[INSTANT_TEXT_BYTES_MAX], ends[INSTANT_TEXT_BYTES_MAX], body[BODY_BYTES];
	int64_t starts_us = record_rental_starts(city, operation);

	(void)instant_write(starts_us, starts);
	(void)instant_write(starts_us + DAY_US, ends);
	(void)snprintf(body, sizeof(body), /* fits */
	    "{\"listing_id\":\"%s\",\"asset_id\":\"%s\",\"starts_at\":\"%s\",\"ends_at\":\"%s\"}",
	    city->rental, city->vans[operation->thing % CITY_VANS], starts, ends);
	http_begin(
	    http, "POST", "/v1/rentals", city->tokens[operation->partner], operation->key, body);
}

void
record_ask(const struct record *record, const struct city *city, int number, struct http *http)
{
	const struct operation *operation = &record->operations[number];
	const char *token = city->tokens[operation->partner];
	char path[PATH_BYTES];

	switch (operation->kind) {
	case BOOK:
		(void)snprintf(path, sizeof(path), "/v1/slots/%s/bookings",
		    city->slots[operation->thing]); /* fits */
		http_begin(http, "POST", path, token, operation->key, "");
		return;
	case FORFEIT:
		(void)snprintf(path, sizeof(path), "/v1/bookings/%s/forfeit",
		    record->operations[operation->booking].made); /* fits */
		http_begin(http, "POST", path, token, operation->key, "");
		return;
	case TRIP:
		ask_trip(operation, city, http);
		return;
	case REDEEM:
		(void)snprintf(path, sizeof(path), "/v1/listings/%s/redemptions",
		    city->discounts[operation->thing]); /* fits */
		http_begin(http, "POST", path, token, operation->key, "");
		return;
	case SUPPORT:
		(void)snprintf(path, sizeof(path), "/v1/ideas/%s/support",
		    city->ideas[operation->thing]); /* fits */
		http_begin(http, "PUT", path, token, NULL, "");
		return;
	case RENT:
		ask_rental(operation, city, http);
		return;
	default:
		http_begin(http, "POST", "/v1/payout_runs", city->operator_token, operation->key,
		    "{\"minimum_minor\":1}");
		return;
	}
}

/* Copies a text member of the reply; empty where it has none. */
static void
take(const json_t *from, const char *name, char *to, size_t room)
{
	const char *text = json_string_value(json_object_get(from, name));

	(void)snprintf(to, room, "%s", text != NULL ? text : ""); /* a longer one is not ours */
}

void
record_read(const struct operation *operation, const struct http *http, struct answer *answer)
{
	json_t *body;

	memset(answer, 0, sizeof(*answer));
	if (http->state != HTTP_ANSWERED) {
		answer->outcome = http->state == HTTP_NOT_SENT ? NOT_SENT : UNKNOWN;
		return;
	}
	body = json_loads(http->body, 0, NULL);
	take(body, made_by[operation->kind], answer->made, sizeof(answer->made));
	take(body, "code", answer->code, sizeof(answer->code));
	json_decref(body);
	answer->status = http->status;
	answer->replayed = http->replayed;
	if (http->status == 503)
		answer->outcome = UNKNOWN;
	else if ((http->status == 200 || http->status == 201) && answer->made[0] != '\0')
		answer->outcome = DONE;
	else if (http->status == 409 && text_listed(codes[operation->kind], text_of(answer->code)))
		answer->outcome = REFUSED;
	else
		log_die("%s was answered %d: %s", record_kinds[operation->kind], http->status,
		    http->body);
}
