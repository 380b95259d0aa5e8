/* gate_revoked: sessions that have ended, asked for once a second; see gate_private.h. */
#include "gate_private.h"
#include "socius/world.h"

/* A token of an ended session lives on for at most this; a commit may come later than its clock. */
#define TOKENS_LIVE_US ((TOKEN_LIFE_S + TOKEN_SKEW_S) * GATE_S)
#define COMMITS_WITHIN_US (30 * GATE_S)

void
gate_revoked_prepare(struct arena *arena)
{
	if (gate.app->ended_sessions == NULL)
		return;
	gate.ended_sessions = (struct statement){ .name = "ended_sessions",
		.sql =
		    arena_print(arena, "select f.session_id, f.ended_at from %s($1::timestamptz) f",
			gate.app->ended_sessions),
		.lane = LANE_READ,
		.args_count = 1,
		.types = { INSTANT },
		.market_arg = -1 };
}

static void
answered(struct call *call, const struct answer *answer)
{
	const struct rows *rows = &answer->rows;
	int64_t now_us = world_now_us();

	(void)call; /* there is one */
	gate.revoked_asked = false;
	if (answer->outcome != OUTCOME_ROWS)
		return;
	for (int i = 0; i < rows->count; i++) {
		struct uuid session = rows_uuid(rows, i, 0);
		int64_t ended_us = rows_instant(rows, i, 1);

		revoked_add(gate.revoked, &session, ended_us + TOKENS_LIVE_US, now_us);
	}
	gate.revoked_known = true;
	gate.revoked_read_us = world_monotonic_us();
	gate.revoked_since.number = now_us - COMMITS_WITHIN_US;
}

void
gate_revoked_tick(int64_t now_us)
{
	static int64_t asked_us;

	if (gate.ended_sessions.sql == NULL || gate.revoked_asked ||
	    now_us - asked_us < GATE_REVOKED_US)
		return;
	asked_us = now_us;
	/* after a silence that was longer than commits take, all of it again */
	if (!gate.revoked_known ||
	    now_us - gate.revoked_read_us > COMMITS_WITHIN_US - 2 * GATE_REVOKED_US)
		gate.revoked_since = (struct value){ .type = INSTANT,
			.number = world_now_us() - TOKENS_LIVE_US - COMMITS_WITHIN_US };
	gate.revoked_asked = true;
	gate.revoked_call = (struct call){
		.statement = &gate.ended_sessions, .args = &gate.revoked_since, .done = answered
	};
	link_ask(gate.link, &gate.revoked_call);
}

bool
gate_revoked_is_known(void)
{
	return gate.revoked_known &&
	       world_monotonic_us() - gate.revoked_read_us < GATE_REVOKED_PATIENCE_US;
}
