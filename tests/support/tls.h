/*
 * tls: a certificate for 127.0.0.1 that signs itself, for servers that tests start.
 */
#ifndef TESTS_TLS_H
#define TESTS_TLS_H

#include <openssl/ssl.h>

/* A server's context with a fresh key and certificate; its PEM is written to a new file, whose name
 * replaces the XXXXXX of `ca_file`. */
SSL_CTX *tls_context(char *ca_file);

#endif
