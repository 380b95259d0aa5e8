/* etag: see etag.h. */
#include "etag.h"

#include "grammar.h"
#include "socius/request.h"

/* etagc of RFC 9110 section 8.8.3: visible characters but the quote, and bytes above ASCII. */
static bool
is_etagc(char c)
{
	return (unsigned char)c > ' ' && c != '"' && c != 0x7f;
}

/* Empty elements of a list are none: RFC 9110 section 5.6.1.2. */
static struct text
after_commas(struct text list)
{
	list = grammar_trim(list);
	while (list.bytes > 0 && list.at[0] == ',')
		list = grammar_trim((struct text){ list.at + 1, list.bytes - 1 });
	return list;
}

bool
etag_next(struct text *list, struct etag *tag)
{
	struct text from = after_commas(*list);
	size_t start, end;

	*list = from;
	tag->weak = from.bytes > 2 && memcmp(from.at, "W/", 2) == 0;
	start = tag->weak ? 2 : 0;
	if (from.bytes < start + 2 || from.at[start] != '"')
		return false;
	end = start + 1;
	while (end < from.bytes && is_etagc(from.at[end]))
		end++;
	if (end == from.bytes || from.at[end] != '"')
		return false;
	tag->opaque = (struct text){ from.at + start, end + 1 - start };
	from = grammar_trim((struct text){ from.at + end + 1, from.bytes - end - 1 });
	if (from.bytes > 0 && from.at[0] != ',')
		return false;
	*list = after_commas(from);
	return true;
}

static bool
is_listed(struct text list, struct text tag)
{
	struct etag of;

	if (text_is(grammar_trim(list), "*"))
		return true;
	while (etag_next(&list, &of))
		if (text_equal(of.opaque, tag))
			return true;
	return false;
}

bool
etag_is_known(const struct request *request, struct text tag)
{
	for (int i = 0; i < request->headers_count; i++)
		if (text_equal_nocase(request->headers[i].name, TEXT("If-None-Match")) &&
		    is_listed(request->headers[i].value, tag))
			return true;
	return false;
}
