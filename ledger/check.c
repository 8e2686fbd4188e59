/* ledger/check.c - the whole store, checked behind the service.
 *
 * Spec    spec/ledger.md#appending
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"
#include "ledger/layout.h"

/* Nothing is signed any more in this process, whatever is tried. */
static void
stop_signing(struct ledger *l, const char *what, uint64_t at)
{
	(void)pthread_mutex_lock(&l->lock);
	l->broken = why_set(&l->broken_why, ERR_PROOF, "the full check found that %s at %" PRIu64 " is not what was signed: nothing is signed; restore the store", what, at);
	(void)pthread_mutex_unlock(&l->lock);
}

/* A value of the store, waiting while it is opened again after an error. */
static enum err
patient_get(struct ledger *l, const void *key, size_t n, struct buf *out)
{
	struct timespec pause = {0, 100000000};
	enum err e;

	buf_free(out);
	while ((e = ledger_get(l, key, n, out, NULL)) == ERR_IO && !l->check_stops)
		(void)nanosleep(&pause, NULL);
	return e;
}

/* A full tile as the entries make it: the stored one must be the same. */
static enum err
same_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct ledger *l = ctx;
	uint8_t key[STORE_KEY_BYTES];
	struct buf tile = {0};
	enum err e;

	(void)width;
	if ((e = patient_get(l, key, store_tile_key(key, level, index), &tile)) == OK && (tile.n != n || memcmp(tile.p, p, n) != 0))
		e = ERR_PROOF;
	buf_free(&tile);
	return e;
}

/* Every entry up to the head at opening, the tiles made of them, and all together against the signed root. */
void *
check_behind(void *ledger)
{
	struct ledger *l = ledger;
	struct tile_builder *b = calloc(1, sizeof *b);
	uint8_t key[STORE_KEY_BYTES];
	struct buf entry = {0};
	struct hash leaf, root;
	enum err e = b == NULL ? ERR_NOMEM : OK;
	uint64_t i = 0;

	if (b != NULL) {
		b->ctx = l;
		b->emit = same_tile;
	}
	for (; e == OK && i < l->opened.size && !l->check_stops; i++)
		if ((e = patient_get(l, key, store_entry_key(key, i), &entry)) == OK) {
			leaf_hash(&leaf, entry.p, entry.n);
			e = tile_builder_leaf(b, &leaf);
		}
	if (e != OK && e != ERR_NOMEM && !l->check_stops)
		stop_signing(l, "entry or tile", i - 1);
	if (e == OK && i == l->opened.size) {
		frontier_root(&root, &b->frontier);
		if (!hash_equal(&root, &l->opened.root))
			stop_signing(l, "the tree of size", i);
	}
	free(b);
	buf_free(&entry);
	return NULL;
}
