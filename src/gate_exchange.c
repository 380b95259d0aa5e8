/* gate_exchange: the way of a request through the engine; see gate_private.h. */
#include <assert.h>
#include <libpq-fe.h>

#include "gate_private.h"
#include "grammar.h"
#include "poison.h"
#include "socius/log.h"
#include "socius/world.h"

static void answered(struct call *call, const struct answer *answer);

/* A spare exchange keeps its place in the list and its arena, which stand first. */
enum { EXCHANGE_BYTES_POISONED = sizeof(struct exchange) - offsetof(struct exchange, reader) };

struct exchange *
exchange_new(struct client *client)
{
	struct exchange *exchange = gate.spare;
	struct arena arena;

	if (exchange == NULL) {
		exchange = malloc(sizeof(*exchange));
		if (exchange == NULL)
			log_die("out of memory for a request");
		arena_init(&arena);
	} else {
		unpoison(&exchange->reader, EXCHANGE_BYTES_POISONED);
		gate.spare = exchange->next;
		gate.spare_count--;
		arena = exchange->arena;
	}
	memset(exchange, 0, sizeof(*exchange));
	exchange->arena = arena;
	exchange->client = client;
	exchange->spool_fd = -1;
	exchange->route = gate.contract->operations_count + OWN_NONE;
	exchange->request.arena = &exchange->arena;
	/* it outlives its client: a job of the pool is logged when the connection has gone */
	exchange->request.peer = arena_copy(&exchange->arena, client->peer, strlen(client->peer));
	exchange->request.started_us = world_monotonic_us();
	reader_init(&exchange->reader);
	metrics_add(gate.metrics, METRIC_REQUESTS_IN_FLIGHT, 1);
	return exchange;
}

static void
count(const struct exchange *exchange)
{
	int64_t duration_us = world_monotonic_us() - exchange->request.started_us;
	const struct problem_kind *kind = exchange->request.problem.kind;

	metrics_count(gate.metrics, exchange->route, exchange->reply.status,
	    kind == NULL ? -1 : (int)(kind - gate.app->problems), duration_us);
	metrics_add(gate.metrics, METRIC_SENT_BYTES, (int64_t)exchange->sent_bytes);
	if (gate.logs_requests || exchange->reply.status >= 500)
		gate_log_request(exchange, duration_us);
}

void
exchange_end(struct exchange *exchange)
{
	assert(!exchange->asking && !exchange->pooled);
	exchange_forget_keys(exchange);
	PQclear(exchange->kept_result);
	if (exchange->reply.status != 0)
		count(exchange);
	metrics_add(gate.metrics, METRIC_REQUESTS_IN_FLIGHT, -1);
	if (exchange->stream != NULL)
		stream_close(exchange);
	if (exchange->spool_path != NULL)
		spool_end(exchange);
	if (gate.spare_count == GATE_SPARE_MAX) {
		arena_release(&exchange->arena);
		free(exchange);
		return;
	}
	arena_clear(&exchange->arena);
	exchange->next = gate.spare;
	gate.spare = exchange;
	gate.spare_count++;
	poison(&exchange->reader, EXCHANGE_BYTES_POISONED);
}

/* The client has gone. What PostgreSQL was asked is done all the same; nobody hears of it. A job in
 * the pool cannot be stopped: its end ends the exchange. So does the answer to a call that has made
 * keys of fresh persons: it alone tells whether there are such persons. */
void
exchange_orphan(struct exchange *exchange)
{
	exchange->client = NULL;
	if (exchange->asking && exchange->fresh_persons.bytes == 0) {
		link_orphan(gate.link, &exchange->call);
		exchange->asking = false;
	}
	if (exchange->reply.status == 0 && exchange->request.method_name.bytes > 0)
		exchange->reply.status = 499;
	if (!exchange->pooled && !exchange->asking)
		exchange_end(exchange);
}

bool
exchange_ends_alone(struct exchange *exchange)
{
	if (exchange->client != NULL)
		return false;
	exchange_end(exchange);
	return true;
}

/* --- route, token, limit --- */

static void
find_route(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	if (exchange->routed)
		return;
	exchange->routed = true;
	exchange->operation = route_find(gate.route, request);
	if (exchange->operation == NULL)
		return;
	exchange->route = (int)(exchange->operation - gate.contract->operations);
	request->endpoint = exchange->operation->endpoint;
}

/* credentials = "Bearer" 1*SP token, RFC 6750 section 2.1. */
static struct text
bearer(const struct request *request)
{
	struct text value = request_header(request, "Authorization");
	struct text scheme = grammar_cut(&value, ' ');

	if (!text_equal_nocase(scheme, TEXT("Bearer")))
		return (struct text){ NULL, 0 };
	return grammar_trim(value);
}

