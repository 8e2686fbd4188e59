/* tally/station.h - what a mixer's, a trustee's and the operator's station does before its key is used: the pinned
 * election, the witnesses, and the verifier's own checks of the record as far as it has come; and how it says what it did.
 *
 * Spec    spec/tally.md#stations
 */
#ifndef TALLY_STATION_H
#define TALLY_STATION_H

#include "tally/entries.h"
#include "verifier/record_checks.h"

struct station {
	struct args *args;
	const char *dir, *to; /* the record; where this station's files go: the record, or --out */
	const char *out, *socket;
	int quiet;
	int live; /* the record is where the service writes: witnesses may still cosign it */
	struct pinned pinned;
	char election[65];
	struct checked *good; /* after station_check */
};

/* The record's folder is locked for this station, until the process ends (with --out: it is only read, and the lock is of
 * that folder). The options of all stations (--record, --election-id or asked for, --log-key, --key, --pass-file, --socket or, if the station may be
 * apart from the net, --out; --quiet; those of the command must have been taken before), and before anything else that the record's opening is
 * the election that this person noted. ERR_PROOF: it is another; ERR_ABSENT, ERR_FORMAT: no id;
 * ERR_EXISTS: another works on the folder. */
MUST_CHECK enum err station_open(struct station *s, struct args *a, int apart, struct why *why);
/* Every check until that phase, after waiting some seconds for the witnesses; prints them. mixing: between two mixes.
 * ERR_PROOF: at least one failed; ERR_NOT_NOW: the log of events has not come to it, and nothing was checked. */
MUST_CHECK enum err station_check(struct station *s, enum until until, int mixing, struct why *why);
/* These ciphertexts are the list of this group that was checked. ERR_PROOF: the files changed since. */
MUST_CHECK enum err station_list(const struct station *s, unsigned group, const struct ciphertext *c, size_t n, struct why *why);
/* Sign the entry and submit it, or without a service leave it as OUT/entries/KIND-NN.json. Nothing if the log has it. */
MUST_CHECK enum err station_say(struct station *s, struct event *e, unsigned number, const struct signer *by, struct why *why);
void station_close(struct station *s);

/* SHA-256 of a list's byte tree. */
void list_hash(struct hash *out, const struct ciphertext *c, size_t n);
/* Wait some seconds until `want` witnesses have cosigned both checkpoints of the record; *n: how many the less cosigned one has. */
MUST_CHECK enum err cosigned_wait(struct record *r, size_t want, size_t *n, struct why *why);

#endif
