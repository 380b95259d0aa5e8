/*
 * fields: what rows of several rooms take alike.
 */
#ifndef APP_FIELDS_H
#define APP_FIELDS_H

/* Who asks, from where and when: what an audit record says. */
#define WITNESSED \
	{ "audit_id", FRESH, UUID }, { "peer", PEER, STRING }, { "request_id", REQUEST, STRING }, \
	{ \
		"now", CLOCK, INSTANT \
	}

#endif
