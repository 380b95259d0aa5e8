/* smtp: see smtp.h. */
#include "run/smtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "address.h"
#include "socius/log.h"
#include "socius/world.h"

bool
smtp_is_loopback(const char *host)
{
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && inet_addr(host) != INADDR_NONE);
}

static bool
has_part(CURLU *url, CURLUPart which)
{
	char *part = NULL;
	bool there = curl_url_get(url, which, &part, 0) == CURLUE_OK &&
		     (which != CURLUPART_PATH || strcmp(part, "/") != 0);

	curl_free(part);
	return there;
}

/* Whether it is smtp(s)://host[:port] and nothing more; and whether that asks for STARTTLS. */
static bool
read_url(struct smtp *smtp)
{
	static const CURLUPart unwanted[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_PATH,
		CURLUPART_QUERY, CURLUPART_FRAGMENT };
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL;
	bool right;

	right = url != NULL && curl_url_set(url, CURLUPART_URL, smtp->url, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		(strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0);
	for (size_t i = 0; right && i < sizeof(unwanted) / sizeof(unwanted[0]); i++)
		right = !has_part(url, unwanted[i]);
	smtp->demands_tls = right && (strcmp(scheme, "smtps") == 0 || !smtp_is_loopback(host));
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(url);
	return right;
}

/* The first line of the file. */
static const char *
read_password(struct arena *arena, const char *path)
{
	char password[SMTP_PASSWORD_BYTES_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t bytes;

	if (fd < 0)
		log_die("SOCIUS_SMTP_PASSWORD_FILE is \"%s\": %s", path, strerror(errno));
	bytes = read(fd, password, sizeof(password) - 1);
	(void)close(fd); /* only read */
	password[bytes < 0 ? 0 : bytes] = '\0';
	password[strcspn(password, "\r\n")] = '\0';
	if (password[0] == '\0')
		log_die("SOCIUS_SMTP_PASSWORD_FILE is \"%s\": there is no password in it", path);
	return arena_copy(arena, password, strlen(password));
}

void
smtp_settings(struct smtp *smtp, struct arena *arena)
{
	const char *password_file = world_setting("SOCIUS_SMTP_PASSWORD_FILE", NULL);

	*smtp = (struct smtp){ .url = world_setting("SOCIUS_SMTP_URL", NULL),
		.user = world_setting("SOCIUS_SMTP_USER", NULL),
		.sender = world_setting("SOCIUS_MAIL_SENDER", NULL),
		.ca_file = world_setting("SOCIUS_CA_FILE", NULL) };
	if (smtp->sender != NULL && !address_right(text_of(smtp->sender)))
		log_die("SOCIUS_MAIL_SENDER is \"%s\": an e-mail address is needed", smtp->sender);
	if (smtp->ca_file != NULL && access(smtp->ca_file, R_OK) != 0)
		log_die("SOCIUS_CA_FILE is \"%s\": %s", smtp->ca_file, strerror(errno));
	if (smtp->url != NULL && !read_url(smtp))
		log_die("SOCIUS_SMTP_URL is not smtp://host[:port] or smtps://host[:port]");
	if (smtp->url != NULL && smtp->sender == NULL)
		log_die("SOCIUS_SMTP_URL needs SOCIUS_MAIL_SENDER: who writes");
	if ((smtp->user == NULL) != (password_file == NULL))
		log_die("SOCIUS_SMTP_USER and SOCIUS_SMTP_PASSWORD_FILE go together");
	if (password_file != NULL)
		smtp->password = read_password(arena, password_file);
	if (smtp->sender == NULL)
		smtp->sender = "socius@localhost";
}

/* The letter as curl reads it, and who may end the transfer. */
struct upload {
	struct text left;
	bool (*stops)(void *of);
	void *of;
};

static size_t
read_upload(char *to, size_t size, size_t count, void *of)
{
	struct upload *upload = of;
	size_t bytes = size * count < upload->left.bytes ? size * count : upload->left.bytes;

	memcpy(to, upload->left.at, bytes);
	upload->left.at += bytes;
	upload->left.bytes -= bytes;
	return bytes;
}

static int
watch(void *of, curl_off_t all_down, curl_off_t down, curl_off_t all_up, curl_off_t up)
{
	const struct upload *upload = of;

	(void)all_down;
	(void)down;
	(void)all_up;
	(void)up;
	return upload->stops != NULL && upload->stops(upload->of);
}

/* A 5xx is about this letter, except where it is about how we came. */
static bool
is_for_ever(CURLcode code, long reply)
{
	static const long about_us[] = { 502, 503, 504, 530, 534, 535, 538 };

	if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED || reply < 500 ||
	    reply > 599)
		return false;
	for (size_t i = 0; i < sizeof(about_us) / sizeof(about_us[0]); i++)
		if (reply == about_us[i])
			return false;
	return true;
}

/* The handle's memory is the machine's; that there is none is the only way in which these fail. */
static void
set_up(CURL *curl, const struct smtp *smtp, struct upload *upload, char *why)
{
	curl_easy_reset(curl);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	(void)curl_easy_setopt(curl, CURLOPT_URL, smtp->url);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)SMTP_CONNECT_MS_MAX);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)SMTP_LETTER_MS_MAX);
	(void)curl_easy_setopt(
	    curl, CURLOPT_USE_SSL, (long)(smtp->demands_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!smtp->demands_tls) {
		(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (smtp->ca_file != NULL)
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, smtp->ca_file);
	if (smtp->user != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_USERNAME, smtp->user);
		(void)curl_easy_setopt(curl, CURLOPT_PASSWORD, smtp->password);
	}
	(void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
	(void)curl_easy_setopt(curl, CURLOPT_READDATA, upload);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, upload);
}

enum smtp_outcome
smtp_send(CURL *curl, const struct smtp *smtp, const char *to, struct text letter,
    bool (*stops)(void *of), void *of, char why[CURL_ERROR_SIZE])
{
	struct upload upload = { letter, stops, of };
	struct curl_slist *recipients = curl_slist_append(NULL, to);
	long reply = 0;
	CURLcode code;

	if (recipients == NULL)
		log_die("out of memory for a letter");
	why[0] = '\0';
	set_up(curl, smtp, &upload, why);
	(void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, smtp->sender);
	(void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	code = curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply); /* stays 0 */
	curl_slist_free_all(recipients);
	if (code == CURLE_OK)
		return SMTP_ACCEPTED;
	if (why[0] == '\0')
		(void)snprintf(why, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code)); /* fits */
	return is_for_ever(code, reply) ? SMTP_REFUSED : SMTP_LATER;
}
