/* args: what .prepares does with the arguments of its call; see args.h. */
#include "args.h"

#include <assert.h>

#include "socius/arena.h"
#include "socius/vault.h"

struct value *
args_of(struct request *request, const char *name)
{
	struct value *value = request_arg(request, name);

	assert(value != NULL);
	return value;
}

void
args_put(struct request *request, const char *name, struct text bytes)
{
	struct value *value = args_of(request, name);

	value->null = false;
	value->bytes = bytes;
}

void
args_copy(struct request *request, const char *name, const void *from, size_t bytes)
{
	args_put(request, name, (struct text){ arena_copy(request->arena, from, bytes), bytes });
}

void
args_put_uuid(struct request *request, const char *name, const struct uuid *uuid)
{
	struct value *value = args_of(request, name);

	value->null = false;
	value->uuid = *uuid;
}

void
args_put_long(struct request *request, const char *name, int64_t number)
{
	struct value *value = args_of(request, name);

	value->null = false;
	value->number = number;
}

void
args_put_digest(struct request *request, const char *name, struct text of)
{
	uint8_t digest[VAULT_MAC_BYTES];

	vault_digest(of, digest);
	args_copy(request, name, digest, sizeof(digest));
}

void
args_hide(struct request *request, const char *name)
{
	args_of(request, name)->null = true;
}
