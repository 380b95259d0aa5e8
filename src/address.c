/* address: see address.h. */
#include "address.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum { ADDRESS_BYTES_MAX = 254, LOCAL_BYTES_MAX = 64, LABEL_BYTES_MAX = 63 };

/* What stands before the next `mark` (or the end) is taken off `from`. */
static struct text
cut(struct text *from, char mark)
{
	const char *end = from->bytes == 0 ? NULL : memchr(from->at, mark, from->bytes);
	struct text part = { from->at, end == NULL ? from->bytes : (size_t)(end - from->at) };
	size_t taken = part.bytes + (end != NULL);

	from->at += taken;
	from->bytes -= taken;
	return part;
}

/* One to `most` of the allowed characters. */
static bool
made_of(struct text part, const char *allowed, size_t most)
{
	for (size_t i = 0; i < part.bytes; i++)
		if (part.at[i] == '\0' || strchr(allowed, part.at[i]) == NULL)
			return false;
	return part.bytes > 0 && part.bytes <= most;
}

/* Dot-atom of RFC 5321 section 4.1.2. */
static bool
local_right(struct text local)
{
	bool ends_with_dot = local.bytes > 0 && local.at[local.bytes - 1] == '.';

	if (local.bytes > LOCAL_BYTES_MAX || ends_with_dot)
		return false;
	do {
		if (!made_of(cut(&local, '.'), LETTERS_AND_DIGITS "!#$%&'*+/=?^_`{|}~-",
			LOCAL_BYTES_MAX))
			return false;
	} while (local.bytes > 0);
	return true;
}

/* Two labels or more, of RFC 1123 section 2.1. */
static bool
domain_right(struct text domain)
{
	bool ends_with_dot = domain.bytes > 0 && domain.at[domain.bytes - 1] == '.';
	int labels = 0;

	for (; domain.bytes > 0; labels++) {
		struct text label = cut(&domain, '.');

		if (!made_of(label, LETTERS_AND_DIGITS "-", LABEL_BYTES_MAX) ||
		    label.at[0] == '-' || label.at[label.bytes - 1] == '-')
			return false;
	}
	return labels > 1 && !ends_with_dot;
}

bool
address_right(struct text from)
{
	struct text domain = from, local = cut(&domain, '@');

	return from.bytes <= ADDRESS_BYTES_MAX && local_right(local) && domain_right(domain);
}
