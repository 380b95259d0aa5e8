/*
 * gate_seal: what of a request is sealed before SQL gets it, and the keys that its reply wants; see
 * gate_private.h and seal.h.
 *
 * Keys come from a database of their own, over a link of their own. Where it does not answer, only
 * what needs a key that is not at hand is unavailable.
 */
#include <libpq-fe.h>

#include "gate_private.h"
#include "socius/log.h"
#include "socius/world.h"
#include "vault.h"

enum { PASSES_MAX = 8 }; /* a reply with more keys than the ring holds would never end */

static const struct statement find_keys = { .name = "find_keys",
	.sql = "select k.person_id, k.wrapped from keys.find_keys($1::bytea) k",
	.lane = LANE_READ,
	.args_count = 1,
	.types = { BYTES },
	.market_arg = -1 };

static const struct statement make_keys = { .name = "make_keys",
	.sql = "select k.person_id, k.wrapped from keys.make_keys($1::bytea, $2::bytea) k",
	.lane = LANE_WRITE,
	.args_count = 2,
	.types = { BYTES, BYTES },
	.market_arg = -1 };

static const struct statement forget_keys = { .name = "forget_keys",
	.sql = "select keys.forget_keys($1::bytea)",
	.lane = LANE_WRITE,
	.args_count = 1,
	.types = { BYTES },
	.market_arg = -1 };

void
gate_seal_prepare(struct arena *arena)
{
	if (gate.app->unknown_persons == NULL)
		return;
	gate.unknown_persons = (struct statement){ .name = "unknown_persons",
		.sql = arena_print(arena, "select %s($1::bytea)", gate.app->unknown_persons),
		.lane = LANE_READ,
		.args_count = 1,
		.types = { BYTES },
		.market_arg = -1 };
}

void
gate_seal_begin(const struct loop *loop)
{
	static const struct statement *const statements[] = { &find_keys, &make_keys,
		&forget_keys };

	gate.keyring = keyring_new();
	gate.encoder.keyring = gate.keyring;
	vault_open_keyring(gate.keyring);
	gate.keys_link = link_open_small(loop, gate.keys_conninfo, statements, 3);
}

void
gate_seal_read_keks(void)
{
	static const char *said;
	struct kek_ring fresh;
	const char *why = kek_load(&fresh, gate.kek_folder);

	if (why != NULL && why != said)
		log_line(LOG_LEVEL_WARN, "keks.unusable", "why", why, NULL);
	said = why;
	if (fresh.count > 0)
		gate.keks = fresh;
}

void
gate_seal_end(void)
{
	link_close(gate.keys_link);
	keyring_free(gate.keyring);
}

/* A key that no key-encryption key at hand unwraps stays unknown. */
static void
take_keys(const struct rows *rows)
{
	int64_t now_us = world_monotonic_us();

	for (int i = 0; i < rows->count; i++) {
		struct uuid person = rows_uuid(rows, i, 0);
		uint8_t key[SEAL_KEY_BYTES];
		struct text wrapped;

		if (rows_null(rows, i, 1)) {
			keyring_put(gate.keyring, &person, NULL, now_us);
			continue;
		}
		wrapped = rows_bytes(rows, i, 1);
		if (wrapped.bytes == SEAL_WRAPPED_BYTES &&
		    seal_unwrap(&gate.keks, &person, (const uint8_t *)wrapped.at, key))
			keyring_put(gate.keyring, &person, key, now_us);
		else
			log_line(LOG_LEVEL_ERROR, "seal.key_unusable", NULL);
	}
}

static void
ask_keys(struct exchange *exchange, const struct statement *statement, const struct value *args,
    void (*done)(struct call *call, const struct answer *answer))
{
	exchange->call =
	    (struct call){ .statement = statement, .args = args, .done = done, .of = exchange };
	exchange->asking = true;
	link_ask(gate.keys_link, &exchange->call);
	gate_turn_soon();
}

/* Takes what the keys' database has said. false: it is away, or this would never end. */
static bool
heard(struct exchange *exchange, const struct answer *answer)
{
	exchange->asking = false;
	if (answer->outcome != OUTCOME_ROWS) {
		log_line(LOG_LEVEL_WARN, "seal.no_keys", "error",
		    answer->outcome == OUTCOME_FAILED ? answer->message : "not answered", NULL);
		return false;
	}
	take_keys(&answer->rows);
	return exchange->seal_passes++ < PASSES_MAX;
}

/* --- out: the reply --- */

