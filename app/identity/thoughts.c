/* thoughts: see thoughts.h. */
#include "identity/thoughts.h"

#include "socius/request.h"

bool
think_partner(struct request *request)
{
	const struct value *role = request_arg(request, "actor_role");
	struct value *owner = request_arg(request, "owner_id");
	struct value *name = request_arg(request, "account_name");

	owner->null = false;
	owner->uuid = request_arg(request,
	    !role->null && text_is(role->bytes, "customer") ? "actor_id" : "new_account_id")
			  ->uuid;
	name->null = false;
	name->bytes = request_arg(request, "name")->bytes;
	return true;
}
