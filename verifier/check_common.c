/* verifier/check_common.c - comparing with the record, and reporting: what all checks share.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Report an error under a check: missing evidence is ABSENT, a failure of this program no verdict, the rest FAIL. */
void
bad(struct check_run *x, enum check c, enum err e)
{
	if (own_fault(e))
		report_broken(x->report, c, "%s", e == ERR_NOMEM ? "out of memory" : x->why.text);
	else if (e == ERR_ABSENT)
		report_absent(x->report, c, "%s", x->why.text);
	else
		report_fail(x->report, c, "%s (%s)", x->why.text, err_name(e));
}

void
false_one(struct check_run *x, enum check c, enum err e)
{
	if (own_fault(e))
		bad(x, c, e);
	else
		report_fail(x->report, c, "%s", x->why.text);
}

void *
room(struct check_run *x, enum check c, size_t n, size_t each)
{
	void *p = calloc(n + 1, each);

	if (p == NULL)
		bad(x, c, ERR_NOMEM);
	return p;
}

int
go_on(const struct check_run *x)
{
	const enum check *c = x->pinned->enough;

	return x->report->broken[0] == '\0' &&
	    (c == NULL || (!report_failed(x->report, *c) && !(x->report->checks[*c].verdict == VERDICT_ABSENT && x->report->checks[*c].text[0] != '\0')));
}

/* The file holds exactly these bytes. */
enum err
same(struct check_run *x, const char *path, const void *p, size_t n)
{
	struct buf b = {0};
	enum err e = record_file(&x->r, path, n, &b, &x->why);

	if (e == ERR_LENGTH || (e == OK && (b.n != n || (n > 0 && memcmp(b.p, p, n) != 0))))
		e = why_set(&x->why, ERR_PROOF, "%s is not what the record gives", path);
	buf_free(&b);
	return e;
}

enum err
same_buf(struct check_run *x, const char *path, const struct buf *b)
{
	return b->failed ? ERR_NOMEM : same(x, path, b->p, b->n);
}

enum err
same_text(struct check_run *x, const char *path, const char *text)
{
	return same(x, path, text, strlen(text));
}

enum err
same_act(struct check_run *x, const char *name, const struct act *a)
{
	char path[200];
	enum err e;

	(void)snprintf(path, sizeof path, "acts/%s.json", name);
	if ((e = same_buf(x, path, &a->json)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "acts/%s.txt", name);
	return same_buf(x, path, &a->text);
}

/* Signed by the operator, and by the notary if one is given. */
enum err
act_signed(struct check_run *x, const char *name, const char *purpose, const struct act *a, const struct vkey *notary)
{
	char path[200];
	enum err e;

	(void)snprintf(path, sizeof path, "acts/%s.json", name);
	if ((e = record_signed(&x->r, path, purpose, &a->json, &x->r.call.operator.key, &x->why)) != OK || notary == NULL)
		return e;
	return record_signed(&x->r, path, purpose, &a->json, notary, &x->why);
}

const struct event *
entry_of(const struct check_run *x, const char *kind, const char *fact, const char *value)
{
	for (uint64_t i = 0; i < x->r.entries; i++)
		if (strcmp(x->r.entry[i].kind, kind) == 0 && (fact == NULL || strcmp(event_fact(&x->r.entry[i], fact), value) == 0))
			return &x->r.entry[i];
	return NULL;
}

void
was_read(struct check_run *x, enum check c)
{
	if (x->pinned->on_read != NULL)
		x->pinned->on_read(x->pinned->on_read_ctx, &x->r, c);
}

/* o of the last mix: what is decrypted. */
const struct hash *
last_outputs(const struct check_run *x)
{
	return &x->outputs[x->r.progress.mixes <= MAX_PARTIES ? x->r.progress.mixes : 0];
}
