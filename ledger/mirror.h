/* ledger/mirror.h - a second place for every batch: one file that is only appended to and synced, on another disk or machine.
 *
 * Spec    spec/ledger.md#mirror
 */
#ifndef LEDGER_MIRROR_H
#define LEDGER_MIRROR_H

#include "crypto/bytes.h"

struct mirror;

/* Open or make, to append. Read from the frame that PATH.end names (else from the start) to the end; a last frame that a
 * power cut left unfinished is cut off. ERR_PROOF: a frame is damaged, and it is not the last; then nothing is changed. ERR_IO. */
MUST_CHECK enum err mirror_open(struct mirror **out, const char *path, struct why *why);
void mirror_close(struct mirror *m);
/* Number of entries in it. */
uint64_t mirror_size(const struct mirror *m);
/* One frame: `count` entries, each u16 length and bytes one after the other, and the checkpoint that covers them. On disk
 * before it returns. After ERR_IO nothing more can be appended until it is opened again. */
MUST_CHECK enum err mirror_append(struct mirror *m, uint32_t count, const struct buf *entries, const struct buf *checkpoint, struct why *why);
/* All entries of a file in order, every frame checked; `entry` (may be NULL) stops it with an error of its own. The file is
 * opened to read only. *size: entries read. ERR_IO; ERR_FORMAT: what stands behind them is damaged or cut short. */
MUST_CHECK enum err mirror_read(const char *path, enum err (*entry)(void *ctx, uint64_t index, const uint8_t *p, size_t n), void *ctx, uint64_t *size, struct why *why);

#endif
