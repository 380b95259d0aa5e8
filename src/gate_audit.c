/* gate_audit: what an office does leaves a record; see gate_private.h.
 *
 * What was done is recorded by the call itself (contract_audit.c). A refusal that rolled the call
 * back, or that the gate made, is recorded by a call of its own, and the reply waits for it. */
#include "gate_private.h"
#include "socius/world.h"

enum { RECORD_ARGS = 10 };

void
gate_audit_prepare(struct arena *arena)
{
	if (gate.app->audits == NULL)
		return;
	gate.record_act = (struct statement){ .name = "record_act",
		.sql = arena_print(arena,
		    "select from %s($1::int, $2::uuid, $3::text, $4::text, $5::uuid, $6::text, "
		    "$7::uuid, $8::text, $9::text, $10::timestamptz) f",
		    gate.app->audits),
		.lane = LANE_WRITE,
		.args_count = RECORD_ARGS,
		.types = { INT, UUID, STRING, STRING, UUID, STRING, UUID, STRING, STRING, INSTANT },
		.market_arg = -1 };
}

static struct value
text(const char *from)
{
	return (struct value){ .type = STRING, .bytes = text_of(from) };
}

static struct value
id(struct uuid from)
{
	return (struct value){ .type = UUID, .uuid = from };
}

bool
exchange_audits(struct exchange *exchange)
{
	const struct operation *operation = exchange->operation;
	struct request *request = &exchange->request;
	struct value *to = request->args + operation->statement.args_count;

	if (!request->caller.is_audited || operation->audited.statement.sql == NULL)
		return false;
	*to++ = (struct value){ .type = INT, .number = request->caller.market_id };
	*to++ = id(world_fresh_id());
	*to++ = id(request->caller.account_id);
	*to++ = text(request->caller.role);
	*to++ = text(request->peer);
	*to++ = text(request->id);
	*to = (struct value){ .type = INSTANT, .number = request->now_us };
	return true;
}

/* Bad input is nobody's act; a closed door that somebody has tried is. What is one too many is not
 * written: a limit that writes is none. */
bool
exchange_refusal_is_recorded(const struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	const struct problem_kind *kind = request->problem.kind;

	if (!request->caller.is_audited || gate.record_act.sql == NULL || kind == NULL ||
	    exchange->operation == NULL || request->endpoint->method == GET || kind->status == 429)
		return false;
	return exchange->operation->audited.statement.sql != NULL || kind->status == 403;
}

static void
recorded(struct call *call, const struct answer *answer)
{
	struct exchange *exchange = call->of;

	(void)answer; /* where there is no database there is no record, and the reply is the same */
	exchange->asking = false;
	if (exchange_ends_alone(exchange))
		return;
	exchange_reply(exchange);
	client_run(exchange->client);
}

void
exchange_record(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	int subject = exchange->operation->audited.subject_arg;
	struct value *args = arena_take(request->arena, sizeof(*args) * RECORD_ARGS);

	exchange->closes |= exchange->refused;
	if (exchange->reply.status == 0)
		encode_problem(request, &exchange->reply);
	args[0] = (struct value){ .type = INT, .number = request->caller.market_id };
	args[1] = id(world_fresh_id());
	args[2] = text(exchange->operation->id);
	args[3] = text(request->problem.kind->slug);
	args[4] = id(request->caller.account_id);
	args[5] = text(request->caller.role);
	args[6] = (struct value){ .type = UUID, .null = true };
	if (exchange->operation->audited.statement.sql != NULL && subject >= 0 &&
	    request->args[subject].type == UUID)
		args[6] = request->args[subject];
	args[7] = text(request->peer);
	args[8] = text(request->id);
	args[9] = (struct value){ .type = INSTANT, .number = request->now_us };
	exchange_ask(exchange, &gate.record_act, args, recorded);
}
