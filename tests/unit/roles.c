/* roles: what the tokens of the marketplace's roles open. */
#include <criterion/criterion.h>

#include "socius/endpoint.h"
#include "socius/text.h"

static const struct role *
role_named(const char *name)
{
	for (const struct role *role = app.roles; role->name != NULL; role++)
		if (strcmp(role->name, name) == 0)
			return role;
	return NULL;
}

/* Whether it has a caller that may be absent: then it takes whoever has none for an operator. */
static bool
is_shared_with_operators(const struct endpoint *endpoint)
{
	for (const struct field *field = endpoint->takes; field->name != NULL; field++)
		if (field->from == CALLER && field->optional)
			return true;
	return false;
}

Test(roles, keep_customers_out_of_what_is_an_operators)
{
	const struct role *customer = role_named("customer");
	int opened = 0, shared = 0;

	cr_assert_not_null(customer);
	cr_assert_not(customer->is_partner);
	for (const struct room *const *room = app.rooms; *room != NULL; room++)
		for (const struct endpoint *endpoint = (*room)->endpoints; endpoint->path != NULL;
		     endpoint++) {
			bool opens = endpoint->scope != NULL &&
				     text_listed(customer->scopes, text_of(endpoint->scope));

			opened += opens;
			shared += is_shared_with_operators(endpoint);
			cr_expect_not(opens && is_shared_with_operators(endpoint), "%s %s",
			    endpoint->scope, endpoint->path);
		}
	cr_expect_gt(opened, 0);
	cr_expect_gt(shared, 0);
}

/* How often a word stands in the table of scopes. */
static int
said(struct text name)
{
	int times = 0;

	for (const struct scope *scope = app.scopes; scope->name != NULL; scope++)
		times += text_is(name, scope->name);
	return times;
}

Test(roles, have_the_limits_of_services_in_markets_of_the_company_alone)
{
	int services = 0;

	cr_assert_eq(app.open_markets_from, 1000000000, "as testing.market_number begins");
	for (const struct role *role = app.roles; role->name != NULL; role++)
		services += role->is_service;
	cr_assert_eq(services, 1);
	cr_assert(role_named("service")->is_service);
}

Test(roles, hold_scopes_that_are_said_once_in_words)
{
	for (const struct role *role = app.roles; role->name != NULL; role++)
		for (const char *at = role->scopes; *at != '\0';) {
			struct text scope = { at, strcspn(at, " ") };

			cr_expect_eq(said(scope), 1, "%s: %.*s", role->name, (int)scope.bytes, at);
			at += scope.bytes;
			at += strspn(at, " ");
		}
}

/* Whoever can let others in, or move money out, signs in with an authenticator; and nothing that
 * partners do is kept in the audit log. */
Test(roles, of_offices_leave_records)
{
	for (const struct role *role = app.roles; role->name != NULL; role++) {
		cr_expect(role->is_audited || !role->is_office, "%s", role->name);
		cr_expect_not(role->is_partner && role->is_audited, "%s", role->name);
	}
}

Test(roles, let_operators_make_partners_and_customers_apply)
{
	static const char *const names[] = { "operator", "customer" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(text_listed(role_named(names[i])->scopes, TEXT("partners.apply")), "%s",
		    names[i]);
	cr_expect_not(text_listed(role_named("partner")->scopes, TEXT("partners.apply")));
	cr_expect_not(text_listed(role_named("partner")->scopes, TEXT("partners.write")));
}

/* What apps of others may ask for is somebody's to give, and never the account itself. */
Test(roles, give_apps_of_others_what_partners_and_customers_have)
{
	static const char *const never[] = { "account", "onboarding.write", "partners.apply" };

	for (const struct scope *of = app.scopes; of->name != NULL; of++) {
		if (of->asks == NULL)
			continue;
		cr_expect(text_listed(role_named("partner")->scopes, text_of(of->name)) ||
			      text_listed(role_named("customer")->scopes, text_of(of->name)),
		    "%s", of->name);
		cr_expect_null(strpbrk(of->asks, "\t\n"));
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
			cr_expect_str_neq(of->name, never[i]);
	}
}
