/* text: slices and growing buffers; see socius/text.h. */
#include "socius/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <strings.h>

#include "socius/arena.h"
#include "socius/log.h"

struct text
text_of(const char *nul_terminated)
{
	return (struct text){ nul_terminated, strlen(nul_terminated) };
}

bool
text_equal(struct text a, struct text b)
{
	return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

bool
text_equal_nocase(struct text a, struct text b)
{
	return a.bytes == b.bytes && (a.bytes == 0 || strncasecmp(a.at, b.at, a.bytes) == 0);
}

bool
text_is(struct text a, const char *nul_terminated)
{
	return text_equal(a, text_of(nul_terminated));
}

bool
text_listed(const char *list, struct text word)
{
	while (list != NULL && *list != '\0') {
		size_t bytes = strcspn(list, " ");

		if (bytes > 0 && text_equal((struct text){ list, bytes }, word))
			return true;
		list += bytes;
		list += strspn(list, " ");
	}
	return false;
}

/* Length of the well-formed UTF-8 sequence at `at`, or 0 (RFC 3629 section 4). */
static size_t
sequence_bytes(const unsigned char *at, size_t left)
{
	unsigned char least = 0x80, most = 0xbf;
	size_t bytes;

	if (at[0] < 0x80)
		return at[0] != 0;
	if (at[0] >= 0xc2 && at[0] <= 0xdf)
		bytes = 2;
	else if (at[0] >= 0xe0 && at[0] <= 0xef)
		bytes = 3;
	else if (at[0] >= 0xf0 && at[0] <= 0xf4)
		bytes = 4;
	else
		return 0;
	if (at[0] == 0xe0)
		least = 0xa0;
	else if (at[0] == 0xed)
		most = 0x9f;
	else if (at[0] == 0xf0)
		least = 0x90;
	else if (at[0] == 0xf4)
		most = 0x8f;
	if (left < bytes || at[1] < least || at[1] > most)
		return 0;
	for (size_t i = 2; i < bytes; i++)
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
	return bytes;
}

bool
text_is_utf8(struct text a)
{
	for (size_t i = 0; i < a.bytes;) {
		size_t bytes = sequence_bytes((const unsigned char *)a.at + i, a.bytes - i);

		if (bytes == 0)
			return false;
		i += bytes;
	}
	return true;
}

size_t
text_length(struct text a)
{
	size_t length = 0;

	for (size_t i = 0; i < a.bytes; i++)
		length += ((unsigned char)a.at[i] & 0xc0) != 0x80;
	return length;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct text
text_trimmed(struct text a)
{
	while (a.bytes > 0 && blank(a.at[0])) {
		a.at++;
		a.bytes--;
	}
	while (a.bytes > 0 && blank(a.at[a.bytes - 1]))
		a.bytes--;
	return a;
}

void
buffer_init(struct buffer *buffer, struct arena *arena, size_t room)
{
	buffer->arena = arena;
	buffer->at = room > 0 ? arena_take(arena, room) : NULL;
	buffer->bytes = 0;
	buffer->room = room;
}

/* Makes room for `bytes` more; the old bytes stay in the arena until it ends. */
static void
buffer_grow(struct buffer *buffer, size_t bytes)
{
	size_t room = buffer->room > 0 ? buffer->room : 256;
	char *at;

	while (room - buffer->bytes < bytes)
		room *= 2;
	if (room == buffer->room)
		return;
	at = arena_take(buffer->arena, room);
	if (buffer->bytes > 0)
		memcpy(at, buffer->at, buffer->bytes);
	buffer->at = at;
	buffer->room = room;
}

void
buffer_add(struct buffer *buffer, const void *from, size_t bytes)
{
	if (bytes == 0)
		return;
	if (buffer->room - buffer->bytes < bytes)
		buffer_grow(buffer, bytes);
	memcpy(buffer->at + buffer->bytes, from, bytes);
	buffer->bytes += bytes;
}

void
buffer_add_text(struct buffer *buffer, const char *nul_terminated)
{
	buffer_add(buffer, nul_terminated, strlen(nul_terminated));
}

void
buffer_print(struct buffer *buffer, const char *format, ...)
{
	va_list list, again;
	int bytes;

	va_start(list, format);
	va_copy(again, list);
	bytes = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (bytes < 0)
		log_die("buffer_print: bad format %s", format);
	buffer_grow(buffer, (size_t)bytes + 1);
	(void)vsnprintf(buffer->at + buffer->bytes, (size_t)bytes + 1, format, again);
	va_end(again);
	buffer->bytes += (size_t)bytes;
}

struct text
buffer_text(const struct buffer *buffer)
{
	return (struct text){ buffer->at, buffer->bytes };
}
