/* ledger/restore.h - a store made anew from a backup, a mirror, published tiles, or all together.
 *
 * Spec    spec/ledger.md#restoring
 */
#ifndef LEDGER_RESTORE_H
#define LEDGER_RESTORE_H

#include "ledger/ledger.h"

struct restore_sources {
	const char *backup;    /* a folder made by ledger_backup, or NULL */
	const char *mirror;    /* a mirror's file, or NULL */
	const char *published; /* a folder with checkpoint and tile/, or NULL */
};

/* Make o->store, which must not be there, so that ledger_open takes it. Every entry that any source has is
 * taken; what comes out must reach the head file's size and have its root there. ERR_NOT_NOW: entries are missing
 * (the sentence says which), ERR_EXISTS: there is a store, ERR_PROOF: sources that contradict each other or the head
 * file; then nothing is made. *size: entries restored. O(size) time; the entries
 * are not held in memory. */
MUST_CHECK enum err ledger_restore(const struct ledger_options *o, const struct restore_sources *from, uint64_t *size, struct why *why);

#endif
