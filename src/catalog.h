/*
 * catalog: the few types of PostgreSQL's catalog that we speak, and its binary numbers.
 * The oids are fixed by PostgreSQL (src/include/catalog/pg_type.dat).
 */
#ifndef SOCIUS_CATALOG_H
#define SOCIUS_CATALOG_H

#include <stdint.h>

enum oid {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_JSON = 114,
	OID_BPCHAR = 1042,
	OID_VARCHAR = 1043,
	OID_DATE = 1082,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_NUMERIC = 1700,
	OID_RECORD = 2249,
	OID_VOID = 2278,
	OID_UUID = 2950,
	OID_JSONB = 3802,
	OID_XID8 = 5069
};

/* Days between 1970-01-01 and 2000-01-01. */
enum { DAYS_OF_2000 = 10957 };

/* Big-endian numbers of 2, 4 and 8 bytes. */
static inline uint64_t
catalog_number(const void *at, int bytes)
{
	const uint8_t *from = at;
	uint64_t number = 0;

	for (int i = 0; i < bytes; i++)
		number = number << 8 | from[i];
	return number;
}

/* The same, with a sign. */
static inline int64_t
catalog_integer(const void *at, int bytes)
{
	uint64_t number = catalog_number(at, bytes);

	switch (bytes) {
	case 2:
		return (int16_t)number;
	case 4:
		return (int32_t)number;
	default:
		return (int64_t)number;
	}
}

#endif
