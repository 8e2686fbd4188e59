/* verifier/check_zero.c - V08 and V09: the dictamen, and the zero report made from it.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int
listed_before(const struct json *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list->item[i]->n; k++)
			if (strcmp(list->item[i]->item[k]->name, "name") == 0 && strcmp(list->item[i]->item[k]->text, name) == 0)
				return 1;
	return 0;
}

/* The dictamen's files, each once, copied into the zero report as an opening may report them. */
static enum err
dictamen_files(struct json_out *o, const struct buf *dictamen, const struct hash *call, struct why *why)
{
	struct json *root = NULL, *list;
	struct fields f;
	struct hash h;
	enum err e;

	if ((e = json_parse(&root, dictamen->p, dictamen->n, 1 << 24, why)) != OK)
		return e;
	f = fields_of(root, why);
	if (strcmp(field_text(&f, "urna", 20), "dictamen") != 0)
		(void)field_bad(&f, 1, "not a dictamen");
	(void)field_int(&f, "version", 1, 1);
	field_hash(&f, "call", &h);
	if (f.e == OK && !hash_equal(&h, call))
		(void)field_bad(&f, 1, "the dictamen is of another call");
	list = field_array(&f, "files", 1000);
	if (f.e == OK && list->n == 0)
		(void)field_bad(&f, list->line, "the dictamen lists no program");
	json_begin(o, "files", '[');
	for (size_t i = 0; f.e == OK && i < list->n; i++) {
		struct fields g = fields_of(list->item[i], why);
		const char *name = field_text(&g, "name", 200);

		if (g.e == OK && listed_before(list, i, name))
			(void)field_bad(&g, list->item[i]->line, "the file %s is listed twice", name);
		json_begin(o, NULL, '{');
		json_text(o, "name", name);
		json_text(o, "verdict", "Correcto");
		json_end(o, '}');
		field_hash(&g, "sha256", &h);
		f.e = fields_end(&g);
	}
	json_end(o, ']');
	e = fields_end(&f);
	json_free(root);
	return e;
}

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
	x->zero_size = (uint64_t)field_int(&events, "size", 1, INT64_MAX);
	field_hash(&events, "root", &x->zero_root);
	e = f.e != OK ? f.e : fields_end(&events);
	json_free(root);
	return e;
}

/* Every store empty, every counter zero, every file of the dictamen found right: one text is possible. */
static enum err
zero_text(struct check_run *x, struct buf *out, const struct buf *dictamen)
{
	static const char *const stores[] = {"ballots", "authorizations", "confirmations", "outbox"};
	struct json_out o = json_out(out);
	enum err e;

	json_begin(&o, NULL, '{');
	json_text(&o, "urna", "zero-report");
	json_int(&o, "version", 1);
	json_hash(&o, "call", &x->r.call.hash);
	json_hash(&o, "manifest", &x->r.m->hash);
	for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
		json_int(&o, stores[i], 0);
	json_begin(&o, "events", '{');
	json_int(&o, "size", (int64_t)x->zero_size);
	json_hash(&o, "root", &x->zero_root);
	json_end(&o, '}');
	json_begin(&o, "groups", '[');
	for (unsigned g = 0; g < x->r.m->groups; g++) {
		json_begin(&o, NULL, '{');
		json_text(&o, "contest", x->r.m->contest[x->r.m->group[g].contest].id);
		json_text(&o, "entity", x->r.m->group[g].entity);
		json_int(&o, "votes", 0);
		json_end(&o, '}');
	}
	json_end(&o, ']');
	if ((e = dictamen_files(&o, dictamen, &x->r.call.hash, &x->why)) != OK)
		return e;
	json_end(&o, '}');
	return out->failed ? ERR_NOMEM : OK;
}

void
check_dictamen_and_zero(struct check_run *x)
{
	struct buf dictamen = {0}, report = {0}, text = {0};
	enum err e;

	report_begin(x->report, CHECK_DICTAMEN);
	if ((e = record_file(&x->r, "dictamen.json", 1 << 24, &dictamen, &x->why)) != OK ||
	    (e = record_signed(&x->r, "dictamen.json", "dictamen", &dictamen, &x->r.call.auditor.key, &x->why)) != OK)
		bad(x, CHECK_DICTAMEN, e);
	else
		report_pass(x->report, CHECK_DICTAMEN, 1, NULL);
	report_begin(x->report, CHECK_ZERO_REPORT);
	if ((e = record_file(&x->r, "zero-report.json", 1 << 20, &report, &x->why)) != OK || (e = zero_head(x, &report)) != OK ||
	    (e = zero_text(x, &text, &dictamen)) != OK || (e = same(x, "zero-report.json", text.p, text.n)) != OK)
		bad(x, CHECK_ZERO_REPORT, e);
	else
		report_pass(x->report, CHECK_ZERO_REPORT, x->r.m->groups, NULL);
	buf_free(&dictamen);
	buf_free(&report);
	buf_free(&text);
}

/* The head of events that the zero report names: a prefix of the log, before the opening entry. */
void
check_zero_head(struct check_run *x)
{
	struct frontier f = {0};
	struct hash h;

	for (uint64_t i = 0; i < x->r.entries && f.size < x->zero_size; i++) {
		struct buf b = {0};

		if (strcmp(x->r.entry[i].kind, "opening") == 0)
			break;
		if (event_write(&b, &x->r.entry[i]) != OK)
			abort(); /* it was read in canonical form */
		leaf_hash(&h, b.p, b.n);
		frontier_append(&f, &h);
		buf_free(&b);
	}
	frontier_root(&h, &f);
	if (f.size != x->zero_size || !hash_equal(&h, &x->zero_root))
		report_fail(x->report, CHECK_ZERO_REPORT, "its head of events (size %" PRIu64 ") is no prefix of the log before the opening", x->zero_size);
}
