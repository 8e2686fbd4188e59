/* crypto/checkpoint.h - tree heads as C2SP checkpoints, and cosignatures of them.
 *
 * Spec    spec/logs.md#checkpoints, spec/logs.md#cosignatures
 * Source  c2sp.org/tlog-checkpoint v1.0.0, c2sp.org/tlog-cosignature v1.0.1
 */
#ifndef CRYPTO_CHECKPOINT_H
#define CRYPTO_CHECKPOINT_H

#include "crypto/merkle.h"
#include "crypto/note.h"

struct head {
	uint64_t size;
	struct hash root;
};

/* Append origin, size and root, without extension lines. */
void checkpoint_body(struct buf *out, const char *origin, const struct head *head);
/* A checkpoint signed by the log's key, whose name is the origin. Replaces out's contents. */
MUST_CHECK enum err checkpoint_sign(struct buf *out, const struct head *head, const struct signer *log);
/* Parse a checkpoint, demand the log's own signature and that key name = origin.
 * ERR_FORMAT (shape, extension line, another origin), ERR_ABSENT (no signature of the log), ERR_PROOF
 * (false signature, or size 0 with another root than the empty tree's), ERR_CRYPTO. */
MUST_CHECK enum err checkpoint_open(struct head *out, const void *p, size_t n, const struct vkey *log, struct why *why);

/* Did this cosigner (type 04) cosign the note's text? *time: the latest time it gave, seconds since
 * the Epoch. ERR_ABSENT: no line of its name and id; ERR_PROOF: one of them is false or its time
 * is over 2^63 - 1; ERR_RANGE: not a cosigner's key; ERR_NOMEM, ERR_CRYPTO. The text need not be
 * a checkpoint: open it first. */
MUST_CHECK enum err cosignature_verify(uint64_t *time, const struct note *note, const struct vkey *key);
/* How many of these cosigner keys (type 04) cosigned; one false one is ERR_PROOF. The keys must be
 * distinct, as a call's are: the same key twice counts twice. Other errors as above. */
MUST_CHECK enum err checkpoint_cosigners(size_t *count, const void *p, size_t n, const struct vkey *keys, size_t keys_n, struct why *why);
/* Append one cosignature/v1 line to a checkpoint. Checks its form (ERR_FORMAT, ERR_PROOF) but not
 * the log's signature nor that the tree only grew: that is the caller's duty before it signs. ERR_RANGE: time 0
 * or over 2^63 - 1, bad name, 64 signatures already; ERR_NOMEM; the signer's errors. */
MUST_CHECK enum err checkpoint_cosign(struct buf *note, uint64_t time, const struct signer *by);

/* What checkpoints and proofs write in lines, from p up to end. */
/* A decimal without sign or leading zero: ERR_FORMAT; ERR_RANGE over 2^63 - 1. */
MUST_CHECK enum err decimal_read(uint64_t *out, const char *p, const char *end);
/* 44 characters of base64, no other spelling: ERR_FORMAT. */
MUST_CHECK enum err hash_read(struct hash *out, const char *p, const char *end);

#endif
