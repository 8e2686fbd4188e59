/* crypto/outfile.h - a file written piece by piece and hashed on the way: it appears whole, under its name, or not at all.
 */
#ifndef CRYPTO_OUTFILE_H
#define CRYPTO_OUTFILE_H

#include "crypto/digests.h"

struct outfile;

/* Begin; the bytes go to a temporary file beside `path`. mode e.g. 0644. ERR_IO. */
MUST_CHECK enum err outfile_open(struct outfile **out, const char *path, unsigned mode, struct why *why);
/* Errors are kept for outfile_close. */
void outfile_put(struct outfile *f, const void *p, size_t n);
/* Synced, renamed, the folder synced. digests may be NULL. f is freed in any case; on an error no file is left. */
MUST_CHECK enum err outfile_close(struct outfile *f, struct digests *digests, struct why *why);
/* Give up: no file is left. NULL is fine. */
void outfile_drop(struct outfile *f);

#endif
