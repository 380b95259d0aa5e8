/*
 * banned: functions that do not belong in this code. Included by the compiler in every file.
 */
#ifndef SOCIUS_BANNED_H
#define SOCIUS_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atof strncpy strncat
#ifndef SOCIUS_WORLD
#pragma GCC poison srand random srandom
/* Not poisoned: OpenSSL's headers have parameters of this name. */
#define rand banned_rand
#endif

#endif
