/*
 * reach: which addresses of the internet we call where somebody else names them.
 */
#ifndef SOCIUS_REACH_H
#define SOCIUS_REACH_H

#include <stdbool.h>

struct sockaddr;

/* Whether it is an address of everybody's: no private, shared, link-local, loopback, multicast or
 * reserved one (RFC 6890, IANA's special-purpose registries), and none of those inside of an IPv6
 * address that stands for IPv4. */
bool reach_is_public(const struct sockaddr *address);

/* 127.0.0.0/8 and ::1. */
bool reach_is_loopback(const struct sockaddr *address);

#endif
