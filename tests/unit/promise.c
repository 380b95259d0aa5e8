/* promise: the check of replies against the document finds what is wrong. */
#include <criterion/criterion.h>

#include "support/promise.h"

static const char *const document_text =
    "{\"paths\":{\"/v1/slots/{slot_id}\":{\"get\":{\"responses\":{"
    "\"200\":{\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/schemas/Slot\"}}}},"
    "\"404\":{\"content\":{\"application/problem+json\":{\"schema\":{\"type\":\"object\"},"
    "\"examples\":{\"slot_unknown\":{}}}}}}}}},"
    "\"schemas\":{\"Slot\":{\"type\":\"object\",\"required\":[\"free\",\"days\"],\"properties\":{"
    "\"free\":{\"type\":\"integer\"},\"name\":{\"type\":[\"string\",\"null\"]},"
    "\"days\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}}";

static const char *
fault_of(const char *path, int status, const char *body_text)
{
	json_t *document = json_loads(document_text, 0, NULL);
	json_t *body = json_loads(body_text, 0, NULL);
	const char *fault;

	cr_assert_not_null(document);
	cr_assert_not_null(body);
	fault = promise_broken(document, "GET", path, status, body);
	json_decref(document);
	json_decref(body);
	return fault;
}

Test(promise, allows_what_the_document_says)
{
	cr_assert_null(fault_of("/v1/slots/1?x=2", 200, "{\"free\":1,\"days\":[\"a\"]}"));
	cr_assert_null(fault_of("/v1/slots/1", 200, "{\"free\":1,\"days\":[],\"name\":null}"));
	cr_assert_null(fault_of("/v1/slots/1", 404, "{\"code\":\"slot_unknown\"}"));
	cr_assert_null(fault_of("/v1/elsewhere", 200, "{}"));
}

Test(promise, finds_what_it_does_not)
{
	cr_assert_not_null(fault_of("/v1/slots/1", 200, "{\"days\":[]}"), "a required member");
	cr_assert_not_null(
	    fault_of("/v1/slots/1", 200, "{\"free\":1,\"days\":[],\"x\":1}"), "a member too many");
	cr_assert_not_null(fault_of("/v1/slots/1", 200, "{\"free\":\"1\",\"days\":[]}"), "a type");
	cr_assert_not_null(
	    fault_of("/v1/slots/1", 200, "{\"free\":1,\"days\":[1]}"), "a type of an item");
	cr_assert_not_null(fault_of("/v1/slots/1", 201, "{\"free\":1,\"days\":[]}"), "a status");
	cr_assert_not_null(fault_of("/v1/slots/1", 404, "{\"code\":\"slot_full\"}"), "a problem");
}
