/* verifier/check_receipts.c - V40: receipts and heads that people handed in.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct handed {
	char *name;
	struct head head;
};

static int
by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct handed *)a)->head.size, y = ((const struct handed *)b)->head.size;

	return x < y ? -1 : x > y;
}

static const char suffix[] = ".ballot";

/* The name of the file beside which this one lies, of n letters; 0 if it is no NAME.ballot. */
static size_t
beside(const char *name)
{
	size_t n = strlen(name), end = sizeof suffix - 1;

	return n > end && strcmp(name + n - end, suffix) == 0 ? n - end : 0;
}

/* A name more of those that show nothing, and why. */
static void
set_aside(struct buf *aside, const char *name, const char *why)
{
	enum { SHOWN = 80 }; /* of a long path its end */
	size_t n = strlen(name);

	buf_printf(aside, "%s%s%s: %s", aside->n > 0 ? "; " : "", n > SHOWN ? "..." : "", n > SHOWN ? name + n - SHOWN : name, why);
}

/* The ballot that lies beside the receipt: its leaf, or ERR_ABSENT, ERR_LENGTH (no ballot is so long). */
static enum err
ballot_beside(struct check_run *x, const struct file_source *dir, const char *name, struct hash *own)
{
	size_t n = strlen(name) + sizeof suffix;
	char *path = room(x, CHECK_RECEIPTS, n, 1);
	struct buf ballot = {0};
	enum err e;

	if (path == NULL)
		return ERR_NOMEM;
	(void)snprintf(path, n, "%s%s", name, suffix);
	if ((e = source_read(dir, path, BALLOT_MAX_BYTES, &ballot, &x->why)) == OK)
		leaf_hash(own, ballot.p, ballot.n);
	buf_free(&ballot);
	free(path);
	return e;
}

/* A receipt under a head that the log signed. ERR_PROOF: it is of a ballot that the record has not there. Whoever has a
 * signed head can write any path under it: one that leads from no ballot at all is nobody's evidence. */
static enum err
hold(struct check_run *x, const struct file_source *dir, const char *name, const struct receipt *r, const struct hash *leaf, struct buf *aside)
{
	const struct vkey *log = &x->r.call.log_ballots;
	int here = r->index < x->r.ballots && receipt_verify(r, &leaf[r->index], log, &(struct head){0}, NULL) == OK;
	struct hash own;
	enum err e = ballot_beside(x, dir, name, &own);

	if (own_fault(e))
		return e;
	if (!here && e == OK && receipt_verify(r, &own, log, &(struct head){0}, NULL) == OK)
		return why_set(&x->why, ERR_PROOF, r->index < x->r.ballots ? "entry %" PRIu64 " of the record is another ballot: the receipt is evidence" :
								     "entry %" PRIu64 " is not in the record: the receipt is evidence", r->index);
	if (!here)
		set_aside(aside, name, "its path leads from no ballot of the record");
	else if (e == ERR_LENGTH || (e == OK && !hash_equal(&own, &leaf[r->index])))
		set_aside(aside, name, "the ballot beside it is not the one that it is of");
	return OK;
}

/* One file: a receipt or head that the log signed (*is: its head), or something else, which is set aside. */
static enum err
hand_in(struct check_run *x, const struct file_source *dir, struct handed *h, const struct hash *leaf, struct buf *aside, int *is)
{
	struct buf b = {0};
	struct receipt r;
	enum err e;
	int receipt;

	*is = 0;
	if (own_fault(e = source_read(dir, h->name, NOTE_MAX_BYTES, &b, &x->why)))
		return e;
	receipt = e == OK && receipt_read(&r, b.p, b.n, NULL) == OK;
	*is = e == OK && checkpoint_open(&h->head, receipt ? r.checkpoint : (const char *)b.p, receipt ? r.checkpoint_n : b.n, &x->r.call.log_ballots, NULL) == OK;
	if (!*is)
		set_aside(aside, h->name, "no receipt or head that the log signed");
	e = *is && receipt ? hold(x, dir, h->name, &r, leaf, aside) : OK;
	buf_free(&b);
	return e;
}

