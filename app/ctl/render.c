/* render: the templates of conf/ with the settings filled in; see render.h. */
#include "render.h"

#include <ctype.h>

#include "socius/log.h"

static size_t
name_bytes(const char *at)
{
	size_t bytes = 0;

	while (isupper((unsigned char)at[bytes]) || at[bytes] == '_')
		bytes++;
	return bytes;
}

void
render(struct ctl *ctl, const char *from, const char *to)
{
	struct text template = files_read(&ctl->arena, from);
	struct buffer buffer;
	size_t at = 0;

	buffer_init(&buffer, &ctl->arena, template.bytes * 2 + 1);
	while (at < template.bytes) {
		struct text name = { template.at + at + 1, name_bytes(template.at + at + 1) };
		const char *value;

		if (template.at[at] != '@' || name.bytes == 0 || name.at[name.bytes] != '@') {
			buffer_add(&buffer, template.at + at++, 1);
			continue;
		}
		value = settings_value(&ctl->settings, &ctl->arena, name);
		if (value == NULL)
			log_die("%s asks for @%.*s@, which is no setting", from, (int)name.bytes,
			    name.at);
		buffer_add_text(&buffer, value);
		at += name.bytes + 2;
	}
	files_write(&ctl->arena, to, buffer_text(&buffer), 0640);
}
