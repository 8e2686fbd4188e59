#include "crypto/source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum err
read_dir(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	char full[4096];

	if (snprintf(full, sizeof full, "%s/%s", (const char *)ctx, path) >= (int)sizeof full)
		return why_set(why, ERR_LENGTH, "%s: path too long", path);
	return file_read(out, full, max, why);
}

static enum err
walk(const char *dir, const char *prefix, void (*each)(void *, const char *), void *arg, struct why *why)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	enum err e = OK;

	if (d == NULL)
		return why_set(why, errno == ENOENT ? ERR_ABSENT : ERR_IO, "%s: %s", dir, strerror(errno));
	while (e == OK && (entry = readdir(d)) != NULL) {
		char full[4096], name[4096];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(full, sizeof full, "%s/%s", dir, entry->d_name) >= (int)sizeof full ||
		    snprintf(name, sizeof name, "%s%s", prefix, entry->d_name) >= (int)sizeof name - 1) {
			e = why_set(why, ERR_LENGTH, "%s: path too long", entry->d_name);
		} else if (lstat(full, &st) != 0) {
			e = why_set(why, ERR_IO, "%s: %s", full, strerror(errno));
		} else if (S_ISDIR(st.st_mode)) {
			(void)strcat(name, "/");
			e = walk(full, name, each, arg, why);
		} else {
			each(arg, name);
		}
	}
	(void)closedir(d);
	return e;
}

static enum err
list_dir(void *ctx, void (*each)(void *, const char *), void *arg, struct why *why)
{
	return walk(ctx, "", each, arg, why);
}

struct file_source
source_dir(const char *dir)
{
	struct file_source s = {(void *)(uintptr_t)dir, read_dir, list_dir};

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
