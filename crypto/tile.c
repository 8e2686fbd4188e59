#include "crypto/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/parallel.h"

void
tile_path(char out[64], int level, uint64_t index, unsigned width)
{
	char digits[40] = "", part[24];
	uint64_t rest = index / 1000;

	(void)snprintf(digits, sizeof digits, "%03u", (unsigned)(index % 1000));
	for (; rest > 0; rest /= 1000) {
		char longer[40];

		(void)snprintf(longer, sizeof longer, "x%03u/%.30s", (unsigned)(rest % 1000), digits);
		memcpy(digits, longer, sizeof digits);
	}
	if (level == TILE_ENTRIES)
		(void)snprintf(part, sizeof part, "entries");
	else
		(void)snprintf(part, sizeof part, "%d", level);
	if (width == TILE_WIDTH)
		(void)snprintf(out, 64, "tile/%.8s/%.39s", part, digits);
	else
		(void)snprintf(out, 64, "tile/%.8s/%.36s.p/%u", part, digits, width & 255);
}

enum err
tile_path_read(const char *path, int *level, uint64_t *index, unsigned *width)
{
	char again[64], *end;
	const char *p = path;
	uint64_t n = 0;
	int l;
	unsigned w = TILE_WIDTH;

	if (strncmp(p, "tile/", 5) != 0 || strlen(path) >= sizeof again)
		return ERR_FORMAT;
	p += 5;
	if (strncmp(p, "entries/", 8) == 0) {
		l = TILE_ENTRIES;
		p += 8;
	} else {
		l = (int)strtol(p, &end, 10);
		if (end == p || *end != '/' || l < 0 || l > 63)
			return ERR_FORMAT;
		p = end + 1;
	}
	for (;;) {
		int more = *p == 'x';

		p += more;
		for (int i = 0; i < 3; i++, p++) {
			if (*p < '0' || *p > '9' || n > UINT64_MAX / 10 - 1)
				return ERR_FORMAT;
			n = n * 10 + (uint64_t)(*p - '0');
		}
		if (!more)
			break;
		if (*p++ != '/')
			return ERR_FORMAT;
	}
	if (strncmp(p, ".p/", 3) == 0) {
		unsigned long v = strtoul(p + 3, &end, 10);

		if (end == p + 3 || *end != '\0' || v < 1 || v > 255)
			return ERR_FORMAT;
		w = (unsigned)v;
	} else if (*p != '\0')
		return ERR_FORMAT;
	tile_path(again, l, n, w); /* one spelling only */
	if (strcmp(again, path) != 0)
		return ERR_FORMAT;
	*level = l;
	*index = n;
	*width = w;
	return OK;
}

int
tile_path_expected(const char *path, uint64_t size)
{
	uint64_t index, have;
	unsigned width;
	int level;

	if (tile_path_read(path, &level, &index, &width) != OK || level >= TILE_LEVELS)
		return 0;
	have = level <= 0 ? size : size >> (8 * level);
	if (width == TILE_WIDTH)
		return index < have / TILE_WIDTH;
	return index == have / TILE_WIDTH && width == have % TILE_WIDTH;
}

int
tile_path_served(const char *path, uint64_t size)
{
	uint64_t index, have;
	unsigned width;
	int level;

	if (tile_path_read(path, &level, &index, &width) != OK || level >= TILE_LEVELS)
		return 0;
	have = level <= 0 ? size : size >> (8 * level);
	return index <= have / TILE_WIDTH && index * TILE_WIDTH + width <= have;
}

/* A hash for the tiles of this level: they are handed over when full. */
static enum err
add_hash(struct tile_builder *b, unsigned level, const struct hash *h)
{
	enum err e;

	if (level >= TILE_LEVELS)
		return ERR_RANGE;
	b->level[level].hash[b->level[level].n++] = *h;
	if (b->level[level].n < TILE_WIDTH)
		return OK;
	e = b->emit(b->ctx, (int)level, b->level[level].index, TILE_WIDTH, b->level[level].hash, TILE_WIDTH * HASH_BYTES);
	b->level[level].index++;
	b->level[level].n = 0;
	return e;
}

