/* money: decimal text and int64 minor units; see socius/money.h. */
#include "socius/money.h"

/* Appends a digit; false: beyond MONEY_MINOR_MAX. */
static bool
push_digit(int64_t *minor, int digit)
{
	if (*minor > (MONEY_MINOR_MAX - digit) / 10)
		return false;
	*minor = *minor * 10 + digit;
	return true;
}

bool
money_read(struct text from, int exponent, int64_t *minor)
{
	int64_t read = 0;
	int whole = 0, fraction = -1; /* digits before and after the point; -1: no point yet */
	bool negative = from.bytes > 0 && from.at[0] == '-';

	for (size_t i = negative; i < from.bytes; i++) {
		char c = from.at[i];

		if (c == '.' && fraction < 0 && whole > 0) {
			fraction = 0;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		if (fraction >= exponent && c != '0')
			return false;
		if (fraction < exponent && !push_digit(&read, c - '0'))
			return false;
		if (fraction < 0)
			whole++;
		else
			fraction++;
	}
	if (whole == 0 || fraction == 0)
		return false;
	for (int i = fraction < 0 ? 0 : fraction; i < exponent; i++)
		if (!push_digit(&read, 0))
			return false;
	*minor = negative ? -read : read;
	return true;
}

int
money_write(int64_t minor, int exponent, char to[32])
{
	uint64_t left = minor < 0 ? (uint64_t)0 - (uint64_t)minor : (uint64_t)minor;
	uint64_t unit = 1;

	for (int i = 0; i < exponent; i++)
		unit *= 10;
	if (exponent == 0)
		return snprintf(to, 32, "%s%llu", minor < 0 ? "-" : "", (unsigned long long)left);
	return snprintf(to, 32, "%s%llu.%0*llu", minor < 0 ? "-" : "",
	    (unsigned long long)(left / unit), exponent, (unsigned long long)(left % unit));
}
