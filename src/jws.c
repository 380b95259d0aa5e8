/* jws: see jws.h. */
#include "jws.h"

bool
jws_decode(struct text from, char *to, size_t room, size_t *bytes)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned held = 0, bits = 0;

	*bytes = 0;
	if (from.bytes * 3 / 4 > room)
		return false;
	for (size_t i = 0; i < from.bytes; i++) {
		const char *at = from.at[i] == '\0' ? NULL : strchr(alphabet, from.at[i]);

		if (at == NULL)
			return false;
		held = held << 6 | (unsigned)(at - alphabet);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			to[(*bytes)++] = (char)(held >> bits & 0xff);
			held &= (1u << bits) - 1;
		}
	}
	return bits < 6 && held == 0;
}

json_t *
jws_object(struct text segment)
{
	char decoded[JWS_BYTES_MAX];
	size_t bytes;
	json_t *object;

	if (segment.bytes == 0 || !jws_decode(segment, decoded, sizeof(decoded), &bytes))
		return NULL;
	object = json_loadb(decoded, bytes, JSON_REJECT_DUPLICATES, NULL);
	if (object != NULL && !json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

bool
jws_split(struct text from, struct text segments[3])
{
	if (from.bytes > JWS_BYTES_MAX)
		return false;
	for (int i = 0; i < 3; i++) {
		const char *dot = from.bytes == 0 ? NULL : memchr(from.at, '.', from.bytes);

		if ((dot == NULL) != (i == 2))
			return false;
		segments[i] =
		    (struct text){ from.at, dot == NULL ? from.bytes : (size_t)(dot - from.at) };
		if (segments[i].bytes == 0)
			return false;
		from.at += segments[i].bytes + (dot != NULL);
		from.bytes -= segments[i].bytes + (dot != NULL);
	}
	return true;
}
