/* trips: see trips.h. */
#include "trips.h"

#include <openssl/sha.h>

#include "socius/instant.h"
#include "socius/json.h"
#include "socius/money.h"
#include "zone.h"

enum { PICKUP, DROPOFF, DISTANCE, FARE, TIP, TOLLS, TOTAL, PAYMENT };
enum { MILES_DIGITS = 4, WALL_BYTES = sizeof("2019-03-23T20:21:09") - 1 };

/* An international mile is 1609.344 m: this many metres in 10^7 ten-thousandths of a mile. */
#define METRES_OF_MILES INT64_C(1609344)
#define MILES_OF_METRES INT64_C(10000000)
#define MILES_MAX INT64_C(1000000000) /* ten-thousandths: 100,000 miles */

static const char *const columns[TRIPS_COLUMNS] = { "pickup", "dropoff", "distance", "fare", "tip",
	"tolls", "total", "payment" };

/* The number of the column, or -1; -2: there are two. */
static int
column(const struct csv_record *header, const char *name)
{
	int found = -1;

	for (int i = 0; i < header->count; i++)
		if (text_is(header->fields[i], name))
			found = found == -1 ? i : -2;
	return found;
}

const char *
trips_init(
    struct trips *trips, struct text file, const char *currency, int exponent, struct arena *arena)
{
	struct csv_record header;

	*trips = (struct trips){ .currency = currency, .exponent = exponent };
	(void)SHA256((const unsigned char *)file.at, file.bytes, trips->digest);
	csv_init(&trips->csv, file);
	if (!csv_next(&trips->csv, arena, &header))
		return "the file is empty";
	if (header.fault != NULL)
		return arena_print(arena, "the header has %s", header.fault);
	trips->fields = header.count;
	for (int i = 0; i < TRIPS_COLUMNS; i++) {
		trips->columns[i] = column(&header, columns[i]);
		if (trips->columns[i] < 0)
			return arena_print(arena, "the header has %s column \"%s\"",
			    trips->columns[i] == -1 ? "no" : "more than one", columns[i]);
	}
	return NULL;
}

static struct text
cell(const struct trips *trips, const struct csv_record *record, int column)
{
	return record->fields[trips->columns[column]];
}

static bool
read_wall(struct text from, int64_t *us)
{
	char wall[WALL_BYTES];

	if (from.bytes != WALL_BYTES)
		return false;
	memcpy(wall, from.at, WALL_BYTES);
	if (wall[10] == ' ')
		wall[10] = 'T';
	return instant_read_local((struct text){ wall, WALL_BYTES }, us);
}

static const char *
read_time(const struct trips *trips, const struct csv_record *record, int column,
    int64_t earliest_us, int64_t *us, struct arena *arena)
{
	struct text from = cell(trips, record, column);
	int64_t local_us;

	if (!read_wall(from, &local_us))
		return arena_print(arena, "%s \"%.*s\" is not a time like 2019-03-23 20:21:09",
		    columns[column], (int)from.bytes, from.at);
	if (!zone_instant(local_us, earliest_us, us))
		return arena_print(arena, "%s \"%.*s\" does not exist: clocks jump over it",
		    columns[column], (int)from.bytes, from.at);
	return NULL;
}

static const char *
read_amount(const struct trips *trips, const struct csv_record *record, int column, int digits,
    int64_t *amount, struct arena *arena)
{
	struct text from = cell(trips, record, column);

	if (money_read(from, digits, amount))
		return NULL;
	return arena_print(arena, "%s \"%.*s\" is not a decimal number of at most %d places",
	    columns[column], (int)from.bytes, from.at, digits);
}

static const char *
read_amounts(const struct trips *trips, const struct csv_record *record, struct trip *trip,
    struct arena *arena)
{
	const char *fault = NULL;
	int64_t total = 0;
	const struct {
		int column;
		int64_t *to;
	} amounts[] = {
		{ FARE, &trip->fare_minor },
		{ TIP, &trip->tip_minor },
		{ TOLLS, &trip->tolls_minor },
		{ TOTAL, &total },
	};

	for (size_t i = 0; i < sizeof(amounts) / sizeof(*amounts) && fault == NULL; i++)
		fault = read_amount(
		    trips, record, amounts[i].column, trips->exponent, amounts[i].to, arena);
	trip->taxes_minor = total - trip->fare_minor - trip->tip_minor - trip->tolls_minor;
	return fault;
}

