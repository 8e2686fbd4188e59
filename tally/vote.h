/* tally/vote.h - the whole way of one voter: log in, mark, challenge or cast, keep the receipt, confirm.
 *
 * Spec    spec/vote.md#the-voters-steps
 */
#ifndef TALLY_VOTE_H
#define TALLY_VOTE_H

#include "tally/voter.h"

/* What the voter wants; NULL: not. */
struct choice {
	const char *choose;			     /* CONTEST=LINE,... */
	const char *odd;			     /* "outside" or "infinity": what no honest voter encrypts; for tests */
	const char *challenge, *receipt, *mine, *ballot; /* files to be written */
	int resume, no_cast, no_confirm;
};

/* ERR_EXISTS: another ballot of this voter was cast before; its receipt is written. ERR_ABSENT with resume: nothing to take up. */
MUST_CHECK enum err vote(struct voter *v, const struct choice *c, struct why *why);

#endif
