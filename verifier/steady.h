/* verifier/steady.h - a record that is one: what is read of a file again must be what was read before.
 *
 * A record is judged file by file and hashed as a whole at the end. Who serves it, or made the stick that it lies on, could
 * give one file to the checks and another to the hash lists, which then name what nobody verified.
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

/* Reads and lists as base does, s must outlive it; besides ERR_PROOF: another file, or other names, than before. Of a checkpoint the
 * text that is signed: witnesses sign it when they do. */
struct file_source steady_source(struct steady *s);
void steady_free(struct steady *s);

#endif
