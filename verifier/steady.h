/* verifier/steady.h - a server's record that gives each file once: what is read again must be what was read before.
 *
 * A record is judged file by file and hashed as a whole at the end. Whoever serves it could give its readers one file
 * for the checks and another for the hash lists, which then name what nobody verified.
 * Spec    spec/record.md#checks
 */
#ifndef VERIFIER_STEADY_H
#define VERIFIER_STEADY_H

#include "crypto/source.h"

/* Zero-initialise, set base. For one thread. */
struct steady {
	const struct file_source *base;
	void *seen; /* a tree of paths with the SHA-256 of what came */
};

/* Reads as base does, s must outlive it; besides ERR_PROOF: another file than before. Checkpoints are let through: witnesses
 * sign them when they do, and their heads are held against each other by V39. */
struct file_source steady_source(struct steady *s);
void steady_free(struct steady *s);

#endif
