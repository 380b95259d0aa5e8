/*
 * onboarding: programmes and enrolments.
 */
#include "rooms.h"
#include "scopes.h"
#include "socius/endpoint.h"

static const struct endpoint endpoints[] = {
	{ 0 },
};

const struct room room_onboarding = {
	.name = "onboarding",
	.says = "Programmes and enrolments.",
	.endpoints = endpoints,
};
