/*
 * redirect_uri: where an app of others may have its answers sent: RFC 6749 section 3.1.2, RFC 8252
 * section 7 and RFC 9700 section 2.1.
 */
#ifndef APP_OAUTH_REDIRECT_URI_H
#define APP_OAUTH_REDIRECT_URI_H

#include <stdbool.h>

#include "socius/text.h"

/* https; http on the very machine, by its address; or a scheme that is an app's own by its domain.
 * Without a fragment, without a user in front of the host, in the characters of RFC 3986 and with
 * no control character behind an escape. */
bool redirect_uri_right(struct text uri);

#endif
