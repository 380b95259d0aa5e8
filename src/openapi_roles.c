/* openapi_roles: the page of roles and scopes; see openapi.h. */
#include "openapi.h"
#include "openapi_parts.h"

static const char *const method_names[] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

static void
write_roles(const struct app *of, struct buffer *to)
{
	buffer_add_text(to,
	    "\n## Roles\n\n| role | | signs in with an authenticator | leaves records |"
	    "\n|---|---|---|---|\n");
	for (const struct role *role = of->roles; role->name != NULL; role++)
		buffer_print(to, "| %s | %s | %s | %s |\n", role->name, role->says,
		    role->is_office ? "yes" : "", role->is_audited ? "yes" : "");
}

/* One line per scope, one column per role. */
static void
write_scopes(const struct app *of, struct buffer *to)
{
	buffer_add_text(to, "\n## Scopes\n\n| scope | its holder may |");
	for (const struct role *role = of->roles; role->name != NULL; role++)
		buffer_print(to, " %s |", role->name);
	buffer_add_text(to, " apps of others |\n|---|---|---|");
	for (const struct role *role = of->roles; role->name != NULL; role++)
		buffer_add_text(to, "---|");
	buffer_add_text(to, "\n");
	for (const struct scope *scope = of->scopes; scope->name != NULL; scope++) {
		buffer_print(to, "| `%s` | %s |", scope->name, scope->says);
		for (const struct role *role = of->roles; role->name != NULL; role++)
			buffer_add_text(
			    to, text_listed(role->scopes, text_of(scope->name)) ? " x |" : " |");
		buffer_add_text(to, scope->asks != NULL ? " x |\n" : " |\n");
	}
}

static void
write_callers(const struct app *of, const struct endpoint *endpoint, struct buffer *to)
{
	const char *before = "";

	if (endpoint->scope == NULL) {
		buffer_add_text(to, "anyone");
		return;
	}
	for (const struct role *role = of->roles; role->name != NULL; role++)
		if (text_listed(role->scopes, text_of(endpoint->scope))) {
			buffer_print(to, "%s%s", before, role->name);
			before = ", ";
		}
}

static const char *
fresh(enum step_up of)
{
	static const char *const words[] = {
		[STEP_UP_NOBODY] = "", [STEP_UP_OFFICES] = "offices", [STEP_UP_EVERYONE] = "all"
	};

	return words[of];
}

static void
write_operations(const struct app *of, struct buffer *to)
{
	buffer_add_text(to, "\n## Operations\n\n| operation | scope | who | fresh code |\n"
			    "|---|---|---|---|\n");
	for (const struct room *const *room = of->rooms; *room != NULL; room++)
		for (const struct endpoint *endpoint = (*room)->endpoints; endpoint->path != NULL;
		     endpoint++) {
			buffer_print(to, "| %s %s | %s | ", method_names[endpoint->method],
			    endpoint->path, endpoint->scope == NULL ? "" : endpoint->scope);
			write_callers(of, endpoint, to);
			buffer_print(to, " | %s |\n", fresh(endpoint->fresh_totp));
		}
}

struct text
openapi_roles(const struct app *of, struct arena *arena)
{
	struct buffer buffer;

	buffer_init(&buffer, arena, 16384);
	buffer_add_text(&buffer,
	    "# Roles\n\n"
	    "Made of `app/app.c`, `app/scopes.c` and the rooms' tables by `make docs`; change it "
	    "there.\n\n"
	    "A token is for one market, one role and the scopes that it names, never more than "
	    "the\n"
	    "role's. A partner sees and changes what is its own, whatever the scope; what belongs "
	    "to\n"
	    "others is `404`, as if it did not exist. A fresh code is one of the authenticator "
	    "within\n"
	    "the last five minutes (`POST /v1/auth/step_ups`). What a role does that leaves "
	    "records\n"
	    "is in `GET /v1/audit_records`: by the operation's name, done or with the code of the\n"
	    "refusal, in the transaction of its effect.\n");
	write_roles(of, &buffer);
	write_scopes(of, &buffer);
	write_operations(of, &buffer);
	buffer_add(&buffer, "", 1);
	return (struct text){ buffer.at, buffer.bytes - 1 };
}
