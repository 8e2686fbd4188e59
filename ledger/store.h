/* ledger/store.h - the small interface under the log: an ordered map with atomic,
 * durable batches.
 *
 * Spec    spec/ledger.md#store
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "crypto/bytes.h"

struct store;
struct store_batch;

/* RocksDB in a folder (made if missing), memory bounded (to which end it calls malloc_trim now and then).
 * The first byte of a key (ledger/layout.h) says where it is kept, so that entries, which only ever follow each other, are
 * not rewritten together with keys that come in any order.
 * This and all below: ERR_IO, the disk said no, later it may say yes; ERR_PROOF, what is on the disk is not what was written (a
 * checksum), and trying again does not help; each with the library's sentence. */
MUST_CHECK enum err store_open(struct store **out, const char *path, struct why *why);
/* The same to read only: nothing in the folder is written, made or removed. For store_get alone. */
MUST_CHECK enum err store_open_read(struct store **out, const char *path, struct why *why);
void store_close(struct store *s);
/* The folder of a closed store, and all that RocksDB put there. */
void store_remove(const char *path);
/* Append the value to out; ERR_ABSENT. */
MUST_CHECK enum err store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why);
/* Look up n deduplication keys (store_dedup_key) at once, in ascending order; `found` is called for those that are there. Cheap
 * for keys that are not. */
MUST_CHECK enum err store_find(struct store *s, const char *const *keys, const size_t *keys_n, size_t n,
    void (*found)(void *ctx, size_t i, const void *value, size_t value_n), void *ctx, struct why *why);

/* A batch belongs to its store and must not outlive it. */
struct store_batch *store_batch_new(struct store *s);
void store_batch_put(struct store_batch *b, const void *key, size_t key_n, const void *value, size_t n);
/* Empty it and keep its memory. */
void store_batch_clear(struct store_batch *b);
void store_batch_free(struct store_batch *b);
/* All or nothing, on disk before it returns. After ERR_IO it is not known which. */
MUST_CHECK enum err store_write(struct store *s, struct store_batch *b, struct why *why);
/* The same in two: batches in the order of the calls, readable at once; all that was put is on disk when the sync returns. What a power
 * cut leaves of those that were not synced is a prefix. After ERR_IO of either it is not known what is on disk. */
MUST_CHECK enum err store_put(struct store *s, struct store_batch *b, struct why *why);
MUST_CHECK enum err store_sync(struct store *s, struct why *why);
/* An independent copy in a new folder, while in use. */
MUST_CHECK enum err store_backup(struct store *s, const char *path, struct why *why);

#endif
