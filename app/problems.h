/*
 * problems: the table of all problem kinds; ends with an empty row.
 */
#ifndef APP_PROBLEMS_H
#define APP_PROBLEMS_H

#include "socius/problem.h"

extern const struct problem_kind problems[];

#endif
