/* verifier/check_witnesses.c - V39: the witnesses on the heads as they stand.
 * Spec    spec/record.md#what-each-check-demands
 */
#include "verifier/checks.h"

#include <string.h>

/* The note's cosignatures, if it is the head of the log that was read. */
static enum err
cosigned(struct check_run *x, const char *file, const struct head *head, const struct vkey *log, const struct vkey *keys, size_t *count)
{
	struct buf b = {0};
	struct head of;
	enum err e;

	*count = 0;
	if ((e = record_file(&x->r, file, NOTE_MAX_BYTES, &b, &x->why)) == OK && (e = checkpoint_open(&of, b.p, b.n, log, &x->why)) == OK &&
	    (of.size != head->size || !hash_equal(&of.root, &head->root)))
		e = why_set(&x->why, ERR_PROOF, "%s changed while the record was read", file);
	if (e == OK)
		e = checkpoint_cosigners(count, b.p, b.n, keys, x->r.call.witnesses, &x->why);
	buf_free(&b);
	return e;
}

/* The policy on the heads as they stand: of events always, of ballots its final one. */
void
check_witnesses(struct check_run *x)
{
	const struct {
		const char *file;
		const struct head *head;
		const struct vkey *log;
	} logs[] = {{"events/checkpoint", &x->r.events_head, &x->r.call.log_events}, {"ballots/checkpoint", &x->r.ballots_head, &x->r.call.log_ballots}};
	struct vkey keys[MAX_PARTIES];
	int both;
	enum err e;

	report_begin(x->report, CHECK_WITNESSES);
	if (x->r.call.witness_quorum == 0) {
		report_pass(x->report, CHECK_WITNESSES, 0, "the call's policy is none: the log's own signature suffices");
		return;
	}
	for (unsigned i = 0; i < x->r.call.witnesses; i++)
		keys[i] = x->r.call.witness[i].key;
	both = x->report->until >= UNTIL_CLOSING && x->r.close != NULL && x->opened;
	if (x->report->until >= UNTIL_CLOSING && !both)
		report_absent(x->report, CHECK_WITNESSES, "the box is not closed");
	for (int i = 0; i < 1 + both; i++) { /* the box's final head comes with its closing */
		size_t count;

		if ((e = cosigned(x, logs[i].file, logs[i].head, logs[i].log, keys, &count)) != OK)
			bad(x, CHECK_WITNESSES, e);
		else if (count < x->r.call.witness_quorum)
			report_fail(x->report, CHECK_WITNESSES, "%s: %zu cosignatures, the call demands %u", logs[i].file, count, x->r.call.witness_quorum);
		else
			report_pass(x->report, CHECK_WITNESSES, count, NULL);
	}
}
