/* verifier/cmd.h - what the commands share that look at one thing of an election: its record, the verdict, the exit code.
 *
 * Spec    spec/record.md#one-receipt
 */
#ifndef VERIFIER_CMD_H
#define VERIFIER_CMD_H

#include "election/record.h"

/* The lines and exit codes of a command. `e` is why: 2 if this program failed, or what the person gave is not there; else 1. */
int cannot(const struct why *why);
int not_verified(enum err e, const char *what, const struct why *why);
/* The last line, with what was not compared (or ""), and that no election id was pinned if none was. The answer is 0. */
int verified(const char *but, const char *pinned);

/* The id is the pinned one (hex, or NULL: any), and is printed. ERR_PROOF. */
MUST_CHECK enum err same_election(const struct hash *election, const char *pinned, struct why *why);
/* Call, ceremony, manifest, roll and opening of a record whose src is set: of the pinned election, as above. */
MUST_CHECK enum err read_election(struct record *r, const char *pinned, struct why *why);

#endif
