#include "crypto/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The frontier's carry passes each tile's root on its way up: no node is hashed twice. */
enum err
tile_builder_leaf(struct tile_builder *b, const struct hash *leaf)
{
	struct hash h = *leaf;
	unsigned l = 0;
	enum err e = add_hash(b, 0, &h);

	for (; e == OK && b->frontier.size >> l & 1; l++) {
		node_hash(&h, &b->frontier.peak[l], &h);
		if (l % 8 == 7)
			e = add_hash(b, (l + 1) / 8, &h);
	}
	if (e != OK)
		return e;
	b->frontier.peak[l] = h;
	b->frontier.size++;
	return OK;
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

struct walk {
	const struct file_source *src;
	const char *prefix;
	struct tile_builder builder;
	enum err (*each)(void *, uint64_t, const uint8_t *, size_t, const struct hash *);
	void *ctx;
	struct buf file;
	struct why *why;
};

static enum err
walk_entry(void *ctx, const uint8_t *entry, size_t n)
{
	struct walk *w = ctx;
	uint64_t index = w->builder.frontier.size;
	struct hash leaf;
	enum err e = tile_builder_add(&w->builder, entry, n, &leaf);

	if (e == OK && w->each != NULL)
		e = w->each(w->ctx, index, entry, n, &leaf);
	return e;
}

/* A tile as it should be: the file must hold the same bytes. */
static enum err
walk_compare(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct walk *w = ctx;
	char path[64], full[256];
	struct buf got = {0};
	enum err e;

	if (level == TILE_ENTRIES)
		return OK; /* its bytes are what is being read */
	tile_path(path, level, index, width);
	(void)snprintf(full, sizeof full, "%s%s", w->prefix, path);
	if ((e = source_read(w->src, full, n, &got, w->why)) == OK && (got.n != n || memcmp(got.p, p, n) != 0))
		e = why_set(w->why, ERR_PROOF, "%s: not the hashes of the log's entries", full);
	buf_free(&got);
	return e;
}

enum err
log_read(const struct file_source *src, const char *prefix, const struct head *head,
    enum err (*each)(void *, uint64_t, const uint8_t *, size_t, const struct hash *), void *ctx, struct why *why)
{
	struct walk *w = calloc(1, sizeof *w);
	struct hash root;
	enum err e = OK;

	if (w == NULL)
		return ERR_NOMEM;
	w->src = src;
	w->prefix = prefix;
	w->builder.ctx = w;
	w->builder.emit = walk_compare;
	w->each = each;
	w->ctx = ctx;
	w->why = why;
	for (uint64_t at = 0; e == OK && at < head->size; at += TILE_WIDTH) {
		unsigned width = head->size - at < TILE_WIDTH ? (unsigned)(head->size - at) : TILE_WIDTH;
		char path[64], full[256];

		tile_path(path, TILE_ENTRIES, at / TILE_WIDTH, width);
		(void)snprintf(full, sizeof full, "%s%s", prefix, path);
		if ((e = source_read(src, full, (size_t)width * (TILE_MAX_ENTRY + 2), &w->file, why)) != OK)
			break;
		if (why != NULL)
			why->text[0] = '\0';
		e = bundle_read(w->file.p, w->file.n, width, walk_entry, w);
		if (e == ERR_FORMAT && (why == NULL || why->text[0] == '\0'))
			e = why_set(why, ERR_FORMAT, "%s: does not hold %u entries", full, width);
	}
	if (e == OK)
		e = tile_builder_finish(&w->builder);
	if (e == OK) {
		frontier_root(&root, &w->builder.frontier);
		if (!hash_equal(&root, &head->root))
			e = why_set(why, ERR_PROOF, "%s: the entries' root is not the checkpoint's", prefix);
	}
	tile_builder_free(&w->builder);
	buf_free(&w->file);
	free(w);
	return e;
}
