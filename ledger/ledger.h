/* ledger/ledger.h - an append-only transparency log: durable, deduplicated,
 * every acknowledged entry under a signed head. Knows nothing of elections.
 * tests/example_log.c is its use in one page.
 *
 * Any thread may call any function at any time, but for ledger_close: nothing may
 * be under way, and nothing may come after. Errors that a comment does not name:
 * ERR_NOMEM, and ERR_IO with the sentence in *why (which may be NULL). Buffers are
 * appended to and freed by the caller (buf_free).
 *
 * Spec    spec/ledger.md#appending
 * Source  RFC 6962; c2sp.org/tlog-tiles; the crash order stands in sequence.c
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "crypto/tile.h"

struct ledger;

struct ledger_options {
	const char *store;	/* folder of the store */
	const char *head_file;	/* last signed head, outside the store and its backups; its folder must exist */
	const struct signer *key; /* its name is the log's origin; must outlive the ledger */
	unsigned pool_ms;	/* how long a batch waits for company */
	const char *mirror;	/* file in a second place that gets every batch before anyone is answered (ledger/mirror.h), or NULL */
	/* for ledger_restore: the deduplication key of an entry, 0 if it has none; NULL: no entry has one */
	int (*entry_key)(const uint8_t *entry, size_t n, uint8_t key[32]);
};

/* Open or make. ERR_NOT_NOW with what to do: the store is behind its head file (an old
 * backup), the head file is missing, another process runs the log. ERR_PROOF: the
 * store is not the tree that was signed. */
MUST_CHECK enum err ledger_open(struct ledger **out, const struct ledger_options *o, struct why *why);
void ledger_close(struct ledger *l);

/* One append on its way. The caller sets the first four fields and keeps them, and what they point to, as they are until
 * ledger_wait returns; then the next three say what became of it. */
struct ledger_append {
	const void *entry;
	size_t n;
	const uint8_t *key;  /* 32 bytes that may be in the log only once, or NULL */
	struct buf *receipt; /* gets a tlog-proof from the head that the entry came in with, or NULL */
	enum err result;     /* see ledger_append */
	uint64_t index;      /* with OK and ERR_EXISTS */
	struct why why;
	/* the ledger's own */
	struct hash leaf;
	struct ledger *log;
	uint32_t batch;
	struct ledger_append *next;
};

/* Hand over an append without waiting: one thread may have thousands under way. ERR_LENGTH above 65,535 bytes, ERR_NOT_NOW
 * after ledger_seal; then there is nothing to wait for. */
MUST_CHECK enum err ledger_submit(struct ledger *l, struct ledger_append *a, struct why *why);
/* Wait until the entry is on disk and in a signed head, or is not going to be; a->result. Once for each submit. */
enum err ledger_wait(struct ledger_append *a);
/* Both in one: *index (may be NULL) and *receipt (may be NULL; freed by the caller). ERR_EXISTS with the index of the entry
 * that has the key; ERR_LENGTH, ERR_NOT_NOW, ERR_PROOF (nothing is signed now, see ledger_state), ERR_IO (not acknowledged;
 * may or may not come back). */
MUST_CHECK enum err ledger_append(struct ledger *l, const void *entry, size_t n, const uint8_t *key, uint64_t *index, struct buf *receipt, struct why *why);
/* How many batches this process has made durable. */
uint64_t ledger_batches(struct ledger *l);
/* Index of the entry with this deduplication key; ERR_ABSENT. Entries of a batch under way are not found yet. */
MUST_CHECK enum err ledger_find(struct ledger *l, const uint8_t key[32], uint64_t *index);
/* ERR_ABSENT. */
MUST_CHECK enum err ledger_read(struct ledger *l, uint64_t index, struct buf *entry, struct why *why);
/* A receipt for entry `index` under the public head if it covers it, else under the last signed one. ERR_RANGE. */
MUST_CHECK enum err ledger_receipt(struct ledger *l, uint64_t index, struct buf *receipt, struct why *why);

/* The last signed head; with `checkpoint` also its note. */
void ledger_head(struct ledger *l, struct head *head, struct buf *checkpoint);
/* Make the last signed head the public one. ERR_NOT_NOW, ERR_PROOF: see ledger_state. */
MUST_CHECK enum err ledger_publish(struct ledger *l, struct why *why);
void ledger_public_head(struct ledger *l, struct head *head, struct buf *checkpoint);
/* Proof that the first `old` entries are a prefix of the first `size` (at most the signed head's). ERR_RANGE. */
MUST_CHECK enum err ledger_consistency(struct ledger *l, uint64_t old, uint64_t size, struct hash path[MERKLE_MAX_PATH], size_t *n, struct why *why);
/* Add a cosignature line (checked by the caller) to the checkpoint of the public head, in the place of an earlier one of the same name and id.
 * ERR_NOT_NOW: the public head is another one by now; ERR_EXISTS: the line is there; ERR_FORMAT: not a signature line; ERR_RANGE: more lines
 * than a note may have. */
MUST_CHECK enum err ledger_cosigned(struct ledger *l, const struct head *head, const struct buf *line, struct why *why);
/* "checkpoint" or a tile path, for the public head or one that was public earlier. ERR_ABSENT for all others. */
MUST_CHECK enum err ledger_public_file(struct ledger *l, const char *path, struct buf *out, struct why *why);

/* Finish what is pooled; nothing can be appended afterwards in this process. */
void ledger_seal(struct ledger *l);
/* Write checkpoint and tile/ of the public head under dir, for any web server. Partial tiles of an earlier copy there stay until
 * their full tile is there. O(size). */
MUST_CHECK enum err ledger_export(struct ledger *l, const char *dir, struct why *why);
/* The same for a record: exactly the tiles of that size, and no others. */
MUST_CHECK enum err ledger_record(struct ledger *l, const char *dir, struct why *why);
/* An independent copy of the store in a new folder, while the log is in use. */
MUST_CHECK enum err ledger_backup(struct ledger *l, const char *path, struct why *why);
/* OK, or why nothing is signed now. After an error of the store, mirror or head file they are opened again every second, and
 * the log goes on if everything is as it must be; ERR_PROOF stays (the store is damaged: restore it). The head file is
 * looked at every second; that the key does not sign is known from the first append refused for it, and tried again every
 * second. */
enum err ledger_state(struct ledger *l, struct why *why);

#endif
