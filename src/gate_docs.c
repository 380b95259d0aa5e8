/* gate_docs: the API's document, and pages: GET /docs shows it, GET /oauth/authorize asks people
 * whether an app may use their account; see gate_private.h. Each is compressed once, at the start.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "gate_private.h"
#include "etag.h"
#include "grammar.h"
#include "socius/log.h"

enum { DOCS_FILE_BYTES_MAX = 16 * 1024 * 1024, DOCS_TAG_BYTES = 24 };

/* Nothing but our own files runs or is loaded; nobody frames the page. */
#define DOCS_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " \
	"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

#define JSON TEXT("application/json")
#define HTML TEXT("text/html; charset=utf-8")
#define SCRIPT TEXT("text/javascript; charset=utf-8")
#define STYLE TEXT("text/css; charset=utf-8")

/* The page is the first; where npm has not brought the bundle, it says how to get it. */
enum { DOCS_PAGE, DOCS_BUNDLE, DOCS_DOCUMENT };

static struct docs_file {
	const char *path, *name;
	struct text media;
	enum own_route route;
	struct text body, zipped; /* zipped empty: it would be no shorter */
	char tag[DOCS_TAG_BYTES], zipped_tag[DOCS_TAG_BYTES];
} files[] = {
	[DOCS_PAGE] = { "/docs", "index.html", HTML, OWN_DOCS },
	[DOCS_BUNDLE] = { "/docs/swagger-ui-bundle.js", "swagger-ui-bundle.js", SCRIPT, OWN_DOCS },
	[DOCS_DOCUMENT] = { "/openapi.json", NULL, JSON, OWN_DOCUMENT },
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

/* As gzip has it (RFC 1952); empty where that is no shorter. */
static struct text
zip(struct text body, struct arena *arena)
{
	enum { GZIP = 16 }; /* added to the window's bits: zlib.h */
	z_stream stream = { 0 };
	size_t room;
	char *to;

	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, MAX_MEM_LEVEL,
		Z_DEFAULT_STRATEGY) != Z_OK)
		log_die("zlib does not start");
	room = deflateBound(&stream, body.bytes);
	to = arena_take(arena, room);
	stream.next_in = (unsigned char *)(uintptr_t)body.at;
	stream.avail_in = (unsigned)body.bytes;
	stream.next_out = (unsigned char *)to;
	stream.avail_out = (unsigned)room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		log_die("zlib failed");
	room = stream.total_out;
	(void)deflateEnd(&stream); /* it has ended */
	return (struct text){ to, room < body.bytes ? room : 0 };
}

static void
take_body(struct docs_file *file, struct text body, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned bytes;

	file->body = body;
	file->zipped = zip(body, arena);
	if (EVP_Digest(file->body.at, file->body.bytes, digest, &bytes, EVP_sha256(), NULL) != 1)
		log_die("SHA-256 failed");
	(void)snprintf(file->tag, sizeof(file->tag), "\"%02x%02x%02x%02x%02x%02x\"", digest[0],
	    digest[1], digest[2], digest[3], digest[4], digest[5]); /* fits */
	(void)snprintf(file->zipped_tag, sizeof(file->zipped_tag), "%.13s-gzip\"",
	    file->tag); /* so does this: another representation, RFC 9110 section 8.8.3.3 */
}

static void
read_into(struct docs_file *file, const char *folder, const char *name, struct arena *arena)
{
	take_body(file, read_file(arena_print(arena, "%s/%s", folder, name), arena), arena);
}

void
docs_prepare(const char *folder, struct text document, struct arena *arena)
{
	take_body(&files[DOCS_DOCUMENT], document, arena);
	for (size_t i = 0; i < FILES; i++)
		if (files[i].name != NULL)
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

/* Whether a weight says "not at all": "q=0", "q=0.000" (RFC 9110 section 12.4.2). */
static bool
is_refused(struct text parameters)
{
	struct text weight = grammar_trim(parameters);

	if (weight.bytes < 3 || (weight.at[0] | 0x20) != 'q' || weight.at[1] != '=')
		return false;
	for (size_t i = 2; i < weight.bytes; i++)
		if (weight.at[i] != '0' && weight.at[i] != '.')
			return false;
	return true;
}

/* Whether the client takes gzip (RFC 9110 section 12.5.3): said of it, or else of all. */
static bool
takes_gzip(struct text accepted)
{
	bool takes = false;

	while (accepted.bytes > 0) {
		struct text one = grammar_cut(&accepted, ',');
		struct text coding = grammar_trim(grammar_cut(&one, ';'));

		if (text_equal_nocase(coding, TEXT("gzip")) ||
		    text_equal_nocase(coding, TEXT("x-gzip")))
			return !is_refused(one);
		if (text_is(coding, "*"))
			takes = !is_refused(one);
	}
	return takes;
}

static void
add_headers(struct reply *reply, const struct docs_file *file, struct text tag)
{
	reply_add_header(reply, "ETag", tag);
	reply_add_header(reply, "Cache-Control", TEXT("no-cache"));
	if (file->zipped.bytes > 0)
		reply_add_header(reply, "Vary", TEXT("Accept-Encoding"));
	if (file->route == OWN_DOCUMENT)
		return;
	reply_add_header(reply, "Content-Security-Policy", TEXT(DOCS_POLICY));
	reply_add_header(reply, "Cross-Origin-Opener-Policy", TEXT("same-origin"));
	reply_add_header(reply, "Referrer-Policy", TEXT("no-referrer"));
}

void
docs_answer(struct exchange *exchange)
{
	const struct docs_file *file = docs_find(exchange->request.path);
	bool zipped = file->zipped.bytes > 0 &&
		      takes_gzip(request_header(&exchange->request, "Accept-Encoding"));
	struct text tag = text_of(zipped ? file->zipped_tag : file->tag);
	bool same = etag_is_known(&exchange->request, tag);

	exchange->reply = (struct reply){ .status = same ? 304 : 200 };
	if (!same) {
		exchange->reply.media = file->media;
		exchange->reply.body = zipped ? file->zipped : file->body;
		if (zipped)
			reply_add_header(&exchange->reply, "Content-Encoding", TEXT("gzip"));
	}
	add_headers(&exchange->reply, file, tag);
	exchange_reply(exchange);
}
