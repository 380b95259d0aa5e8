/* forge: see forge.h. */
#include "forge.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { TOKEN_BYTES = 16 * 1024 };

/* Appends base64url without padding. */
static void
append(char *to, const void *from, size_t bytes)
{
	to += strlen(to);
	(void)EVP_EncodeBlock((unsigned char *)to, from, (int)bytes); /* it ends with NUL */
	for (; *to != '\0' && *to != '='; to++)
		*to = *to == '+' ? '-' : *to == '/' ? '_' : *to;
	*to = '\0';
}

char *
forge(const char *header, const char *claims, const void *secret, size_t secret_bytes)
{
	static char made[TOKEN_BYTES];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_bytes;

	made[0] = '\0';
	append(made, header, strlen(header));
	made[strlen(made) + 1] = '\0';
	made[strlen(made)] = '.';
	append(made, claims, strlen(claims));
	(void)HMAC(EVP_sha256(), secret, (int)secret_bytes, (const unsigned char *)made,
	    strlen(made), mac, &mac_bytes);
	made[strlen(made) + 1] = '\0';
	made[strlen(made)] = '.';
	append(made, mac, mac_bytes);
	return made;
}
