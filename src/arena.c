/* arena: a chain of blocks; see socius/arena.h. */
#include "socius/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>

#include "poison.h"
#include "socius/log.h"

struct arena_block {
	struct arena_block *older;
	size_t room;
	alignas(max_align_t) char bytes[];
};

static struct arena_block *
block_new(size_t room, struct arena_block *older)
{
	struct arena_block *block = malloc(sizeof(*block) + room);

	if (block == NULL)
		log_die("out of memory: %zu bytes for a request", room);
	block->older = older;
	block->room = room;
	poison(block->bytes, room);
	return block;
}

void
arena_init(struct arena *arena)
{
	arena->block = NULL;
	arena->used = 0;
}

/* Uninitialised memory for any type. */
static void *
take(struct arena *arena, size_t bytes)
{
	const size_t align = alignof(max_align_t);
	size_t asked = bytes;
	void *at;

	bytes = (bytes + align - 1) / align * align;
	if (arena->block == NULL || arena->block->room - arena->used < bytes) {
		size_t room = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;

		arena->block = block_new(room, arena->block);
		arena->used = 0;
	}
	at = arena->block->bytes + arena->used;
	arena->used += bytes;
	unpoison(at, asked);
	return at;
}

void *
arena_take(struct arena *arena, size_t bytes)
{
	return memset(take(arena, bytes), 0, bytes);
}

char *
arena_copy(struct arena *arena, const char *from, size_t bytes)
{
	char *to = take(arena, bytes + 1);

	if (bytes > 0)
		memcpy(to, from, bytes);
	to[bytes] = '\0';
	return to;
}

char *
arena_print(struct arena *arena, const char *format, ...)
{
	va_list list, again;
	char *to;
	int bytes;

	va_start(list, format);
	va_copy(again, list);
	bytes = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (bytes < 0)
		log_die("arena_print: bad format %s", format);
	to = take(arena, (size_t)bytes + 1);
	(void)vsnprintf(to, (size_t)bytes + 1, format, again); /* measured just above */
	va_end(again);
	return to;
}

/* Frees the blocks from `block` on. */
static void
blocks_free(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
}

void
arena_clear(struct arena *arena)
{
	if (arena->block == NULL)
		return;
	blocks_free(arena->block->older);
	arena->block->older = NULL;
	arena->used = 0;
	poison(arena->block->bytes, arena->block->room);
	if (arena->block->room > ARENA_BLOCK_BYTES)
		arena_release(arena);
}

void
arena_release(struct arena *arena)
{
	blocks_free(arena->block);
	arena_init(arena);
}
