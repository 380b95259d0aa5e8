/* tls: see tls.h. */
#include "tls.h"

#include <criterion/criterion.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400 };

static X509 *
make_certificate(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_EXTENSION *names =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");

	cr_assert_eq(X509_set_version(certificate, 2), 1);
	cr_assert_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S));
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_S));
	cr_assert_eq(X509_NAME_add_entry_by_txt(
			 name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0),
	    1);
	cr_assert_eq(X509_set_issuer_name(certificate, name), 1);
	cr_assert_eq(X509_set_pubkey(certificate, key), 1);
	cr_assert_eq(X509_add_ext(certificate, names, -1), 1);
	cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	X509_EXTENSION_free(names);
	return certificate;
}

SSL_CTX *
tls_context(char *ca_file)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = make_certificate(key);
	int fd = mkstemp(ca_file);
	FILE *file = fdopen(fd, "w");

	cr_assert_not_null(file);
	cr_assert_eq(PEM_write_X509(file, certificate), 1);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(SSL_CTX_use_certificate(context, certificate), 1);
	cr_assert_eq(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}
