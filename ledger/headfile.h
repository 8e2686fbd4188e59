/* ledger/headfile.h - the last signed head, in a small file outside the store and its backups: the fence against a second
 * process, and against an older copy of the store.
 *
 * Spec    spec/ledger.md#head-file
 */
#ifndef LEDGER_HEADFILE_H
#define LEDGER_HEADFILE_H

#include "crypto/checkpoint.h"

/* ERR_ABSENT; ERR_FORMAT: neither of its two places holds a head; ERR_IO. */
MUST_CHECK enum err head_file_read(const char *path, struct head *out, struct why *why);
/* Both: if the file says `was`, it says `next` afterwards, on disk before this returns. ERR_NOT_NOW: it says something else.
 * After ERR_IO it says either. From the comparison to the end the file is locked (flock), so that of two processes with the
 * same `was` one gets ERR_NOT_NOW, on whichever machines the file system's locks reach. */

/* Made anew, whatever state its places are in. `was` NULL: there must be none. */
MUST_CHECK enum err head_file_make(const char *path, const struct head *was, const struct head *next, struct why *why);
/* One place overwritten. */
MUST_CHECK enum err head_file_swap(const char *path, const struct head *was, const struct head *next, struct why *why);

#endif
