/* issuer: see issuer.h. */
#include "issuer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "socius/vault.h"

enum { REQUEST_BYTES_MAX = 4096, NUMBER_BYTES_MAX = 1024, HUGE_LINES = 4000 };

static const char *
number(struct arena *arena, const EVP_PKEY *key, const char *name, int least)
{
	unsigned char bytes[NUMBER_BYTES_MAX];
	BIGNUM *value = NULL;
	int count;

	cr_assert_eq(EVP_PKEY_get_bn_param(key, name, &value), 1);
	count = BN_num_bytes(value) < least ? least : BN_num_bytes(value);
	cr_assert_eq(BN_bn2binpad(value, bytes, count), count);
	BN_free(value);
	return vault_text(arena, bytes, (size_t)count).at;
}

const char *
issuer_jwk(struct arena *arena, const EVP_PKEY *key, const char *kid)
{
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return arena_print(arena,
		    "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\","
		    "\"n\":\"%s\",\"e\":\"%s\"}",
		    kid, number(arena, key, OSSL_PKEY_PARAM_RSA_N, 0),
		    number(arena, key, OSSL_PKEY_PARAM_RSA_E, 0));
	return arena_print(arena,
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}", kid,
	    number(arena, key, OSSL_PKEY_PARAM_EC_PUB_X, 32),
	    number(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
}

struct text
issuer_jwks(struct issuer *issuer)
{
	return text_of(arena_print(&issuer->arena, "{\"keys\":[%s,%s]}",
	    issuer_jwk(&issuer->arena, issuer->rsa, issuer->rsa_kid),
	    issuer_jwk(&issuer->arena, issuer->ec, issuer->ec_kid)));
}

/* The raw form of RFC 7518 section 3.4. */
static size_t
raw_of(const unsigned char *der, size_t bytes, unsigned char raw[64])
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)bytes);

	cr_assert_not_null(signature);
	cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32), 32);
	cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32), 32);
	ECDSA_SIG_free(signature);
	return 64;
}

static size_t
sign(EVP_PKEY *key, struct text what, unsigned char *to)
{
	unsigned char der[NUMBER_BYTES_MAX];
	size_t bytes = sizeof(der);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
	cr_assert_eq(
	    EVP_DigestSign(context, der, &bytes, (const unsigned char *)what.at, what.bytes), 1);
	EVP_MD_CTX_free(context);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		return raw_of(der, bytes, to);
	memcpy(to, der, bytes);
	return bytes;
}

static size_t
mac_with_pem(EVP_PKEY *key, struct text what, unsigned char *to)
{
	BIO *pem = BIO_new(BIO_s_mem());
	unsigned bytes = 0;
	char *secret;
	long count;

	cr_assert_eq(PEM_write_bio_PUBKEY(pem, key), 1);
	count = BIO_get_mem_data(pem, &secret);
	cr_assert_not_null(HMAC(EVP_sha256(), secret, (int)count, (const unsigned char *)what.at,
	    what.bytes, to, &bytes));
	BIO_free(pem);
	return bytes;
}

const char *
issuer_sign(
    struct issuer *issuer, const char *how, EVP_PKEY *key, const char *header, const char *claims)
{
	unsigned char signature[NUMBER_BYTES_MAX];
	struct arena *arena = &issuer->arena;
	const char *what = arena_print(arena, "%s.%s", vault_text(arena, header, strlen(header)).at,
	    vault_text(arena, claims, strlen(claims)).at);
	size_t bytes = 0;

	if (strcmp(how, "HS256") == 0)
		bytes = mac_with_pem(key, text_of(what), signature);
	else if (strcmp(how, "none") != 0)
		bytes = sign(key, text_of(what), signature);
	return arena_print(arena, "%s.%s", what, vault_text(arena, signature, bytes).at);
}

const char *
issuer_token(struct issuer *issuer, const char *how, const char *claims)
{
	bool is_rsa = strcmp(how, "RS256") == 0;

	return issuer_sign(issuer, how, is_rsa ? issuer->rsa : issuer->ec,
	    arena_print(&issuer->arena, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", how,
		is_rsa ? issuer->rsa_kid : issuer->ec_kid),
	    claims);
}

