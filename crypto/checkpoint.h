/* crypto/checkpoint.h - tree heads as C2SP checkpoints, and receipts as tlog-proof files.
 *
 * Spec    spec/logs.md#checkpoints
 * Source  c2sp.org/tlog-checkpoint v1.0.0, c2sp.org/tlog-cosignature v1.0.1, c2sp.org/tlog-proof@v1
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
/* A checkpoint taken apart, whoever signed it; points into the bytes given to checkpoint_read. */
struct checkpoint {
	struct note note;
	const char *origin; /* without NUL or newline */
	size_t origin_n;
	struct head head;
	size_t extensions_n; /* bytes of extension lines, which C2SP allows and our logs never write */
};

/* ERR_FORMAT with a sentence. Judges no signature. */
MUST_CHECK enum err checkpoint_read(struct checkpoint *out, const void *p, size_t n, struct why *why);
/* Parse a checkpoint, demand the log's own signature and that key name = origin.
 * ERR_FORMAT (shape, extension line, another origin), ERR_ABSENT (no signature of the log), ERR_PROOF. */
MUST_CHECK enum err checkpoint_open(struct head *out, const void *p, size_t n, const struct vkey *log, struct why *why);
/* The same checkpoint with the log's own signature and no other line. ERR_FORMAT, ERR_ABSENT. */
MUST_CHECK enum err checkpoint_bare(struct buf *out, const void *p, size_t n, const struct vkey *log, struct why *why);
/* Newest time, in seconds since 1970, of this key's (type 04) cosignatures on a checkpoint's note; 0 if there is none.
 * ERR_PROOF: one is false, or its time is 0 or above 2^63 - 1, which no cosigner may write. */
MUST_CHECK enum err checkpoint_cosigned(uint64_t *time, const struct note *note, const struct vkey *key);
/* How many of these keys cosigned; ERR_PROOF as above, with a sentence. */
MUST_CHECK enum err checkpoint_cosigners(size_t *count, const void *p, size_t n, const struct vkey *keys, size_t keys_n, struct why *why);
/* Append one cosignature/v1 line to a checkpoint note. ERR_RANGE: time 0 or above 2^63 - 1. */
MUST_CHECK enum err checkpoint_cosign(struct buf *note, uint64_t time, const struct signer *by);

/* The two kinds of line that logs, proofs and requests to witnesses are made of, [p, end) without the newline:
 * a decimal without sign or leading zero (ERR_FORMAT; ERR_RANGE from 2^63), base64 of 32 bytes (ERR_FORMAT). */
MUST_CHECK enum err decimal_read(uint64_t *out, const char *p, const char *end);
MUST_CHECK enum err hash_line_read(struct hash *out, const char *p, const char *end);

/* A tlog-proof: that an entry is under a checkpoint. */
struct receipt {
	const char *extra; /* base64 of opaque bytes that nothing vouches for, or NULL; ours have none */
	size_t extra_n;
	uint64_t index;
	struct hash path[MERKLE_MAX_PATH];
	size_t path_n;
	const char *checkpoint; /* points into the bytes read */
	size_t checkpoint_n;
};

void receipt_write(struct buf *out, uint64_t index, const struct hash *path, size_t path_n, const void *checkpoint, size_t checkpoint_n);
/* Strict parse; ERR_FORMAT with a sentence. Keeps a pointer into p. */
MUST_CHECK enum err receipt_read(struct receipt *out, const void *p, size_t n, struct why *why);
/* The entry with this leaf hash is included under the checkpoint, which the log
 * signed. *head is set when the checkpoint itself is good. */
MUST_CHECK enum err receipt_verify(const struct receipt *r, const struct hash *leaf, const struct vkey *log, struct head *head, struct why *why);

#endif
