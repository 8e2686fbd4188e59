#include "crypto/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FULL_PATH = 4096, PIECE = 1 << 16, WHOLE = 1 << 30, MOST_DEPTH = 16 /* folders in folders; a log of 10^18 entries has ten */ };

static enum err
plain_file(char full[FULL_PATH], const char *dir, const char *path, size_t max, struct why *why)
{
	struct stat st;

	if (snprintf(full, FULL_PATH, "%s/%s", dir, path) >= FULL_PATH)
		return why_set(why, ERR_LENGTH, "%s: path too long", path);
	if (stat(full, &st) != 0)
		return OK; /* who opens it says why */
	if (!S_ISREG(st.st_mode)) /* reading a pipe would wait for ever */
		return why_set(why, ERR_FORMAT, "%s: not a plain file", full);
	if ((uint64_t)st.st_size > max)
		return why_set(why, ERR_LENGTH, "%s: longer than %zu bytes", full, max);
	return OK;
}

static enum err
read_dir(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	char full[FULL_PATH];
	enum err e = plain_file(full, ctx, path, max, why);

	return e == OK ? file_read(out, full, max, why) : e;
}

static enum err
stream_dir(void *ctx, const char *path, size_t max, enum err (*each)(void *, const uint8_t *, size_t), void *arg, struct why *why)
{
	char full[FULL_PATH];
	uint8_t *piece = malloc(PIECE);
	enum err e = piece != NULL ? plain_file(full, ctx, path, max, why) : ERR_NOMEM;
	FILE *f = e == OK ? fopen(full, "rbe") : NULL;
	size_t n;

	if (e == OK && f == NULL)
		e = why_set(why, errno == ENOENT || errno == ENOTDIR ? ERR_ABSENT : ERR_IO, "%s: %s", full, strerror(errno));
	while (e == OK && (n = fread(piece, 1, PIECE, f)) > 0) {
		e = n <= max ? each(arg, piece, n) : why_set(why, ERR_LENGTH, "%s: longer than it was", full);
		max -= n;
	}
	if (e == OK && ferror(f))
		e = why_set(why, ERR_IO, "%s: %s", full, strerror(errno));
	if (f != NULL)
		(void)fclose(f);
	free(piece);
	return e;
}

int
source_name_plain(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return 0;
	return 1;
}

static enum err
walk(const char *dir, const char *prefix, unsigned depth, void (*each)(void *, const char *), void *arg, struct why *why)
{
	DIR *d = depth <= MOST_DEPTH ? opendir(dir) : NULL;
	struct dirent *entry;
	enum err e = OK;
	int empty = 1;

	if (depth > MOST_DEPTH)
		return why_set(why, ERR_FORMAT, "%.200s...: more than %d folders in each other", prefix, MOST_DEPTH);
	if (d == NULL)
		return why_set(why, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", dir, strerror(errno));
	while (e == OK && (entry = readdir(d)) != NULL) {
		char full[4096], name[4096];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		empty = 0;
		if (!source_name_plain(entry->d_name)) {
			e = why_set(why, ERR_FORMAT, "%s%s: control characters in a file's name", prefix, entry->d_name);
		} else if (snprintf(full, sizeof full, "%s/%s", dir, entry->d_name) >= (int)sizeof full ||
		    snprintf(name, sizeof name, "%s%s", prefix, entry->d_name) >= (int)sizeof name - 1) {
			e = why_set(why, ERR_LENGTH, "%s: path too long", entry->d_name);
		} else if (lstat(full, &st) != 0) {
			if (errno == ENOENT) /* gone since: renamed by who wrote it */
				continue;
			e = why_set(why, ERR_IO, "%s: %s", full, strerror(errno));
		} else if (S_ISDIR(st.st_mode)) {
			(void)strcat(name, "/");
			e = walk(full, name, depth + 1, each, arg, why);
		} else if (!S_ISREG(st.st_mode)) {
			e = why_set(why, ERR_FORMAT, "%s: not a plain file", full);
		} else {
			each(arg, name);
		}
	}
	(void)closedir(d);
	if (e == OK && empty && depth > 0)
		each(arg, prefix);
	return e;
}

static enum err
list_dir(void *ctx, void (*each)(void *, const char *), void *arg, struct why *why)
{
	return walk(ctx, "", 0, each, arg, why);
}

struct file_source
source_dir(const char *dir)
{
	struct file_source s = {(void *)(uintptr_t)dir, read_dir, list_dir, stream_dir};

	return s;
}

int
source_concurrent(const struct file_source *src)
{
	return src->read == read_dir;
}

enum err
source_read(const struct file_source *src, const char *path, size_t max, struct buf *out, struct why *why)
{
	buf_free(out);
	return src->read(src->ctx, path, max, out, why);
}

enum err
source_stream(const struct file_source *src, const char *path, size_t max, enum err (*each)(void *, const uint8_t *, size_t), void *arg, struct why *why)
{
	struct buf whole = {0};
	enum err e;

	if (src->stream != NULL)
		return src->stream(src->ctx, path, max, each, arg, why);
	if ((e = source_read(src, path, max < WHOLE ? max : WHOLE, &whole, why)) == OK && whole.n > 0)
		e = each(arg, whole.p, whole.n);
	buf_free(&whole);
	return e;
}
