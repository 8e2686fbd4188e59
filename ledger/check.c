/* ledger/check.c - the whole store and the whole mirror, checked behind the service.
 *
 * Spec    spec/ledger.md#appending
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/internal.h"
#include "ledger/mirror.h"

/* PATIENCE: tries of a tenth of a second before the log is told that the disk does not give something. */
enum { PATIENCE = 10 };

static void
rest(void)
{
	struct timespec tenth = {0, 100000000};

	(void)nanosleep(&tenth, NULL);
}

/* Nothing is signed until the disk gives it (read_unread). */
static void
tell_unread(struct ledger *l, const void *key, size_t n, struct why *why)
{
	(void)pthread_mutex_lock(&l->lock);
	memcpy(l->unread, key, n);
	l->unread_n = n;
	(void)pthread_mutex_unlock(&l->lock);
	(void)ledger_failed(l, ERR_IO, "the full check cannot read the store", why);
}

/* A value of the store, waiting while the disk does not give it and while it is opened again after an error. */
static enum err
patient_get(struct ledger *l, const void *key, size_t n, struct buf *out)
{
	struct why why = {""};
	unsigned tries = 0;
	enum err e;

	while (buf_free(out), (e = ledger_get(l, key, n, out, &why)) == ERR_IO && !l->check_stops) {
		tries = ledger_state(l, NULL) == OK ? tries + 1 : 0;
		if (tries == PATIENCE)
			tell_unread(l, key, n, &why);
		rest();
	}
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
static enum err
check_store(struct ledger *l, struct tile_builder *b, struct why *why)
{
	uint8_t key[STORE_KEY_BYTES];
	struct buf entry = {0};
	struct hash leaf, root;
	enum err e = OK;
	uint64_t i = 0;

	for (; e == OK && i < l->opened.size && !l->check_stops; i++)
		if ((e = patient_get(l, key, store_entry_key(key, i), &entry)) == OK) {
			leaf_hash(&leaf, entry.p, entry.n);
			e = tile_builder_leaf(b, &leaf);
		}
	buf_free(&entry);
	if (l->check_stops || e == ERR_NOMEM)
		return e;
	if (e != OK)
		return why_set(why, ERR_PROOF, "entry or tile at %" PRIu64 " is not what was signed", i - 1);
	frontier_root(&root, &b->frontier);
	return hash_equal(&root, &l->opened.root) ? OK : why_set(why, ERR_PROOF, "the tree of size %" PRIu64 " is not what was signed", i);
}

static enum err
until_opened(void *ctx, uint64_t index, const uint8_t *p, size_t n)
{
	struct ledger *l = ctx;

	(void)p;
	(void)n;
	return l->check_stops || index >= l->opened.size ? ERR_RANGE : OK;
}

/* Its frames up to the head at opening; those behind are being written. A mirror that cannot be read is no proof. */
static void
check_mirror(struct ledger *l)
{
	struct why why = {""};
	uint64_t size;

	if (l->mirror_path[0] != '\0' && mirror_read(l->mirror_path, until_opened, l, &size, &why) == ERR_FORMAT && size < l->opened.size)
		(void)ledger_failed(l, ERR_PROOF, "the full check found the mirror damaged, keep it as evidence and give the log a new one", &why);
}

/* Memory may come back: the check is made again then, and not left out. */
void *
check_behind(void *ledger)
{
	struct ledger *l = ledger;
	struct tile_builder *b;
	struct why why = {""};
	enum err e;

	do {
		if ((b = calloc(1, sizeof *b)) != NULL) {
			b->ctx = l;
			b->emit = same_tile;
		}
		e = b == NULL ? ERR_NOMEM : check_store(l, b, &why);
		free(b);
		if (e == ERR_NOMEM)
			rest();
	} while (e == ERR_NOMEM && !l->check_stops);
	if (e == ERR_PROOF)
		(void)ledger_failed(l, e, "the full check found the store damaged, restore it", &why);
	if (e == OK)
		check_mirror(l);
	return NULL;
}
