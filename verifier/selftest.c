#include "verifier/selftest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/mutations.h"

struct outcome {
	enum { CAUGHT, MISSED, NOTHING } how; /* NOTHING: the record has nothing of the kind */
	enum check by;
	char text[512];
};

static void
on_read(void *ctx, struct record *r, enum check after)
{
	struct mutant *m = ctx;

	m->what->forge(m, r, after);
}

static int
noticed(const struct report *r, enum check c)
{
	const struct check_result *k = &r->checks[c];

	return k->verdict == VERDICT_FAIL || (k->verdict == VERDICT_ABSENT && k->text[0] != '\0');
}

static void
try_one(struct outcome *o, const struct mutation *it, struct record *r, const struct file_source *src, const struct pinned *pinned, unsigned threads)
{
	struct mutant m = {.files = {.base = src}, .r = r, .pinned = *pinned};
	struct report *report = calloc(1, sizeof *report);
	struct file_source changed = overlay_source(&m.files);
	enum check c = it->expect;
	char election[65];

	if (report == NULL)
		abort();
	memset(o, 0, sizeof *o);
	mutant_make(&m, it);
	o->how = NOTHING;
	if (m.made || it->forge != NULL) {
		if (it->forge != NULL) {
			m.pinned.on_read = on_read;
			m.pinned.on_read_ctx = &m;
		}
		m.pinned.enough = &it->expect;
		report_start(report, UNTIL_HANDOVER, 0, 1);
		check_record(report, &changed, &m.pinned, threads, election);
		if (m.made) {
			o->how = noticed(report, it->expect) ? CAUGHT : MISSED;
			for (int i = 0; o->how == MISSED && i < CHECK_COUNT; i++)
				if (noticed(report, (enum check)i)) {
					c = (enum check)i; /* by another than the one that is for it */
					break;
				}
			o->by = c;
			(void)snprintf(o->text, sizeof o->text, "%s", noticed(report, c) ? report->checks[c].text : "nothing was noticed");
		}
	}
	mutant_free(&m);
	free(report);
}

static void
json_string(FILE *out, const char *s)
{
	(void)fputc('"', out);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			(void)fprintf(out, "\\%c", c);
		else if (c < 0x20)
			(void)fprintf(out, "\\u%04x", c);
		else
			(void)fputc(c, out);
	}
	(void)fputc('"', out);
}

static const char *
word_of(const struct outcome *o)
{
	return o->how == CAUGHT ? "caught" : o->how == MISSED ? "MISSED" : "not applicable";
}

static void
print_one(FILE *out, int json, int first, const struct mutation *it, const struct outcome *o)
{
	if (!json) {
		(void)fprintf(out, "%-60s %-14s ", it->name, word_of(o));
		if (o->how == NOTHING)
			(void)fprintf(out, "the record has nothing of the kind\n");
		else
			(void)fprintf(out, "%s %s: %s\n", check_number(o->by), check_name(o->by), o->text);
		return;
	}
	(void)fprintf(out, "%s\n  {\"name\": ", first ? "" : ",");
	json_string(out, it->name);
	(void)fprintf(out, ", \"expected\": \"%s\", \"verdict\": \"%s\"", check_number(it->expect), word_of(o));
	if (o->how != NOTHING) {
		(void)fprintf(out, ", \"by\": \"%s\", \"check\": \"%s\", \"text\": ", check_number(o->by), check_name(o->by));
		json_string(out, o->text);
	}
	(void)fputc('}', out);
}

/* All that mutations want to know of the record. It verifies, so reading it cannot fail. */
static enum err
read_all(struct record *r, const struct file_source *src, struct why *why)
{
	enum err e;

	r->src = *src;
	if ((e = record_call(r, why)) != OK || (e = record_key(r, why)) != OK || (e = record_setup(r, why)) != OK || (e = record_opening(r, why)) != OK ||
	    (e = record_events(r, why)) != OK)
		return e;
	return record_ballots(r, why);
}

int
self_test(const char *where, const struct file_source *src, const struct pinned *pinned, unsigned threads, int json, int quiet, FILE *out)
{
	struct report *report = calloc(1, sizeof *report);
	struct record *r = calloc(1, sizeof *r);
	unsigned count[3] = {0};
	int tty = !quiet && isatty(STDERR_FILENO), good = 1;
	char election[65];
	struct why why = {""};

	if (report == NULL || r == NULL)
		abort();
	report_start(report, UNTIL_HANDOVER, json, quiet);
	check_record(report, src, pinned, threads, election);
	for (int c = 0; c < CHECK_COUNT; c++)
		good &= report->checks[c].verdict == VERDICT_PASS;
	if (!good || read_all(r, src, &why) != OK) {
		(void)fprintf(stderr, "the record itself does not verify, so it shows nothing:\n");
		good = report_finish(report, out, where, election[0] != '\0' ? election : NULL);
		free(report);
		record_free(r);
		free(r);
		return good == 0 ? 1 : good;
	}
	if (json) {
		(void)fprintf(out, "{\n \"record\": ");
		json_string(out, where);
		(void)fprintf(out, ",\n \"election\": \"%s\",\n \"mutations\": [", election);
	}
	for (size_t i = 0; i < mutations_n; i++) {
		struct outcome o;

		if (tty)
			(void)fprintf(stderr, "\r\033[K%zu of %zu: %s", i + 1, mutations_n, mutations[i].name);
		try_one(&o, &mutations[i], r, src, pinned, threads);
		if (tty)
			(void)fprintf(stderr, "\r\033[K");
		print_one(out, json, i == 0, &mutations[i], &o);
		(void)fflush(out);
		count[o.how]++;
	}
	if (json)
		(void)fprintf(out, "\n ],\n \"caught\": %u,\n \"missed\": %u,\n \"not_applicable\": %u\n}\n", count[CAUGHT], count[MISSED], count[NOTHING]);
	else
		(void)fprintf(out, "\n%u ways to spoil the record caught, %u missed, %u not applicable to it\n", count[CAUGHT], count[MISSED], count[NOTHING]);
	record_free(r);
	free(r);
	free(report);
	return count[MISSED] == 0 && count[CAUGHT] > 0 ? 0 : 1;
}
