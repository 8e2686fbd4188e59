/* tests/test_report.c - the report of urna-verify: verdicts, exit codes, and what it prints of a record's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "verifier/report.h"

/* The report with every check passed until the key. */
static struct report *
passed(void)
{
	struct report *r = calloc(1, sizeof *r);

	assert_non_null(r);
	report_start(r, UNTIL_CLOSING, 0, 0);
	for (int c = 0; c < CHECK_COUNT; c++)
		report_pass(r, (enum check)c, 1, NULL);
	return r;
}

/* Finish it; the text is to be freed. */
static char *
finish(struct report *r, int *code)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	*code = report_finish(r, out, "record", "id");
	(void)fclose(out);
	free(r);
	return text;
}

static void
styles(void **state)
{
	struct report *r = passed();
	char *text;
	int code;

	(void)state;
	report_style(r, "09", "", 10, 9, 8, 7);
	report_style(r, "09", "12", 20, 19, 18, 17);
	text = finish(r, &code);
	assert_int_equal(code, 0);
	assert_non_null(strstr(text, "\n    1  09                     10               9              8           7\n"));
	assert_non_null(strstr(text, "\n    2  09, 12                 20              19             18          17\n"));
	free(text);
	r = passed();
	r->json = 1;
	report_style(r, "09", "12", 20, 19, 18, 17);
	text = finish(r, &code);
	assert_non_null(strstr(text, "\"entity\": \"09\", \"district\": \"12\", \"roll\": 20,"));
	free(text);
}

/* After a failure of this program nothing is judged; what failed before has failed. */
static void
broken(void **state)
{
	for (int before = 0; before < 2; before++) {
		struct report *r = passed();
		char *text;
		int code;

		(void)state;
		if (before)
			report_fail(r, CHECK_CALL, "false");
		report_broken(r, CHECK_ROLL, "the disk is %s", "gone");
		report_fail(r, CHECK_BALLOTS, "a consequence");
		report_absent(r, CHECK_TOKENS, "another");
		report_pass(r, CHECK_ROLL, 1, NULL);
		assert_false(report_good(r));
		assert_false(report_failed(r, CHECK_BALLOTS));
		assert_int_equal(r->checks[CHECK_ROLL].verdict, VERDICT_ABSENT);
		assert_int_equal(r->checks[CHECK_TOKENS].verdict, VERDICT_PASS);
		text = finish(r, &code);
		assert_int_equal(code, before ? 1 : 2);
		assert_non_null(strstr(text, "V06 roll: the disk is gone"));
		assert_non_null(strstr(text, before ? "\nNOT VERIFIED until closing" : "\nCOULD NOT BE VERIFIED until closing"));
		free(text);
	}
}

/* What is missing stays missing, whatever passes later, and though nobody said what. */
static void
absent(void **state)
{
	struct report *r = passed();
	char *text;
	int code;

	(void)state;
	report_absent(r, CHECK_ROLL, "%s", "");
	report_pass(r, CHECK_ROLL, 1, NULL);
	text = finish(r, &code);
	assert_int_equal(code, 1);
	free(text);
}

static void
words(void **state)
{
	struct report *r = passed();
	char *text;
	int code;

	(void)state;
	report_fail(r, CHECK_ROLL, "%s", "a\x1b[2J\nVERIFIED\xc2\x9b\xc3\xa9 \xe2\x80\xae \xe2\x80\x94 \xc2");
	text = finish(r, &code);
	assert_int_equal(code, 1);
	assert_non_null(strstr(text, "a?[2J?VERIFIED??\xc3\xa9 ??? \xe2\x80\x94 ?"));
	assert_null(strchr(text, 0x1b));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(styles), cmocka_unit_test(broken), cmocka_unit_test(absent), cmocka_unit_test(words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
