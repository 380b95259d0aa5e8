/* import: the command, the trips and the summary; see import.h. */
#include "import.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "socius/log.h"
#include "socius/money.h"
#include "socius/world.h"
#include "zone.h"

enum {
	PROBES = 20
}; /* of the first lines, and as many again of all: refused trips may hide some */
enum { BAR_CELLS = 30, BAR_EVERY_US = 100 * 1000 };

enum sum { FARES, TIPS, TOLLS, TAXES, TOTALS, CASH_TOTALS, TO_PARTNERS, TO_PLATFORM, SUMS };

/* Members of the reply that are summed up, in the order of enum sum. */
static const char *const summed[SUMS] = { "fare_minor", "tip_minor", "tolls_minor",
	"taxes_and_fees_minor", "total_minor", "cash_collected_minor", "partner_share_minor",
	"commission_minor" };

static const char *const sum_names[SUMS] = { "fares", "tips", "tolls", "taxes and fees", "totals",
	"cash totals", "to partners", "to platform" };

struct tally {
	struct import *import;
	struct trips trips;
	int64_t sent, made, replayed, refused, good, bad, cash;
	int64_t sums[SUMS];
	int64_t begun_us, shown_us;
};

static void
clear_bar(const struct tally *tally)
{
	if (tally->import->on_terminal)
		(void)fputs("\r\033[K", stderr);
}

static void
show_bar(struct tally *tally)
{
	int64_t now_us = world_monotonic_us();
	int64_t answered = tally->made + tally->replayed + tally->refused;
	size_t size = tally->import->file.bytes;
	int cells = size > 0 ? (int)(tally->trips.csv.at * BAR_CELLS / size) : BAR_CELLS;

	if (!tally->import->on_terminal || now_us - tally->shown_us < BAR_EVERY_US)
		return;
	tally->shown_us = now_us;
	(void)fprintf(stderr, "\r\033[K[%.*s%.*s] %3d %%  %" PRId64 " trips  %" PRId64 "/s", cells,
	    "##############################", BAR_CELLS - cells, "..............................",
	    (int)(size > 0 ? tally->trips.csv.at * 100 / size : 100), answered,
	    answered * 1000000 / (now_us - tally->begun_us + 1));
}

static void
report_line(const struct tally *tally, int64_t line, const char *why)
{
	clear_bar(tally);
	(void)fprintf(stderr, "%s: line %" PRId64 ": %s\n", tally->import->name, line, why);
}

static void
add_up(struct tally *tally, struct text body)
{
	json_t *trip = json_loadb(body.at, body.bytes, 0, NULL);
	const char *payment = json_string_value(json_object_get(trip, "payment"));

	for (int i = 0; i < SUMS; i++)
		tally->sums[i] += json_integer_value(json_object_get(trip, summed[i]));
	tally->cash += payment != NULL && strcmp(payment, "cash") == 0;
	json_decref(trip);
}

static void
trip_done(void *of, const struct wire_request *request, const struct wire_answer *answer)
{
	struct tally *tally = of;
	struct arena arena;

	if (answer->status == 201 || answer->status == 200) {
		*(answer->replayed ? &tally->replayed : &tally->made) += 1;
		add_up(tally, answer->body);
	} else {
		tally->refused++;
		arena_init(&arena);
		report_line(tally, request->line, import_problem(&arena, answer));
		arena_release(&arena);
	}
	show_bar(tally);
}

/* When the first trip starts; trips that cannot be read are reported here. INT64_MAX: no trip. */
static int64_t
first_start(struct tally *tally)
{
	struct trips *trips = &tally->trips;
	int64_t first_us = INT64_MAX;
	struct arena arena;
	struct trip trip;

	arena_init(&arena);
	while (trips_next(trips, &arena, &trip)) {
		if (trip.fault != NULL)
			report_line(tally, trip.line, trip.fault);
		else if (trip.started_us < first_us)
			first_us = trip.started_us;
		*(trip.fault != NULL ? &tally->bad : &tally->good) += 1;
		arena_clear(&arena);
	}
	arena_release(&arena);
	return first_us;
}

/* Whether the first release has imported this very file: its trips have ids of the file and the
 * line then, which some of the good lines tell, at its beginning and spread over it: an import may
 * have begun with lines that were refused, or have ended early. The file goes on under these. */
static bool
is_known_by_line(struct tally *tally)
{
	struct trips *trips = &tally->trips;
	bool known = false;
	int64_t good = 0, parts = 0;
	struct arena arena;
	struct trip trip;

	arena_init(&arena);
	while (!known && trips_next(trips, &arena, &trip)) {
		struct uuid id = trips_old_id(trips, trip.line);

		good += trip.fault == NULL;
		if (trip.fault == NULL && (good <= PROBES || good * PROBES / tally->good > parts)) {
			known = import_knows_trip(tally->import, &id);
			parts = good * PROBES / tally->good;
		}
		arena_clear(&arena);
	}
	arena_release(&arena);
	return known;
}

