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
/* Make it anew, with this head. On disk before it returns. */
MUST_CHECK enum err head_file_make(const char *path, const struct head *head, struct why *why);
/* Compare and swap: if it says `was`, it says `next` afterwards, on disk before this returns. ERR_NOT_NOW: it says
 * something else. After ERR_IO it says either. */
MUST_CHECK enum err head_file_swap(const char *path, const struct head *was, const struct head *next, struct why *why);

#endif
