/*
 * text: a slice of bytes that somebody else owns, and a buffer that grows in an arena.
 */
#ifndef SOCIUS_TEXT_H
#define SOCIUS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* A slice: `bytes` bytes at `at`, not NUL-terminated, valid as long as its owner says. */
struct text {
	const char *at;
	size_t bytes;
};

#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })

struct text text_of(const char *nul_terminated);
bool text_equal(struct text a, struct text b);
bool text_equal_nocase(struct text a, struct text b); /* ASCII only */
bool text_is(struct text a, const char *nul_terminated);

/* Whether `word` is one of the words of the blank-separated `list`. NULL list: false. */
bool text_listed(const char *list, struct text word);

/* Whether the bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool text_is_utf8(struct text a);

/* Number of code points of well-formed UTF-8. */
size_t text_length(struct text a);

/* Without the blanks, tabs and line ends of ASCII at both ends. */
struct text text_trimmed(struct text a);

/* A buffer that grows in an arena; its bytes are valid until the arena is cleared. */
struct buffer {
	struct arena *arena;
	char *at;
	size_t bytes;
	size_t room;
};

void buffer_init(struct buffer *buffer, struct arena *arena, size_t room);
void buffer_add(struct buffer *buffer, const void *from, size_t bytes);
void buffer_add_text(struct buffer *buffer, const char *nul_terminated);
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct text buffer_text(const struct buffer *buffer);

#endif
