/* assurance: what is acknowledged is neither lost nor doubled: the short plays of every test run.
 * Skipped without an instance of one's own; see play.h. */
#include <criterion/criterion.h>

#include "play.h"
#include "socius/world.h"

static struct play play = { .connections = 64, .seconds = 3, .seed = -1 };

static void
begin(void)
{
	if (world_setting("SOCIUS_URL", NULL) == NULL || world_setting("SOCIUS_VAR", NULL) == NULL)
		cr_skip_test("SOCIUS_URL and SOCIUS_VAR name no running instance");
	play_begin(&play);
}

TestSuite(assurance, .init = begin);

Test(assurance, seats_exactly_200_of_a_stampede_of_1000)
{
	play.callers = 1000;
	play.slots = 50;
	play.capacity = 4;
	cr_assert_eq(play_stampede(&play), 0);
}

Test(assurance, outlives_500_clients_that_hang_up)
{
	play.hang_ups = 500;
	cr_assert_eq(play_storm(&play), 0);
}

Test(assurance, outlives_kills_of_workers_runner_and_postgres)
{
	play.kills[WORKER] = 20;
	play.kills[POSTGRES] = 5;
	play.kills[RUNNER] = 5;
	cr_assert_eq(play_storm(&play), 0);
}
