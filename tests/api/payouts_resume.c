/* Only a payout run that failed can be resumed, and only by those who may start one. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(payouts_resume, .init = story_begin, .fini = story_end);

static struct story_reply *
resume(const char *token, const char *run_id)
{
	return story_call(
	    "POST", story_print("/v1/payout_runs/%s/resume", run_id), token, story_key(), NULL);
}

Test(payouts_resume, is_for_runs_that_failed)
{
	struct story_partner ada = story_partner("driver");
	struct story_reply *run = story_post(story.operator_token, "/v1/payout_runs", "{}");
	const char *run_id = story_text(run, "payout_run_id");

	story_await(story.operator_token, "payout_run.finished");
	story_refused(resume(story.operator_token, run_id), "payout_run_not_failed");
	story_refused(resume(story.operator_token, story_key()), "payout_run_unknown");
	story_refused(resume(ada.token, run_id), "scope_missing");
	story_refused(resume(story.auditor, run_id), "scope_missing");
}