/* A perfect subtree of 2^l leaves, behind all that there are. The frontier's carry passes each tile's root on its way up: no
 * node is hashed twice. */
static enum err
add_subtree(struct tile_builder *b, unsigned l, const struct hash *root)
{
	uint64_t leaves = (uint64_t)1 << l;
	struct hash h = *root;
	enum err e = add_hash(b, l / 8, &h);

	for (; e == OK && b->frontier.size >> l & 1; l++) {
		node_hash(&h, &b->frontier.peak[l], &h);
		if (l % 8 == 7)
			e = add_hash(b, (l + 1) / 8, &h);
	}
	if (e != OK)
		return e;
	b->frontier.peak[l] = h;
	b->frontier.size += leaves;
	return OK;
}

enum err
tile_builder_leaf(struct tile_builder *b, const struct hash *leaf)
{
	return add_subtree(b, 0, leaf);
}

static void
root_of(struct hash *out, const struct hash *h, unsigned n)
{
	struct frontier f = {0};

	for (unsigned i = 0; i < n; i++)
		frontier_append(&f, &h[i]);
	frontier_root(out, &f);
}

void
tile_root(struct hash *out, const struct hash hashes[TILE_WIDTH])
{
	root_of(out, hashes, TILE_WIDTH);
}

void
tile_builder_resume(struct tile_builder *b, uint64_t size)
{
	for (unsigned t = 0; t < TILE_LEVELS; t++) {
		const struct hash *h = b->level[t].hash;

		b->level[t].index = (size >> 8 * t) / TILE_WIDTH;
		b->level[t].n = (unsigned)((size >> 8 * t) % TILE_WIDTH);
		for (unsigned bit = 8; bit-- > 0;)
			if (b->level[t].n >> bit & 1) {
				root_of(&b->frontier.peak[8 * t + bit], h, 1u << bit);
				h += (size_t)1 << bit;
			}
	}
	b->frontier.size = size;
}

enum err
tile_builder_add(struct tile_builder *b, const void *entry, size_t n, struct hash *leaf)
{
	struct hash h;
	enum err e;

	if (n > TILE_MAX_ENTRY)
		return ERR_LENGTH;
	leaf_hash(&h, entry, n);
	buf_vec16(&b->bundle, entry, n);
	if (b->bundle.failed)
		return ERR_NOMEM;
	if (leaf != NULL)
		*leaf = h;
	if ((b->frontier.size + 1) % TILE_WIDTH == 0) {
		if ((e = b->emit(b->ctx, TILE_ENTRIES, b->frontier.size / TILE_WIDTH, TILE_WIDTH, b->bundle.p, b->bundle.n)) != OK)
			return e;
		b->bundle.n = 0;
	}
	return tile_builder_leaf(b, &h);
}

enum err
tile_builder_finish(struct tile_builder *b)
{
	enum err e = OK;
	unsigned rest = (unsigned)(b->frontier.size % TILE_WIDTH);

	if (rest > 0)
		e = b->emit(b->ctx, TILE_ENTRIES, b->frontier.size / TILE_WIDTH, rest, b->bundle.p, b->bundle.n);
	for (int l = 0; e == OK && l < TILE_LEVELS; l++)
		if (b->level[l].n > 0)
			e = b->emit(b->ctx, l, b->level[l].index, b->level[l].n, b->level[l].hash, b->level[l].n * HASH_BYTES);
	tile_builder_free(b);
	return e;
}

void
tile_builder_free(struct tile_builder *b)
{
	buf_free(&b->bundle);
}

enum err
bundle_read(const void *p, size_t n, unsigned width, enum err (*each)(void *, const uint8_t *, size_t), void *ctx)
{
	struct rd r = rd_init(p, n);
	enum err e;

	for (unsigned i = 0; i < width; i++) {
		size_t len;
		const uint8_t *entry = rd_vec16(&r, &len);

		if (entry == NULL)
			return ERR_FORMAT;
		if ((e = each(ctx, entry, len)) != OK)
			return e;
	}
	return rd_done(&r) == OK ? OK : ERR_FORMAT;
}

/* ---- a whole log out of its files ---------------------------------------------------- */

