/* id_token: any text as an ID token, and any claims signed as they should be: who is let in is
 * somebody at our issuer, and nobody is without a signature. */
#include "fuzz/fuzzed.h"
#include "precis.h"
#include "socius/arena.h"
#include "socius/id_token.h"
#include "socius/json.h"
#include "socius/vault.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#define ISSUER "https://i.example"
#define HEADER "{\"alg\":\"ES256\",\"kid\":\"a\"}"

static EVP_PKEY *
key(void)
{
	static EVP_PKEY *made;

	if (made == NULL)
		made = EVP_EC_gen("P-256");
	return made;
}

/* What tokens are held against. */
static struct text
provider(struct arena *arena)
{
	BIO *pem = BIO_new(BIO_s_mem());
	struct buffer to;
	struct json json;
	char *at;
	long bytes;

	FUZZED_HOLDS(PEM_write_bio_PUBKEY(pem, key()) == 1);
	bytes = BIO_get_mem_data(pem, &at);
	buffer_init(&to, arena, 512);
	buffer_add_text(&to,
	    "{\"issuer\":\"" ISSUER "\",\"client_ids\":[\"c\"],\"keys\":[{\"kid\":\"a\","
	    "\"alg\":\"ES256\",\"pem\":");
	json_init(&json, &to);
	json_write_text(&json, (struct text){ at, (size_t)bytes });
	buffer_add_text(&to, "}]}");
	BIO_free(pem);
	return buffer_text(&to);
}

static struct text
sign(struct arena *arena, struct text claims)
{
	struct text head = vault_text(arena, HEADER, strlen(HEADER)),
		    body = vault_text(arena, claims.at, claims.bytes);
	char *what =
	    arena_print(arena, "%.*s.%.*s", (int)head.bytes, head.at, (int)body.bytes, body.at);
	unsigned char der[128], raw[64];
	const unsigned char *from = der;
	size_t bytes = sizeof(der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	ECDSA_SIG *signature;

	FUZZED_HOLDS(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key()) == 1);
	FUZZED_HOLDS(
	    EVP_DigestSign(context, der, &bytes, (const unsigned char *)what, strlen(what)) == 1);
	signature = d2i_ECDSA_SIG(NULL, &from, (long)bytes);
	FUZZED_HOLDS(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32) == 32 &&
		     BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32) == 32);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(context);
	return text_of(arena_print(arena, "%s.%s", what, vault_text(arena, raw, 64).at));
}

static const char *
check(struct arena *arena, struct text token, struct id_token *said)
{
	return id_token_check(arena, provider(arena), token, TEXT("n"), FUZZED_NOW_US, said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzzed_request()->arena;
	struct text from = fuzzed_rest(data, size);
	struct id_token said;

	FUZZED_HOLDS(check(arena, from, &said) != NULL);
	if (from.bytes > 2048 || check(arena, sign(arena, from), &said) != NULL)
		return 0;
	FUZZED_HOLDS(text_is(said.issuer, ISSUER));
	FUZZED_HOLDS(said.subject.bytes > 0 && text_is_utf8(said.subject) &&
		     text_length(said.subject) <= ID_TOKEN_SUBJECT_BYTES_MAX);
	FUZZED_HOLDS(
	    said.name.at == NULL || (said.name.bytes > 0 && text_is_utf8(said.name) &&
					precis_fault(arena, said.name, PRECIS_LINE) == NULL));
	FUZZED_HOLDS(!said.email_verified || said.email.at != NULL);
	return 0;
}
