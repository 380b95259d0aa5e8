/*
 * demo: a story told to a running instance as requests that anyone could type.
 *
 * A template holds {name} where the value of a variable goes. Variables come from replies: `keeps`
 * is blank-separated name=path, a path being members and indexes between dots: data.0.slot_id.
 */
#ifndef APP_CTL_DEMO_H
#define APP_CTL_DEMO_H

struct step {
	const char *says; /* what happens now, in a sentence; NULL: goes on with what was said */
	const char *who;  /* whose token: the name of a variable; NULL: none is needed */
	const char *method;
	const char *path; /* template */
	const char *body; /* template; NULL: none */
	int status;       /* that must come */
	const char *keeps;
	const char *until; /* path=value: asked again until the reply says so */
	const char *signs; /* variable that gets a token of the partner {partner_id} afterwards */
};

/* Ends with a row without a method. */
extern const struct step demo_story[];

#endif