/* Bundles are hashed some at a time, on all cores; the rest goes on in order. GROUP bundles are in memory. */
enum { GROUP = 32 };

struct piece {
	struct buf file, tile;
	struct hash leaf[TILE_WIDTH], root;
	unsigned width;
	enum err e;
	struct why why;
};

struct walk {
	const struct file_source *src;
	const char *prefix;
	struct tile_builder *at;
	uint64_t size;
	unsigned threads;
	struct piece *piece; /* GROUP of them, from bundle `first` on */
	uint64_t first;
	struct why *why;
};

static enum err
read_file(const struct walk *w, int level, uint64_t index, unsigned width, size_t max, struct buf *out, struct why *why)
{
	char path[64], full[256];

	tile_path(path, level, index, width);
	(void)snprintf(full, sizeof full, "%s%s", w->prefix, path);
	out->n = 0; /* its memory is used again */
	return w->src->read(w->src->ctx, full, max, out, why);
}

static enum err
read_piece(const struct walk *w, struct piece *p, uint64_t index)
{
	enum err e;

	p->width = w->size - index * TILE_WIDTH < TILE_WIDTH ? (unsigned)(w->size % TILE_WIDTH) : TILE_WIDTH;
	e = read_file(w, TILE_ENTRIES, index, p->width, (size_t)p->width * (TILE_MAX_ENTRY + 2), &p->file, &p->why);
	if (e == OK && p->width == TILE_WIDTH)
		e = read_file(w, 0, index, TILE_WIDTH, TILE_WIDTH * HASH_BYTES, &p->tile, &p->why);
	return e;
}

static enum err
not_the_hashes(const struct walk *w, int level, uint64_t index, unsigned width, struct why *why)
{
	char path[64];

	tile_path(path, level, index, width);
	return why_set(why, ERR_PROOF, "%s%s: not the hashes of the log's entries", w->prefix, path);
}

/* The leaves of a bundle; of a full one also the tile's root, and the tile's file must hold them. */
static enum err
hash_piece(const struct walk *w, struct piece *p, uint64_t index)
{
	struct rd r = rd_init(p->file.p, p->file.n);
	char path[64];

	for (unsigned i = 0; i < p->width; i++) {
		size_t n;
		const uint8_t *entry = rd_vec16(&r, &n);

		if (entry != NULL)
			leaf_hash(&p->leaf[i], entry, n);
	}
	if (rd_done(&r) != OK) {
		tile_path(path, TILE_ENTRIES, index, p->width);
		return why_set(&p->why, ERR_FORMAT, "%s%s: does not hold %u entries", w->prefix, path, p->width);
	}
	if (p->width < TILE_WIDTH)
		return OK;
	if (p->tile.n != sizeof p->leaf || memcmp(p->tile.p, p->leaf, sizeof p->leaf) != 0)
		return not_the_hashes(w, 0, index, TILE_WIDTH, &p->why);
	tile_root(&p->root, p->leaf);
	return OK;
}

static void
work_on_pieces(void *ctx, size_t begin, size_t end)
{
	const struct walk *w = ctx;

	for (size_t i = begin; i < end; i++) {
		struct piece *p = &w->piece[i];

		if (source_concurrent(w->src))
			p->e = read_piece(w, p, w->first + i);
		if (p->e == OK)
			p->e = hash_piece(w, p, w->first + i);
	}
}

/* A tile as it should be, above the lowest level or partial: the file must hold the same bytes. */
static enum err
walk_compare(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct walk *w = ctx;
	struct buf got = {0};
	enum err e;

	if (level == TILE_ENTRIES)
		return OK; /* its bytes are what is being read */
	if ((e = read_file(w, level, index, width, n, &got, w->why)) == OK && (got.n != n || memcmp(got.p, p, n) != 0))
		e = not_the_hashes(w, level, index, width, w->why);
	buf_free(&got);
	return e;
}

struct visit {
	enum err (*each)(void *, uint64_t, const uint8_t *, size_t, const struct hash *);
	void *ctx;
	uint64_t index;
	const struct hash *leaf;
};

static enum err
visit_entry(void *ctx, const uint8_t *entry, size_t n)
{
	struct visit *v = ctx;

	return v->each(v->ctx, v->index++, entry, n, v->leaf++);
}

