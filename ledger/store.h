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

/* RocksDB in a folder (made if missing), caches bounded. ERR_IO with the library's sentence. */
MUST_CHECK enum err store_open(struct store **out, const char *path, struct why *why);
void store_close(struct store *s);
/* Append the value to out; ERR_ABSENT. */
MUST_CHECK enum err store_get(struct store *s, const void *key, size_t key_n, struct buf *out, struct why *why);

struct store_batch *store_batch_new(void);
void store_batch_put(struct store_batch *b, const void *key, size_t key_n, const void *value, size_t n);
void store_batch_free(struct store_batch *b);
/* All or nothing, on disk before it returns. After ERR_IO it is not known which. */
MUST_CHECK enum err store_write(struct store *s, struct store_batch *b, struct why *why);
/* An independent copy in a new folder, while in use. */
MUST_CHECK enum err store_backup(struct store *s, const char *path, struct why *why);

#endif
