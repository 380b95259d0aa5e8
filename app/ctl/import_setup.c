/* import_setup: what must be there before the first trip; see import.h. */
#include "import.h"

#include <inttypes.h>

#include "minting.h"
#include "socius/instant.h"
#include "socius/json.h"
#include "socius/log.h"

#define PROGRAMME "Drivers of imported trips"
#define DAY_US (INT64_C(86400) * 1000000)

enum { SETUP_FLIGHTS = 8, PAGES_MAX = 1000 };

/* The one answer that a step of the setup waits for. */
struct step {
	struct arena *arena;
	int status;
	struct text body;
	const char *problem;
};

struct caller
import_caller(struct import *import, const char *role, int32_t market_id)
{
	return (struct caller){ .known = true,
		.role = role,
		.market_id = market_id,
		.account_id = minting_account(
		    &import->ctl->arena, role, market_id == 0 ? "platform" : import->market) };
}

static const char *
text_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

const char *
import_problem(struct arena *arena, const struct wire_answer *answer)
{
	json_t *problem;
	const json_t *first;
	const char *says;

	if (answer->status == 0)
		return arena_print(arena, "no answer: %s", answer->failure);
	problem = json_loadb(answer->body.at, answer->body.bytes, 0, NULL);
	first = json_array_get(json_object_get(problem, "errors"), 0);
	says = first == NULL ? arena_print(arena, "%s: %s", text_at(problem, "code"),
				   text_at(problem, "detail"))
			     : arena_print(arena, "%s: %s %s", text_at(problem, "code"),
				   text_at(first, "pointer"), text_at(first, "detail"));
	json_decref(problem);
	return says;
}

static void
step_done(void *of, const struct wire_request *request, const struct wire_answer *answer)
{
	struct step *step = of;

	(void)request;
	step->status = answer->status;
	step->body = (struct text){ arena_copy(step->arena, answer->body.at, answer->body.bytes),
		answer->body.bytes };
	if (answer->status < 200 || answer->status > 299)
		step->problem = import_problem(step->arena, answer);
}

/* One request and its answer. */
static struct step
ask(struct import *import, int32_t market_id, const char *method, const char *path, const char *key,
    struct text body)
{
	struct caller caller =
	    import_caller(import, market_id == 0 ? "admin" : "operator", market_id);
	struct step step = { .arena = &import->ctl->arena };
	struct wire *wire = wire_open(import->ctl, import->url, &caller, 1, step_done, &step);

	wire_send(wire,
	    &(struct wire_request){ .method = method, .path = path, .key = key, .body = body });
	wire_settle(wire);
	wire_close(wire);
	return step;
}

static json_t *
json_of(const struct step *step, const char *what)
{
	json_t *json;

	if (step->problem != NULL)
		log_die("%s: %s", what, step->problem);
	json = json_loadb(step->body.at, step->body.bytes, 0, NULL);
	if (json == NULL)
		log_die("%s: the answer is no JSON", what);
	return json;
}

static struct step
make_market(struct import *import)
{
	struct buffer body;
	struct json json;

	if (import->currency == NULL || import->time_zone == NULL)
		log_die(
		    "there is no market \"%s\"; to make it, --currency and --time-zone are needed",
		    import->market);
	buffer_init(&body, &import->ctl->arena, 256);
	json_init(&json, &body);
	json_open_object(&json);
	json_put_text(&json, "code", import->market);
	json_put_text(&json, "name", import->market);
	json_put_text(&json, "currency", import->currency);
	json_put_text(&json, "time_zone", import->time_zone);
	json_close_object(&json);
	return ask(import, 0, "POST", "/v1/markets",
	    arena_print(&import->ctl->arena, "import market %s", import->market),
	    buffer_text(&body));
}

/* What the market says; where the caller has said it too, both must agree. */
static const char *
agreed(struct import *import, const json_t *market, const char *name, const char *given)
{
	const char *says = text_at(market, name);

	if (given != NULL && strcmp(given, says) != 0)
		log_die(
		    "the market \"%s\" has the %s %s, not %s", import->market, name, says, given);
	return arena_copy(&import->ctl->arena, says, strlen(says));
}

void
import_market(struct import *import)
{
	struct step step = ask(import, 0, "GET",
	    arena_print(&import->ctl->arena, "/v1/markets/%s", import->market), NULL,
	    (struct text){ 0 });
	json_t *market;

	if (step.status == 404)
		step = make_market(import);
	market = json_of(&step, "the market");
	import->market_id = (int32_t)json_integer_value(json_object_get(market, "market_id"));
	import->exponent = (int)json_integer_value(json_object_get(market, "currency_exponent"));
	import->currency = agreed(import, market, "currency", import->currency);
	import->time_zone = agreed(import, market, "time_zone", import->time_zone);
	json_decref(market);
}