/* The next bundle in order: its entries to the caller, its hashes into the tree. */
static enum err
take_piece(struct walk *w, struct tile_builder *b, struct piece *p, struct visit *v)
{
	enum err e = p->e;

	if (e != OK) {
		if (w->why != NULL)
			*w->why = p->why;
		return e;
	}
	v->index = b->frontier.size;
	v->leaf = p->leaf;
	if (v->each != NULL && (e = bundle_read(p->file.p, p->file.n, p->width, visit_entry, v)) != OK)
		return e;
	if (p->width == TILE_WIDTH) {
		b->level[0].index++;
		return add_subtree(b, 8, &p->root);
	}
	for (unsigned i = 0; i < p->width && e == OK; i++)
		e = tile_builder_leaf(b, &p->leaf[i]);
	return e;
}

/* Behind the last full bundle a copy goes on: `at` can be taken up again when the log has grown. */
static enum err
finish_walk(struct walk *w, struct visit *v, const struct head *head)
{
	struct tile_builder *end = malloc(sizeof *end);
	struct hash root;
	enum err e = OK;

	if (end == NULL)
		return ERR_NOMEM;
	*end = *w->at;
	if (w->size % TILE_WIDTH > 0) {
		w->first = w->size / TILE_WIDTH;
		if ((w->piece->e = read_piece(w, w->piece, w->first)) == OK)
			w->piece->e = hash_piece(w, w->piece, w->first);
		e = take_piece(w, end, w->piece, v);
	}
	frontier_root(&root, &end->frontier);
	if (e == OK)
		e = tile_builder_finish(end);
	if (e == OK && !hash_equal(&root, &head->root))
		e = why_set(w->why, ERR_PROOF, "%s: the entries' root is not the checkpoint's", w->prefix);
	free(end);
	return e;
}

enum err
log_read_on(const struct file_source *src, const char *prefix, const struct head *head, struct tile_builder *at,
    enum err (*each)(void *, uint64_t, const uint8_t *, size_t, const struct hash *), void (*mark)(void *, const struct tile_builder *), void *ctx, struct why *why)
{
	struct walk w = {.src = src, .prefix = prefix, .at = at, .size = head->size, .threads = core_count(), .why = why};
	struct visit v = {.each = each, .ctx = ctx};
	enum err e = OK;

	if (at->frontier.size > head->size || at->frontier.size % TILE_WIDTH != 0)
		return ERR_RANGE;
	if ((w.piece = calloc(GROUP, sizeof *w.piece)) == NULL)
		return ERR_NOMEM;
	at->ctx = &w;
	at->emit = walk_compare;
	for (w.first = at->frontier.size / TILE_WIDTH; e == OK && w.first < w.size / TILE_WIDTH; w.first += GROUP) {
		size_t n = w.size / TILE_WIDTH - w.first < GROUP ? (size_t)(w.size / TILE_WIDTH - w.first) : GROUP;

		for (size_t i = 0; i < n && !source_concurrent(src); i++)
			w.piece[i].e = read_piece(&w, &w.piece[i], w.first + i);
		parallel(n, w.threads, work_on_pieces, &w);
		for (size_t i = 0; i < n && e == OK; i++) {
			e = take_piece(&w, at, &w.piece[i], &v);
			if (e == OK && mark != NULL && at->frontier.size % (TILE_WIDTH * TILE_WIDTH) == 0)
				mark(ctx, at);
		}
	}
	if (e == OK)
		e = finish_walk(&w, &v, head);
	for (size_t i = 0; i < GROUP; i++) {
		buf_free(&w.piece[i].file);
		buf_free(&w.piece[i].tile);
	}
	free(w.piece);
	return e;
}

enum err
log_read(const struct file_source *src, const char *prefix, const struct head *head,
    enum err (*each)(void *, uint64_t, const uint8_t *, size_t, const struct hash *), void *ctx, struct why *why)
{
	struct tile_builder *at = calloc(1, sizeof *at);
	enum err e = at == NULL ? ERR_NOMEM : log_read_on(src, prefix, head, at, each, NULL, ctx, why);

	free(at);
	return e;
}
