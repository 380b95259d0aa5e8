/* gate_used: systems of the company that are at work, told to the database once a minute each; see
 * gate_private.h.
 *
 * What a token is of (its session) has one place, by its last byte; two that share a place are told
 * more often than once a minute, which does no harm. */
#include "gate_private.h"

enum { PLACES = 256, ARGS = 3 };

static struct place {
	struct uuid session;
	int64_t told_us; /* monotonic; 0: never */
	bool asked;      /* the call is out */
	struct call call;
	struct value args[ARGS];
} places[PLACES];

void
gate_used_prepare(struct arena *arena)
{
	if (gate.app->used_session == NULL)
		return;
	gate.used_session = (struct statement){ .name = "used_session",
		.sql = arena_print(arena, "select %s($1::int4, $2::uuid, $3::timestamptz)",
		    gate.app->used_session),
		.lane = LANE_WRITE,
		.args_count = ARGS,
		.types = { INT, UUID, INSTANT },
		.market_arg = -1 };
}

/* What could not be told is told with one of the next requests. */
static void
told(struct call *call, const struct answer *answer)
{
	struct place *place = call->of;

	place->asked = false;
	if (answer->outcome != OUTCOME_ROWS)
		place->told_us = 0;
}

void
gate_used_note(const struct request *request)
{
	const struct caller *caller = &request->caller;
	struct place *place = &places[caller->session_id.byte[UUID_BYTES - 1]];

	if (gate.used_session.sql == NULL || !caller->is_service || !caller->has_session ||
	    place->asked)
		return;
	if (place->told_us != 0 && gate.now_us - place->told_us < GATE_USED_US &&
	    uuid_equal(&place->session, &caller->session_id))
		return;
	*place = (struct place){ .session = caller->session_id,
		.told_us = gate.now_us,
		.asked = true,
		.args = { { .type = INT, .number = caller->market_id },
		    { .type = UUID, .uuid = caller->session_id },
		    { .type = INSTANT, .number = request->now_us } } };
	place->call = (struct call){
		.statement = &gate.used_session, .args = place->args, .done = told, .of = place
	};
	link_ask(gate.link, &place->call);
}
