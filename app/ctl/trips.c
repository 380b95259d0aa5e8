/* trips: see trips.h. */
#include "trips.h"

#include <openssl/sha.h>

#include "socius/instant.h"
#include "socius/json.h"
#include "socius/money.h"
#include "zone.h"

enum { PICKUP, DROPOFF, DISTANCE, FARE, TIP, TOLLS, TOTAL, PAYMENT };
enum { MET_ROOM = 1024, CONTENT_BYTES_MAX = 512 };
enum { MILES_DIGITS = 4, WALL_BYTES = sizeof("2019-03-23T20:21:09") - 1 };

/* An international mile is 1609.344 m: this many metres in 10^7 ten-thousandths of a mile. */
#define METRES_OF_MILES INT64_C(1609344)
#define MILES_OF_METRES INT64_C(10000000)
#define MILES_MAX INT64_C(1000000000) /* ten-thousandths: 100,000 miles */

static const char *const columns[TRIPS_COLUMNS] = { "pickup", "dropoff", "distance", "fare", "tip",
	"tolls", "total", "payment" };

static struct text
trimmed(struct text from)
{
	while (from.bytes > 0 && (*from.at == ' ' || *from.at == '\t'))
		from = (struct text){ from.at + 1, from.bytes - 1 };
	while (
	    from.bytes > 0 && (from.at[from.bytes - 1] == ' ' || from.at[from.bytes - 1] == '\t'))
		from.bytes--;
	return from;
}

/* The number of the column, or -1; -2: there are two. */
static int
column(const struct csv_record *header, const char *name)
{
	int found = -1;

	for (int i = 0; i < header->count; i++)
		if (text_is(trimmed(header->fields[i]), name))
			found = found == -1 ? i : -2;
	return found;
}

const char *
trips_init(
    struct trips *trips, struct text file, const char *currency, int exponent, struct arena *arena)
{
	struct csv_record header;

	const char *foreign = csv_foreign(file);

	*trips = (struct trips){ .currency = currency, .exponent = exponent, .arena = arena };
	if (foreign != NULL)
		return foreign;
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
	trips->begin = trips->csv;
	return NULL;
}

void
trips_rewind(struct trips *trips)
{
	trips->csv = trips->begin;
	trips->count = 0;
	trips->met_count = 0;
	for (size_t i = 0; i < trips->met_room; i++)
		trips->met[i] = (struct trips_met){ 0 };
}

static struct text
cell(const struct trips *trips, const struct csv_record *record, int column)
{
	return trimmed(record->fields[trips->columns[column]]);
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
    int64_t earliest_us, int64_t *local_us, int64_t *us, struct arena *arena)
{
	struct text from = cell(trips, record, column);

	if (!read_wall(from, local_us))
		return arena_print(arena, "%s \"%.*s\" is not a time like 2019-03-23 20:21:09",
		    columns[column], (int)from.bytes, from.at);
	if (!zone_instant(*local_us, earliest_us, us))
		return arena_print(arena, "%s \"%.*s\" does not exist: clocks jump over it",
		    columns[column], (int)from.bytes, from.at);
	return NULL;
}

/* Whether it is a decimal number of at most so many places, however large. */
static bool
is_decimal(struct text from, int digits)
{
	size_t at = from.bytes > 0 && from.at[0] == '-', begin = at, places = 0;

	while (at < from.bytes && from.at[at] >= '0' && from.at[at] <= '9')
		at++;
	if (at == begin)
		return false;
	if (at == from.bytes)
		return true;
	if (from.at[at++] != '.' || at == from.bytes)
		return false;
	for (; at < from.bytes; at++, places++)
		if (from.at[at] < '0' || from.at[at] > (places < (size_t)digits ? '9' : '0'))
			return false;
	return true;
}