static const char not_known[] = "Which sessions have ended is not known at the moment.";

static const struct token *
recall(struct text from, const char **why)
{
	const struct token *token =
	    token_recall(gate.tokens, &gate.keys, gate.app->roles, from, world_now_us(), why);

	if (token == NULL && *why == token_no_key && gate_keys_anew())
		token = token_recall(
		    gate.tokens, &gate.keys, gate.app->roles, from, world_now_us(), why);
	return token;
}

/* NULL: the caller is known; else why not. */
static const char *
find_caller(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct text from = bearer(request);
	const struct token *token;
	const char *why;

	if (from.bytes == 0)
		return "There is no bearer token in Authorization.";
	token = recall(from, &why);
	if (token == NULL)
		return why;
	if (token->caller.has_session) {
		if (!gate_revoked_is_known())
			return not_known;
		if (revoked_has(gate.revoked, &token->caller.session_id))
			return "The token's session has ended.";
	}
	request->caller = token->caller;
	request->caller.scopes =
	    arena_copy(request->arena, token->caller.scopes, strlen(token->caller.scopes));
	exchange->token_expires_us = token->expires_us;
	gate_used_note(request);
	return NULL;
}

/* The last value of a list, as a proxy that appends to it has seen the peer. */
static void
trust_forwarded(struct request *request)
{
	struct text list = request_header(request, "X-Forwarded-For"), last = { NULL, 0 };

	while (list.bytes > 0)
		last = grammar_trim(grammar_cut(&list, ','));
	if (last.bytes > 0 && last.bytes < 46 &&
	    strspn(last.at, "0123456789abcdefABCDEF.:") >= last.bytes)
		request->peer = arena_copy(request->arena, last.at, last.bytes);
}

/* A quota that is used up says so, whatever else is wrong. */
static void
refuse_quota(struct exchange *exchange)
{
	struct problem *problem = &exchange->request.problem;

	*problem = (struct problem){ 0 };
	problem_set(problem, "quota_exceeded", NULL);
	problem->retry_after_s = (int)exchange->limit.retry_after_s;
	problem->members = text_of(arena_print(exchange->request.arena,
	    "{\"violated_policies\":[\"%s\"]}", limit_name(exchange->limit.of)));
}

/* Services have a class of their own for what they are there for; not those of markets that anyone
 * may make. */
static enum limit_class
class_of(const struct request *request)
{
	enum limit_class class = limit_class_of(request->endpoint);
	int32_t open_from = gate.app->open_markets_from;

	if (!request->caller.is_service || class == LIMIT_AUTH || class == LIMIT_COSTLY ||
	    (open_from != 0 && request->caller.market_id >= open_from))
		return class;
	return LIMIT_SERVICE;
}

/* A known caller has buckets of its own; all others share those of their network, and so do those
 * who show a token where none is needed. */
static void
take_from_bucket(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	enum limit_class class = class_of(request);
	struct text who = { NULL, 0 };
	bool is_open =
	    (class == LIMIT_AUTH || class == LIMIT_COSTLY) && request->endpoint->scope == NULL;

	if (request->caller.known && !is_open)
		who = (struct text){ (const char *)request->caller.account_id.byte, UUID_BYTES };
	exchange_take(exchange, class, who);
}

bool
exchange_take(struct exchange *exchange, enum limit_class class, struct text who)
{
	exchange->limit = limit_take(
	    gate.limit, class, who, exchange->request.peer, exchange->request.started_us);
	if (!exchange->limit.allowed)
		refuse_quota(exchange);
	return exchange->limit.allowed;
}

/* Whether a code of the caller's authenticator was shown lately enough, where the row asks for it.
 */
static bool
is_fresh(const struct request *request)
{
	enum step_up of = request->endpoint->fresh_totp;

	return of == STEP_UP_NOBODY || (of == STEP_UP_OFFICES && !request->caller.is_office) ||
	       world_now_us() - request->caller.totp_us <= TOKEN_FRESH_S * GATE_S;
}

/* Who asks, and whether they may. false: the problem is set. */
static bool
admit(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const char *scope, *why;

	if (exchange->admitted)
		return request->problem.kind == NULL;
	exchange->admitted = true;
	find_route(exchange);
	why = find_caller(exchange);
	scope = exchange->operation == NULL ? NULL : request->endpoint->scope;
	if (scope != NULL && why != NULL)
		problem_set(
		    &request->problem, why == not_known ? "unavailable" : "unauthenticated", why);
	else if (scope != NULL && !text_listed(request->caller.scopes, text_of(scope)))
		problem_set(&request->problem, "scope_missing",
		    arena_print(request->arena, "It needs the scope %s.", scope));
	else if (scope != NULL && !is_fresh(request)) {
		problem_set(&request->problem, "step_up_needed", NULL);
		request->problem.members = text_of(arena_print(request->arena,
		    "{\"max_age_s\":%d,\"step_up\":\"/v1/auth/step_ups\"}", TOKEN_FRESH_S));
	}
	take_from_bucket(exchange);
	return request->problem.kind == NULL;
}

