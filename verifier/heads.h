/* verifier/heads.h - what auditors do with signed heads: compare those of different people, recompute a whole log.
 *
 * Spec    spec/logs.md#comparing-heads
 */
#ifndef VERIFIER_HEADS_H
#define VERIFIER_HEADS_H

#include "crypto/checkpoint.h"
#include "crypto/source.h"

/* A head that somebody holds: a checkpoint, or a receipt with its checkpoint inside. */
struct held_head {
	const char *file;
	struct buf checkpoint; /* as signed */
	struct head head;
};

/* Read it and demand the log's signature. ERR_ABSENT, ERR_FORMAT, ERR_PROOF with a sentence. Free checkpoint. */
MUST_CHECK enum err head_hold(struct held_head *out, const char *file, const struct vkey *log, struct why *why);

enum heads_verdict {
	HEADS_CONSISTENT, /* every head is a prefix of every larger one */
	HEADS_FORK,	  /* two of them cannot belong to one log: *one and *two */
	HEADS_UNKNOWN,	  /* of different sizes, and no log was given that reaches the larger: nothing contradicts */
};

/* Sorts h by size. src (or NULL): the log's published files, for heads of different sizes. *two is NULL if the
 * published log itself is what contradicts *one. ERR_* if the files cannot be read. */
MUST_CHECK enum err heads_compare(enum heads_verdict *out, const struct held_head **one, const struct held_head **two, struct held_head *h, size_t n,
    const struct file_source *src, const struct vkey *log, struct why *why);

#endif
