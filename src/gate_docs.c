/* gate_docs: pages: GET /docs shows the API, GET /oauth/authorize asks people whether an app may
 * use their account; see gate_private.h. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate_private.h"
#include "etag.h"
#include "socius/log.h"

enum { DOCS_FILE_BYTES_MAX = 16 * 1024 * 1024, DOCS_TAG_BYTES = 24 };

/* Nothing but our own files runs or is loaded; nobody frames the page. */
#define DOCS_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " \
	"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

#define HTML TEXT("text/html; charset=utf-8")
#define SCRIPT TEXT("text/javascript; charset=utf-8")
#define STYLE TEXT("text/css; charset=utf-8")

/* The page is the first; where npm has not brought the bundle, it says how to get it. */
enum { DOCS_PAGE, DOCS_BUNDLE };

static struct docs_file {
	const char *path, *name;
	struct text media;
	enum own_route route;
	struct text body;
	char tag[DOCS_TAG_BYTES];
} files[] = {
	[DOCS_PAGE] = { "/docs", "index.html", HTML, OWN_DOCS },
	[DOCS_BUNDLE] = { "/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js", SCRIPT, OWN_DOCS },
	{ "/docs/swagger-ui.css", "swagger-ui.css", STYLE, OWN_DOCS },
	{ "/docs/favicon-32x32.png", "favicon-32x32.png", TEXT("image/png"), OWN_DOCS },
	{ "/docs/page.js", "page.js", SCRIPT, OWN_DOCS },
	{ "/docs/page.css", "page.css", STYLE, OWN_DOCS },
	{ "/oauth/authorize", "authorize.html", HTML, OWN_AUTHORIZE },
	{ "/oauth/authorize.js", "authorize.js", SCRIPT, OWN_AUTHORIZE },
	{ "/oauth/authorize.css", "authorize.css", STYLE, OWN_AUTHORIZE },
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

static void
read_whole(int fd, char *to, size_t bytes, const char *path)
{
	while (bytes > 0) {
		ssize_t got = read(fd, to, bytes);

		if (got <= 0)
			log_die("cannot read %s: %s", path, strerror(errno));
		to += got;
		bytes -= (size_t)got;
	}
}

/* No such file: empty. */
static struct text
read_file(const char *path, struct arena *arena)
{
	struct stat about;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes;

	if (fd < 0 && errno == ENOENT)
		return (struct text){ NULL, 0 };
	if (fd < 0 || fstat(fd, &about) != 0)
		log_die("cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(about.st_mode) || about.st_size > DOCS_FILE_BYTES_MAX)
		log_die("%s is no file of at most 16 MiB", path);
	bytes = arena_take(arena, (size_t)about.st_size + 1);
	read_whole(fd, bytes, (size_t)about.st_size, path);
	(void)close(fd); /* only read */
	return (struct text){ bytes, (size_t)about.st_size };
}

static void
read_into(struct docs_file *file, const char *folder, const char *name, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned bytes;

	file->body = read_file(arena_print(arena, "%s/%s", folder, name), arena);
	if (EVP_Digest(file->body.at, file->body.bytes, digest, &bytes, EVP_sha256(), NULL) != 1)
		log_die("SHA-256 failed");
	(void)snprintf(file->tag, sizeof(file->tag), "\"%02x%02x%02x%02x%02x%02x\"", digest[0],
	    digest[1], digest[2], digest[3], digest[4], digest[5]); /* fits */
}

void
docs_prepare(const char *folder, struct arena *arena)
{
	for (size_t i = 0; i < FILES; i++)
		read_into(&files[i], folder, files[i].name, arena);
	if (files[DOCS_BUNDLE].body.bytes == 0)
		read_into(&files[DOCS_PAGE], folder, "missing.html", arena);
}

const struct docs_file *
docs_find(struct text path)
{
	if (text_is(path, "/docs/"))
		path = TEXT("/docs");
	for (size_t i = 0; i < FILES; i++)
		if (files[i].body.bytes > 0 && text_is(path, files[i].path))
			return &files[i];
	return NULL;
}

enum own_route
docs_route(const struct docs_file *file)
{
	return file->route;
}

void
docs_answer(struct exchange *exchange)
{
	const struct docs_file *file = docs_find(exchange->request.path);
	struct text tag = text_of(file->tag);
	bool same = etag_is_known(&exchange->request, tag);

	exchange->reply = (struct reply){ .status = same ? 304 : 200 };
	if (!same) {
		exchange->reply.media = file->media;
		exchange->reply.body = file->body;
	}
	reply_add_header(&exchange->reply, "ETag", tag);
	reply_add_header(&exchange->reply, "Cache-Control", TEXT("no-cache"));
	reply_add_header(&exchange->reply, "Content-Security-Policy", TEXT(DOCS_POLICY));
	reply_add_header(&exchange->reply, "Referrer-Policy", TEXT("no-referrer"));
	exchange_reply(exchange);
}
