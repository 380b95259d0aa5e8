/* fetch: see fetch.h. */
#include "run/fetch.h"

#include <sys/socket.h>
#include <unistd.h>

#include "reach.h"

/* One transfer. */
struct transfer {
	const struct fetch *fetch;
	struct buffer *to;
	bool is_plain; /* http: to this machine alone */
	const char *fault;
};

static size_t
receive(char *from, size_t size, size_t count, void *of)
{
	struct transfer *transfer = of;
	size_t bytes = size * count;

	if (transfer->to->bytes + bytes > FETCH_BYTES_MAX) {
		transfer->fault = "the answer is too large";
		return 0;
	}
	buffer_add(transfer->to, from, bytes);
	return bytes;
}

/* The address is looked at when it is called, so that no second look-up can say something else. */
static curl_socket_t
open_socket(void *of, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = of;
	bool loopback = transfer->fetch->loopback && reach_is_loopback(&address->addr);

	(void)purpose; /* there is one */
	if (!loopback && (transfer->is_plain || !reach_is_public(&address->addr))) {
		transfer->fault = "the address is not a public one";
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int
watch(void *of, curl_off_t all_down, curl_off_t down, curl_off_t all_up, curl_off_t up)
{
	const struct fetch *fetch = of;

	(void)all_down;
	(void)down;
	(void)all_up;
	(void)up;
	return fetch->stops != NULL && fetch->stops(fetch->of);
}

/* That there is no memory is the only way in which these fail. */
static void
set_up(const struct fetch *fetch, struct transfer *transfer, const char *url, char *why)
{
	CURL *curl = fetch->curl;

	curl_easy_reset(curl);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(
	    curl, CURLOPT_PROTOCOLS_STR, fetch->loopback ? "https,http" : "https");
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS_MAX);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)FETCH_MS_MAX);
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "socius");
	if (fetch->ca_file != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, fetch->ca_file);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	(void)curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetch);
}

bool
fetch_get(const struct fetch *fetch, const char *url, struct buffer *to, char why[CURL_ERROR_SIZE])
{
	struct transfer transfer = {
		.fetch = fetch, .to = to, .is_plain = strncmp(url, "http:", 5) == 0
	};
	CURLcode code;
	long status = 0;

	why[0] = '\0';
	set_up(fetch, &transfer, url, why);
	code = curl_easy_perform(fetch->curl);
	(void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status); /* stays 0 */
	if (code == CURLE_OK && status == 200)
		return true;
	if (transfer.fault != NULL)
		(void)snprintf(why, CURL_ERROR_SIZE, "%s", transfer.fault); /* fits */
	else if (code == CURLE_OK)
		(void)snprintf(why, CURL_ERROR_SIZE, "the server answers %ld", status); /* fits */
	else if (why[0] == '\0')
		(void)snprintf(why, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code)); /* fits */
	return false;
}
