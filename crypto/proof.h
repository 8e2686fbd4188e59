/* crypto/proof.h - receipts: C2SP tlog-proof files, without their optional line.
 *
 * Spec    spec/logs.md#receipts
 * Source  c2sp.org/tlog-proof@v1 (untagged; as of C2SP 5ba5ee8)
 */
#ifndef CRYPTO_PROOF_H
#define CRYPTO_PROOF_H

#include "crypto/checkpoint.h"

/* A tlog-proof: that an entry is under a checkpoint. */
struct receipt {
	uint64_t index; /* from 0 */
	struct hash path[MERKLE_MAX_PATH]; /* leaf's sibling first */
	size_t path_n;
	const char *checkpoint; /* points into the bytes read */
	size_t checkpoint_n;
};

/* Append the file's bytes; out->failed if memory ran out. */
void receipt_write(struct buf *out, uint64_t index, const struct hash *path, size_t path_n, const void *checkpoint, size_t checkpoint_n);
/* Strict parse: exactly what receipt_write makes, but of the checkpoint's own bytes nothing is
 * checked before receipt_verify. ERR_FORMAT with a sentence. Keeps a pointer into p. */
MUST_CHECK enum err receipt_read(struct receipt *out, const void *p, size_t n, struct why *why);
/* The entry with this leaf hash is included under the checkpoint, which the log
 * signed. *head is set when the checkpoint itself is good, whatever the answer, so that a false
 * receipt can be held against the log. Errors of checkpoint_open; ERR_RANGE (index not below the
 * size), ERR_LENGTH (not the hashes that index and size call for), ERR_PROOF (another root). */
MUST_CHECK enum err receipt_verify(const struct receipt *r, const struct hash *leaf, const struct vkey *log, struct head *head, struct why *why);

#endif