bool
import_knows_trip(struct import *import, const struct uuid *trip_id)
{
	char id[UUID_TEXT_BYTES];
	struct step step;

	uuid_write(trip_id, id);
	step = ask(import, import->market_id, "GET",
	    arena_print(&import->ctl->arena, "/v1/trips/%s", id), NULL, (struct text){ 0 });
	if (step.status != 200 && step.status != 404)
		log_die("trip %s: %s", id, step.problem);
	return step.status == 200;
}

/* Whether an agreement of the market is in force then. */
static bool
has_agreement(struct import *import, int64_t first_us)
{
	struct step step = ask(import, import->market_id, "GET",
	    "/v1/share_agreements?base=fare&limit=1", NULL, (struct text){ 0 });
	json_t *list = json_of(&step, "the share agreements");
	const char *from =
	    text_at(json_array_get(json_object_get(list, "data"), 0), "effective_from");
	int64_t us;
	bool has = instant_read(text_of(from), &us) && us <= first_us;

	json_decref(list);
	return has;
}

static void
make_agreement(struct import *import, int64_t first_us)
{
	char from[INSTANT_TEXT_BYTES_MAX];
	struct step step;

	(void)instant_write(first_us - first_us % DAY_US, from); /* its length does not matter */
	step = ask(import, import->market_id, "POST", "/v1/share_agreements",
	    arena_print(&import->ctl->arena, "import agreement %s", from),
	    text_of(arena_print(&import->ctl->arena,
		"{\"name\":\"80/20\",\"base\":\"fare\",\"effective_from\":\"%s\",\"parties\":["
		"{\"party\":\"partner\",\"share_ppm\":800000},"
		"{\"party\":\"platform\",\"share_ppm\":200000}]}",
		from)));
	json_decref(json_of(&step, "the share agreement"));
}

/* The id of the programme of imported drivers in one page of programmes, or NULL. */
static const char *
find_programme(struct import *import, const json_t *page)
{
	const json_t *programme;
	size_t i;

	json_array_foreach (json_object_get(page, "data"), i, programme) {
		const char *id = text_at(programme, "programme_id");

		if (strcmp(text_at(programme, "name"), PROGRAMME) == 0)
			return arena_copy(&import->ctl->arena, id, strlen(id));
	}
	return NULL;
}

static const char *
make_programme(struct import *import)
{
	struct step step = ask(import, import->market_id, "POST", "/v1/programmes",
	    "import programme",
	    TEXT("{\"name\":\"" PROGRAMME "\",\"kind\":\"driver\",\"archetype\":\"director\"}"));
	json_t *made = json_of(&step, "the programme");
	const char *id = text_at(made, "programme_id");

	id = arena_copy(&import->ctl->arena, id, strlen(id));
	json_decref(made);
	return id;
}

static const char *
programme(struct import *import)
{
	const char *path = "/v1/programmes?kind=driver&limit=200";
	const char *found = NULL;

	for (int i = 0; i < PAGES_MAX && path != NULL && found == NULL; i++) {
		struct step step =
		    ask(import, import->market_id, "GET", path, NULL, (struct text){ 0 });
		json_t *page = json_of(&step, "the programmes");
		bool more = json_is_true(json_object_get(page, "has_more"));

		found = find_programme(import, page);
		path = !more ? NULL
			     : arena_print(&import->ctl->arena,
				   "/v1/programmes?kind=driver&limit=200&cursor=%s",
				   text_at(page, "next_cursor"));
		json_decref(page);
	}
	return found != NULL ? found : make_programme(import);
}

static void
driver_done(void *of, const struct wire_request *request, const struct wire_answer *answer)
{
	struct import *import = of;

	if (answer->status != 201 && answer->status != 200)
		log_die("driver %" PRId64 ": %s", request->line,
		    import_problem(&import->ctl->arena, answer));
}

static void
make_drivers(struct import *import, const char *programme_id)
{
	struct caller caller = import_caller(import, "operator", import->market_id);
	struct wire *wire =
	    wire_open(import->ctl, import->url, &caller, SETUP_FLIGHTS, driver_done, import);

	for (int i = 0; i < import->drivers; i++) {
		struct uuid driver = trips_driver(import->market, i);
		char id[UUID_TEXT_BYTES], key[64], body[512];
		int bytes;

		uuid_write(&driver, id);
		(void)snprintf(key, sizeof(key), "import driver %d", i); /* fits */
		bytes = snprintf(body, sizeof(body),
		    "{\"partner_id\":\"%s\",\"name\":\"Driver %d\",\"enrolments\":"
		    "[{\"kind\":\"driver\",\"programme_id\":\"%.40s\"}]}",
		    id, i, programme_id);
		wire_send(wire, &(struct wire_request){ .method = "POST",
				    .path = "/v1/partners",
				    .key = key,
				    .body = { body, (size_t)bytes },
				    .line = i });
	}
	wire_settle(wire);
	wire_close(wire);
}

void
import_setup(struct import *import, int64_t first_us)
{
	if (!has_agreement(import, first_us))
		make_agreement(import, first_us);
	make_drivers(import, programme(import));
}