static const char *
read_amount(const struct trips *trips, const struct csv_record *record, int column, int digits,
    int64_t *amount, struct arena *arena)
{
	struct text from = cell(trips, record, column);

	if (money_read(from, digits, amount))
		return NULL;
	if (is_decimal(from, digits))
		return arena_print(arena, "%s \"%.*s\" is out of range", columns[column],
		    (int)from.bytes, from.at);
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
		fault = read_time(trips, record, PICKUP, INT64_MIN, &trip->started_local_us,
		    &trip->started_us, arena);
	if (fault == NULL)
		fault = read_time(trips, record, DROPOFF, trip->started_us, &trip->ended_local_us,
		    &trip->ended_us, arena);
	if (fault == NULL)
		fault = read_amounts(trips, record, trip, arena);
	if (fault == NULL)
		fault = read_distance(trips, record, trip, arena);
	if (fault == NULL)
		fault = read_payment(trips, record, trip, arena);
	return fault;
}

struct uuid
trips_old_id(const struct trips *trips, int64_t line)
{
	uint8_t name[sizeof(trips->digest) + 8];

	memcpy(name, trips->digest, sizeof(trips->digest));
	for (int i = 0; i < 8; i++)
		name[sizeof(trips->digest) + i] = (uint8_t)((uint64_t)line >> (56 - 8 * i));
	return uuid_of_digest(name, sizeof(name));
}

/* The place of a content in the table: where it stands or would. There is always a free one. */
static struct trips_met *
place_of(struct trips_met *met, size_t room, const struct uuid *content)
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, content->byte, sizeof(hash)); /* of a digest: as good as chance */
	at = (size_t)hash & (room - 1);
	while (met[at].times > 0 && !uuid_equal(&met[at].content, content))
		at = (at + 1) & (room - 1);
	return &met[at];
}

static void
make_room(struct trips *trips)
{
	size_t room = trips->met_room == 0 ? MET_ROOM : 2 * trips->met_room;
	struct trips_met *met = arena_take(trips->arena, room * sizeof(*met));

	for (size_t i = 0; i < trips->met_room; i++)
		if (trips->met[i].times > 0)
			*place_of(met, room, &trips->met[i].content) = trips->met[i];
	trips->met = met;
	trips->met_room = room;
}

/* How many good lines before said the same; counts this one. */
static int64_t
times_before(struct trips *trips, const struct uuid *content)
{
	struct trips_met *place;

	if (2 * trips->met_count >= trips->met_room)
		make_room(trips);
	place = place_of(trips->met, trips->met_room, content);
	trips->met_count += place->times == 0;
	place->content = *content;
	return place->times++;
}

/* From what the line says: as it is sent, but for the times, which are the clocks' own. */
static struct uuid
id_of(struct trips *trips, const struct trip *trip)
{
	char content[CONTENT_BYTES_MAX];
	int bytes = snprintf(content, sizeof(content),
	    "socius imported trip %lld %lld %lld %s %lld %lld %lld %lld %s",
	    (long long)trip->started_local_us, (long long)trip->ended_local_us,
	    (long long)trip->distance_m, trips->currency, (long long)trip->fare_minor,
	    (long long)trip->tip_minor, (long long)trip->tolls_minor, (long long)trip->taxes_minor,
	    trip->payment); /* fits */
	struct uuid of_content = uuid_of_digest(content, (size_t)bytes);

	bytes += snprintf(content + bytes, sizeof(content) - (size_t)bytes, " %lld",
	    (long long)times_before(trips, &of_content)); /* fits */
	return uuid_of_digest(content, (size_t)bytes);
}

bool
trips_next(struct trips *trips, struct arena *arena, struct trip *trip)
{
	struct csv_record record;

	if (!csv_next(&trips->csv, arena, &record))
		return false;
	*trip = (struct trip){ .line = record.line, .number = trips->count++ };
	trip->fault = read_trip(trips, &record, trip, arena);
	if (trip->fault == NULL)
		trip->trip_id =
		    trips->by_line ? trips_old_id(trips, trip->line) : id_of(trips, trip);
	return true;
}

int64_t
trips_driver_of(const struct trips *trips, const struct trip *trip, int drivers)
{
	uint64_t hash;

	if (trips->by_line)
		return trip->number % drivers;
	hash = 0;
	for (int i = 8; i < 16; i++)
		hash = hash << 8 | trip->trip_id.byte[i];
	return (int64_t)(hash % (uint64_t)drivers);
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
