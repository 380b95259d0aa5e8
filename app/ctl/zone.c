/* zone: see zone.h. */
#include "zone.h"

#include <ctype.h>
#include <unistd.h>

#define US_PER_S INT64_C(1000000)
#define DAY_S INT64_C(86400)
#define DATABASE "/usr/share/zoneinfo/"

enum { PATH_BYTES_MAX = 128 };

/* The C library takes UTC for a name that it does not know, so the name is looked up before. */
bool
zone_use(const char *name)
{
	char path[PATH_BYTES_MAX];
	int bytes = snprintf(path, sizeof(path), DATABASE "%s", name);

	if (bytes < 0 || bytes >= PATH_BYTES_MAX || !isupper((unsigned char)name[0]))
		return false;
	for (const char *at = name; *at != '\0'; at++)
		if (!isalnum((unsigned char)*at) && strchr("/_+-", *at) == NULL)
			return false;
	if (access(path, R_OK) != 0 || setenv("TZ", name, 1) != 0)
		return false;
	tzset();
	return true;
}

/* Seconds that local time is ahead of UTC at this moment. */
static int64_t
ahead_s(int64_t utc_s)
{
	time_t moment = (time_t)utc_s;
	struct tm local;

	return localtime_r(&moment, &local) != NULL ? local.tm_gmtoff : 0;
}

/* The offsets in force a day before and a day after are the only ones that the wall time can have:
 * no zone changes its clocks twice in two days. The larger one gives the earlier instant. */
bool
zone_instant(int64_t local_us, int64_t earliest_us, int64_t *us)
{
	int64_t local_s = local_us / US_PER_S;
	int64_t before = ahead_s(local_s - DAY_S);
	int64_t after = ahead_s(local_s + DAY_S);
	int64_t ahead[2] = { before > after ? before : after, before > after ? after : before };
	bool found = false;

	for (int i = 0; i < 2; i++) {
		int64_t utc_s = local_s - ahead[i];

		if (ahead_s(utc_s) != ahead[i] || (found && *us >= earliest_us))
			continue;
		*us = utc_s * US_PER_S + local_us % US_PER_S;
		found = true;
	}
	return found;
}
