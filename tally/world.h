/* tally/world.h - what the registrar's message tells a voter, and what all voters of one election need of the record: fetched
 * from the service and checked once.
 *
 * Spec    spec/vote.md#the-voters-steps
 */
#ifndef TALLY_WORLD_H
#define TALLY_WORLD_H

#include <pthread.h>

#include "crypto/kdf.h"
#include "election/record.h"
#include "tally/kept.h"

struct voter_message {
	char user[64], password[PASSWORD_LETTERS + 1], account[200], box[200], phone[32];
	struct hash call;
};

/* ERR_ABSENT, ERR_FORMAT: not such a message, or the password has a typing error. */
MUST_CHECK enum err voter_message_read(struct voter_message *m, const char *file, struct why *why);

/* Zero-initialise. For many threads. */
struct world {
	struct record r;
	char base[300]; /* where the record's files are fetched */
	struct kept files;
	pthread_mutex_t lock; /* over the sets that were announced: read again when a new one is in use */
	struct progress progress;
};

/* Fetch the opening's files from the account listener, each once, and check them like any record; the call must be the one
 * that the message names. ERR_PROOF: do not vote here; ERR_IO, ERR_ABSENT. */
MUST_CHECK enum err world_fetch(struct world *w, const struct voter_message *m, struct why *why);
/* The service says which set of authorizers makes a token: it must be the newest one of the log of events at `box`, the same
 * for everybody, for a set of one's own would mark the ballot. ERR_ABSENT: it is another. */
MUST_CHECK enum err world_check_set(struct world *w, const char *box, unsigned set, struct why *why);
void world_free(struct world *w);

#endif
