/*
 * rooms: the rooms of the marketplace, each defined by its endpoints.c.
 */
#ifndef APP_ROOMS_H
#define APP_ROOMS_H

#include "socius/endpoint.h"

extern const struct room room_identity;
extern const struct room room_onboarding;
extern const struct room room_scheduling;
extern const struct room room_fulfilment;
extern const struct room room_ledger;
extern const struct room room_payouts;
extern const struct room room_cocreation;
extern const struct room room_exchange;
extern const struct room room_services;
extern const struct room room_events;
extern const struct room room_access;
extern const struct room room_oauth;
extern const struct room room_offices;
extern const struct room room_privacy;
extern const struct room room_providers;
extern const struct room room_test; /* tests/room: test instances only */

#endif