void
issuer_rotate(struct issuer *issuer)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");

	cr_assert(rsa != NULL && ec != NULL);
	(void)pthread_mutex_lock(&issuer->lock);
	EVP_PKEY_free(issuer->rsa);
	EVP_PKEY_free(issuer->ec);
	issuer->rsa = rsa;
	issuer->ec = ec;
	issuer->generation++;
	(void)snprintf(
	    issuer->rsa_kid, sizeof(issuer->rsa_kid), "rsa-%d", issuer->generation); /* fits */
	(void)snprintf(
	    issuer->ec_kid, sizeof(issuer->ec_kid), "ec-%d", issuer->generation); /* fits */
	(void)pthread_mutex_unlock(&issuer->lock);
}

void
issuer_feel(struct issuer *issuer, enum issuer_mood mood)
{
	(void)pthread_mutex_lock(&issuer->lock);
	issuer->mood = mood;
	(void)pthread_mutex_unlock(&issuer->lock);
}

int
issuer_asked(struct issuer *issuer)
{
	int asked;

	(void)pthread_mutex_lock(&issuer->lock);
	asked = issuer->asked;
	(void)pthread_mutex_unlock(&issuer->lock);
	return asked;
}

static void
say(int connection, const char *text)
{
	(void)send(connection, text, strlen(text), MSG_NOSIGNAL); /* who is gone is gone */
}

static void
say_document(struct issuer *issuer, int connection)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"issuer\":\"%s%s\",\"jwks_uri\":\"%s/keys\"}",
	    issuer->url, issuer->mood == ISSUER_LIES ? "/other" : "", issuer->url); /* fits */
	say(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (int i = 0; issuer->mood == ISSUER_IS_HUGE && i < HUGE_LINES; i++)
		say(connection, "                                                              \n");
	say(connection, body);
}

static void
say_keys(struct issuer *issuer, int connection)
{
	struct arena arena;

	arena_init(&arena);
	say(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	say(connection, arena_print(&arena, "{\"keys\":[%s,%s]}",
			    issuer_jwk(&arena, issuer->rsa, issuer->rsa_kid),
			    issuer_jwk(&arena, issuer->ec, issuer->ec_kid)));
	arena_release(&arena);
}

static void
serve(struct issuer *issuer, int connection)
{
	char request[REQUEST_BYTES_MAX + 1];
	ssize_t bytes = read(connection, request, REQUEST_BYTES_MAX);

	request[bytes > 0 ? bytes : 0] = '\0';
	(void)pthread_mutex_lock(&issuer->lock);
	issuer->asked++;
	if (issuer->mood == ISSUER_IS_AWAY)
		say(connection, "HTTP/1.1 503 Away\r\nConnection: close\r\n\r\n");
	else if (strncmp(request, "GET /keys ", 10) == 0)
		say_keys(issuer, connection);
	else if (strncmp(request, "GET /.well-known/openid-configuration ", 38) != 0)
		say(connection, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n");
	else if (issuer->mood == ISSUER_REDIRECTS)
		say(connection,
		    "HTTP/1.1 302 There\r\nLocation: /keys\r\nConnection: close\r\n\r\n");
	else
		say_document(issuer, connection);
	(void)pthread_mutex_unlock(&issuer->lock);
	(void)shutdown(connection, SHUT_WR);
	while (read(connection, request, REQUEST_BYTES_MAX) > 0)
		; /* until the client has seen the end */
	(void)close(connection);
}

static void *
run(void *of)
{
	struct issuer *issuer = of;
	int connection;

	while ((connection = accept(issuer->listener, NULL, NULL)) >= 0)
		serve(issuer, connection);
	return NULL;
}

void
issuer_start(struct issuer *issuer)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(at);

	*issuer = (struct issuer){ 0 };
	arena_init(&issuer->arena);
	cr_assert_eq(pthread_mutex_init(&issuer->lock, NULL), 0);
	issuer_rotate(issuer);
	issuer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(issuer->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(issuer->listener, 16), 0);
	cr_assert_eq(getsockname(issuer->listener, (struct sockaddr *)&at, &bytes), 0);
	issuer->port = ntohs(at.sin_port);
	(void)snprintf(
	    issuer->url, sizeof(issuer->url), "http://127.0.0.1:%d", issuer->port); /* fits */
	cr_assert_eq(pthread_create(&issuer->thread, NULL, run, issuer), 0);
}

void
issuer_end(struct issuer *issuer)
{
	(void)shutdown(issuer->listener, SHUT_RDWR); /* accept returns */
	cr_assert_eq(pthread_join(issuer->thread, NULL), 0);
	(void)close(issuer->listener);
	EVP_PKEY_free(issuer->rsa);
	EVP_PKEY_free(issuer->ec);
	(void)pthread_mutex_destroy(&issuer->lock);
	arena_release(&issuer->arena);
}
