/* ledger/mirror.h - a second place for every batch: one file that is only appended to and synced, on another disk or machine.
 *
 * Spec    spec/ledger.md#mirror
 */
#ifndef LEDGER_MIRROR_H
#define LEDGER_MIRROR_H

#include "crypto/bytes.h"

struct mirror;

/* Open or make; reads it through, and cuts off a last frame that a power cut left unfinished. ERR_IO; ERR_PROOF: a frame in
 * the middle is damaged. */
MUST_CHECK enum err mirror_open(struct mirror **out, const char *path, struct why *why);
void mirror_close(struct mirror *m);
/* Number of entries in it. */
uint64_t mirror_size(const struct mirror *m);
/* One frame: `count` entries, each u16 length and bytes one after the other, and the checkpoint that covers them. On disk
 * before it returns. After ERR_IO nothing more can be appended until it is opened again. */
MUST_CHECK enum err mirror_append(struct mirror *m, uint32_t count, const struct buf *entries, const struct buf *checkpoint, struct why *why);
/* All entries in order, and the checkpoint of each frame (index: entries before it are covered). */
MUST_CHECK enum err mirror_read(struct mirror *m, enum err (*entry)(void *ctx, uint64_t index, const uint8_t *p, size_t n), void *ctx, struct why *why);

#endif
