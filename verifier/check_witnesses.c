/* verifier/check_witnesses.c - V39: the witnesses on the heads as they stand.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <string.h>

/* The note's cosignatures, if it is the head of the log that was read. */
static enum err
cosigned(struct check_run *x, const char *file, const struct head *head, const struct vkey *log, const struct vkey *keys, size_t n, size_t *count)
{
	struct buf b = {0};
	struct head of;
	enum err e;

	*count = 0;
	if ((e = record_file(&x->r, file, NOTE_MAX_BYTES, &b, &x->why)) == OK && (e = checkpoint_open(&of, b.p, b.n, log, &x->why)) == OK &&
	    (of.size != head->size || !hash_equal(&of.root, &head->root)))
		e = why_set(&x->why, ERR_PROOF, "%s changed while the record was read", file);
	if (e == OK)
		e = checkpoint_cosigners(count, b.p, b.n, keys, n, &x->why);
	buf_free(&b);
	return e;
}

/* Whose cosignatures the heads must have. */
struct policy {
	const struct vkey *keys;
	size_t n, quorum;
	const char *whose;
};

static void
check_policy(struct check_run *x, const struct policy *p)
{
	const struct {
		const char *file;
		const struct head *head;
		const struct vkey *log;
	} logs[] = {{"events/checkpoint", &x->r.events_head, &x->r.call.log_events}, {"ballots/checkpoint", &x->r.ballots_head, &x->r.call.log_ballots}};
	int both = x->report->until >= UNTIL_CLOSING && x->r.close != NULL && x->opened; /* the box's final head comes with its closing */
	enum err e;

	for (int i = 0; i < 1 + both; i++) {
		size_t count;

		if ((e = cosigned(x, logs[i].file, logs[i].head, logs[i].log, p->keys, p->n, &count)) != OK)
			bad(x, CHECK_WITNESSES, e);
		else if (count < p->quorum)
			report_fail(x->report, CHECK_WITNESSES, "%s: %zu cosignatures, %s %zu", logs[i].file, count, p->whose, p->quorum);
		else
			report_pass(x->report, CHECK_WITNESSES, count, NULL);
	}
}

/* Who came in place of a witness of the call, by order of those whom the call names for that. */
static unsigned
replaced(const struct check_run *x)
{
	unsigned n = 0;

	for (uint64_t i = 0; i < x->r.entries; i++)
		n += strcmp(x->r.entry[i].kind, "replace-witness") == 0;
	return n;
}

/* The policy on the heads as they stand: of events always, of ballots its final one. */
void
check_witnesses(struct check_run *x)
{
	struct vkey keys[MAX_PARTIES];
	struct policy call = {keys, x->r.call.witnesses, x->r.call.witness_quorum, "the call demands"},
		      pinned = {x->pinned->witness, x->pinned->witnesses, x->pinned->quorum, "of the witnesses pinned there must be"};
	unsigned n;

	report_begin(x->report, CHECK_WITNESSES);
	for (unsigned i = 0; i < x->r.call.witnesses; i++)
		keys[i] = x->r.call.witness[i].key;
	if ((call.quorum > 0 || pinned.n > 0) && x->report->until >= UNTIL_CLOSING && (x->r.close == NULL || !x->opened))
		report_absent(x->report, CHECK_WITNESSES, "the box is not closed");
	if (call.quorum > 0)
		check_policy(x, &call);
	else
		report_pass(x->report, CHECK_WITNESSES, 0, "the call's policy is none: the log's own signature suffices");
	if (pinned.n > 0)
		check_policy(x, &pinned);
	if (call.quorum > 0 && (n = replaced(x)) > 0)
		report_pass(x->report, CHECK_WITNESSES, 0, "replacements of the call's witnesses by amendments: %u; pin with --witness those whom you know", n);
}