static void fetched(struct call *call, const struct answer *answer);

static void
encode_and_reply(struct exchange *exchange)
{
	struct text missed;
	struct value *args;

	encode_reply(&gate.encoder, exchange->operation, &exchange->request, &exchange->kept,
	    &exchange->reply);
	missed = keyring_missed(gate.keyring, exchange->request.arena);
	if (missed.bytes == 0) {
		exchange_reply(exchange);
		return;
	}
	args = arena_take(exchange->request.arena, sizeof(*args));
	args[0] = (struct value){ .type = BYTES, .bytes = missed };
	ask_keys(exchange, &find_keys, args, fetched);
}

static void
fetched(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;
	bool has_heard = heard(exchange, answer);

	if (exchange_ends_alone(exchange))
		return;
	if (has_heard) {
		encode_and_reply(exchange);
	} else {
		problem_set(&exchange->request.problem, "unavailable",
		    exchange->request.method == GET
			? NULL
			: "The request has had its effect; the same key shows it later.");
		exchange_reply_problem(exchange);
	}
	client_run(exchange->client);
}

void
exchange_reply_rows(struct exchange *exchange, const struct answer *answer)
{
	exchange->kept = *answer;
	encode_reply(
	    &gate.encoder, exchange->operation, &exchange->request, answer, &exchange->reply);
	if (!keyring_has_missed(gate.keyring)) {
		exchange_reply(exchange);
		return;
	}
	/* the rows must outlive this callback */
	exchange->kept_result =
	    PQcopyResult(answer->rows.result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
	if (exchange->kept_result == NULL)
		log_die("out of memory for an answer");
	exchange->kept.rows.result = exchange->kept_result;
	encode_and_reply(exchange);
}

/* --- in: the arguments --- */

static const struct uuid *
person_of(struct request *request, const char *names)
{
	while (names != NULL && *names != '\0') {
		size_t bytes = strcspn(names, " ");
		struct value *value =
		    request_arg(request, arena_copy(request->arena, names, bytes));

		if (!value->null)
			return &value->uuid;
		names += bytes;
		names += strspn(names, " ");
	}
	return NULL;
}

static bool
to_seal(struct request *request, int i, const struct uuid **person)
{
	const struct field *field = &request->endpoint->takes[i];

	if (field->seals == NULL || request->args[i].null)
		return false;
	*person = person_of(request, field->person);
	if (*person == NULL)
		problem_set(&request->problem, "unauthenticated", NULL);
	return *person != NULL;
}

/* Whether all keys are at hand; those that are not are missed, and one that is gone refuses. */
static bool
has_keys(struct request *request)
{
	const struct uuid *person;
	const uint8_t *key;
	bool all = true;

	for (int i = 0; request->endpoint->takes[i].name != NULL; i++) {
		if (!to_seal(request, i, &person))
			continue;
		switch (keyring_find(gate.keyring, person, world_monotonic_us(), &key)) {
		case KEYRING_UNKNOWN:
			keyring_miss(gate.keyring, person);
			all = false;
			break;
		case KEYRING_GONE:
			problem_set(&request->problem, "person_erased", NULL);
			break;
		case KEYRING_KNOWN:
			break;
		}
	}
	return all;
}

static void
seal_arguments(struct request *request)
{
	const struct uuid *person;
	const uint8_t *key;

	for (int i = 0; request->endpoint->takes[i].name != NULL; i++) {
		const struct field *field = &request->endpoint->takes[i];
		struct value *value = &request->args[i];

		if (!to_seal(request, i, &person) ||
		    keyring_find(gate.keyring, person, world_monotonic_us(), &key) != KEYRING_KNOWN)
			continue;
		value->bytes = seal_close(request->arena, key, person, field->seals,
		    field->row == NULL ? person : person_of(request, field->row), value->bytes);
	}
}

/* Keys of 32 bytes of chance each, wrapped, for all that were missed. */
static struct text
fresh_keys(struct arena *arena, struct text persons)
{
	size_t count = persons.bytes / UUID_BYTES;
	uint8_t *wrapped = arena_take(arena, count * SEAL_WRAPPED_BYTES);

	for (size_t i = 0; i < count; i++) {
		uint8_t key[SEAL_KEY_BYTES];
		struct uuid person;

		memcpy(person.byte, persons.at + i * UUID_BYTES, UUID_BYTES);
		world_chance(key, sizeof(key));
		seal_wrap(&gate.keks, &person, key, wrapped + i * SEAL_WRAPPED_BYTES);
	}
	return (struct text){ (const char *)wrapped, count * SEAL_WRAPPED_BYTES };
}

static bool
is_fresh(struct request *request, const struct uuid *person)
{
	for (int i = 0; request->endpoint->takes[i].name != NULL; i++)
		if (request->endpoint->takes[i].from == FRESH && !request->args[i].null &&
		    uuid_equal(&request->args[i].uuid, person))
			return true;
	return false;
}

static void
note_fresh(struct exchange *exchange, struct text persons)
{
	struct text before = exchange->fresh_persons;
	struct buffer all;

	buffer_init(&all, exchange->request.arena, before.bytes + persons.bytes);
	buffer_add(&all, before.at, before.bytes);
	for (size_t at = 0; at < persons.bytes; at += UUID_BYTES) {
		struct uuid person;

		memcpy(person.byte, persons.at + at, UUID_BYTES);
		if (is_fresh(&exchange->request, &person))
			buffer_add(&all, person.byte, UUID_BYTES);
	}
	exchange->fresh_persons = buffer_text(&all);
}

static void
made(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;
	bool has_heard = heard(exchange, answer);

	if (exchange_ends_alone(exchange))
		return;
	if (has_heard) {
		exchange_ask_operation(exchange);
	} else {
		problem_set(&exchange->request.problem, "unavailable", NULL);
		exchange_reply_problem(exchange);
	}
	client_run(exchange->client);
}

bool
exchange_seal(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	bool all = has_keys(request);
	struct text missed = keyring_missed(gate.keyring, request->arena);
	struct value *args;

	if (request->problem.kind == NULL && !all && gate.keks.count == 0)
		problem_set(&request->problem, "unavailable", NULL);
	if (request->problem.kind != NULL) {
		exchange_reply_problem(exchange);
		return false;
	}
	if (all) {
		seal_arguments(request);
		return true;
	}
	args = arena_take(request->arena, 2 * sizeof(*args));
	args[0] = (struct value){ .type = BYTES, .bytes = missed };
	args[1] = (struct value){ .type = BYTES, .bytes = fresh_keys(request->arena, missed) };
	note_fresh(exchange, missed);
	ask_keys(exchange, &make_keys, args, made);
	return false;
}

/* --- keys of persons that a call did not make --- */

/* A question on its own: the request has ended. */
struct unused {
	struct call call;
	struct value arg;
	uint8_t persons[]; /* ids, one after the other */
};

static void
forgotten(struct call *call, const struct answer *answer)
{
	if (answer->outcome != OUTCOME_ROWS)
		log_line(LOG_LEVEL_WARN, "seal.key_unused", "error",
		    answer->outcome == OUTCOME_FAILED ? answer->message : "not answered", NULL);
	free(call->of);
}

static void
unknown(struct call *call, const struct answer *answer)
{
	struct unused *unused = call->of;

	unused->arg.bytes.bytes = 0;
	if (answer->outcome == OUTCOME_ROWS)
		for (int i = 0; i < answer->rows.count; i++) {
			struct uuid person = rows_uuid(&answer->rows, i, 0);

			memcpy(unused->persons + unused->arg.bytes.bytes, person.byte, UUID_BYTES);
			unused->arg.bytes.bytes += UUID_BYTES;
		}
	if (unused->arg.bytes.bytes == 0) {
		free(unused);
		return;
	}
	unused->call = (struct call){
		.statement = &forget_keys, .args = &unused->arg, .done = forgotten, .of = unused
	};
	link_ask(gate.keys_link, &unused->call);
	gate_turn_soon();
}

/* Nobody else knows a FRESH id: once SQL has answered, or was not asked, it is settled whether
 * there is such a person. The ids of others are looked at before anything is sealed (.asks). */
void
exchange_forget_keys(const struct exchange *exchange)
{
	struct text persons = exchange->fresh_persons;
	struct unused *unused;

	if (persons.bytes == 0 || exchange->unsettled || gate.unknown_persons.sql == NULL)
		return;
	unused = malloc(sizeof(*unused) + persons.bytes);
	if (unused == NULL)
		log_die("out of memory for a request");
	memcpy(unused->persons, persons.at, persons.bytes);
	unused->arg = (struct value){ .type = BYTES,
		.bytes = { (const char *)unused->persons, persons.bytes } };
	unused->call = (struct call){ .statement = &gate.unknown_persons,
		.args = &unused->arg,
		.done = unknown,
		.of = unused };
	link_ask(gate.link, &unused->call);
	gate_turn_soon();
}
