/* liar: the checker finds what is not as recorded: after a true stampede the record is made to lie,
 * one lie a test. Skipped without an instance of one's own; see play.h. */
#include <criterion/criterion.h>

#include "check.h"
#include "play.h"
#include "socius/world.h"

static struct play play = { .seed = -1, .callers = 24, .slots = 4, .capacity = 3 };

/* The first booking with this outcome. */
static struct operation *
booking(enum outcome outcome)
{
	for (int i = 0; i < play.record.count; i++)
		if (play.record.operations[i].outcome == outcome)
			return &play.record.operations[i];
	cr_assert_fail("nobody's booking was %s", record_outcomes[outcome]);
	return NULL;
}

static void
begin(void)
{
	if (world_setting("SOCIUS_URL", NULL) == NULL || world_setting("SOCIUS_VAR", NULL) == NULL)
		cr_skip_test("SOCIUS_URL and SOCIUS_VAR name no running instance");
	play_begin(&play);
	cr_assert_eq(play_stampede(&play), 0);
}

static int
record_faults(void)
{
	return check_record(&play.city, &play.record);
}

static void
name(struct operation *operation)
{
	play_draw_key(&play.chance, operation->made);
}

/* An acknowledged operation that was never asked for, so that its effect is lost. */
static void
claim(enum kind kind)
{
	char key[UUID_TEXT_BYTES];
	struct operation *operation;

	play_draw_key(&play.chance, key);
	operation = &play.record.operations[record_add(&play.record, kind, key)];
	operation->outcome = DONE;
	name(operation);
}

TestSuite(liar, .init = begin);

Test(liar, is_found_when_a_refused_booking_counts_as_done)
{
	struct operation *operation = booking(REFUSED);

	operation->outcome = DONE;
	name(operation);
	cr_assert_eq(record_faults(), 1);
}

Test(liar, is_found_when_a_booking_that_was_done_counts_as_refused)
{
	booking(DONE)->outcome = REFUSED;
	cr_assert_eq(record_faults(), 1);
}

Test(liar, is_found_when_a_booking_that_was_done_counts_as_not_sent)
{
	booking(DONE)->outcome = NOT_SENT;
	cr_assert_eq(record_faults(), 1);
}

Test(liar, is_found_when_another_booking_was_acknowledged)
{
	name(booking(DONE));
	cr_assert_eq(record_faults(), 1);
}

Test(liar, is_found_when_a_trip_or_a_payout_run_is_lost)
{
	claim(TRIP);
	cr_assert_eq(record_faults(), 1);
	claim(PAY);
	cr_assert_eq(record_faults(), 2);
}

Test(liar, is_found_when_a_forfeit_is_lost)
{
	struct operation *of = booking(DONE), *forfeit;

	claim(FORFEIT);
	forfeit = &play.record.operations[play.record.count - 1];
	forfeit->booking = (int)(of - play.record.operations);
	forfeit->partner = of->partner;
	memcpy(forfeit->made, of->made, sizeof(of->made));
	cr_assert_eq(record_faults(), 1);
}

Test(liar, is_found_when_a_booking_is_there_that_nobody_asked_for)
{
	struct operation *last = &play.record.operations[play.record.count - 1];
	struct operation *done = booking(DONE);

	cr_assert_eq(check_rest(&play.city, &play.record), 0);
	*done = *last;
	play.record.count--;
	cr_assert_eq(record_faults(), 0);
	cr_assert_eq(check_rest(&play.city, &play.record), 1);
}
