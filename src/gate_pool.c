/* gate_pool: cold rows that read first (.asks) and think (.prepares); see gate_private.h. */
#include <libpq-fe.h>
#include <stddef.h>

#include "gate_private.h"
#include "password.h"
#include "socius/log.h"

static struct exchange *
exchange_of(struct pool_job *job)
{
	return (struct exchange *)((char *)job - offsetof(struct exchange, job));
}

static void
forget_asked(struct exchange *exchange)
{
	PQclear(exchange->asked);
	exchange->asked = NULL;
	exchange->request.asked = (struct rows){ 0 };
}

/* In a thread of the pool. */
static void
run_job(struct pool_job *job)
{
	struct exchange *exchange = exchange_of(job);

	/* what it says stands in request.problem, too */
	(void)exchange->request.endpoint->prepares(&exchange->request);
}

static void
go_on(struct exchange *exchange)
{
	forget_asked(exchange);
	if (exchange->request.problem.kind != NULL)
		exchange_reply_problem(exchange);
	else
		exchange_ask_operation(exchange);
}

static void
job_done(struct pool_job *job)
{
	struct exchange *exchange = exchange_of(job);

	exchange->pooled = false;
	metrics_add(gate.metrics, METRIC_PASSWORDS, password_count_evaluations());
	if (exchange->client == NULL) {
		forget_asked(exchange);
		exchange_end(exchange);
		return;
	}
	go_on(exchange);
	client_run(exchange->client);
}

/* The reply is sent by the caller, or comes later. */
static void
prepare(struct exchange *exchange)
{
	struct request *request = &exchange->request;

	if (request->endpoint->pool) {
		exchange->job = (struct pool_job){ .run = run_job, .done = job_done };
		exchange->pooled = pool_give(gate.pool, &exchange->job);
		if (exchange->pooled)
			return;
		problem_set(&request->problem, "unavailable", "Too many requests wait already.");
	} else {
		(void)request->endpoint->prepares(
		    request); /* what it says is in request->problem */
	}
	go_on(exchange);
}

/* The first read has come back. For the pool it must outlive this callback. */
static void
asked(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;
	struct request *request = &exchange->request;

	exchange->asking = false;
	if (answer->outcome != OUTCOME_ROWS) {
		encode_reply(&gate.encoder, exchange->operation, request, answer, &exchange->reply);
		if (exchange_refusal_is_recorded(exchange)) {
			exchange_record(exchange);
			return;
		}
		exchange_reply(exchange);
	} else {
		request->asked = answer->rows;
		if (request->endpoint->pool) {
			exchange->asked =
			    PQcopyResult(answer->rows.result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
			if (exchange->asked == NULL)
				log_die("out of memory for an answer");
			request->asked.result = exchange->asked;
		}
		prepare(exchange);
	}
	client_run(exchange->client);
}

void
exchange_prepare(struct exchange *exchange)
{
	const struct operation *operation = exchange->operation;
	struct request *request = &exchange->request;
	struct value *args;

	if (request->endpoint->asks == NULL) {
		prepare(exchange);
		return;
	}
	args = arena_take(request->arena, sizeof(*args) * REQUEST_ARGS_MAX);
	for (int i = 0; i < operation->asks.args_count; i++)
		args[i] = request->args[operation->asks_args[i]];
	exchange_ask(exchange, &operation->asks, args, asked);
}

void
gate_pool_ready(void *arg, int events)
{
	(void)arg; /* there is one pool */
	(void)events;
	pool_collect(gate.pool);
}
