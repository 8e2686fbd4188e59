/* tests/test_dictamen.c - election/dictamen.c
 *
 * Goal    a dictamen is read only as spec/documents.md writes it; the zero report tells every group.
 * Method  a table of texts; a manifest of two districts of one entity.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "election/dictamen.h"

#define H "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ONE(name) "{\"name\": \"" name "\", \"sha256\": \"" H "\"}"
#define DICTAMEN(files) "{\"urna\": \"dictamen\", \"version\": 1, \"call\": \"" H "\", \"files\": [" files "]}"
#define LONG "01234567890123456789012345678901234567890123456789"

static const struct row {
	const char *name, *text;
	enum err want;
} rows[] = {
	/* name                   text                                          want */
	{"a program",             DICTAMEN(ONE("urnad")),                           OK},
	{"a program and pages",   DICTAMEN(ONE("urnad") "," ONE("web/a") "," ONE("web/b")), OK},
	{"a name of 200 bytes",   DICTAMEN(ONE(LONG LONG LONG LONG)),               OK},
	{"no file",               DICTAMEN(""),                                     ERR_RANGE},
	{"a name twice",          DICTAMEN(ONE("web/a") "," ONE("web/a")),          ERR_RANGE},
	{"a name of 201 bytes",   DICTAMEN(ONE(LONG LONG LONG LONG "x")),           ERR_RANGE},
	{"an empty name",         DICTAMEN(ONE("")),                                ERR_RANGE},
	{"a control character",   DICTAMEN(ONE("web\\u0007")),                      ERR_RANGE},
	{"a direction mark",      DICTAMEN(ONE("web\\u202e")),                      ERR_RANGE},
	{"no hash",               DICTAMEN("{\"name\": \"urnad\"}"),                ERR_FORMAT},
	{"a field more",          DICTAMEN("{\"name\": \"a\", \"kind\": \"page\", \"sha256\": \"" H "\"}"), ERR_FORMAT},
	{"a zero report",         "{\"urna\": \"zero-report\", \"version\": 1, \"call\": \"" H "\", \"files\": [" ONE("a") "]}", ERR_RANGE},
};

static void
texts(void **state)
{
	struct hash call;

	(void)state;
	sha256(&call, "", 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dictamen d;
		struct why why = {""};
		enum err got = dictamen_read(&d, rows[i].text, strlen(rows[i].text), &call, &why);

		if (got != rows[i].want)
			fail_msg("%s: got %s (%s), want %s", rows[i].name, err_name(got), why.text, err_name(rows[i].want));
		if (got == OK)
			dictamen_free(&d);
	}
	call.b[0] ^= 1;
	struct dictamen d;

	assert_int_equal(dictamen_read(&d, rows[0].text, strlen(rows[0].text), &call, NULL), ERR_RANGE);
}

/* What is written is read as it was. */
static void
written(void **state)
{
	struct dictamen d = {0}, again;
	struct buf b = {0};
	struct hash call, h;
	char name[20];

	(void)state;
	sha256(&call, "call", 4);
	for (unsigned i = 0; i < DICTAMEN_MAX_FILES; i++) {
		(void)snprintf(name, sizeof name, "web/%u.html", i);
		sha256(&h, name, strlen(name));
		assert_int_equal(dictamen_add(&d, name, &h, NULL), OK);
	}
	assert_int_equal(dictamen_add(&d, "more", &h, NULL), ERR_LENGTH);
	assert_int_equal(dictamen_write(&b, &d, &call), OK);
	assert_int_equal(dictamen_read(&again, b.p, b.n, &call, NULL), OK);
	assert_int_equal(again.n, d.n);
	assert_memory_equal(again.file, d.file, d.n * sizeof *d.file);
	assert_ptr_equal(dictamen_find(&again, "web/7.html"), &again.file[7]);
	assert_null(dictamen_find(&again, "web/7.htm"));
	dictamen_free(&d);
	dictamen_free(&again);
	buf_free(&b);
}

/* Two groups of one contest and entity are told apart; an entity without districts has no such field. */
static void
groups(void **state)
{
	struct manifest *m = calloc(1, sizeof *m);
	struct head events = {.size = 4}, again = {0};
	struct dictamen d = {0};
	struct buf b = {0};
	struct hash call = {{0}};

	(void)state;
	assert_non_null(m);
	m->contests = 1;
	m->groups = 3;
	(void)strcpy(m->contest[0].id, "dip");
	(void)strcpy(m->group[0].entity, "09");
	(void)strcpy(m->group[0].district, "01");
	(void)strcpy(m->group[1].entity, "09");
	(void)strcpy(m->group[1].district, "02");
	(void)strcpy(m->group[2].entity, "17");
	assert_int_equal(dictamen_add(&d, "urnad", &call, NULL), OK);
	assert_int_equal(zero_report_write(&b, &call, m, &events, &d), OK);
	assert_non_null(strstr(buf_cstr(&b), " \"groups\": [\n"
					     "  {\n   \"contest\": \"dip\",\n   \"entity\": \"09\",\n   \"district\": \"01\",\n   \"votes\": 0\n  },\n"
					     "  {\n   \"contest\": \"dip\",\n   \"entity\": \"09\",\n   \"district\": \"02\",\n   \"votes\": 0\n  },\n"
					     "  {\n   \"contest\": \"dip\",\n   \"entity\": \"17\",\n   \"votes\": 0\n  }\n ],\n"));
	/* it is read back, and any changed byte but those of the head of events is noticed */
	assert_int_equal(zero_report_read(&again, b.p, b.n, &call, m, &d, NULL), OK);
	assert_true(again.size == 4 && hash_equal(&again.root, &events.root));
	for (size_t i = 0; i < b.n; i++) {
		struct head other = {0};

		b.p[i] ^= 1;
		if (zero_report_read(&other, b.p, b.n, &call, m, &d, NULL) == OK)
			assert_true(other.size != 4 || !hash_equal(&other.root, &events.root));
		b.p[i] ^= 1;
	}
	dictamen_free(&d);
	buf_free(&b);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(written), cmocka_unit_test(groups)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
