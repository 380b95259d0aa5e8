/*
 * arena: the memory of one request, taken piece by piece and ended in one place.
 *
 * An arena is a chain of blocks. Taking never fails: every size that feeds an arena has a named
 * maximum, so running out of machine memory is the machine's failure and the process dies.
 */
#ifndef SOCIUS_ARENA_H
#define SOCIUS_ARENA_H

#include <stddef.h>

enum { ARENA_BLOCK_BYTES = 16 * 1024 };

struct arena_block;

struct arena {
	struct arena_block *block; /* newest first */
	size_t used;               /* bytes used of the newest block */
};

void arena_init(struct arena *arena);

/* Zeroed memory, aligned for any type, valid until arena_clear or arena_release. */
void *arena_take(struct arena *arena, size_t bytes);

/* A NUL-terminated copy of `bytes` bytes at `from`. */
char *arena_copy(struct arena *arena, const char *from, size_t bytes);

/* printf into the arena; the result is NUL-terminated. */
char *arena_print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends everything taken, keeps one block for the next request. */
void arena_clear(struct arena *arena);

/* Ends everything taken and gives all memory back. */
void arena_release(struct arena *arena);

#endif
