#include "verifier/heads.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/tile.h"

enum err
head_hold(struct held_head *out, const char *file, const struct vkey *log, struct why *why)
{
	struct held_head h = {.file = file};
	struct buf b = {0};
	struct receipt r;
	enum err e;

	if ((e = file_read(&b, file, NOTE_MAX_BYTES, why)) != OK)
		return e;
	if (receipt_read(&r, b.p, b.n, NULL) == OK)
		buf_put(&h.checkpoint, r.checkpoint, r.checkpoint_n);
	else
		buf_put(&h.checkpoint, b.p, b.n);
	buf_free(&b);
	if ((e = checkpoint_open(&h.head, h.checkpoint.p, h.checkpoint.n, log, why)) != OK) {
		buf_free(&h.checkpoint);
		return why_prefix(why, e, "%s", file);
	}
	*out = h;
	return OK;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct held_head *)a)->head.size, y = ((const struct held_head *)b)->head.size;

	return x < y ? -1 : x > y;
}

/* The roots that the published log has at the sizes of the heads. */
struct prefixes {
	struct held_head *h;
	size_t n, at;
	struct frontier f;
	const struct held_head *wrong;
};

static void
look(struct prefixes *p)
{
	struct hash root;

	for (; p->at < p->n && p->h[p->at].head.size == p->f.size; p->at++) {
		frontier_root(&root, &p->f);
		if (p->wrong == NULL && !hash_equal(&root, &p->h[p->at].head.root))
			p->wrong = &p->h[p->at];
	}
}

static enum err
on_leaf(void *ctx, uint64_t index, const uint8_t *entry, size_t n, const struct hash *leaf)
{
	struct prefixes *p = ctx;

	(void)index;
	(void)entry;
	(void)n;
	frontier_append(&p->f, leaf);
	look(p);
	return OK;
}

enum err
heads_compare(enum heads_verdict *out, const struct held_head **one, const struct held_head **two, struct held_head *h, size_t n,
    const struct file_source *src, const struct vkey *log, struct why *why)
{
	struct prefixes p = {.h = h, .n = n};
	struct buf b = {0};
	struct head published;
	enum err e;

	*one = *two = NULL;
	qsort(h, n, sizeof *h, by_size);
	for (size_t i = 1; i < n; i++)
		if (h[i].head.size == h[i - 1].head.size && !hash_equal(&h[i].head.root, &h[i - 1].head.root)) {
			*one = &h[i - 1];
			*two = &h[i];
			*out = HEADS_FORK;
			return OK;
		}
	if (n == 0 || h[0].head.size == h[n - 1].head.size) {
		*out = HEADS_CONSISTENT;
		return OK;
	}
	*out = HEADS_UNKNOWN;
	if (src == NULL)
		return OK;
	if ((e = source_read(src, "checkpoint", NOTE_MAX_BYTES, &b, why)) == OK)
		e = checkpoint_open(&published, b.p, b.n, log, why);
	buf_free(&b);
	if (e != OK)
		return e;
	look(&p);
	if ((e = log_read(src, "", &published, on_leaf, &p, why)) != OK)
		return e;
	if (p.wrong != NULL) {
		*one = p.wrong;
		*out = HEADS_FORK;
	} else if (p.at == n)
		*out = HEADS_CONSISTENT;
	return OK;
}
