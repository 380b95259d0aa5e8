/*
 * chance: a stream of numbers that a seed gives again (splitmix64, Steele and others 2014).
 */
#ifndef CHAOS_CHANCE_H
#define CHAOS_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

static inline uint64_t
chance_next(struct chance *chance)
{
	uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* One of 0 .. most - 1; so slightly uneven that nothing here could tell. */
static inline int64_t
chance_below(struct chance *chance, int64_t most)
{
	return (int64_t)(chance_next(chance) % (uint64_t)most);
}

#endif
