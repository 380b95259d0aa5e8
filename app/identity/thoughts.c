/* thoughts: see thoughts.h. */
#include "identity/thoughts.h"

#include "socius/request.h"

bool
think_partner(struct request *request)
{
	const struct value *role = request_arg(request, "actor_role");
	const struct value *account = request_arg(request, "account_id");
	struct value *owner = request_arg(request, "owner_id");
	struct value *name = request_arg(request, "account_name");

	owner->null = false;
	if (!role->null && text_is(role->bytes, "customer"))
		owner->uuid = request_arg(request, "actor_id")->uuid;
	else
		owner->uuid =
		    account->null ? request_arg(request, "new_account_id")->uuid : account->uuid;
	name->null = false;
	name->bytes = request_arg(request, "name")->bytes;
	return true;
}
