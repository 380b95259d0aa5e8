/*
 * fetch: GET from a server that somebody else has named: bounded in time and size, over TLS, to
 * public addresses, and to where it was asked for and nowhere else.
 */
#ifndef APP_RUN_FETCH_H
#define APP_RUN_FETCH_H

#include <curl/curl.h>
#include <stdbool.h>

#include "socius/text.h"

enum { FETCH_MS_MAX = 10000, FETCH_CONNECT_MS_MAX = 5000, FETCH_BYTES_MAX = 64 * 1024 };

struct fetch {
	CURL *curl;
	const char *ca_file;     /* PEM of whom to trust; NULL: the system's */
	bool loopback;           /* http and https to this machine are allowed, too */
	bool (*stops)(void *of); /* asked about once a second; true ends it */
	void *of;
};

/* Puts the body of a 200 into `to`. false: `why` says why not. */
bool fetch_get(
    const struct fetch *fetch, const char *url, struct buffer *to, char why[CURL_ERROR_SIZE]);

#endif
