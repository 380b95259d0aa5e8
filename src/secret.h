/*
 * secret: a secret of the instance's own, made at its first use and kept beside the keys.
 */
#ifndef SOCIUS_SECRET_H
#define SOCIUS_SECRET_H

struct arena;

/* The 64 hexadecimal digits of <folder>/<name>.secret; dies when it is not usable. */
const char *secret_read(struct arena *arena, const char *folder, const char *name);

#endif
