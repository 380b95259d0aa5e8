/* gate_own: the engine's own routes; see gate_private.h. */
#include "gate_private.h"
#include "etag.h"
#include "socius/log.h"

static void
reply_json(struct exchange *exchange, struct text body)
{
	exchange->reply =
	    (struct reply){ .status = 200, .media = TEXT("application/json"), .body = body };
	exchange_reply(exchange);
}

static void
answer_health(struct exchange *exchange)
{
	reply_json(exchange, TEXT("{\"status\":\"ok\"}"));
}

/* A primary that can be written to says one row. */
static void
probed(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;

	exchange->asking = false;
	if (answer->outcome == OUTCOME_ROWS && answer->rows.count == 1)
		reply_json(exchange, TEXT("{\"status\":\"ready\"}"));
	else
		exchange_refuse(exchange, "unavailable", "PostgreSQL does not answer.");
	client_run(exchange->client);
}

static void
answer_ready(struct exchange *exchange)
{
	if (gate.draining)
		exchange_refuse(exchange, "unavailable", "The server is stopping.");
	else if (!link_ready(gate.link))
		exchange_refuse(exchange, "unavailable", "PostgreSQL does not answer.");
	else
		exchange_ask(exchange, gate.statements[0], NULL, probed);
}

/* A route of our own; its requests take from the bucket of its class. */
struct own {
	const char *path;
	enum own_route route;
	enum limit_class class;
	void (*answer)(struct exchange *exchange);
};

/* LIMIT_RATES: from none. That the process is alive is said as fast as it could be refused. */
static const struct own own[] = {
	{ "/healthz", OWN_HEALTH, LIMIT_RATES, answer_health },
	{ "/readyz", OWN_READY, LIMIT_PROBE, answer_ready },
};

static void
reply_options(struct exchange *exchange, const char *allow)
{
	if (exchange->reader.trace) {
		exchange->request.allow = allow;
		exchange_refuse(exchange, "method_not_allowed", NULL);
		return;
	}
	exchange->reply = (struct reply){ .status = 204 };
	reply_add_header(&exchange->reply, "Allow",
	    text_of(arena_print(exchange->request.arena, "%s, OPTIONS", allow)));
	exchange_reply(exchange);
}

/* Whatever the route table says of GET, it is asked for DELETE too: one of both is refused with the
 * methods there are, or else both exist. */
static void
answer_options(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	if (!exchange_take(exchange, LIMIT_READ, TEXT(""))) {
		exchange_reply_problem(exchange);
		return;
	}
	if (text_is(request->path, "*")) {
		reply_options(exchange, "GET, HEAD, POST, PUT, PATCH, DELETE");
		return;
	}
	for (int method = GET; method <= DELETE; method++) {
		request->method = (enum method)method;
		request->problem = (struct problem){ 0 };
		if (route_find(gate.route, request) == NULL)
			break;
	}
	request->method = GET;
	if (request->problem.kind == NULL)
		request->allow = "GET, HEAD, POST, PUT, PATCH, DELETE";
	if (request->allow == NULL) {
		exchange_reply_problem(exchange);
		return;
	}
	request->problem = (struct problem){ 0 };
	reply_options(exchange, request->allow);
}

/* Reading is all that one may do with these. */
static void
answer_own(struct exchange *exchange, const struct own *how)
{
	exchange->route = gate.contract->operations_count + (int)how->route;
	exchange->request.allow = "GET, HEAD";
	if (how->class != LIMIT_RATES && !exchange_take(exchange, how->class, TEXT("")))
		exchange_reply_problem(exchange);
	else if (exchange->reader.options)
		reply_options(exchange, exchange->request.allow);
	else if (exchange->request.method != GET)
		exchange_refuse(exchange, "method_not_allowed", NULL);
	else
		how->answer(exchange);
}

bool
own_answers(struct exchange *exchange)
{
	struct text path = exchange->request.path;
	const struct docs_file *file;
	struct own page = { .class = LIMIT_DOCUMENT, .answer = docs_answer };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (!text_is(path, own[i].path))
			continue;
		answer_own(exchange, &own[i]);
		return true;
	}
	file = docs_find(path);
	if (file != NULL) {
		page.route = docs_route(file);
		answer_own(exchange, &page);
		return true;
	}
	if (!exchange->reader.options)
		return false;
	answer_options(exchange);
	return true;
}

/* The second listener knows one path. */
void
own_metrics(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	struct buffer buffer;

	if (!text_is(request->path, "/metrics")) {
		exchange_refuse(exchange, "not_found", NULL);
		return;
	}
	exchange->route = gate.contract->operations_count + OWN_METRICS;
	request->allow = "GET, HEAD";
	if (request->method != GET || exchange->reader.options) {
		exchange_refuse(exchange, "method_not_allowed", NULL);
		return;
	}
	buffer_init(&buffer, request->arena, 64 * 1024);
	metrics_write(gate.metrics, &buffer);
	exchange->reply = (struct reply){ .status = 200,
		.media = TEXT("text/plain; version=0.0.4; charset=utf-8"),
		.body = buffer_text(&buffer) };
	exchange_reply(exchange);
}
