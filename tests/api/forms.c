/* The forms of a row that the test room has: a spooled body, a read before a slow thought. */
#include <criterion/criterion.h>

#include "story.h"

TestSuite(forms, .init = story_begin, .fini = story_end);

/* Skips where the instance has no test room. */
static void
need_test_room(void)
{
	if (story_call("POST", "/test/secrets", NULL, NULL, "{}")->status == 404)
		cr_skip_test("this instance has no test room");
}

Test(forms, spool_a_body_and_keep_its_digest)
{
	need_test_room();
	struct story_reply *reply =
	    story_call("POST", "/test/blobs", story.operator_token, NULL, "%s", "abc");

	cr_assert_eq(reply->status, 201, "%s", reply->text);
	cr_assert_str_eq(story_text(reply, "digest"),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(forms, spool_a_body_of_a_megabyte_and_refuse_more)
{
	char *body = malloc(1024 * 1024 + 2);
	struct story_reply *reply;

	need_test_room();
	memset(body, 'x', 1024 * 1024 + 1);
	body[1024 * 1024] = '\0';
	reply = story_call("POST", "/test/blobs", story.operator_token, NULL, "%s", body);
	cr_assert_eq(reply->status, 201, "%s", reply->text);
	cr_assert_str_eq(story_text(reply, "digest"),
	    "8f990ba0b577b51cf009ea049368c16bbda1b21e1b93be07a824758bb253c39b");
	body[1024 * 1024] = 'x';
	body[1024 * 1024 + 1] = '\0';
	reply = story_call("POST", "/test/blobs", story.operator_token, NULL, "%s", body);
	story_refused(reply, "body_too_large");
	free(body);
}

Test(forms, ask_before_a_slow_thought)
{
	need_test_room();
	struct story_reply *one =
	    story_call("POST", "/test/secrets", story.operator_token, NULL, "{\"secret\":\"a\"}");
	struct story_reply *same =
	    story_call("POST", "/test/secrets", story.operator_token, NULL, "{\"secret\":\"a\"}");
	struct story_reply *other =
	    story_call("POST", "/test/secrets", story.operator_token, NULL, "{\"secret\":\"b\"}");

	cr_assert_eq(one->status, 201, "%s", one->text);
	cr_assert_str_eq(story_text(one, "stretched"), story_text(same, "stretched"));
	cr_assert_str_neq(story_text(one, "stretched"), story_text(other, "stretched"));
	cr_assert_str_neq(story_text(one, "stretched"), "a");
}
