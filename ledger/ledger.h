/* ledger/ledger.h - an append-only transparency log: durable, deduplicated,
 * every acknowledged entry under a signed head. Knows nothing of elections.
 *
 * Spec    spec/ledger.md#appending
 * Source  RFC 6962; c2sp.org/tlog-tiles; the crash order stands in ledger.c
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
};

/* Open or make. ERR_NOT_NOW with what to do: the store is behind its head file (an old
 * backup), the head file is missing, another process runs the log. ERR_PROOF: the
 * store is not the tree that was signed. */
MUST_CHECK enum err ledger_open(struct ledger **out, const struct ledger_options *o, struct why *why);
void ledger_close(struct ledger *l);

/* Append and wait until the entry is on disk and in a signed head: *receipt (NULL: none; freed
 * by the caller) is a tlog-proof from that head. `key` (32 bytes or NULL)
 * deduplicates: ERR_EXISTS with *index (may be NULL) of the entry that has it. ERR_LENGTH above 65,535
 * bytes, ERR_NOT_NOW after ledger_seal, ERR_IO (not acknowledged; may or may not come back). */
MUST_CHECK enum err ledger_append(struct ledger *l, const void *entry, size_t n, const uint8_t *key, uint64_t *index, struct buf *receipt, struct why *why);
/* Index of the entry with this deduplication key; ERR_ABSENT. */
MUST_CHECK enum err ledger_find(struct ledger *l, const uint8_t key[32], uint64_t *index);
MUST_CHECK enum err ledger_read(struct ledger *l, uint64_t index, struct buf *entry, struct why *why);
/* A receipt for entry `index` under the public head if it covers it, else under the last signed one. */
MUST_CHECK enum err ledger_receipt(struct ledger *l, uint64_t index, struct buf *receipt, struct why *why);

/* The last signed head; with `checkpoint` also its note. */
void ledger_head(struct ledger *l, struct head *head, struct buf *checkpoint);
/* Make the last signed head the public one. */
MUST_CHECK enum err ledger_publish(struct ledger *l, struct why *why);
void ledger_public_head(struct ledger *l, struct head *head, struct buf *checkpoint);
/* "checkpoint" or a tile path, for the public head. ERR_ABSENT for all others. */
MUST_CHECK enum err ledger_public_file(struct ledger *l, const char *path, struct buf *out, struct why *why);

/* Finish what is pooled; nothing can be appended afterwards in this process. */
void ledger_seal(struct ledger *l);
/* Write checkpoint and tile/ of the public head under dir. O(size). */
MUST_CHECK enum err ledger_export(struct ledger *l, const char *dir, struct why *why);
MUST_CHECK enum err ledger_backup(struct ledger *l, const char *path, struct why *why);
/* OK, or why nothing is signed any more. */
enum err ledger_state(struct ledger *l, struct why *why);

#endif
