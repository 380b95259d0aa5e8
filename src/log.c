/* log: JSON lines on standard error; see socius/log.h. */
#include "socius/log.h"

#include <stdarg.h>
#include <unistd.h>

#include "socius/arena.h"
#include "socius/instant.h"
#include "socius/json.h"
#include "socius/world.h"

static const char *
level_name(enum log_level level)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	return names[level];
}

/* One write, so that lines of several processes do not mix. A lost log line stops nobody. */
static void
line_out(const char *at, size_t bytes)
{
	while (bytes > 0) {
		ssize_t written = write(STDERR_FILENO, at, bytes);

		if (written <= 0)
			return;
		at += written;
		bytes -= (size_t)written;
	}
}

void
log_line(enum log_level level, const char *what, ...)
{
	char now[INSTANT_TEXT_BYTES_MAX];
	struct arena arena;
	struct buffer buffer;
	struct json json;
	const char *name;
	va_list list;

	arena_init(&arena);
	buffer_init(&buffer, &arena, 512);
	json_init(&json, &buffer);
	(void)instant_write(world_now_us(), now); /* its length does not matter here */
	json_open_object(&json);
	json_put_text(&json, "at", now);
	json_put_text(&json, "level", level_name(level));
	json_put_text(&json, "what", what);
	va_start(list, what);
	while ((name = va_arg(list, const char *)) != NULL)
		json_put_text(&json, name, va_arg(list, const char *));
	va_end(list);
	json_close_object(&json);
	buffer_add_text(&buffer, "\n");
	line_out(buffer.at, buffer.bytes);
	arena_release(&arena);
}

void
log_die(const char *format, ...)
{
	va_list list;

	(void)fputs("socius: ", stderr); /* nobody is left to tell */
	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
	(void)fputs("\n", stderr);
	(void)fflush(NULL);
	_exit(1); /* the libraries' own handlers of exit() may wait for ever */
}
