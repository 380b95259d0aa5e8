/* grammar: the small pieces of HTTP; see grammar.h. */
#include "grammar.h"

/* RFC 9110 section 5.6.2 (token), RFC 3986 sections 3.2.2, 3.3 and 3.4. A query may also hold
 * `[]{}|\^` and the backtick, which browsers send as they are. */
static const char tchars[] = "!#$%&'*+-.^_`|~";
static const char pchars[] = "-._~!$&'()*+,;=:@/%";
static const char qchars[] = "-._~!$&'()*+,;=:@/%?[]{}|\\^`";
static const char hchars[] = "-._~!$&'()*+,;=:%[]";

static unsigned char classes[256];

__attribute__((constructor)) static void
classes_fill(void)
{
	for (int c = '0'; c <= '9'; c++)
		classes[c] = TCHAR | PCHAR | QCHAR | HCHAR | DIGIT | HEX;
	for (int c = 'a'; c <= 'z'; c++)
		classes[c] = classes[c - 32] = TCHAR | PCHAR | QCHAR | HCHAR | (c <= 'f' ? HEX : 0);
	for (const char *c = tchars; *c != '\0'; c++)
		classes[(unsigned char)*c] |= TCHAR;
	for (const char *c = pchars; *c != '\0'; c++)
		classes[(unsigned char)*c] |= PCHAR;
	for (const char *c = qchars; *c != '\0'; c++)
		classes[(unsigned char)*c] |= QCHAR;
	for (const char *c = hchars; *c != '\0'; c++)
		classes[(unsigned char)*c] |= HCHAR;
}

bool
grammar_is(char c, unsigned class)
{
	return (classes[(unsigned char)c] & class) != 0;
}

bool
grammar_all(struct text text, unsigned class)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (!grammar_is(text.at[i], class))
			return false;
	return true;
}

struct text
grammar_cut(struct text *text, char c)
{
	const char *at = text->bytes > 0 ? memchr(text->at, c, text->bytes) : NULL;
	size_t bytes = at == NULL ? text->bytes : (size_t)(at - text->at);
	size_t skipped = at == NULL ? bytes : bytes + 1;
	struct text before = { text->at, bytes };

	text->at += skipped;
	text->bytes -= skipped;
	return before;
}

struct text
grammar_trim(struct text text)
{
	while (text.bytes > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
		text.at++;
		text.bytes--;
	}
	while (
	    text.bytes > 0 && (text.at[text.bytes - 1] == ' ' || text.at[text.bytes - 1] == '\t'))
		text.bytes--;
	return text;
}

bool
grammar_lists(struct text list, struct text word)
{
	while (list.bytes > 0)
		if (text_equal_nocase(grammar_trim(grammar_cut(&list, ',')), word))
			return true;
	return false;
}

bool
grammar_escapes_right(struct text path)
{
	for (size_t i = 0; i < path.bytes; i++) {
		if (path.at[i] != '%')
			continue;
		if (path.bytes - i < 3 || !grammar_is(path.at[i + 1], HEX) ||
		    !grammar_is(path.at[i + 2], HEX))
			return false;
		if (path.at[i + 1] == '0' && path.at[i + 2] == '0')
			return false;
		i += 2;
	}
	return true;
}

bool
grammar_host_right(struct text host)
{
	size_t bytes = host.bytes;

	if (!grammar_all(host, HCHAR))
		return false;
	while (bytes > 0 && grammar_is(host.at[bytes - 1], DIGIT))
		bytes--;
	if (bytes > 0 && host.at[bytes - 1] == ':')
		host.bytes = bytes - 1;
	if (host.bytes > 0 && host.at[0] == '[')
		return host.bytes > 2 && host.at[host.bytes - 1] == ']';
	return host.bytes == 0 || (memchr(host.at, ':', host.bytes) == NULL &&
				      memchr(host.at, '[', host.bytes) == NULL &&
				      memchr(host.at, ']', host.bytes) == NULL);
}

bool
grammar_value_right(struct text value)
{
	for (size_t i = 0; i < value.bytes; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}
