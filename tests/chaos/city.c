/* city: a market made over the API; see city.h. */
#include "city.h"

#include <jansson.h>

#include "http.h"
#include "socius/instant.h"
#include "socius/log.h"
#include "socius/world.h"
#include "token.h"

enum { LIFE_S = 6 * 3600, BLOCKS_A_DAY = 8, PATH_BYTES = 256, BODY_BYTES = 1024 };

#define DAY_US INT64_C(86400000000)

static struct token_keys keys;
static struct http http;

static char *
mint(const char *role, int32_t market_id, const char *partner_id, const char *account_id)
{
	struct caller caller = { .known = true,
		.role = role,
		.market_id = market_id,
		.totp_us = world_now_us() + LIFE_S * INT64_C(1000000) };
	char *token;

	caller.account_id = world_fresh_id();
	if (partner_id != NULL)
		caller.has_partner = uuid_read(text_of(partner_id), &caller.partner_id) &&
				     uuid_read(text_of(account_id), &caller.account_id);
	token = token_mint(&keys, app.roles, &caller, world_now_us(), LIFE_S);
	if (token == NULL)
		log_die("there is no key to sign tokens with");
	return token;
}

/* Makes something; the reply is the caller's to release. */
static json_t *
make(const char *token, const char *path, const char *body)
{
	char key[UUID_TEXT_BYTES];
	const struct uuid fresh = world_fresh_id();
	json_t *reply;
	int status;

	uuid_write(&fresh, key);
	status = http_ask(&http, "POST", path, token, key, body);
	if (status != 201 && status != 200)
		log_die("POST %s: %d %s", path, status, http.body);
	reply = json_loads(http.body, 0, NULL);
	if (reply == NULL)
		log_die("POST %s: not JSON: %s", path, http.body);
	return reply;
}

static void
take_id(json_t *from, const char *name, char to[UUID_TEXT_BYTES])
{
	const char *id = json_string_value(json_object_get(from, name));

	if (id == NULL || strlen(id) != UUID_TEXT_BYTES - 1)
		log_die("a reply has no %s", name);
	memcpy(to, id, UUID_TEXT_BYTES);
}

static void
make_market(struct city *city)
{
	char *admin = mint("admin", 0, NULL, NULL);
	char body[BODY_BYTES];
	json_t *market;

	(void)snprintf(body, sizeof(body), /* fits */
	    "{\"code\":\"chaos%llx\",\"name\":\"Chaos\",\"currency\":\"EUR\","
	    "\"time_zone\":\"Europe/Rome\"}",
	    (unsigned long long)world_now_us());
	market = make(admin, "/v1/markets", body);
	city->market_id = (int32_t)json_integer_value(json_object_get(market, "market_id"));
	json_decref(market);
	free(admin);
	city->operator_token = mint("operator", city->market_id, NULL, NULL);
	city->service_token = mint("service", city->market_id, NULL, NULL);
	json_decref(make(city->operator_token, "/v1/share_agreements",
	    "{\"name\":\"Terms\",\"base\":\"fare\",\"effective_from\":\"2019-01-01T00:00:00Z\","
	    "\"parties\":[{\"party\":\"partner\",\"share_ppm\":800000},"
	    "{\"party\":\"platform\",\"share_ppm\":200000}]}"));
}

static void
make_partners(struct city *city)
{
	char account_id[UUID_TEXT_BYTES];

	for (int i = 0; i < city->partners_count; i++) {
		json_t *partner = make(city->operator_token, "/v1/partners",
		    "{\"name\":\"Ada\",\"enrolments\":[{\"kind\":\"courier\"},"
		    "{\"kind\":\"driver\"}]}");

		take_id(partner, "partner_id", city->partners[i]);
		take_id(partner, "account_id", account_id);
		json_decref(partner);
		city->tokens[i] = mint("partner", city->market_id, city->partners[i], account_id);
	}
}

