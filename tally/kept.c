#include "tally/kept.h"

#include <stdlib.h>
#include <string.h>

static enum err
give(const struct buf *b, const char *path, size_t max, struct buf *out, struct why *why)
{
	if (b->n > max)
		return why_set(why, ERR_LENGTH, "%s: longer than %zu bytes", path, max);
	buf_put(out, b->p, b->n);
	return out->failed ? ERR_NOMEM : OK;
}

/* Whoever reads it first says how long it may be: its bytes come from a server. */
static enum err
read_kept(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct kept *k = ctx;
	struct kept_file *more;
	struct buf b = {0};
	char *name;
	enum err e;

	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->file[i].path, path) == 0)
			return give(&k->file[i].bytes, path, max, out, why);
	if ((e = source_read(&k->base, path, max, &b, why)) != OK) {
		buf_free(&b);
		return e;
	}
	more = realloc(k->file, (k->n + 1) * sizeof *more);
	name = strdup(path);
	if (more != NULL)
		k->file = more;
	if (more == NULL || name == NULL) {
		free(name);
		buf_free(&b);
		return ERR_NOMEM;
	}
	k->file[k->n].path = name;
	k->file[k->n++].bytes = b;
	return give(&b, path, max, out, why);
}

struct file_source
kept_source(struct kept *k)
{
	return (struct file_source){k, read_kept, NULL, NULL};
}

void
kept_free(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->file[i].path);
		buf_free(&k->file[i].bytes);
	}
	free(k->file);
	memset(k, 0, sizeof *k);
}
