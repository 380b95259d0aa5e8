/* gauge: see gauge.h. */
#include "gauge.h"

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "socius/world.h"

static size_t
append(char *from, size_t size, size_t count, void *of)
{
	FILE *to = of;

	return fwrite(from, size, count, to);
}

char *
gauge_text(void)
{
	CURL *curl = curl_easy_init();
	char url[256], *text;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	(void)snprintf(url, sizeof(url), "%s/metrics", world_setting("SOCIUS_METRICS_URL", ""));
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, to);
	cr_assert_eq(curl_easy_perform(curl), CURLE_OK, "no metrics at %s", url);
	curl_easy_cleanup(curl);
	cr_assert_eq(fclose(to), 0);
	return text;
}

long
gauge_sum(const char *name)
{
	char *text = gauge_text(), line[128];
	long total = 0;

	(void)snprintf(line, sizeof(line), "\n%s{worker=", name);
	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		total += strtol(strchr(at, ' '), NULL, 10);
	free(text);
	return total;
}
