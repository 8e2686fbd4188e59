/* verifier/check_zero.c - V08 and V09: the dictamen, and the zero report made from it.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The head of events is all that a zero report says by itself. */
static enum err
zero_head(struct check_run *x, const struct buf *report)
{
	struct json *root = NULL;
	struct fields f, events;
	enum err e;

	if ((e = json_parse(&root, report->p, report->n, 1 << 20, &x->why)) != OK)
		return e;
	f = fields_of(root, &x->why);
	events = fields_of(field_object(&f, "events"), &x->why);
	x->zero.size = (uint64_t)field_int(&events, "size", 1, INT64_MAX);
	field_hash(&events, "root", &x->zero.root);
	e = f.e != OK ? f.e : fields_end(&events);
	json_free(root);
	return e;
}

/* Every store empty, every counter zero, every file of the dictamen found right: one text is possible. */
static enum err
zero_text(struct check_run *x)
{
	struct buf text = {0};
	enum err e = zero_report_write(&text, &x->r.call.hash, x->r.m, &x->zero, &x->dictamen);

	if (e == OK)
		e = same_buf(x, "zero-report.json", &text);
	buf_free(&text);
	return e;
}

void
check_dictamen(struct check_run *x)
{
	struct buf file = {0};
	struct dictamen d = {0};
	enum err e;

	report_begin(x->report, CHECK_DICTAMEN);
	if ((e = record_file(&x->r, "dictamen.json", DICTAMEN_MAX_BYTES, &file, &x->why)) != OK ||
	    (e = record_signed(&x->r, "dictamen.json", "dictamen", &file, &x->r.call.auditor.key, &x->why)) != OK ||
	    (e = dictamen_read(&d, file.p, file.n, &x->r.call.hash, &x->why)) != OK)
		bad(x, CHECK_DICTAMEN, e);
	else {
		report_pass(x->report, CHECK_DICTAMEN, d.n, NULL);
		x->dictamen = d;
	}
	buf_free(&file);
}

void
check_zero_report(struct check_run *x)
{
	struct buf report = {0};
	enum err e;

	report_begin(x->report, CHECK_ZERO_REPORT);
	if ((e = record_file(&x->r, "zero-report.json", 1 << 20, &report, &x->why)) != OK || (e = zero_head(x, &report)) != OK)
		bad(x, CHECK_ZERO_REPORT, e);
	else if (x->dictamen.n == 0)
		report_absent(x->report, CHECK_ZERO_REPORT, "there is no good dictamen to make it from");
	else if ((e = zero_text(x)) != OK)
		bad(x, CHECK_ZERO_REPORT, e);
	else
		report_pass(x->report, CHECK_ZERO_REPORT, x->r.m->groups, NULL);
	buf_free(&report);
}

/* The head of events that the zero report names: a prefix of the log, before the opening entry. */
void
check_zero_head(struct check_run *x)
{
	struct frontier f = {0};
	struct hash h;

	if (x->zero.size == 0) /* none was read, which is said already */
		return;
	for (uint64_t i = 0; i < x->r.entries && f.size < x->zero.size; i++) {
		struct buf b = {0};

		if (strcmp(x->r.entry[i].kind, "opening") == 0)
			break;
		if (event_write(&b, &x->r.entry[i]) != OK) { /* it was read in canonical form */
			bad(x, CHECK_ZERO_REPORT, ERR_NOMEM);
			return;
		}
		leaf_hash(&h, b.p, b.n);
		frontier_append(&f, &h);
		buf_free(&b);
	}
	frontier_root(&h, &f);
	if (f.size != x->zero.size || !hash_equal(&h, &x->zero.root))
		report_fail(x->report, CHECK_ZERO_REPORT, "its head of events (size %" PRIu64 ") is no prefix of the log before the opening", x->zero.size);
}
