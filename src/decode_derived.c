/* decode_derived: BLOB, KEY, KEYED, BLIND and DIGEST; see decode_parts.h. */
#include <openssl/evp.h>

#include "decode.h"
#include "decode_parts.h"
#include "socius/uuid.h"
#include "socius/vault.h"
#include "socius/world.h"

enum { DIGEST_BYTES = 32 };

/* A digest that is fed piece by piece. OpenSSL fails here only for want of memory. */
static EVP_MD_CTX *
digest_new(void)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	if (digest == NULL || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
		abort();
	return digest;
}

static void
digest_add(EVP_MD_CTX *digest, const void *from, size_t bytes)
{
	if (EVP_DigestUpdate(digest, from, bytes) != 1)
		abort();
}

static struct text
digest_end(EVP_MD_CTX *digest, struct arena *arena)
{
	unsigned char *to = arena_take(arena, DIGEST_BYTES);

	if (EVP_DigestFinal_ex(digest, to, NULL) != 1)
		abort();
	EVP_MD_CTX_free(digest);
	return (struct text){ (const char *)to, DIGEST_BYTES };
}

/* A file that the reader has spooled; it is ours and of bounded size. false: it cannot be read. */
static bool
add_file(EVP_MD_CTX *digest, const char *path)
{
	FILE *file = fopen(path, "rb");
	char block[16384];
	size_t bytes;
	bool whole;

	if (file == NULL)
		return false;
	while ((bytes = fread(block, 1, sizeof(block), file)) > 0)
		digest_add(digest, block, bytes);
	whole = !ferror(file);
	return fclose(file) == 0 && whole;
}

static bool
take_blob(struct request *request, struct value *value)
{
	EVP_MD_CTX *digest = digest_new();
	bool whole = true;

	if (request->blob_path != NULL)
		whole = add_file(digest, request->blob_path);
	else
		digest_add(digest, request->body.at, request->body.bytes);
	value->null = false;
	value->bytes = digest_end(digest, request->arena);
	return whole || decode_refuse(request, "internal_error", NULL);
}

static void
add_number(EVP_MD_CTX *digest, uint64_t number)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	digest_add(digest, bytes, sizeof(bytes));
}

/* Name, type and value, each of known length: no two different requests look alike. */
static void
add_argument(EVP_MD_CTX *digest, const struct field *field, const struct value *value)
{
	digest_add(digest, field->name, strlen(field->name) + 1);
	add_number(digest, (uint64_t)field->type << 1 | value->null);
	if (value->null)
		return;
	switch (field->type) {
	case UUID:
		digest_add(digest, value->uuid.byte, UUID_BYTES);
		break;
	case STRING:
	case BYTES:
	case ITEMS:
		add_number(digest, value->bytes.bytes);
		digest_add(digest, value->bytes.at, value->bytes.bytes);
		break;
	default:
		add_number(digest, (uint64_t)value->number);
	}
}

void
decode_bind(struct request *request)
{
	const struct field *takes = request->endpoint->takes;
	EVP_MD_CTX *digest;

	if (decode_count(takes, CURSOR) == 0)
		return;
	digest = digest_new();
	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == MARKET || takes[i].from == CALLER || takes[i].from == PATH ||
		    takes[i].from == QUERY)
			add_argument(digest, &takes[i], &request->args[i]);
	memcpy(request->list_bound, digest_end(digest, request->arena).at,
	    sizeof(request->list_bound));
}

struct cursor_list
decode_list(const struct request *request, const struct operation *operation)
{
	struct cursor_list list = { .operation_id = contract_cursors_of(operation),
		.takes_unbound = request->endpoint->follows };

	_Static_assert(sizeof(list.bound) == sizeof(request->list_bound), "");
	memcpy(list.bound, request->list_bound, sizeof(list.bound));
	return list;
}

/* Where something is sealed, what is digested could be guessed: then the digest is of our own key.
 */
static void
take_digest(struct request *request, bool seals, struct value *value)
{
	const struct field *takes = request->endpoint->takes;
	EVP_MD_CTX *digest = digest_new();

	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == PATH || takes[i].from == QUERY || takes[i].from == BODY ||
		    takes[i].from == BLOB)
			add_argument(digest, &takes[i], &request->args[i]);
	value->null = false;
	value->bytes = digest_end(digest, request->arena);
	if (seals) {
		uint8_t *mac = arena_take(request->arena, VAULT_MAC_BYTES);

		vault_mac("digest", value->bytes, mac);
		value->bytes = (struct text){ (const char *)mac, VAULT_MAC_BYTES };
	}
}

/* The same caller, operation and key give the same id; without a key each request has its own. */
static struct uuid
keyed_id(const struct request *request, const struct operation *operation,
    const struct field *field, struct text key)
{
	struct buffer buffer;

	if (key.bytes == 0)
		return world_fresh_id();
	buffer_init(&buffer, request->arena, 512);
	buffer_print(&buffer, "%d %s %s ", request->caller.market_id, operation->id, field->name);
	buffer_add(&buffer, request->caller.account_id.byte, UUID_BYTES);
	buffer_add(&buffer, key.at, key.bytes);
	return uuid_of_digest(buffer.at, buffer.bytes);
}

static void
take_blind(struct request *request, const struct field *field, struct value *value)
{
	const struct value *of = request_arg(request, field->of);

	*value = (struct value){ .type = STRING, .null = of->null };
	if (!of->null)
		value->bytes = vault_blind(request->arena, field->of, of->bytes);
}

bool
decode_derived(struct request *request, const struct operation *operation, struct text key)
{
	const struct field *takes = request->endpoint->takes;

	for (int i = 0; takes[i].name != NULL; i++) {
		struct value *value = &request->args[i];

		if (takes[i].from == BLOB && !take_blob(request, value))
			return false;
		if (takes[i].from == BLIND)
			take_blind(request, &takes[i], value);
		if (takes[i].from == KEYED)
			*value = (struct value){ .type = UUID,
				.uuid = keyed_id(request, operation, &takes[i], key) };
		if (takes[i].from == KEY)
			*value =
			    (struct value){ .type = STRING, .null = key.bytes == 0, .bytes = key };
	}
	for (int i = 0; takes[i].name != NULL; i++)
		if (takes[i].from == DIGEST)
			take_digest(request, operation->seals, &request->args[i]);
	return true;
}