static void
send_trips(struct tally *tally, int flights)
{
	struct import *import = tally->import;
	struct caller caller = import_caller(import, "service", import->market_id);
	struct wire *wire = wire_open(import->ctl, import->url, &caller, flights, trip_done, tally);
	struct arena arena;
	struct trip trip;

	arena_init(&arena);
	while (trips_next(&tally->trips, &arena, &trip)) {
		struct uuid driver;

		if (trip.fault == NULL) {
			driver = trips_driver(
			    import->market, trips_driver_of(&tally->trips, &trip, import->drivers));
			wire_send(
			    wire, &(struct wire_request){ .method = "POST",
				      .path = "/v1/trips",
				      .body = trips_report(&tally->trips, &trip, &driver, &arena),
				      .line = trip.line });
			tally->sent++;
		}
		arena_clear(&arena);
	}
	wire_settle(wire);
	wire_close(wire);
	arena_release(&arena);
}

static void
summarise(const struct tally *tally)
{
	const struct import *import = tally->import;
	int64_t ms = (world_monotonic_us() - tally->begun_us) / 1000;
	char amount[32];

	clear_bar(tally);
	(void)printf("%" PRId64 " trips sent: %" PRId64 " new, %" PRId64 " replayed, %" PRId64
		     " refused; %" PRId64 " bad lines\n",
	    tally->sent, tally->made, tally->replayed, tally->refused, tally->bad);
	for (int i = 0; i < SUMS; i++) {
		(void)money_write(
		    tally->sums[i], import->exponent, amount); /* its length is not needed */
		(void)printf("  %-16s %16s %s\n", sum_names[i], amount, import->currency);
	}
	(void)printf("  %-16s %16" PRId64 "\n", "cash trips", tally->cash);
	(void)printf("  %-16s %16d\n", "drivers", import->drivers);
	(void)printf("  %" PRId64 ".%03" PRId64 " s, %" PRId64 " trips/s\n", ms / 1000, ms % 1000,
	    tally->sent * 1000 / (ms > 0 ? ms : 1));
}

/* The file is standard input, which the launcher has opened. */
static struct text
map_file(const char *name)
{
	struct stat about;
	void *at;

	if (fstat(STDIN_FILENO, &about) != 0 || !S_ISREG(about.st_mode))
		log_die("%s is not a file", name);
	if (about.st_size == 0)
		log_die("%s: the file is empty", name);
	at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
	if (at == MAP_FAILED)
		log_die("%s cannot be read: %s", name, strerror(errno));
	return (struct text){ at, (size_t)about.st_size };
}

static void
read_options(struct ctl *ctl, struct import *import)
{
	const char *what = options_word(ctl);

	if (what == NULL || strcmp(what, "trips") != 0)
		log_die("import takes: trips FILE --market CODE");
	import->ctl = ctl;
	import->name = options_needed(ctl, "--name");
	import->market = options_needed(ctl, "--market");
	import->currency = options_value(ctl, "--currency");
	import->time_zone = options_value(ctl, "--time-zone");
	import->drivers = (int)options_int(ctl, "--drivers", 1, 1, IMPORT_DRIVERS_MAX);
	import->url = options_value(ctl, "--url");
	if (import->url == NULL)
		import->url = arena_print(&ctl->arena, "http://%s",
		    settings_reach(&ctl->arena, ctl->settings.address, ctl->settings.port));
	import->on_terminal = isatty(STDERR_FILENO) == 1;
}

int
import_run(struct ctl *ctl)
{
	struct import import = { 0 };
	struct tally tally = { .import = &import };
	const char *fault;
	int64_t first_us;
	int flights;

	read_options(ctl, &import);
	flights = (int)options_int(ctl, "--connections", IMPORT_FLIGHTS, 1, WIRE_FLIGHTS_MAX);
	options_end(ctl);
	import.file = map_file(import.name);
	import_market(&import);
	if (!zone_use(import.time_zone))
		log_die("there is no time zone \"%s\"", import.time_zone);
	fault =
	    trips_init(&tally.trips, import.file, import.currency, import.exponent, &ctl->arena);
	if (fault != NULL)
		log_die("%s: %s", import.name, fault);
	first_us = first_start(&tally);
	if (first_us == INT64_MAX && tally.bad == 0)
		log_die("%s: there is no trip in it", import.name);
	trips_rewind(&tally.trips);
	if (first_us != INT64_MAX) {
		import_setup(&import, first_us);
		tally.trips.by_line = is_known_by_line(&tally);
		trips_rewind(&tally.trips);
	}
	tally.begun_us = world_monotonic_us();
	send_trips(&tally, flights);
	summarise(&tally);
	return tally.refused + tally.bad > 0;
}