/* Every head a prefix of the counted log. */
static void
check_prefixes(struct check_run *x, struct handed *h, size_t k, const struct hash *leaf)
{
	struct frontier f = {0};
	struct hash root;

	qsort(h, k, sizeof *h, by_size);
	for (size_t i = 0; i < k; i++) {
		while (f.size < h[i].head.size && f.size < x->r.ballots)
			frontier_append(&f, &leaf[f.size]);
		frontier_root(&root, &f);
		if (f.size != h[i].head.size || !hash_equal(&root, &h[i].head.root))
			report_fail(x->report, CHECK_RECEIPTS, "%s: its head of %" PRIu64 " is no prefix of the record: evidence of a forked log", h[i].name, h[i].head.size);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A ballot handed in without the receipt that it belongs to says nothing, and somebody thought that it does. */
static void
check_beside(struct check_run *x, char **name, size_t n, const char *ballot, struct buf *aside)
{
	char *receipt = strdup(ballot);

	if (receipt == NULL) {
		bad(x, CHECK_RECEIPTS, ERR_NOMEM);
		return;
	}
	receipt[beside(ballot)] = '\0';
	if (bsearch(&receipt, name, n, sizeof *name, by_text) == NULL)
		set_aside(aside, ballot, "the receipt of this ballot is not there");
	free(receipt);
}

/* All files of the folder; name has n of them, in order. Each is checked, or is the ballot of one that is. */
static void
check_handed(struct check_run *x, struct file_source *dir, char **name, size_t n)
{
	struct handed *h = room(x, CHECK_RECEIPTS, n, sizeof *h);
	struct hash *leaf = room(x, CHECK_RECEIPTS, x->r.ballots, sizeof *leaf);
	struct buf aside = {0};
	size_t k = 0;
	enum err e;
	int is;

	for (uint64_t i = 0; leaf != NULL && i < x->r.ballots; i++)
		record_leaf(&x->r, i, &leaf[i]);
	for (size_t i = 0; h != NULL && leaf != NULL && i < n && go_on(x); i++) {
		if (beside(name[i]) > 0) {
			check_beside(x, name, n, name[i], &aside);
			continue;
		}
		h[k].name = name[i];
		if ((e = hand_in(x, dir, &h[k], leaf, &aside, &is)) == OK)
			k += (size_t)is;
		else
			false_one(x, CHECK_RECEIPTS, why_prefix(&x->why, e, "%s", name[i]));
	}
	if (h != NULL && leaf != NULL)
		check_prefixes(x, h, k, leaf);
	report_pass(x->report, CHECK_RECEIPTS, k, aside.n > 0 ? "set aside: %.400s" : NULL, buf_cstr(&aside));
	buf_free(&aside);
	free(h);
	free(leaf);
}

void
check_receipts(struct check_run *x)
{
	struct file_source dir;
	char **name = NULL;
	size_t n = 0;
	enum err e;

	report_begin(x->report, CHECK_RECEIPTS);
	if (x->pinned->receipts != NULL && x->r.ballot_at == NULL) {
		report_absent(x->report, CHECK_RECEIPTS, "the box is not closed: receipts cannot be held against it");
		return;
	}
	if (x->pinned->receipts == NULL) {
		report_pass(x->report, CHECK_RECEIPTS, 0, "none were handed in (--receipts DIR)");
		return;
	}
	dir = source_dir(x->pinned->receipts);
	if ((e = source_names(&dir, &name, &n, &x->why)) != OK) {
		bad(x, CHECK_RECEIPTS, e == ERR_ABSENT ? e : ERR_IO); /* it is the person's own folder: no fault of the record */
		return;
	}
	check_handed(x, &dir, name, n);
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
}
