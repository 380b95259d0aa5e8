/* csv: records as RFC 4180 describes them, and what is none. */
#include <criterion/criterion.h>

#include "ctl/csv.h"

static struct arena arena;
static struct csv csv;
static struct csv_record record;

static void
begin(void)
{
	arena_init(&arena);
}

static void
end(void)
{
	arena_release(&arena);
}

TestSuite(csv, .init = begin, .fini = end);

static void
read_from(const char *text)
{
	csv_init(&csv, text_of(text));
}

static void
expect_record(int64_t line, int count, const char *const *fields)
{
	cr_assert(csv_next(&csv, &arena, &record));
	cr_expect_eq(record.line, line);
	cr_expect_null(record.fault, "%s", record.fault);
	cr_assert_eq(record.count, count);
	for (int i = 0; i < count; i++)
		cr_expect(text_is(record.fields[i], fields[i]), "field %d", i);
}

#define EXPECT(line, ...) \
	expect_record(line, (int)(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)), \
	    (const char *[]){ __VA_ARGS__ })

static void
expect_fault(int64_t line, const char *fault)
{
	cr_assert(csv_next(&csv, &arena, &record));
	cr_expect_eq(record.line, line);
	cr_assert_not_null(record.fault);
	cr_expect_str_eq(record.fault, fault);
}

static void
expect_end(void)
{
	cr_expect_not(csv_next(&csv, &arena, &record));
}

Test(csv, read_lines_with_either_end)
{
	read_from("a,b\nc,d\r\ne,f");
	EXPECT(1, "a", "b");
	EXPECT(2, "c", "d");
	EXPECT(3, "e", "f");
	expect_end();
}

Test(csv, read_lines_that_end_as_they_did_on_the_first_macintosh)
{
	read_from("a,b\rc,\"d\re\"\r\rf,g\r");
	EXPECT(1, "a", "b");
	EXPECT(2, "c", "d\re");
	EXPECT(5, "f", "g");
	expect_end();
}

Test(csv, keep_empty_fields)
{
	read_from(",\n,,x\na,\n");
	EXPECT(1, "", "");
	EXPECT(2, "", "", "x");
	EXPECT(3, "a", "");
	expect_end();
}

Test(csv, read_quotes_commas_and_line_ends_in_quotes)
{
	read_from("\"a,b\",\"c\"\"d\",\"e\nf\"\n\"\",g\n");
	EXPECT(1, "a,b", "c\"d", "e\nf");
	EXPECT(3, "", "g");
	expect_end();
}

Test(csv, skip_a_byte_order_mark_and_empty_lines)
{
	read_from("\xef\xbb\xbf\n\na\r\n\r\nb\n\n");
	EXPECT(3, "a");
	EXPECT(5, "b");
	expect_end();
}

Test(csv, say_what_is_wrong_and_go_on_with_the_next_line)
{
	read_from("a\"b,c\n\"d\"e,f\ng\n\"h\n");
	expect_fault(1, "a quote inside an unquoted field");
	expect_fault(2, "text after a closing quote");
	EXPECT(3, "g");
	expect_fault(4, "a quote that is never closed");
	expect_end();
}

Test(csv, take_so_many_fields_and_no_more)
{
	char text[2 * CSV_FIELDS_MAX + 2];

	memset(text, ',', sizeof(text));
	text[CSV_FIELDS_MAX - 1] = '\0';
	read_from(text);
	cr_assert(csv_next(&csv, &arena, &record));
	cr_expect_null(record.fault);
	cr_expect_eq(record.count, CSV_FIELDS_MAX);
	text[CSV_FIELDS_MAX - 1] = ',';
	text[CSV_FIELDS_MAX] = '\0';
	read_from(text);
	expect_fault(1, "too many fields");
	expect_end();
}

Test(csv, give_nothing_of_nothing)
{
	read_from("");
	expect_end();
	read_from("\r\n\n");
	expect_end();
}
