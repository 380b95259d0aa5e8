/* reach: addresses that are nobody else's business. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <sys/socket.h>

#include "reach.h"

static bool
of(bool (*is)(const struct sockaddr *), const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *found;
	bool result;

	cr_assert_eq(getaddrinfo(text, NULL, &hints, &found), 0, "%s", text);
	result = is(found->ai_addr);
	freeaddrinfo(found);
	return result;
}

Test(reach, calls_nobody_inside)
{
	static const char *const inside[] = { "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255",
		"100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.0.1",
		"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
		"192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1",
		"198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
		"240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::ffff:169.254.169.254", "::ffff:0:0", "::127.0.0.1", "::10.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
		"2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1",
		"2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "3fff::1",
		"3fff:fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1",
		"fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "ffff::1" };

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		cr_expect_not(of(reach_is_public, inside[i]), "%s", inside[i]);
}

Test(reach, calls_everybody_else)
{
	static const char *const outside[] = { "1.1.1.1", "9.255.255.255", "11.0.0.1",
		"100.63.255.255", "100.128.0.1", "126.0.0.1", "128.0.0.1", "169.253.0.1",
		"172.15.0.1", "172.32.0.1", "192.0.1.1", "192.167.0.1", "192.169.0.1", "198.17.0.1",
		"198.20.0.1", "223.255.255.255", "::ffff:1.1.1.1", "64:ff9b::101:101",
		"2001:200::1", "2001:4860:4860::8888", "2002:101:101::1", "2606:4700::1111",
		"2a00:1450::1", "3ffe::1" };

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		cr_expect(of(reach_is_public, outside[i]), "%s", outside[i]);
}

Test(reach, knows_this_machine)
{
	cr_expect(of(reach_is_loopback, "127.0.0.1"));
	cr_expect(of(reach_is_loopback, "127.1.2.3"));
	cr_expect(of(reach_is_loopback, "::1"));
	cr_expect(of(reach_is_loopback, "::ffff:127.0.0.1"));
	cr_expect_not(of(reach_is_loopback, "128.0.0.1"));
	cr_expect_not(of(reach_is_loopback, "::2"));
}
