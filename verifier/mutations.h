/* verifier/mutations.h - named ways to spoil a record, and the check that must notice each.
 *
 * What anyone with the files can do is done to the files. What only the holder of a log's key could do (the log
 * would have to be signed again) is done to the entries or ballots after they were found under their head.
 * Spec    spec/record.md#self-test
 */
#ifndef VERIFIER_MUTATIONS_H
#define VERIFIER_MUTATIONS_H

#include "verifier/overlay.h"
#include "verifier/record_checks.h"

struct mutation;

struct mutant {
	struct overlay files;
	struct record *r; /* the whole record as it is, read once */
	struct pinned pinned;
	const struct mutation *what;
	unsigned nth;	  /* which of the trustees that gave factors, from 0 */
	int made;	  /* it could be done: the record has something of the kind */
	char folder[300]; /* of receipts made for it, or empty */
};

struct mutation {
	const char *name;
	enum check expect;
	/* Spoil files; NULL if it is done by forge. Sets made. */
	void (*make)(struct mutant *m, const struct mutation *it);
	const char *path, *a, *b; /* as make or forge take them */
	/* Spoil what was read; called once after CHECK_EVENTS_LOG and once after CHECK_BALLOTS_LOG. */
	void (*forge)(struct mutant *m, struct record *r, enum check after);
};

extern const struct mutation mutations[];
extern const size_t mutations_n;

/* Do it: m->files, m->pinned and m->made are set, r and pinned given. mutant_free() afterwards. */
void mutant_make(struct mutant *m, const struct mutation *it);
void mutant_free(struct mutant *m);

#endif
