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
	/* Call `each` with every file's path, and with that of every empty folder and a slash, in no order; NULL if it cannot be listed. */
	enum err (*list)(void *ctx, void (*each)(void *arg, const char *path), void *arg, struct why *why);
	/* Give the file's bytes to `each` piece by piece, at most max; each's error ends it. NULL: only whole files are to be had. */
	enum err (*stream)(void *ctx, const char *path, size_t max, enum err (*each)(void *arg, const uint8_t *p, size_t n), void *arg, struct why *why);
};

/* A folder; `dir` must outlive the source. Anything but folders and plain files in it is refused, and names with control characters. */
struct file_source source_dir(const char *dir);
/* src->stream, or one piece of the whole file (at most 1 GiB). SIZE_MAX: as long as it is, which a file of others, on a server or a
 * stick, decides by itself, unless each ends it. ERR_ABSENT, ERR_IO, ERR_LENGTH (longer than max), each's errors. */
MUST_CHECK enum err source_stream(const struct file_source *src, const char *path, size_t max, enum err (*each)(void *arg, const uint8_t *p, size_t n), void *arg, struct why *why);
/* 0 if there are control characters in it: a name with a line's end would be two of a list of names. */
int source_name_plain(const char *name);
/* 1 if several threads may read it at once. */
int source_concurrent(const struct file_source *src);
/* Shorthand for src->read into an empty buffer. */
MUST_CHECK enum err source_read(const struct file_source *src, const char *path, size_t max, struct buf *out, struct why *why);

#endif
