#include "verifier/overlay.h"

#include <stdio.h>
#include <string.h>

enum { HUGE_FILE = 1 << 30 };

static struct overlay_file *
find(struct overlay *o, const char *path)
{
	for (unsigned i = 0; i < o->n; i++)
		if (strcmp(o->file[i].path, path) == 0)
			return &o->file[i];
	return NULL;
}

static enum err
read_file(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct overlay *o = ctx;
	const struct overlay_file *f = find(o, path);

	if (f == NULL)
		return o->base->read(o->base->ctx, path, max, out, why);
	if (f->gone)
		return why_set(why, ERR_ABSENT, "%s: no such file", path);
	if (f->bytes.n > max)
		return why_set(why, ERR_LENGTH, "%s: too long", path);
	buf_put(out, f->bytes.p, f->bytes.n);
	return out->failed ? ERR_NOMEM : OK;
}

struct listing {
	struct overlay *o;
	void (*each)(void *arg, const char *path);
	void *arg;
};

static void
unchanged(void *ctx, const char *path)
{
	struct listing *l = ctx;

	if (find(l->o, path) == NULL)
		l->each(l->arg, path);
}

static enum err
list_files(void *ctx, void (*each)(void *arg, const char *path), void *arg, struct why *why)
{
	struct overlay *o = ctx;
	struct listing l = {o, each, arg};
	enum err e;

	if (o->base->list == NULL)
		return why_set(why, ERR_ABSENT, "the files of this source cannot be listed");
	if ((e = o->base->list(o->base->ctx, unchanged, &l, why)) != OK)
		return e;
	for (unsigned i = 0; i < o->n; i++)
		if (!o->file[i].gone)
			each(arg, o->file[i].path);
	return OK;
}

struct file_source
overlay_source(struct overlay *o)
{
	return (struct file_source){o, read_file, list_files, NULL};
}

static struct overlay_file *
new_file(struct overlay *o, const char *path)
{
	struct overlay_file *f = find(o, path);

	if (f == NULL) {
		if (o->n == OVERLAY_MOST)
			return NULL;
		f = &o->file[o->n++];
		memset(f, 0, sizeof *f);
		(void)snprintf(f->path, sizeof f->path, "%s", path);
	}
	f->gone = 0;
	return f;
}

struct buf *
overlay_change(struct overlay *o, const char *path)
{
	struct overlay_file *f = find(o, path);
	struct buf b = {0};
	enum err e;

	if (f != NULL)
		return f->gone ? NULL : &f->bytes;
	if ((e = source_read(o->base, path, HUGE_FILE, &b, &o->why)) != OK || (f = new_file(o, path)) == NULL) {
		o->failed |= e != OK && e != ERR_ABSENT;
		buf_free(&b);
		return NULL;
	}
	f->bytes = b;
	return &f->bytes;
}

struct buf *
overlay_add(struct overlay *o, const char *path)
{
	struct overlay_file *f = new_file(o, path);

	return f != NULL ? &f->bytes : NULL;
}

int
overlay_remove(struct overlay *o, const char *path)
{
	struct buf *b = overlay_change(o, path);

	if (b == NULL)
		return 0;
	buf_free(b);
	find(o, path)->gone = 1;
	return 1;
}

void
overlay_free(struct overlay *o)
{
	for (unsigned i = 0; i < o->n; i++)
		buf_free(&o->file[i].bytes);
	o->n = 0;
}