static const char *
read_distance(const struct trips *trips, const struct csv_record *record, struct trip *trip,
    struct arena *arena)
{
	int64_t miles;
	const char *fault = read_amount(trips, record, DISTANCE, MILES_DIGITS, &miles, arena);

	if (fault != NULL)
		return fault;
	if (miles < 0 || miles > MILES_MAX)
		return "the distance is not one that a trip can have";
	trip->distance_m = (miles * METRES_OF_MILES + MILES_OF_METRES / 2) / MILES_OF_METRES;
	return NULL;
}

static const char *
read_payment(const struct trips *trips, const struct csv_record *record, struct trip *trip,
    struct arena *arena)
{
	struct text from = cell(trips, record, PAYMENT);

	if (text_is(from, "credit card") || text_is(from, "card"))
		trip->payment = "card";
	else if (text_is(from, "cash"))
		trip->payment = "cash";
	else if (from.bytes == 0)
		trip->payment = "unspecified";
	else
		return arena_print(arena, "payment \"%.*s\" is not credit card, cash or empty",
		    (int)from.bytes, from.at);
	return NULL;
}

static const char *
read_trip(const struct trips *trips, const struct csv_record *record, struct trip *trip,
    struct arena *arena)
{
	const char *fault = record->fault;

	if (fault == NULL && record->count != trips->fields)
		fault = arena_print(
		    arena, "%d fields where the header has %d", record->count, trips->fields);
	if (fault == NULL)
		fault = read_time(trips, record, PICKUP, INT64_MIN, &trip->started_us, arena);
	if (fault == NULL)
		fault = read_time(trips, record, DROPOFF, trip->started_us, &trip->ended_us, arena);
	if (fault == NULL)
		fault = read_amounts(trips, record, trip, arena);
	if (fault == NULL)
		fault = read_distance(trips, record, trip, arena);
	if (fault == NULL)
		fault = read_payment(trips, record, trip, arena);
	return fault;
}

/* The file's digest and the line: the same trip has the same id in every run. */
static struct uuid
id_of(const struct trips *trips, int64_t line)
{
	uint8_t name[sizeof(trips->digest) + 8];

	memcpy(name, trips->digest, sizeof(trips->digest));
	for (int i = 0; i < 8; i++)
		name[sizeof(trips->digest) + i] = (uint8_t)((uint64_t)line >> (56 - 8 * i));
	return uuid_of_digest(name, sizeof(name));
}

bool
trips_next(struct trips *trips, struct arena *arena, struct trip *trip)
{
	struct csv_record record;

	if (!csv_next(&trips->csv, arena, &record))
		return false;
	*trip = (struct trip){ .line = record.line, .number = trips->count++ };
	trip->trip_id = id_of(trips, trip->line);
	trip->fault = read_trip(trips, &record, trip, arena);
	return true;
}

struct uuid
trips_driver(const char *market, int64_t number)
{
	char name[128];
	int bytes = snprintf(
	    name, sizeof(name), "socius imported driver %lld of %.64s", (long long)number, market);

	return uuid_of_digest(name, (size_t)bytes); /* fits */
}

static void
put_uuid(struct json *json, const char *name, const struct uuid *uuid)
{
	char text[UUID_TEXT_BYTES];

	uuid_write(uuid, text);
	json_put_text(json, name, text);
}

static void
put_instant(struct json *json, const char *name, int64_t us)
{
	char text[INSTANT_TEXT_BYTES_MAX];

	(void)instant_write(us, text); /* its length does not matter here */
	json_put_text(json, name, text);
}

struct text
trips_report(const struct trips *trips, const struct trip *trip, const struct uuid *driver,
    struct arena *arena)
{
	struct buffer buffer;
	struct json json;

	buffer_init(&buffer, arena, 512);
	json_init(&json, &buffer);
	json_open_object(&json);
	put_uuid(&json, "trip_id", &trip->trip_id);
	put_uuid(&json, "partner_id", driver);
	json_put_text(&json, "status", "completed");
	json_put_text(&json, "payment", trip->payment);
	put_instant(&json, "started_at", trip->started_us);
	put_instant(&json, "ended_at", trip->ended_us);
	json_put_int(&json, "distance_m", trip->distance_m);
	json_put_text(&json, "currency", trips->currency);
	json_put_int(&json, "fare_minor", trip->fare_minor);
	json_put_int(&json, "tip_minor", trip->tip_minor);
	json_put_int(&json, "tolls_minor", trip->tolls_minor);
	json_put_int(&json, "taxes_and_fees_minor", trip->taxes_minor);
	json_close_object(&json);
	return buffer_text(&buffer);
}
