/*
 * world: the only door to clock, chance and environment. Tests hold it still.
 */
#ifndef SOCIUS_WORLD_H
#define SOCIUS_WORLD_H

#include <stddef.h>
#include <stdint.h>

struct uuid;

int64_t world_now_us(void);                /* wall clock, microseconds since 1970 UTC */
int64_t world_monotonic_us(void);          /* for durations; never goes back */
void world_chance(void *to, size_t bytes); /* unpredictable bytes (getrandom) */
struct uuid world_fresh_id(void);          /* UUIDv7 */

/* Environment variable, or `otherwise` when unset or empty. */
const char *world_setting(const char *name, const char *otherwise);

/* Integer setting within [least, most]; dies with one clear line when it is not. */
int64_t world_setting_int(const char *name, int64_t otherwise, int64_t least, int64_t most);

/* Tests: freeze the wall clock at `now_us` and make chance a counter. */
void world_hold_still(int64_t now_us);

#endif
