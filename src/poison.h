/*
 * poison: memory that is kept for later use, or freed, and must not be touched until then.
 *
 * Pools of our own hide a use after free from AddressSanitizer: what they take back stays readable.
 * In a sanitized build such memory is poisoned, so that whoever still points into it is found; and
 * it is filled, as functions of other libraries read what is poisoned without a word. Elsewhere
 * both cost nothing.
 */
#ifndef SOCIUS_POISON_H
#define SOCIUS_POISON_H

#include <stddef.h>
#include <string.h>

enum { POISON_FILL = 0xdb };

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define POISON_IS_SEEN 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(POISON_IS_SEEN)
/* as sanitizer/asan_interface.h has them, but for a const that makes gcc think they read */
void __asan_poison_memory_region(void *at, size_t bytes);
void __asan_unpoison_memory_region(void *at, size_t bytes);

static inline void
poison(void *at, size_t bytes)
{
	__asan_unpoison_memory_region(at, bytes); /* parts of it may be poisoned already */
	memset(at, POISON_FILL, bytes);
	__asan_poison_memory_region(at, bytes);
}

static inline void
unpoison(void *at, size_t bytes)
{
	__asan_unpoison_memory_region(at, bytes);
}
#else
static inline void
poison(void *at, size_t bytes)
{
	(void)at;
	(void)bytes;
}

static inline void
unpoison(void *at, size_t bytes)
{
	(void)at;
	(void)bytes;
}
#endif

#endif
