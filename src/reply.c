/* reply: see reply.h. */
#include "reply.h"

#include <assert.h>

void
reply_add_header(struct reply *reply, const char *name, struct text value)
{
	assert(reply->headers_count < REPLY_HEADERS_MAX);
	for (size_t i = 0; i < value.bytes; i++)
		assert((unsigned char)value.at[i] >= 0x20 && value.at[i] != 0x7f);
	reply->headers[reply->headers_count++] = (struct header){ text_of(name), value };
}
