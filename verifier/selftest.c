#include "verifier/selftest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verifier/mutations.h"

struct outcome {
	enum { CAUGHT, MISSED, NOTHING, BROKEN } how; /* NOTHING: the record has nothing of the kind; BROKEN: a disk, a server or memory failed */
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

/* What came of it; by the check that is for it, or by another. */
static void
judge(struct outcome *o, const struct report *report, enum check expect)
{
	enum check c = expect;

	o->how = noticed(report, expect) ? CAUGHT : MISSED;
	for (int i = 0; o->how == MISSED && i < CHECK_COUNT; i++)
		if (noticed(report, (enum check)i)) {
			c = (enum check)i;
			break;
		}
	o->by = c;
	(void)snprintf(o->text, sizeof o->text, "%s", noticed(report, c) ? report->checks[c].text : "nothing was noticed");
}

static void
broken(struct outcome *o, const char *text)
{
	o->how = BROKEN;
	(void)snprintf(o->text, sizeof o->text, "%.500s", text);
}

static void
try_one(struct outcome *o, const struct mutation *it, struct record *r, const struct file_source *src, const struct pinned *pinned, unsigned threads)
{
	struct mutant m = {.files = {.base = src}, .r = r, .pinned = *pinned};
	struct report *report = calloc(1, sizeof *report);
	struct file_source changed = overlay_source(&m.files);
	char election[65];

	memset(o, 0, sizeof *o);
	o->how = NOTHING;
	mutant_make(&m, it);
	if (report == NULL || m.files.failed)
		broken(o, report == NULL ? "out of memory" : m.files.why.text);
	else if (m.made || it->forge != NULL) {
		if (it->forge != NULL) {
			m.pinned.on_read = on_read;
			m.pinned.on_read_ctx = &m;
		}
		m.pinned.enough = &it->expect;
		report_start(report, UNTIL_HANDOVER, 0, 1);
		check_record(report, &changed, &m.pinned, threads, election);
		if (report->broken[0] != '\0')
			broken(o, report->broken);
		else if (m.made)
			judge(o, report, it->expect);
		free(report->style);
	}
	mutant_free(&m);
	free(report);
}

static const char *
word_of(const struct outcome *o)
{
	static const char *const words[] = {[CAUGHT] = "caught", [MISSED] = "MISSED", [NOTHING] = "not applicable", [BROKEN] = "could not run"};

	return words[o->how];
}

static void
print_one(FILE *out, int json, int first, const struct mutation *it, const struct outcome *o)
{
	if (!json) {
		(void)fprintf(out, "%-60s %-14s ", it->name, word_of(o));
		if (o->how == NOTHING || o->how == BROKEN)
			(void)fprintf(out, "%s\n", o->how == NOTHING ? "the record has nothing of the kind" : o->text);
		else
			(void)fprintf(out, "%s %s: %s\n", check_number(o->by), check_name(o->by), o->text);
		return;
	}
	(void)fprintf(out, "%s\n  {\"name\": ", first ? "" : ",");
	json_quote(out, it->name);
	(void)fprintf(out, ", \"expected\": \"%s\", \"verdict\": \"%s\"", check_number(it->expect), word_of(o));
	if (o->how == CAUGHT || o->how == MISSED) {
		(void)fprintf(out, ", \"by\": \"%s\", \"check\": \"%s\", \"text\": ", check_number(o->by), check_name(o->by));
		json_quote(out, o->text);
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

/* All of them, on a record that verifies; the exit code. */
static int
try_all(const char *where, const char *election, struct record *r, const struct file_source *src, const struct pinned *pinned, unsigned threads, int json, int quiet, FILE *out)
{
	unsigned count[4] = {0};
	int tty = !quiet && isatty(STDERR_FILENO);

	if (json) {
		(void)fprintf(out, "{\n \"record\": ");
		json_quote(out, where);
		(void)fprintf(out, ",\n \"election\": \"%s\",\n \"mutations\": [", election);
	}
	for (size_t i = 0; i < mutations_n && count[BROKEN] == 0; i++) {
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
	return count[MISSED] > 0 ? 1 : count[BROKEN] > 0 ? 2 : count[CAUGHT] > 0 ? 0 : 1;
}

int
self_test(const char *where, const struct file_source *src, const struct pinned *pinned, unsigned threads, int json, int quiet, FILE *out)
{
	struct report *report = calloc(1, sizeof *report);
	struct record *r = calloc(1, sizeof *r);
	char election[65];
	struct why why = {"out of memory"};
	int code = 2;

	if (report == NULL || r == NULL)
		(void)fprintf(stderr, "urna-verify: %s\n", why.text);
	else {
		report_start(report, UNTIL_HANDOVER, json, quiet);
		check_record(report, src, pinned, threads, election);
		if (!report_good(report)) {
			(void)fprintf(stderr, "the record itself does not verify, so it shows nothing:\n");
			code = report_finish(report, out, where, election[0] != '\0' ? election : NULL);
		} else if (read_all(r, src, &why) != OK)
			(void)fprintf(stderr, "urna-verify: it verified, and now: %s\n", why.text);
		else
			code = try_all(where, election, r, src, pinned, threads, json, quiet, out);
		free(report->style);
		record_free(r);
	}
	free(r);
	free(report);
	return code;
}
