#include "verifier/steady.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "election/record.h"

struct read_before {
	struct hash sha256;
	size_t n;
	char path[];
};

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct read_before *)a)->path, ((const struct read_before *)b)->path);
}

static int
is_checkpoint(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, "checkpoint") == 0;
}

/* How much of a file must not change: all, but of a checkpoint the text that is signed; witnesses sign it when they do. */
static size_t
steady_part(const char *path, const uint8_t *p, size_t n)
{
	const uint8_t *end = is_checkpoint(path) && n > 0 ? memmem(p, n, "\n\n", 2) : NULL;

	return end != NULL ? (size_t)(end - p) : n;
}

static enum err
changed(const char *path, struct why *why)
{
	return why_set(why, ERR_PROOF, "%s: not what it was a moment ago; one record must be one", path);
}

/* This came of this file: the first time it is kept, later it must be the same. */
static enum err
came(struct steady *s, const char *path, const struct hash *h, size_t length, struct why *why)
{
	size_t n = strlen(path) + 1;
	struct read_before *one, **kept;

	if ((one = malloc(sizeof *one + n)) == NULL)
		return ERR_NOMEM;
	one->sha256 = *h;
	one->n = length;
	memcpy(one->path, path, n);
	if ((kept = tsearch(one, &s->seen, by_path)) == NULL) {
		free(one);
		return ERR_NOMEM;
	}
	if (*kept == one)
		return OK;
	free(one);
	return hash_equal(&(*kept)->sha256, h) ? OK : changed(path, why);
}

static enum err
read_steady(void *ctx, const char *path, size_t max, struct buf *out, struct why *why)
{
	struct steady *s = ctx;
	size_t before = out->n;
	const uint8_t *p;
	struct hash h;
	enum err e;

	if ((e = s->base->read(s->base->ctx, path, max, out, why)) != OK)
		return e;
	if (out->failed)
		return ERR_NOMEM;
	p = out->n > before ? out->p + before : NULL;
	sha256(&h, p, steady_part(path, p, out->n - before));
	return came(s, path, &h, out->n - before, why);
}

/* How long it was the first time, else max. */
static size_t
length_before(const struct steady *s, const char *path, size_t max)
{
	size_t n = strlen(path) + 1;
	struct read_before *one = malloc(sizeof *one + n), **kept;

	if (one == NULL)
		return max;
	memcpy(one->path, path, n);
	if ((kept = tfind(one, &s->seen, by_path)) != NULL)
		max = (*kept)->n;
	free(one);
	return max;
}

struct passing {
	size_t n;
	struct hash_run *hash;
	enum err (*each)(void *arg, const uint8_t *p, size_t n);
	void *arg;
};

static enum err
on_piece(void *ctx, const uint8_t *p, size_t n)
{
	struct passing *x = ctx;

	hash_more(x->hash, p, n);
	x->n += n;
	return x->each(x->arg, p, n);
}

static enum err
stream_steady(void *ctx, const char *path, size_t max, enum err (*each)(void *, const uint8_t *, size_t), void *arg, struct why *why)
{
	struct steady *s = ctx;
	struct passing x = {0, NULL, each, arg};
	struct buf whole = {0};
	struct hash h;
	size_t most;
	enum err e;

	if (is_checkpoint(path)) {
		if ((e = read_steady(s, path, NOTE_MAX_BYTES, &whole, why)) == OK)
			e = each(arg, whole.p, whole.n);
		buf_free(&whole);
		return e;
	}
	x.hash = hash_start();
	most = length_before(s, path, max);
	e = source_stream(s->base, path, most, on_piece, &x, why);
	hash_end(x.hash, &h);
	if (e == ERR_LENGTH && most < max)
		return changed(path, why);
	return e == OK ? came(s, path, &h, x.n, why) : e;
}

/* The same names each time, too: who leaves one out of the second list leaves it out of the hash lists. */
static enum err
list_steady(void *ctx, void (*each)(void *, const char *), void *arg, struct why *why)
{
	struct steady *s = ctx;
	struct hash_run *run;
	struct hash h;
	char **name = NULL, **folder = NULL;
	size_t n = 0, folders = 0;
	enum err e;

	if ((e = source_names(s->base, &name, &n, why)) != OK)
		return e;
	run = hash_start();
	for (size_t i = 0; i < n; i++)
		hash_more(run, name[i], strlen(name[i]) + 1);
	hash_end(run, &h);
	if ((e = came(s, "the list of files", &h, n, why)) == OK)
		e = source_empty_folders(s->base, &folder, &folders, why);
	for (size_t i = 0; i < n; i++) {
		if (e == OK)
			each(arg, name[i]);
		free(name[i]);
	}
	free(name);
	for (size_t i = 0; i < folders; i++) {
		if (e == OK)
			each(arg, folder[i]);
		free(folder[i]);
	}
	free(folder);
	return e;
}

struct file_source
steady_source(struct steady *s)
{
	return (struct file_source){s, read_steady, list_steady, stream_steady};
}

void
steady_free(struct steady *s)
{
	tdestroy(s->seen, free);
	s->seen = NULL;
}
