/*
 * fuzzed: what the fuzz targets share: a request made of the fuzzer's bytes for one of the
 * marketplace's own operations, and what must hold of whatever came of it.
 */
#ifndef TESTS_FUZZED_H
#define TESTS_FUZZED_H

#include <assert.h>

#include "contract.h"
#include "cursor.h"
#include "socius/request.h"

#define FUZZED_NOW_US INT64_C(1795168800000000) /* 2026-11-20T10:00:00Z */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what does not hold and stops the fuzzer, which keeps the input. */
#define FUZZED_HOLDS(condition) \
	do { \
		if (!(condition)) { \
			(void)fprintf( \
			    stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* All rows of the marketplace, without a catalog. */
const struct contract *fuzzed_contract(void);

const struct cursor_key *fuzzed_cursor_key(void);

/* Takes a number below `count` off the front of the input. */
size_t fuzzed_number(const uint8_t **data, size_t *size, size_t count);

/* What is left of the input, as text of its own: reading beyond it is seen. */
struct text fuzzed_rest(const uint8_t *data, size_t size);

/* A fresh request of a partner, in its own arena; the last one ends. */
struct request *fuzzed_request(void);

/* The request is for this operation; path parameters that look right are filled in. */
void fuzzed_ask(struct request *request, const struct operation *operation);

/* Decodes it and holds the outcome against what the rows say. */
void fuzzed_decode(struct request *request, const struct operation *operation);

#endif