static void
make_slots(struct city *city, int slots_at_once)
{
	char station_id[UUID_TEXT_BYTES], zone_id[UUID_TEXT_BYTES], body[BODY_BYTES];
	char date[INSTANT_TEXT_BYTES_MAX];
	json_t *made = make(city->operator_token, "/v1/zones", "{\"name\":\"Centro\"}");

	take_id(made, "zone_id", zone_id);
	json_decref(made);
	(void)snprintf(body, sizeof(body), /* fits */
	    "{\"zone_id\":\"%s\",\"name\":\"Nord\",\"latitude_e7\":0,\"longitude_e7\":0}", zone_id);
	made = make(city->operator_token, "/v1/stations", body);
	take_id(made, "station_id", station_id);
	json_decref(made);
	for (int i = 0; i < city->slots_count; i++) {
		int block = i / slots_at_once;

		(void)instant_write_date(
		    (int32_t)(world_now_us() / DAY_US) + 2 + block / BLOCKS_A_DAY,
		    date);                         /* its length is known */
		(void)snprintf(body, sizeof(body), /* fits */
		    "{\"station_id\":\"%s\",\"starts_local\":\"%sT%02d:00\","
		    "\"duration_minutes\":240,\"capacity\":%d,\"rate_minor\":1800}",
		    station_id, date, 4 + 2 * (block % BLOCKS_A_DAY), city->capacity);
		made = make(city->operator_token, "/v1/slots", body);
		take_id(made, "slot_id", city->slots[i]);
		json_decref(made);
	}
}

/* Makes something and takes its id. */
static void
make_one(const char *token, const char *path, const char *body, const char *name, char *id)
{
	json_t *made = make(token, path, body);

	take_id(made, name, id);
	json_decref(made);
}

static void
make_ideas(struct city *city)
{
	char partner_id[UUID_TEXT_BYTES], account_id[UUID_TEXT_BYTES];
	json_t *partner = make(city->operator_token, "/v1/partners",
	    "{\"name\":\"Bruno\",\"enrolments\":[{\"kind\":\"co_creator\"}]}");
	char *token;

	take_id(partner, "partner_id", partner_id);
	take_id(partner, "account_id", account_id);
	json_decref(partner);
	token = mint("partner", city->market_id, partner_id, account_id);
	for (int i = 0; i < CITY_IDEAS; i++)
		make_one(token, "/v1/ideas", "{\"title\":\"Lamp\",\"summary\":\"It folds.\"}",
		    "idea_id", city->ideas[i]);
	free(token);
}

void
city_stock(struct city *city, int stock)
{
	char vendor_id[UUID_TEXT_BYTES], path[PATH_BYTES], body[BODY_BYTES];

	make_one(city->operator_token, "/v1/share_agreements",
	    "{\"name\":\"Prices\",\"base\":\"price\",\"effective_from\":\"2019-01-01T00:00:00Z\","
	    "\"parties\":[{\"party\":\"vendor\",\"share_ppm\":900000},"
	    "{\"party\":\"platform\",\"share_ppm\":100000}]}",
	    "share_agreement_id", vendor_id);
	make_one(
	    city->operator_token, "/v1/vendors", "{\"name\":\"Vans\"}", "vendor_id", vendor_id);
	for (int i = 0; i < CITY_DISCOUNTS; i++) {
		(void)snprintf(body, sizeof(body), /* fits */
		    "{\"kind\":\"discount\",\"vendor_id\":\"%s\",\"title\":\"Boots\","
		    "\"list_price_minor\":9000,\"partner_price_minor\":7500,\"stock\":%d}",
		    vendor_id, stock);
		make_one(
		    city->operator_token, "/v1/listings", body, "listing_id", city->discounts[i]);
	}
	(void)snprintf(body, sizeof(body), /* fits */
	    "{\"kind\":\"rental\",\"vendor_id\":\"%s\",\"title\":\"Van\","
	    "\"list_price_minor\":5000,\"partner_price_minor\":3500,\"asset_kind\":\"vehicle\"}",
	    vendor_id);
	make_one(city->operator_token, "/v1/listings", body, "listing_id", city->rental);
	(void)snprintf(path, sizeof(path), "/v1/listings/%s/assets", city->rental); /* fits */
	for (int i = 0; i < CITY_VANS; i++)
		make_one(
		    city->operator_token, path, "{\"name\":\"Van\"}", "asset_id", city->vans[i]);
	city->rent_from_us = (world_now_us() / DAY_US + 2) * DAY_US;
	make_ideas(city);
	http_hang_up(&http);
}

void
city_make(struct city *city, const char *keys_folder, int partners, int slots, int slots_at_once,
    int capacity)
{
	const char *why = token_keys_load(&keys, keys_folder);

	if (why != NULL)
		log_die("the keys in %s are not usable: %s", keys_folder, why);
	http_init(&http);
	city->partners_count = partners;
	city->slots_count = slots;
	city->capacity = capacity;
	(void)instant_write(world_now_us() - 2 * DAY_US, city->trip_starts);
	(void)instant_write(world_now_us() - 2 * DAY_US + INT64_C(900000000), city->trip_ends);
	make_market(city);
	make_partners(city);
	make_slots(city, slots_at_once);
	http_hang_up(&http);
}
