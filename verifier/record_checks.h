/* verifier/record_checks.h - the numbered checks of a record, in order.
 *
 * Spec    spec/record.md#checks
 */
#ifndef VERIFIER_RECORD_CHECKS_H
#define VERIFIER_RECORD_CHECKS_H

#include "election/record.h"
#include "verifier/report.h"

/* What a check leaves to a station that goes on with the record: nothing of this is to be read again, for who can
 * write the record's files could change them after the check. */
struct checked {
	struct record r;	      /* as it was read; record_free() */
	struct hash list[MAX_GROUPS]; /* SHA-256 of each group's last list as a byte tree; before any mix the box's own */
	struct hash lists;	      /* the outputs of the last mix over all groups (spec/record.md, Outputs) */
	struct buf stray;	      /* the files that V01 found to be of no record, a line each; buf_free() */
};

/* What the person pinned; trust never starts from the record. */
struct pinned {
	const char *election_id; /* hex, or NULL */
	const char *log_key[8];	 /* verifier keys, or NULL */
	unsigned log_keys;
	struct vkey witness[MAX_PARTIES]; /* cosigning keys: as many of them as quorum must be on the heads, besides the call's policy */
	size_t witnesses, quorum;
	const char *receipts; /* a folder of receipts and heads to hold against the record, or NULL */
	/* For the self-test alone: hears after CHECK_EVENTS_LOG and CHECK_BALLOTS_LOG what was read, and may change it
	 * as one could who holds the log's key; and the check that, once failed, ends the run. Both may be NULL. */
	void (*on_read)(void *ctx, struct record *r, enum check after);
	void *on_read_ctx;
	const enum check *enough;
	/* For stations: what was read is moved here (NULL: freed), whatever the report says; and between two mixes (or before
	 * the first) it is no fault that fewer have mixed than must. */
	struct checked *keep;
	int mixing;
};

/* Run all checks on src into report. election_hex gets the id the record claims. */
void check_record(struct report *r, const struct file_source *src, const struct pinned *pinned, unsigned threads, char election_hex[65]);

#endif
