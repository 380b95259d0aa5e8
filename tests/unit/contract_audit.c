/* contract_audit: which calls leave a record by themselves. */
#include <criterion/criterion.h>

#include "contract_parts.h"

static const struct field plain[] = { { "market_id", MARKET, INT }, { 0 } };
static const struct field witnessed[] = { { "audit_id", FRESH, UUID }, { 0 } };
static const struct role roles[] = { { "keeper", "things.write", .is_audited = true },
	{ "guest", "things.book" }, { 0 } };
static const struct app of = { .roles = roles, .audits = "api.note" };

static bool
audited(struct endpoint endpoint)
{
	if (endpoint.takes == NULL)
		endpoint.takes = plain;
	return contract_is_audited(&of, &endpoint);
}

Test(contract_audit, is_of_writes_that_an_office_may_call)
{
	cr_expect(audited((struct endpoint){ .method = POST, .scope = "things.write" }));
	cr_expect(audited((struct endpoint){ .method = DELETE, .scope = "things.write" }));
	cr_expect_not(audited((struct endpoint){ .method = GET, .scope = "things.write" }));
	cr_expect_not(audited((struct endpoint){ .method = POST, .scope = "things.book" }));
	cr_expect_not(audited((struct endpoint){ .method = POST }));
}

Test(contract_audit, is_not_of_batches_nor_of_rows_with_records_of_their_own)
{
	cr_expect_not(
	    audited((struct endpoint){ .method = POST, .scope = "things.write", .batch = true }));
	cr_expect_not(audited(
	    (struct endpoint){ .method = POST, .scope = "things.write", .takes = witnessed }));
}
