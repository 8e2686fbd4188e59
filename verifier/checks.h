/* verifier/checks.h - what the files verifier/check_*.c share: one run of the checks, and how they compare and report.
 *
 * Inside verifier/ alone; who wants a record checked calls check_record (verifier/record_checks.h).
 * Spec    spec/record.md#what-each-check-demands
 */
#ifndef VERIFIER_CHECKS_H
#define VERIFIER_CHECKS_H

#include "crypto/decryption.h"
#include "election/dictamen.h"
#include "election/sums.h"
#include "verifier/record_checks.h"

enum { HUGE_FILE = 1 << 30 };

struct check_run {
	struct report *report;
	struct record r;
	const struct pinned *pinned;
	unsigned threads;
	int opened; /* the opening and all it names are there and good */
	struct dictamen dictamen; /* if it is good */
	struct head zero; /* the head of events in the zero report */
	struct buf false_factors; /* who gave such, for which groups */
	struct buf waivers;	  /* who opened what its own mixer had not mixed */
	struct buf stray;	  /* files of no record, a line each */
	struct hash outputs[MAX_PARTIES + 1]; /* by position: over all groups' outputs, as a mix entry names them */
	struct hash list[MAX_GROUPS];	      /* of each group's last list */
	struct why why;
};

/* ---- verifier/check_common.c: comparing and reporting ---------------------------------- */

/* Report an error under a check: missing evidence is ABSENT, a failure of this program no verdict, the rest FAIL. */
void bad(struct check_run *x, enum check c, enum err e);
/* The same where the evidence is there: what does not hold FAILs, a signature that it lacks too. */
void false_one(struct check_run *x, enum check c, enum err e);
/* Zeroed memory for n of this size, and one more; free() it. NULL if there is none, which is reported. */
void *room(struct check_run *x, enum check c, size_t n, size_t each);
/* 0 once this program failed, or the check that is enough has. */
int go_on(const struct check_run *x);
/* The file holds exactly these bytes. ERR_PROOF if not, ERR_ABSENT if it is not there, ERR_IO, ERR_NOMEM. */
MUST_CHECK enum err same(struct check_run *x, const char *path, const void *p, size_t n);
MUST_CHECK enum err same_buf(struct check_run *x, const char *path, const struct buf *b);
MUST_CHECK enum err same_text(struct check_run *x, const char *path, const char *text);
/* acts/NAME.json and acts/NAME.txt are this act. */
MUST_CHECK enum err same_act(struct check_run *x, const char *name, const struct act *a);
/* Signed by the operator, and by the notary if one is given. */
MUST_CHECK enum err act_signed(struct check_run *x, const char *name, const char *purpose, const struct act *a, const struct vkey *notary);
/* The first entry of the kind, with this value of the fact unless that is NULL; NULL if there is none. */
const struct event *entry_of(const struct check_run *x, const char *kind, const char *fact, const char *value);
/* How long encrypted-votes.bin is by the log's ballots. */
size_t votes_file_size(const struct check_run *x);
/* Tell the self-test what was read. */
void was_read(struct check_run *x, enum check c);
/* o of the last mix: what is decrypted. */
const struct hash *last_outputs(const struct check_run *x);

/* ---- the checks, each in the file of its idea; 1 if those that build on it can be made --- */

int check_call(struct check_run *x);
int check_key(struct check_run *x);
int check_setup(struct check_run *x);
int check_opening(struct check_run *x);
void check_dictamen(struct check_run *x);
void check_zero_report(struct check_run *x);
/* The head of events that the zero report names: a prefix of the log, before the opening entry. */
void check_zero_head(struct check_run *x);
int check_events(struct check_run *x);
int check_ballots_log(struct check_run *x);
void check_ballots(struct check_run *x);
void check_closing(struct check_run *x);
void check_comparison(struct check_run *x);
void check_count(struct check_run *x);
void check_amendments(struct check_run *x);
void check_handover(struct check_run *x);
void check_files(struct check_run *x);
void check_witnesses(struct check_run *x);
void check_receipts(struct check_run *x);

/* ---- parts of the count ------------------------------------------------------------------ */

/* verifier/check_session.c: the files of a session that the verifier generates and compares. */
MUST_CHECK enum err check_session(struct check_run *x, const char *base, const char *info, const struct session *s, const char *type, const struct point *key,
    const char *active);
/* The file is this list as a byte tree. */
MUST_CHECK enum err same_list(struct check_run *x, const char *path, const struct ciphertext *c, size_t n);

/* verifier/check_mix.c: one group's input, session and mixes. *list is replaced by the last output; 1 if all of it is right. */
int check_group(struct check_run *x, unsigned g, struct ciphertext **list, size_t n);
/* Positions 1, 2, ... in the log's order; nobody twice; those whom the call requires, and enough (at a mixer's own station: later). */
void check_mixers(struct check_run *x);
/* Each mix entry names what its mixer put out over all groups; the files must be that. */
void check_outputs(struct check_run *x);

/* verifier/check_decryption.c: has[l] of trustees 1..k: there is a `factors` entry. How many. */
unsigned trustees_of(struct check_run *x, int *has);
/* All trustees of one group; the votes by the first t whose factors are valid. 1 if there are so many. */
int check_decryption(struct check_run *x, unsigned g, const int *has, const struct ciphertext *list, size_t n, size_t *marking);
/* Each trustee's station told the log before the factors which box and which mixed lists it was about to open. */
void check_stations(struct check_run *x, const int *has);

#endif
