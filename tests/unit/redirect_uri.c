/* redirect_uri: where answers of other people's apps may go. */
#include "oauth/redirect_uri.h"

#include <criterion/criterion.h>

Test(redirect_uri, takes_addresses_of_apps)
{
	static const char *const right[] = { "https://example.com", "https://example.com/",
		"https://example.com:8443/back?a=b&c=%20", "https://xn--bcher-kva.example/cb",
		"https://[2001:db8::1]/cb", "https://example.com/@me/a%40b?mail=a@b",
		"http://127.0.0.1/", "http://127.0.0.1:0100/cb", "http://127.0.0.1:65535/cb",
		"http://[::1]:8080/cb", "http://127.0.0.1", "com.example.shifts:/oauth",
		"com.example.shifts://back", "com.example.shifts:back" };

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cr_expect(redirect_uri_right(text_of(right[i])), "%s", right[i]);
}

Test(redirect_uri, refuses_what_may_go_elsewhere)
{
	static const char *const wrong[] = { "", ":", "https", "https:", "https://", "https:///x",
		"//example.com", "/back", "http://example.com/back", "http://localhost/back",
		"https://user@example.com/", "https://user:secret@example.com/",
		"https://@example.com/", "http://127.0.0.1:80@example.com/",
		"http://127.0.0.1@example.com/", "http://127.0.0.1.example.com/",
		"http://[::1]@example.com/", "http://[::1].example.com/",
		"com.example.shifts://user@back", "https://example.com/#x", "https://example.com#",
		"https://example.com:/", "https://example.com:0/", "https://example.com:65536/",
		"https://example.com:80x/", "https://example.com:80:80/", "https://.example.com/",
		"https://exa_mple.com/", "https://example.com\\@example.org/", "https://[::1/",
		"https://[]/", "https://[::g]/", "https://[::1]x/", "https://?x",
		"https://%65xample.com/", "https://example.com/%", "https://example.com/%4",
		"https://example.com/%zz", "https://example.com/%0d%0aX", "https://example.com/%00",
		"https://example.com/%7F", "https://example.com/a b", "https://example.com/\t",
		"https://example.com/\x7f", "https://example.com/\xc3\xa9",
		"https://b\xc3\xbc"
		"cher.example/",
		"HTTPS://example.com/", "javascript:alert(1)", "data:text/html,x", "shifts:/x",
		"com.example:", ".example:/x", "1.example:/x", "file:///etc/passwd",
		"https://example.com/\"", "https://example.com/<" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not(redirect_uri_right(text_of(wrong[i])), "%s", wrong[i]);
}
