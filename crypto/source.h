/* crypto/source.h - where a reader of the record gets its files from: a folder,
 * or anything that can give bytes for a path.
 */
#ifndef CRYPTO_SOURCE_H
#define CRYPTO_SOURCE_H

#include "crypto/bytes.h"

struct file_source {
	void *ctx;
	/* Append the file's bytes to out; at most max. ERR_ABSENT, ERR_LENGTH, ERR_IO. */
	enum err (*read)(void *ctx, const char *path, size_t max, struct buf *out, struct why *why);
	/* Call `each` with every file's path, in no order; NULL if it cannot be listed. */
	enum err (*list)(void *ctx, void (*each)(void *arg, const char *path), void *arg, struct why *why);
};

/* A folder; `dir` must outlive the source. Symbolic links are not followed when listing. */
struct file_source source_dir(const char *dir);
/* 1 if several threads may read it at once. */
int source_concurrent(const struct file_source *src);
/* Shorthand for src->read into an empty buffer. */
MUST_CHECK enum err source_read(const struct file_source *src, const char *path, size_t max, struct buf *out, struct why *why);

#endif
