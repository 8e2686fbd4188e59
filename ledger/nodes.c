/* ledger/nodes.c - nodes, tiles and proofs out of the store and the right edge.
 *
 * Full tiles are stored; those that are still growing are kept in memory and made again from entries and full tiles when the
 * log is opened, so that no batch writes what the next one writes again.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"
#include "ledger/layout.h"

/* The nodes inside one tile: nodes_at(t, k)[x] is the root of its hashes [x * 2^k, (x + 1) * 2^k). */
struct tile_nodes {
	int level; /* -1: empty */
	uint64_t index;
	unsigned width;
	struct hash node[TILE_WIDTH + 128 + 64 + 32 + 16 + 8 + 4 + 2];
};

static struct hash *
nodes_at(struct tile_nodes *t, unsigned k)
{
	return t->node + (2 * TILE_WIDTH - (2 * TILE_WIDTH >> k));
}

/* The 256 hashes of a stored tile. */
static enum err
read_full(struct ledger *l, int level, uint64_t index, struct buf *out, struct why *why)
{
	uint8_t key[STORE_KEY_BYTES];
	enum err e = store_get(l->store, key, store_tile_key(key, level, index), out, why);

	return e == OK && out->n != TILE_WIDTH * HASH_BYTES ? ERR_LENGTH : e;
}

static struct tile_nodes *
tile_nodes(const struct log_view *view, int level, uint64_t index, enum err *e)
{
	struct ledger *l = view->l;
	const struct hash *partial = view->edge->level[level].index == index ? view->edge->level[level].hash : NULL;
	unsigned width = partial != NULL ? view->edge->level[level].n : TILE_WIDTH;
	struct tile_nodes **place = &l->cached[(index + (uint64_t)level * 89) % CACHED_TILES], *t;
	struct buf tile = {0};

	if ((t = *place) != NULL && t->level == level && t->index == index && t->width == width)
		return t;
	if (t == NULL && (t = *place = malloc(sizeof *t)) == NULL) {
		*e = ERR_NOMEM;
		return NULL;
	}
	t->level = -1;
	if (partial != NULL)
		memcpy(t->node, partial, width * sizeof *partial);
	else if ((*e = read_full(l, level, index, &tile, NULL)) == OK)
		memcpy(t->node, tile.p, TILE_WIDTH * sizeof *t->node);
	buf_free(&tile);
	if (*e != OK)
		return NULL;
	for (unsigned k = 1; k < 8; k++)
		for (unsigned x = 0; x < width >> k; x++)
			node_hash(&nodes_at(t, k)[x], &nodes_at(t, k - 1)[2 * x], &nodes_at(t, k - 1)[2 * x + 1]);
	t->level = level;
	t->index = index;
	t->width = width;
	return t;
}

/* Root of 2^level leaves, out of the tile that holds its descendants. With the lock held. */
enum err
read_node(void *ctx, unsigned level, uint64_t index, struct hash *out)
{
	const struct log_view *view = ctx;
	unsigned within = level % 8;
	uint64_t first = index << within;
	enum err e = OK;
	struct tile_nodes *t = tile_nodes(view, (int)(level / 8), first / TILE_WIDTH, &e);

	if (t == NULL)
		return e;
	if ((first % TILE_WIDTH >> within) >= t->width >> within)
		return ERR_ABSENT;
	*out = nodes_at(t, within)[first % TILE_WIDTH >> within];
	return OK;
}

void
forget_nodes(struct ledger *l)
{
	for (size_t i = 0; i < CACHED_TILES; i++)
		if (l->cached[i] != NULL)
			l->cached[i]->level = -1;
}

enum err
make_receipt(const struct node_source *nodes, uint64_t index, const struct head *head, const struct buf *checkpoint, struct buf *out)
{
	struct hash path[MERKLE_MAX_PATH];
	size_t n;
	enum err e = inclusion_path(path, &n, index, head->size, nodes);

	if (e == OK)
		receipt_write(out, index, path, n, checkpoint->p, checkpoint->n);
	return e == OK && out->failed ? ERR_NOMEM : e;
}

/* ---- the right edge when the log is opened ----------------------------------------- */

static enum err
leaf_of_entry(struct ledger *l, uint64_t index, struct hash *out, struct why *why)
{
	uint8_t key[STORE_KEY_BYTES];
	struct buf entry = {0};
	enum err e = store_get(l->store, key, store_entry_key(key, index), &entry, why);

	if (e == OK)
		leaf_hash(out, entry.p, entry.n);
	buf_free(&entry);
	return e;
}

static enum err
root_of_tile(struct ledger *l, int level, uint64_t index, struct hash *out, struct why *why)
{
	struct hash h[TILE_WIDTH];
	struct buf tile = {0};
	enum err e = read_full(l, level, index, &tile, why);

	if (e == OK) {
		memcpy(h, tile.p, sizeof h);
		tile_root(out, h);
	}
	buf_free(&tile);
	return e;
}

/* The hashes of the tile of this level that is still growing. */
static enum err
load_level(struct ledger *l, unsigned level, struct why *why)
{
	uint64_t all = l->head.size >> (8 * level), first = all - all % TILE_WIDTH;
	struct hash *h = l->tree.level[level].hash;
	enum err e = OK;

	for (uint64_t i = first; i < all && e == OK; i++)
		e = level == 0 ? leaf_of_entry(l, i, &h[i - first], why) : root_of_tile(l, (int)level - 1, i, &h[i - first], why);
	return e;
}

enum err
load_edge(struct ledger *l, struct why *why)
{
	struct hash root;
	enum err e;

	for (unsigned t = 0; t < TILE_LEVELS; t++)
		if ((e = load_level(l, t, why)) == ERR_IO || e == ERR_NOMEM)
			return e;
		else if (e != OK)
			return why_set(why, ERR_PROOF, "an entry or tile of the store's own head is missing or damaged: restore it from a backup");
	tile_builder_resume(&l->tree, l->head.size);
	frontier_root(&root, &l->tree.frontier);
	if (!hash_equal(&root, &l->head.root))
		return why_set(why, ERR_PROOF, "the stored tree is not the one that was signed: restore it from a backup");
	*l->edge = l->tree;
	return OK;
}
