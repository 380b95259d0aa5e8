/* thoughts: see thoughts.h. */
#include "offices/thoughts.h"

#include "access/common.h"
#include "args.h"
#include "socius/arena.h"
#include "socius/password.h"
#include "socius/problem.h"
#include "socius/vault.h"

/* First character and domain: enough to tell one from the other. */
static struct text
hint_of(struct arena *arena, struct text email)
{
	const char *at = memchr(email.at, '@', email.bytes);
	size_t first = 1;

	while (first < email.bytes && (email.at[first] & 0xc0) == 0x80)
		first++; /* the rest of a character in UTF-8 */
	return text_of(arena_print(arena, "%.*s...%.*s", (int)first, email.at,
	    at == NULL ? 0 : (int)(email.at + email.bytes - at), at == NULL ? "" : at));
}

bool
think_invitation(struct request *request)
{
	struct text chance = args_of(request, "chance")->bytes;
	struct text code = vault_text(request->arena, chance.at, chance.bytes);

	args_put(request, "hint", hint_of(request->arena, args_of(request, "email")->bytes));
	args_put(request, "code", code);
	args_put_digest(request, "code_hash", code);
	args_hide(request, "chance");
	return true;
}

bool
think_invited(struct request *request)
{
	args_put_digest(request, "code_hash", args_of(request, "code")->bytes);
	args_hide(request, "code");
	return true;
}

bool
think_invited_account(struct request *request)
{
	struct text password = args_of(request, "password")->bytes;
	const struct text about[] = { args_of(request, "email")->bytes,
		args_of(request, "name")->bytes, { NULL, 0 } };

	(void)think_invited(request); /* it refuses nothing */
	if (common_password(password, about)) {
		problem_set(&request->problem, "password_common", NULL);
		return false;
	}
	args_put(request, "password", password_hash(request->arena, password));
	return true;
}
