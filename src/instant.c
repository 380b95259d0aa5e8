/* instant: RFC 3339 text and int64 microseconds; see socius/instant.h. */
#include "socius/instant.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_S)

/* What four digits of a year can say: 0001-01-01 to 9999-12-31. */
#define FIRST_DAY (-719162)
#define LAST_DAY 2932896
#define FIRST_US (FIRST_DAY * US_PER_DAY)
#define LAST_US ((LAST_DAY + 1) * US_PER_DAY - 1)

static int64_t
within(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* Days since 1970-01-01 of a civil date, and back: counting in 400-year eras from 1 March, as the
 * leap day then ends the year. */
static int32_t
days_of_civil(int year, int month, int day)
{
	int shifted = month <= 2 ? year - 1 : year;
	int era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int year_of_era = shifted - era * 400;
	int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static void
civil_of_days(int32_t days, int *year, int *month, int *day)
{
	int since = days + 719468;
	int era = (since >= 0 ? since : since - 146096) / 146097;
	int day_of_era = since - era * 146097;
	int year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int shifted_month = (5 * day_of_year + 2) / 153;

	*day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
	*month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* Takes exactly `digits` decimal digits. */
static bool
take_number(struct text *from, int digits, int *number)
{
	int value = 0;

	if (from->bytes < (size_t)digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (from->at[i] < '0' || from->at[i] > '9')
			return false;
		value = value * 10 + (from->at[i] - '0');
	}
	from->at += digits;
	from->bytes -= (size_t)digits;
	*number = value;
	return true;
}

static bool
take_char(struct text *from, const char *one_of)
{
	if (from->bytes == 0 || strchr(one_of, from->at[0]) == NULL || from->at[0] == '\0')
		return false;
	from->at++;
	from->bytes--;
	return true;
}

static bool
take_date(struct text *from, int32_t *days)
{
	int year, month, day;

	if (!take_number(from, 4, &year) || !take_char(from, "-") ||
	    !take_number(from, 2, &month) || !take_char(from, "-") || !take_number(from, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	*days = days_of_civil(year, month, day);
	return true;
}

/* Fraction digits past the sixth must be there but do not count. */
static bool
take_fraction(struct text *from, int64_t *us)
{
	int64_t unit = US_PER_S / 10;
	int digit;

	*us = 0;
	if (!take_char(from, "."))
		return true;
	if (!take_number(from, 1, &digit))
		return false;
	do {
		*us += unit * digit;
		unit /= 10;
	} while (take_number(from, 1, &digit));
	return true;
}

/* `leap`: whether the second is 60; it counts as the first of the next minute. */
static bool
take_time(struct text *from, bool seconds_needed, int64_t *us, bool *leap)
{
	int hour, minute, second = 0;
	int64_t fraction = 0;

	if (!take_number(from, 2, &hour) || !take_char(from, ":") || !take_number(from, 2, &minute))
		return false;
	if (take_char(from, ":")) {
		if (!take_number(from, 2, &second) || !take_fraction(from, &fraction))
			return false;
	} else if (seconds_needed) {
		return false;
	}
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*us = ((int64_t)hour * 3600 + minute * 60 + second) * US_PER_S + fraction;
	*leap = second == 60;
	return true;
}

static bool
take_offset(struct text *from, int64_t *us)
{
	int hour, minute;
	bool west;

	*us = 0;
	if (take_char(from, "Zz"))
		return true;
	west = from->bytes > 0 && from->at[0] == '-';
	if (!take_char(from, "+-") || !take_number(from, 2, &hour) || !take_char(from, ":") ||
	    !take_number(from, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*us = ((int64_t)hour * 3600 + minute * 60) * US_PER_S * (west ? -1 : 1);
	return true;
}

/* Whether the second before the one that this moment is in could be a leap second. */
static bool
begins_month(int64_t us)
{
	int year, month, day;

	civil_of_days((int32_t)(us / US_PER_DAY), &year, &month, &day);
	return us % US_PER_DAY >= 0 && us % US_PER_DAY < US_PER_S && day == 1;
}

bool
instant_read(struct text from, int64_t *us)
{
	int32_t days;
	int64_t time, offset, instant;
	bool leap;

	if (!take_date(&from, &days) || !take_char(&from, "Tt") ||
	    !take_time(&from, true, &time, &leap) || !take_offset(&from, &offset) ||
	    from.bytes != 0)
		return false;
	instant = days * US_PER_DAY + time - offset;
	if (instant < FIRST_US || instant > LAST_US || (leap && !begins_month(instant)))
		return false;
	*us = instant;
	return true;
}

bool
instant_read_local(struct text from, int64_t *us)
{
	int32_t days;
	int64_t time;
	bool leap;

	if (!take_date(&from, &days) || !take_char(&from, "Tt") ||
	    !take_time(&from, false, &time, &leap) || leap || from.bytes != 0)
		return false;
	*us = days * US_PER_DAY + time;
	return true;
}

bool
instant_read_date(struct text from, int32_t *days)
{
	int32_t read;

	if (!take_date(&from, &read) || from.bytes != 0)
		return false;
	*days = read;
	return true;
}

/* `count` decimal digits; printf takes ten times as long, and replies are full of instants. */
static char *
put_digits(char *to, unsigned value, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		to[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return to + count;
}

int
instant_write_date(int32_t days, char to[INSTANT_TEXT_BYTES_MAX])
{
	int year, month, day;
	char *at;

	civil_of_days((int32_t)within(days, FIRST_DAY, LAST_DAY), &year, &month, &day);
	at = put_digits(to, (unsigned)year, 4);
	*at++ = '-';
	at = put_digits(at, (unsigned)month, 2);
	*at++ = '-';
	at = put_digits(at, (unsigned)day, 2);
	*at = '\0';
	return (int)(at - to);
}

int
instant_write_local(int64_t us, char to[INSTANT_TEXT_BYTES_MAX])
{
	int64_t kept = within(us, FIRST_US, LAST_US);
	int64_t days = kept / US_PER_DAY - (kept % US_PER_DAY < 0);
	int64_t time = kept - days * US_PER_DAY;
	unsigned second = (unsigned)(time / US_PER_S), fraction = (unsigned)(time % US_PER_S);
	char *at = to + instant_write_date((int32_t)days, to);

	*at++ = 'T';
	at = put_digits(at, second / 3600, 2);
	*at++ = ':';
	at = put_digits(at, second / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, second % 60, 2);
	if (fraction != 0)
		*at++ = '.';
	if (fraction % 1000 != 0)
		at = put_digits(at, fraction, 6);
	else if (fraction != 0)
		at = put_digits(at, fraction / 1000, 3);
	*at = '\0';
	return (int)(at - to);
}

int
instant_write(int64_t us, char to[INSTANT_TEXT_BYTES_MAX])
{
	int at = instant_write_local(us, to);

	to[at] = 'Z';
	to[at + 1] = '\0';
	return at + 1;
}