static bool
has_blob(const struct operation *operation)
{
	const struct field *takes = operation->endpoint->takes;

	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == BLOB)
			return true;
	return false;
}

/* A large body is for those only who may send it; others hear so before it comes. */
void
exchange_heed_head(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct reader *reader = &exchange->reader;

	if (!exchange->client->is_metrics)
		find_route(exchange);
	if (exchange->operation == NULL) {
		/* what is wrong with the path is said when the body is there; it may be our own */
		exchange->routed = false;
		request->problem = (struct problem){ 0 };
	}
	if (exchange->operation == NULL || !has_blob(exchange->operation)) {
		reader_accept_body(reader, request, READER_BODY_BYTES_MAX, NULL, NULL);
		return;
	}
	if (exchange->client->is_proxy)
		trust_forwarded(request);
	if (admit(exchange) && reader->body_bytes <= READER_BLOB_BYTES_MAX && !spool_open(exchange))
		problem_set(&request->problem, "unavailable", "The body cannot be kept.");
	reader_accept_body(reader, request, READER_BLOB_BYTES_MAX, spool_take, exchange);
	if (request->problem.kind != NULL)
		reader->state = READER_REFUSED;
}

/* --- the way --- */

void
exchange_ask(struct exchange *exchange, const struct statement *statement, const struct value *args,
    void (*done)(struct call *call, const struct answer *answer))
{
	exchange->call =
	    (struct call){ .statement = statement, .args = args, .done = done, .of = exchange };
	exchange->asking = true;
	link_ask(gate.link, &exchange->call);
	gate_turn_soon();
}

void
exchange_ask_operation(struct exchange *exchange)
{
	const struct operation *operation = exchange->operation;

	if (operation->seals && !exchange_seal(exchange))
		return;
	exchange->unsettled = true;
	exchange_ask(exchange,
	    exchange_audits(exchange) ? &operation->audited.statement : &operation->statement,
	    exchange->request.args, answered);
}

static void
decode_and_ask(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	if (!decode(request, exchange->operation, &gate.cursor_key))
		exchange_reply_problem(exchange);
	else if (request->endpoint->asks != NULL || request->endpoint->prepares != NULL)
		exchange_prepare(exchange);
	else
		exchange_ask_operation(exchange);
}

void
exchange_run(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	request->now_us = world_now_us();
	if (exchange->client->is_proxy)
		trust_forwarded(request);
	reply_identify(exchange);
	if (exchange->client->is_metrics) {
		own_metrics(exchange);
		return;
	}
	if (own_answers(exchange))
		return;
	if (exchange->spool_path != NULL && !spool_done(exchange))
		problem_set(&request->problem, "unavailable", "The body cannot be kept.");
	if (admit(exchange))
		decode_and_ask(exchange);
	else if (exchange_refusal_is_recorded(exchange))
		exchange_record(exchange);
	else
		exchange_reply_problem(exchange);
}

/* The answer of PostgreSQL: what the operation was for. */
static void
answered(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;

	exchange->asking = false;
	exchange->unsettled = answer->outcome == OUTCOME_UNAVAILABLE && answer->sent;
	if (exchange_ends_alone(exchange))
		return;
	if (exchange->operation->endpoint->gives == STREAM && answer->outcome == OUTCOME_ROWS &&
	    !exchange->request.head) {
		stream_open(exchange, answer);
		return;
	}
	if (answer->outcome == OUTCOME_FAILED)
		encode_reply(&gate.encoder, exchange->operation, &exchange->request, answer,
		    &exchange->reply);
	if (exchange_refusal_is_recorded(exchange)) {
		exchange_record(exchange);
		return;
	}
	exchange_reply_rows(exchange, answer);
	client_run(exchange->client);
}

void
exchange_reply(struct exchange *exchange)
{
	exchange->closes |= exchange->reader.closes || gate.draining;
	if (exchange->request.id[0] == '\0')
		reply_identify(exchange);
	reply_render(exchange);
	gate_turn_soon(); /* for the log */
	client_write(exchange->client);
}

void
exchange_reply_problem(struct exchange *exchange)
{
	exchange->closes |= exchange->refused;
	if (exchange->request.id[0] == '\0')
		reply_identify(exchange);
	encode_problem(&exchange->request, &exchange->reply);
	exchange_reply(exchange);
}

void
exchange_refuse(struct exchange *exchange, const char *slug, const char *detail)
{
	problem_set(&exchange->request.problem, slug, detail);
	exchange_reply_problem(exchange);
}
