#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "ledger/layout.h"
#include "ledger/mirror.h"
#include "ledger/store.h"

enum { MOST_BATCH = 4096, HEAL_SECONDS = 1 };

/* One caller waiting for its entry. */
struct waiting {
	const void *entry;
	size_t n;
	const uint8_t *key;
	struct hash leaf;
	enum err result;
	uint64_t index;
	struct buf *receipt;
	struct why why;
	sem_t done;
	struct waiting *next;
};

struct tile_nodes;

struct ledger {
	pthread_rwlock_t store_lock; /* readers of the store; written while it is opened again after an error */
	struct store *store;
	char store_path[4096], mirror_path[4096];
	struct mirror *mirror;
	const struct signer *key;
	char head_file[4096];
	int lock_fd;
	unsigned pool_ms;
	pthread_t thread, checker;
	int thread_runs, checker_runs;
	atomic_int check_stops;
	struct head opened; /* what the full check must find */
	pthread_mutex_t pool_lock; /* over what waits; taken before `lock`, or alone */
	pthread_cond_t work, idle;
	struct waiting *pool, **pool_end;
	unsigned pooled;
	int stopping, sealed, busy;
	pthread_mutex_t lock; /* over everything below */
	struct tile_nodes *cached[32]; /* the last tiles that proofs were made from */
	size_t oldest;
	enum err broken;
	struct why broken_why;
	time_t broken_at; /* monotonic; opened again after HEAL_SECONDS */
	struct tile_builder tree; /* right edge of all tile levels */
	struct head head, public_head;
	struct buf checkpoint, public_checkpoint;
	/* of the batch being made */
	struct store_batch *batch;
};

static enum err
put_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct ledger *l = ctx;
	uint8_t key[STORE_KEY_BYTES];

	(void)width;
	if (level != TILE_ENTRIES)
		store_batch_put(l->batch, key, store_key(key, 't', level, index), p, n);
	return OK;
}

/* ---- reading nodes ----------------------------------------------------------------- */

/* The nodes inside one tile: node[k][x] is the root of its leaves [x * 2^k, (x + 1) * 2^k). */
struct tile_nodes {
	int level; /* -1: empty */
	uint64_t index;
	unsigned width;
	struct hash node[8][TILE_WIDTH];
};

static struct tile_nodes *
tile_nodes(struct ledger *l, int level, uint64_t index, enum err *e)
{
	const struct hash *partial = l->tree.level[level].index == index && l->tree.level[level].n > 0 ? l->tree.level[level].hash : NULL;
	unsigned width = partial != NULL ? l->tree.level[level].n : TILE_WIDTH;
	struct tile_nodes *t;
	struct buf tile = {0};
	uint8_t key[STORE_KEY_BYTES];

	for (size_t i = 0; i < sizeof l->cached / sizeof *l->cached; i++)
		if ((t = l->cached[i]) != NULL && t->level == level && t->index == index && t->width == width)
			return t;
	t = l->cached[l->oldest];
	if (t == NULL && (t = l->cached[l->oldest] = malloc(sizeof *t)) == NULL) {
		*e = ERR_NOMEM;
		return NULL;
	}
	t->level = -1;
	l->oldest = (l->oldest + 1) % (sizeof l->cached / sizeof *l->cached);
	if (partial != NULL)
		memcpy(t->node[0], partial, width * sizeof *partial);
	else if ((*e = store_get(l->store, key, store_key(key, 't', level, index), &tile, NULL)) == OK) {
		width = tile.n >= TILE_WIDTH * HASH_BYTES ? TILE_WIDTH : (unsigned)(tile.n / HASH_BYTES);
		memcpy(t->node[0], tile.p, width * sizeof *t->node[0]);
	}
	buf_free(&tile);
	if (*e != OK)
		return NULL;
	for (unsigned k = 1; k < 8; k++)
		for (unsigned x = 0; x < width >> k; x++)
			node_hash(&t->node[k][x], &t->node[k - 1][2 * x], &t->node[k - 1][2 * x + 1]);
	t->level = level;
	t->index = index;
	t->width = width;
	return t;
}

/* Root of 2^level leaves, out of the tile that holds its descendants. With the lock held. */
static enum err
read_node(void *ctx, unsigned level, uint64_t index, struct hash *out)
{
	struct ledger *l = ctx;
	unsigned within = level % 8;
	uint64_t first = index << within;
	enum err e = OK;
	const struct tile_nodes *t = tile_nodes(l, (int)(level / 8), first / TILE_WIDTH, &e);

	if (t == NULL)
		return e;
	if ((first % TILE_WIDTH >> within) >= t->width >> within)
		return ERR_ABSENT;
	*out = t->node[within][first % TILE_WIDTH >> within];
	return OK;
}

/* ---- head file --------------------------------------------------------------------- */

static enum err
head_file_read(const struct ledger *l, struct head *out, struct why *why)
{
	struct buf b = {0};
	char hex[65];
	enum err e = file_read(&b, l->head_file, 200, why);

	if (e == OK && (sscanf(buf_cstr(&b), "%" SCNu64 " %64[0-9a-f]", &out->size, hex) != 2 || hex_decode(out->root.b, 32, hex, strlen(hex)) != OK))
		e = why_set(why, ERR_FORMAT, "%s: not a head file", l->head_file);
	buf_free(&b);
	return e;
}

static enum err
head_file_write(const struct ledger *l, const struct head *head, struct why *why)
{
	char text[128], hex[65];

	hash_hex(hex, &head->root);
	(void)snprintf(text, sizeof text, "%" PRIu64 " %s\n", head->size, hex);
	return file_write(l->head_file, text, strlen(text), 0600, why);
}

/* ---- the sequencer -------------------------------------------------------------------- */

static int
by_leaf(const void *a, const void *b)
{
	return memcmp((*(struct waiting *const *)a)->leaf.b, (*(struct waiting *const *)b)->leaf.b, HASH_BYTES);
}

static enum err
find(struct ledger *l, const uint8_t key[32], uint64_t *index)
{
	uint8_t k[33] = {'d'};
	struct buf v = {0};
	struct rd r;
	enum err e;

	memcpy(k + 1, key, 32);
	if ((e = store_get(l->store, k, sizeof k, &v, NULL)) == OK) {
		r = rd_init(v.p, v.n);
		*index = rd_u64(&r);
	}
	buf_free(&v);
	return e;
}

/* Take out of list[0..n) what has a known or repeated deduplication key; the rest stays in order. */
static size_t
deduplicate(struct ledger *l, struct waiting **list, size_t n)
{
	size_t kept = 0, room = 16, *table;

	while (room < 4 * n)
		room *= 2;
	if ((table = calloc(room, sizeof *table)) == NULL) /* position in the batch + 1, by key */
		abort();
	for (size_t i = 0; i < n; i++) {
		struct waiting *w = list[i];
		enum err e = w->key != NULL ? find(l, w->key, &w->index) : ERR_ABSENT;
		uint64_t at = 0;

		if (e == OK)
			w->result = ERR_EXISTS;
		else if (e != ERR_ABSENT)
			w->result = e;
		if (w->key != NULL && w->result == OK) {
			memcpy(&at, w->key, sizeof at);
			for (at &= room - 1; table[at] != 0 && w->result == OK; at = (at + 1) & (room - 1))
				if (memcmp(list[table[at] - 1]->key, w->key, 32) == 0) {
					w->result = ERR_EXISTS;
					w->index = l->head.size + table[at] - 1;
				}
		}
		if (w->result != OK)
			continue;
		list[kept++] = w;
		if (w->key != NULL)
			table[at] = kept;
	}
	free(table);
	return kept;
}

static time_t
monotonic(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static enum err
mirror_batch(struct ledger *l, struct waiting **list, size_t n, const struct buf *checkpoint, struct why *why)
{
	struct buf entries = {0};
	enum err e;

	for (size_t i = 0; i < n; i++)
		buf_vec16(&entries, list[i]->entry, list[i]->n);
	e = entries.failed ? ERR_NOMEM : mirror_append(l->mirror, (uint32_t)n, &entries, checkpoint, why);
	buf_free(&entries);
	return e;
}

/* Make a batch permanent.                              spec/ledger.md#appending
 *
 * Order, and what a crash just after each step leaves:
 *   1. the fence: the head file still says what we wrote last -> nothing happened
 *   2. the new head is signed, in memory                      -> nobody saw it; signed again, perhaps over other entries
 *   3. entries, keys, tiles and head in one synced batch      -> durable; on start the head file is brought up (it is behind)
 *   4. the mirror, if there is one                            -> as after 3; on start the mirror is brought up
 *   5. the head file                                          -> done, but nobody was told; a second cast gives the receipt
 *   6. answers
 * A receipt leaves only after 5: one for a head that a restored store does not
 * know would otherwise not be noticed. */
static enum err
commit(struct ledger *l, struct waiting **list, size_t n, struct why *why)
{
	struct tile_builder *saved = malloc(sizeof *saved);
	struct head next, fence;
	struct buf checkpoint = {0};
	uint8_t key[STORE_KEY_BYTES], value[8], dedup[33] = {'d'};
	enum err e;

	if (saved == NULL)
		return ERR_NOMEM;
	*saved = l->tree;
	if ((e = head_file_read(l, &fence, why)) != OK || fence.size != l->head.size || !hash_equal(&fence.root, &l->head.root)) {
		free(saved);
		return why_set(why, ERR_NOT_NOW, "the head file %s is gone or was changed by another process: nothing is signed", l->head_file);
	}
	l->batch = store_batch_new();
	for (size_t i = 0; i < n && e == OK; i++) {
		list[i]->index = l->tree.frontier.size;
		store_batch_put(l->batch, key, store_key(key, 'e', -1, list[i]->index), list[i]->entry, list[i]->n);
		if (list[i]->key != NULL) {
			memcpy(dedup + 1, list[i]->key, 32);
			for (int k = 0; k < 8; k++)
				value[k] = (uint8_t)(list[i]->index >> (56 - 8 * k));
			store_batch_put(l->batch, dedup, sizeof dedup, value, sizeof value);
		}
		e = tile_builder_add(&l->tree, list[i]->entry, list[i]->n, NULL);
		l->tree.bundle.n = 0; /* bundles are made from entries when read */
	}
	for (int t = 0; t < TILE_LEVELS && e == OK; t++)
		if (l->tree.level[t].n > 0)
			e = put_tile(l, t, l->tree.level[t].index, l->tree.level[t].n, l->tree.level[t].hash, l->tree.level[t].n * HASH_BYTES);
	next.size = l->tree.frontier.size;
	frontier_root(&next.root, &l->tree.frontier);
	if (e == OK && (e = checkpoint_sign(&checkpoint, &next, l->key)) != OK)
		why_set(why, e, "the log's key %s does not sign", l->key->name);
	if (e == OK) {
		store_batch_put(l->batch, "h", 1, checkpoint.p, checkpoint.n);
		e = store_write(l->store, l->batch, why);
		if (e != OK) /* stored or not: only a reopened store can tell */
			l->broken = why_set(&l->broken_why, ERR_IO, "%s; tried again every second", why != NULL ? why->text : "write failed");
	}
	if (e == OK && l->mirror != NULL && (e = mirror_batch(l, list, n, &checkpoint, why)) != OK)
		l->broken = why_set(&l->broken_why, ERR_IO, "the mirror cannot be written: nothing is acknowledged");
	if (e == OK && (e = head_file_write(l, &next, why)) != OK)
		l->broken = why_set(&l->broken_why, ERR_IO, "the head file cannot be written: nothing is acknowledged");
	if (l->broken != OK)
		l->broken_at = monotonic();
	store_batch_free(l->batch);
	l->batch = NULL;
	if (e == OK) {
		l->head = next;
		buf_free(&l->checkpoint);
		l->checkpoint = checkpoint;
	} else {
		buf_free(&checkpoint);
		saved->bundle = l->tree.bundle;
		l->tree = *saved;
	}
	free(saved);
	return e;
}

static enum err
make_receipt(struct ledger *l, uint64_t index, const struct head *head, const struct buf *checkpoint, struct buf *out)
{
	struct node_source src = {l, read_node};
	struct hash path[MERKLE_MAX_PATH];
	size_t n;
	enum err e = inclusion_path(path, &n, index, head->size, &src);

	if (e == OK)
		receipt_write(out, index, path, n, checkpoint->p, checkpoint->n);
	return e == OK && out->failed ? ERR_NOMEM : e;
}

static enum err load(struct ledger *l, struct why *why);

/* After an error only the store on disk can tell what it holds: open it again, and everything is checked as on
 * a start. With the lock held. */
static void
heal(struct ledger *l)
{
	struct why why = {""};
	enum err e;

	(void)pthread_rwlock_wrlock(&l->store_lock);
	store_close(l->store);
	l->store = NULL;
	mirror_close(l->mirror);
	l->mirror = NULL;
	for (size_t i = 0; i < sizeof l->cached / sizeof *l->cached; i++)
		if (l->cached[i] != NULL)
			l->cached[i]->level = -1;
	buf_free(&l->checkpoint);
	buf_free(&l->public_checkpoint);
	memset(l->tree.level, 0, sizeof l->tree.level);
	memset(&l->tree.frontier, 0, sizeof l->tree.frontier);
	if ((e = store_open(&l->store, l->store_path, &why)) == OK)
		e = load(l, &why);
	(void)pthread_rwlock_unlock(&l->store_lock);
	l->broken = e;
	l->broken_why = why;
	l->broken_at = monotonic();
}

static void
run_batch(struct ledger *l, struct waiting *first, unsigned count)
{
	struct waiting **list = calloc(count + 1, sizeof *list), *w = first;
	struct why why = {""};
	size_t n = 0, kept;
	enum err e = OK;

	if (list == NULL)
		abort();
	for (; w != NULL; w = w->next)
		list[n++] = w;
	if (l->broken != OK && l->broken != ERR_PROOF && monotonic() - l->broken_at >= HEAL_SECONDS)
		heal(l);
	qsort(list, n, sizeof *list, by_leaf);
	if (l->broken != OK) {
		e = l->broken;
		why = l->broken_why;
		for (size_t i = 0; i < n; i++)
			list[i]->result = e;
		kept = 0;
	} else
		kept = deduplicate(l, list, n);
	if (kept > 0) {
		e = commit(l, list, kept, &why);
		for (size_t i = 0; i < kept; i++) {
			list[i]->result = e;
			if (e == OK && list[i]->receipt != NULL)
				list[i]->result = make_receipt(l, list[i]->index, &l->head, &l->checkpoint, list[i]->receipt);
		}
	}
	for (w = first; w != NULL;) {
		struct waiting *next = w->next; /* w may be gone once done is seen */

		w->why = why;
		(void)sem_post(&w->done);
		w = next;
	}
	free(list);
}

static void *
sequence(void *arg)
{
	struct ledger *l = arg;

	(void)pthread_mutex_lock(&l->pool_lock);
	for (;;) {
		struct waiting *first;
		unsigned count;

		while (l->pool == NULL && !l->stopping)
			(void)pthread_cond_wait(&l->work, &l->pool_lock);
		if (l->pool == NULL)
			break;
		if (l->pooled < MOST_BATCH && l->pool_ms > 0) {
			struct timespec t = {0, (long)l->pool_ms * 1000000};

			(void)pthread_mutex_unlock(&l->pool_lock);
			(void)nanosleep(&t, NULL);
			(void)pthread_mutex_lock(&l->pool_lock);
		}
		first = l->pool;
		count = l->pooled;
		l->pool = NULL;
		l->pool_end = &l->pool;
		l->pooled = 0;
		l->busy = 1;
		(void)pthread_mutex_unlock(&l->pool_lock);
		(void)pthread_mutex_lock(&l->lock);
		run_batch(l, first, count);
		(void)pthread_mutex_unlock(&l->lock);
		(void)pthread_mutex_lock(&l->pool_lock);
		l->busy = 0;
		(void)pthread_cond_broadcast(&l->idle);
	}
	(void)pthread_mutex_unlock(&l->pool_lock);
	return NULL;
}

enum err
ledger_append(struct ledger *l, const void *entry, size_t n, const uint8_t *key, uint64_t *index, struct buf *receipt, struct why *why)
{
	struct waiting w = {.entry = entry, .n = n, .key = key, .receipt = receipt};

	if (n > TILE_MAX_ENTRY)
		return why_set(why, ERR_LENGTH, "an entry has at most %d bytes", TILE_MAX_ENTRY);
	leaf_hash(&w.leaf, entry, n);
	(void)sem_init(&w.done, 0, 0);
	(void)pthread_mutex_lock(&l->pool_lock);
	if (l->sealed || l->stopping) {
		(void)pthread_mutex_unlock(&l->pool_lock);
		return why_set(why, ERR_NOT_NOW, "the log is closed");
	}
	*l->pool_end = &w;
	l->pool_end = &w.next;
	l->pooled++;
	(void)pthread_cond_signal(&l->work);
	(void)pthread_mutex_unlock(&l->pool_lock);
	while (sem_wait(&w.done) != 0)
		;
	(void)sem_destroy(&w.done);
	if (w.result == OK || w.result == ERR_EXISTS) {
		if (index != NULL)
			*index = w.index;
	} else if (why != NULL)
		*why = w.why;
	return w.result;
}

/* ---- reading ------------------------------------------------------------------------------ */

enum err
ledger_find(struct ledger *l, const uint8_t key[32], uint64_t *index)
{
	enum err e;

	(void)pthread_rwlock_rdlock(&l->store_lock);
	e = l->store == NULL ? ERR_IO : find(l, key, index);
	(void)pthread_rwlock_unlock(&l->store_lock);
	return e;
}

static enum err
get(struct ledger *l, const void *key, size_t n, struct buf *out, struct why *why)
{
	enum err e;

	(void)pthread_rwlock_rdlock(&l->store_lock);
	e = l->store == NULL ? why_set(why, ERR_IO, "the store is being opened again") : store_get(l->store, key, n, out, why);
	(void)pthread_rwlock_unlock(&l->store_lock);
	return e;
}

enum err
ledger_read(struct ledger *l, uint64_t index, struct buf *entry, struct why *why)
{
	uint8_t key[STORE_KEY_BYTES];

	return get(l, key, store_key(key, 'e', -1, index), entry, why);
}

enum err
ledger_receipt(struct ledger *l, uint64_t index, struct buf *receipt, struct why *why)
{
	struct head head;
	struct buf checkpoint = {0};
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	if (index < l->public_head.size) {
		head = l->public_head;
		buf_put(&checkpoint, l->public_checkpoint.p, l->public_checkpoint.n);
	} else {
		head = l->head;
		buf_put(&checkpoint, l->checkpoint.p, l->checkpoint.n);
	}
	e = checkpoint.failed ? ERR_NOMEM : l->store == NULL ? ERR_IO : make_receipt(l, index, &head, &checkpoint, receipt);
	(void)pthread_mutex_unlock(&l->lock);
	buf_free(&checkpoint);
	return e == OK ? OK : why_set(why, e, "no receipt for entry %" PRIu64, index);
}

void
ledger_head(struct ledger *l, struct head *head, struct buf *checkpoint)
{
	(void)pthread_mutex_lock(&l->lock);
	*head = l->head;
	if (checkpoint != NULL)
		buf_put(checkpoint, l->checkpoint.p, l->checkpoint.n);
	(void)pthread_mutex_unlock(&l->lock);
}

void
ledger_public_head(struct ledger *l, struct head *head, struct buf *checkpoint)
{
	(void)pthread_mutex_lock(&l->lock);
	*head = l->public_head;
	if (checkpoint != NULL)
		buf_put(checkpoint, l->public_checkpoint.p, l->public_checkpoint.n);
	(void)pthread_mutex_unlock(&l->lock);
}

enum err
ledger_publish(struct ledger *l, struct why *why)
{
	struct store_batch *b = store_batch_new();
	enum err e = OK;

	(void)pthread_mutex_lock(&l->lock);
	if (l->broken != OK) {
		e = l->broken;
		if (why != NULL)
			*why = l->broken_why;
	} else if (l->public_head.size != l->head.size || l->public_checkpoint.n == 0) {
		store_batch_put(b, "p", 1, l->checkpoint.p, l->checkpoint.n);
		if ((e = store_write(l->store, b, why)) == OK) {
			l->public_head = l->head;
			buf_free(&l->public_checkpoint);
			buf_put(&l->public_checkpoint, l->checkpoint.p, l->checkpoint.n);
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
	store_batch_free(b);
	return e;
}

enum err
ledger_consistency(struct ledger *l, uint64_t old, uint64_t size, struct hash path[MERKLE_MAX_PATH], size_t *n, struct why *why)
{
	struct node_source src = {l, read_node};
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	e = l->store == NULL ? ERR_IO : size > l->head.size ? ERR_RANGE : consistency_path(path, n, old, size, &src);
	(void)pthread_mutex_unlock(&l->lock);
	return e == OK ? OK : why_set(why, e, "no consistency proof from %" PRIu64 " to %" PRIu64, old, size);
}

enum err
ledger_cosigned(struct ledger *l, const struct head *head, const struct buf *line, struct why *why)
{
	struct store_batch *b = store_batch_new();
	struct buf note = {0};
	enum err e = OK;

	(void)pthread_mutex_lock(&l->lock);
	if (l->broken != OK || l->public_head.size != head->size || !hash_equal(&l->public_head.root, &head->root))
		e = ERR_NOT_NOW;
	else if (memmem(l->public_checkpoint.p, l->public_checkpoint.n, line->p, line->n) != NULL)
		e = ERR_EXISTS;
	else {
		buf_put(&note, l->public_checkpoint.p, l->public_checkpoint.n);
		buf_put(&note, line->p, line->n);
		store_batch_put(b, "p", 1, note.p, note.n);
		if (note.failed)
			e = ERR_NOMEM;
		else if ((e = store_write(l->store, b, why)) == OK) {
			buf_free(&l->public_checkpoint);
			l->public_checkpoint = note;
			memset(&note, 0, sizeof note);
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
	store_batch_free(b);
	buf_free(&note);
	return e;
}

/* The bytes of a tile or bundle of the first `size` entries. */
static enum err
read_tile(struct ledger *l, int level, uint64_t index, unsigned width, struct buf *out, struct why *why)
{
	struct buf b = {0};
	uint8_t key[STORE_KEY_BYTES];
	enum err e = OK;

	if (level != TILE_ENTRIES) { /* the stored tile may have grown since */
		if ((e = get(l, key, store_key(key, 't', level, index), &b, why)) == OK) {
			if (b.n < width * HASH_BYTES)
				e = ERR_ABSENT;
			else
				buf_put(out, b.p, width * HASH_BYTES);
		}
		buf_free(&b);
		return e;
	}
	for (uint64_t i = 0; i < width && e == OK; i++) {
		buf_free(&b);
		if ((e = ledger_read(l, index * TILE_WIDTH + i, &b, why)) == OK)
			buf_vec16(out, b.p, b.n);
	}
	buf_free(&b);
	return e == OK && out->failed ? ERR_NOMEM : e;
}

enum err
ledger_public_file(struct ledger *l, const char *path, struct buf *out, struct why *why)
{
	struct head head;
	unsigned width;
	uint64_t index;
	int level;

	if (strcmp(path, "checkpoint") == 0) {
		ledger_public_head(l, &head, out);
		return out->n > 0 ? OK : ERR_ABSENT;
	}
	ledger_public_head(l, &head, NULL);
	if (!tile_path_expected(path, head.size) || tile_path_read(path, &level, &index, &width) != OK)
		return why_set(why, ERR_ABSENT, "not a file of the public head of size %" PRIu64, head.size);
	return read_tile(l, level, index, width, out, why);
}

struct export {
	struct ledger *l;
	const char *dir;
	struct why *why;
};

static enum err
write_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct export *x = ctx;
	char path[64], full[4200];
	enum err e;

	tile_path(path, level, index, width);
	(void)snprintf(full, sizeof full, "%.4000s/%s", x->dir, path);
	*strrchr(full, '/') = '\0';
	if ((e = dir_make(full, x->why)) != OK)
		return e;
	(void)snprintf(full, sizeof full, "%.4000s/%s", x->dir, path);
	return file_write(full, p, n, 0644, x->why);
}

struct cleanup {
	const char *dir;
	uint64_t size;
};

/* Partial tiles of earlier sizes do not belong to the copy. */
static void
drop_old(void *arg, const char *path)
{
	struct cleanup *c = arg;
	char full[4200];

	if (strncmp(path, "tile/", 5) != 0 || tile_path_expected(path, c->size))
		return;
	(void)snprintf(full, sizeof full, "%.2000s/%.2000s", c->dir, path);
	(void)unlink(full);
	*strrchr(full, '/') = '\0';
	(void)rmdir(full); /* an empty "NNN.p" */
}

enum err
ledger_export(struct ledger *l, const char *dir, struct why *why)
{
	struct tile_builder *b = calloc(1, sizeof *b);
	struct export x = {l, dir, why};
	struct buf checkpoint = {0}, entry = {0};
	char full[4200];
	struct head head;
	enum err e;

	if (b == NULL)
		return ERR_NOMEM;
	b->ctx = &x;
	b->emit = write_tile;
	ledger_public_head(l, &head, &checkpoint);
	e = dir_make(dir, why);
	for (uint64_t i = 0; i < head.size && e == OK; i++) {
		buf_free(&entry);
		if ((e = ledger_read(l, i, &entry, why)) == OK)
			e = tile_builder_add(b, entry.p, entry.n, NULL);
	}
	if (e == OK)
		e = tile_builder_finish(b);
	(void)snprintf(full, sizeof full, "%.4000s/checkpoint", dir);
	if (e == OK && checkpoint.n > 0)
		e = file_write(full, checkpoint.p, checkpoint.n, 0644, why);
	if (e == OK) {
		struct cleanup c = {dir, head.size};
		struct file_source src = source_dir(dir);

		e = src.list(src.ctx, drop_old, &c, why);
	}
	tile_builder_free(b);
	free(b);
	buf_free(&entry);
	buf_free(&checkpoint);
	return e;
}

enum err
ledger_backup(struct ledger *l, const char *path, struct why *why)
{
	enum err e;

	(void)pthread_rwlock_rdlock(&l->store_lock);
	e = l->store == NULL ? why_set(why, ERR_IO, "the store is being opened again") : store_backup(l->store, path, why);
	(void)pthread_rwlock_unlock(&l->store_lock);
	return e;
}

enum err
ledger_state(struct ledger *l, struct why *why)
{
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	e = l->broken;
	if (e != OK && why != NULL)
		*why = l->broken_why;
	(void)pthread_mutex_unlock(&l->lock);
	return e;
}

/* ---- the full check ------------------------------------------------------------------------- */

/* Nothing is signed any more in this process, whatever is tried. */
static void
stop_signing(struct ledger *l, const char *what, uint64_t at)
{
	(void)pthread_mutex_lock(&l->lock);
	l->broken = why_set(&l->broken_why, ERR_PROOF, "the full check found that %s at %" PRIu64 " is not what was signed: nothing is signed; restore the store", what, at);
	l->broken_at = (time_t)INT64_MAX;
	(void)pthread_mutex_unlock(&l->lock);
}

/* Behind the service: every entry up to the head at opening, against its tile, and all together against the signed root. */
static void *
check_behind(void *arg)
{
	struct ledger *l = arg;
	struct frontier *f = calloc(1, sizeof *f);
	struct timespec pause = {0, 100000000};
	struct buf entry = {0}, tile = {0};
	uint8_t key[STORE_KEY_BYTES];
	struct hash leaf, root;
	uint64_t i = 0;

	while (f != NULL && i < l->opened.size && !l->check_stops) {
		enum err e;

		buf_free(&entry);
		if ((e = ledger_read(l, i, &entry, NULL)) == OK && i % TILE_WIDTH == 0) {
			buf_free(&tile);
			e = get(l, key, store_key(key, 't', 0, i / TILE_WIDTH), &tile, NULL);
		}
		if (e != OK && e != ERR_ABSENT) { /* the store is being opened again */
			(void)nanosleep(&pause, NULL);
			continue;
		}
		leaf_hash(&leaf, entry.p, entry.n);
		if (e != OK || tile.n < (i % TILE_WIDTH + 1) * HASH_BYTES || memcmp(tile.p + i % TILE_WIDTH * HASH_BYTES, leaf.b, HASH_BYTES) != 0) {
			stop_signing(l, "entry or tile", i);
			break;
		}
		frontier_append(f, &leaf);
		i++;
	}
	if (f != NULL && i == l->opened.size) {
		frontier_root(&root, f);
		if (!hash_equal(&root, &l->opened.root))
			stop_signing(l, "the tree of size", i);
	}
	free(f);
	buf_free(&entry);
	buf_free(&tile);
	return NULL;
}

/* ---- opening and closing ------------------------------------------------------------------- */

/* Take up the right edge of the tree of the stored head and check it against its root. */
static enum err
load_edge(struct ledger *l, struct why *why)
{
	struct hash root;

	for (int t = 0; t < TILE_LEVELS; t++) {
		uint64_t hashes = t == 0 ? l->head.size : l->head.size >> (8 * t);
		struct buf b = {0};
		uint8_t key[STORE_KEY_BYTES];

		l->tree.level[t].index = hashes / TILE_WIDTH;
		l->tree.level[t].n = (unsigned)(hashes % TILE_WIDTH);
		if (l->tree.level[t].n == 0)
			continue;
		if (store_get(l->store, key, store_key(key, 't', t, l->tree.level[t].index), &b, why) != OK || b.n < l->tree.level[t].n * HASH_BYTES) {
			buf_free(&b);
			return why_set(why, ERR_PROOF, "the store lacks a tile of its own head: restore it from a backup");
		}
		memcpy(l->tree.level[t].hash, b.p, l->tree.level[t].n * HASH_BYTES);
		buf_free(&b);
	}
	l->tree.frontier.size = l->head.size;
	for (unsigned bit = 0; bit < 64; bit++)
		if (l->head.size >> bit & 1 && read_node(l, bit, (l->head.size >> bit) - 1, &l->tree.frontier.peak[bit]) != OK)
			return why_set(why, ERR_PROOF, "the store lacks a node of its own head: restore it from a backup");
	frontier_root(&root, &l->tree.frontier);
	if (!hash_equal(&root, &l->head.root))
		return why_set(why, ERR_PROOF, "the stored tree is not the one that was signed: restore it from a backup");
	return OK;
}

/* Bring the mirror up to the store; a mirror that has more shows that the store is an older copy. */
static enum err
load_mirror(struct ledger *l, struct why *why)
{
	struct buf entries = {0}, entry = {0};
	uint32_t count = 0;
	uint8_t key[STORE_KEY_BYTES];
	enum err e;

	if (l->mirror_path[0] == '\0')
		return OK;
	if ((e = mirror_open(&l->mirror, l->mirror_path, why)) != OK)
		return e;
	if (mirror_size(l->mirror) > l->head.size)
		return why_set(why, ERR_NOT_NOW, "the mirror has %" PRIu64 " entries, the store %" PRIu64 ": the store is an older copy; restore it with the mirror", mirror_size(l->mirror), l->head.size);
	for (uint64_t i = mirror_size(l->mirror); i < l->head.size && e == OK; i++) {
		buf_free(&entry);
		if ((e = store_get(l->store, key, store_key(key, 'e', -1, i), &entry, why)) != OK)
			break;
		buf_vec16(&entries, entry.p, entry.n);
		if (++count == MOST_BATCH || i + 1 == l->head.size) {
			e = entries.failed ? ERR_NOMEM : mirror_append(l->mirror, count, &entries, &l->checkpoint, why);
			buf_free(&entries);
			count = 0;
		}
	}
	buf_free(&entries);
	buf_free(&entry);
	return e;
}

static enum err
load(struct ledger *l, struct why *why)
{
	struct node_source src = {l, read_node};
	struct head fence;
	struct vkey key;
	struct hash root;
	enum err e, f;

	if ((e = vkey_make(&key, l->key->name, NOTE_ED25519, l->key->key)) != OK)
		return e;
	empty_root(&l->head.root);
	f = head_file_read(l, &fence, why);
	e = store_get(l->store, "h", 1, &l->checkpoint, why);
	if (e == ERR_ABSENT && f == ERR_ABSENT) { /* new: sign the empty tree */
		struct store_batch *b = store_batch_new();

		if ((e = head_file_write(l, &l->head, why)) == OK && (e = checkpoint_sign(&l->checkpoint, &l->head, l->key)) == OK) {
			store_batch_put(b, "h", 1, l->checkpoint.p, l->checkpoint.n);
			e = store_write(l->store, b, why);
		}
		store_batch_free(b);
		return e == OK ? load_mirror(l, why) : e;
	}
	if (f != OK)
		return why_set(why, ERR_NOT_NOW, "the head file %s is missing or damaged: without it nothing is signed; put it back from its own place", l->head_file);
	if (e == ERR_ABSENT && fence.size > 0)
		return why_set(why, ERR_NOT_NOW, "the store is empty, but %" PRIu64 " entries were signed (head file %s): restore the store", fence.size, l->head_file);
	if (e == ERR_ABSENT) {
		if ((e = checkpoint_sign(&l->checkpoint, &l->head, l->key)) != OK)
			return e;
	} else if (e != OK || (e = checkpoint_open(&l->head, l->checkpoint.p, l->checkpoint.n, &key, why)) != OK)
		return why_prefix(why, e, "the store's head");
	if (l->head.size < fence.size)
		return why_set(why, ERR_NOT_NOW, "the store has %" PRIu64 " entries, but %" PRIu64 " were signed: it is an older copy; restore the newest", l->head.size, fence.size);
	if ((e = load_edge(l, why)) != OK)
		return e;
	if ((e = tree_root(&root, fence.size, &src)) != OK || !hash_equal(&root, &fence.root))
		return why_set(why, ERR_PROOF, "the store's first %" PRIu64 " entries are not those that were signed: wrong store", fence.size);
	if ((e = load_mirror(l, why)) != OK || (fence.size != l->head.size && (e = head_file_write(l, &l->head, why)) != OK))
		return e;
	empty_root(&l->public_head.root);
	if (store_get(l->store, "p", 1, &l->public_checkpoint, why) == OK)
		return checkpoint_open(&l->public_head, l->public_checkpoint.p, l->public_checkpoint.n, &key, why);
	return OK;
}

enum err
ledger_open(struct ledger **out, const struct ledger_options *o, struct why *why)
{
	struct ledger *l = calloc(1, sizeof *l);
	char path[4200];
	enum err e;

	if (l == NULL)
		return ERR_NOMEM;
	l->key = o->key;
	l->pool_ms = o->pool_ms;
	l->pool_end = &l->pool;
	l->tree.ctx = l;
	l->tree.emit = put_tile;
	(void)snprintf(l->head_file, sizeof l->head_file, "%s", o->head_file);
	(void)snprintf(l->store_path, sizeof l->store_path, "%s", o->store);
	(void)snprintf(l->mirror_path, sizeof l->mirror_path, "%s", o->mirror != NULL ? o->mirror : "");
	(void)pthread_rwlock_init(&l->store_lock, NULL);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->work, NULL);
	(void)pthread_cond_init(&l->idle, NULL);
	(void)pthread_mutex_init(&l->pool_lock, NULL);
	(void)snprintf(path, sizeof path, "%s.lock", l->head_file);
	l->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->lock_fd < 0 || flock(l->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		e = why_set(why, ERR_NOT_NOW, "%s: %s", path, l->lock_fd < 0 ? strerror(errno) : "another process runs this log");
		ledger_close(l);
		return e;
	}
	if ((e = store_open(&l->store, o->store, why)) != OK || (e = load(l, why)) != OK) {
		ledger_close(l);
		return e;
	}
	if (pthread_create(&l->thread, NULL, sequence, l) != 0) {
		ledger_close(l);
		return ERR_NOMEM;
	}
	l->thread_runs = 1;
	l->opened = l->head;
	if (pthread_create(&l->checker, NULL, check_behind, l) == 0)
		l->checker_runs = 1;
	*out = l;
	return OK;
}

void
ledger_seal(struct ledger *l)
{
	(void)pthread_mutex_lock(&l->pool_lock);
	l->sealed = 1;
	while (l->pool != NULL || l->busy)
		(void)pthread_cond_wait(&l->idle, &l->pool_lock);
	(void)pthread_mutex_unlock(&l->pool_lock);
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->thread_runs) {
		(void)pthread_mutex_lock(&l->pool_lock);
		l->stopping = 1;
		(void)pthread_cond_signal(&l->work);
		(void)pthread_mutex_unlock(&l->pool_lock);
		(void)pthread_join(l->thread, NULL);
	}
	l->check_stops = 1;
	if (l->checker_runs)
		(void)pthread_join(l->checker, NULL);
	store_close(l->store);
	mirror_close(l->mirror);
	if (l->lock_fd >= 0)
		(void)close(l->lock_fd);
	tile_builder_free(&l->tree);
	buf_free(&l->checkpoint);
	buf_free(&l->public_checkpoint);
	(void)pthread_mutex_destroy(&l->lock);
	(void)pthread_rwlock_destroy(&l->store_lock);
	(void)pthread_cond_destroy(&l->work);
	(void)pthread_cond_destroy(&l->idle);
	(void)pthread_mutex_destroy(&l->pool_lock);
	for (size_t i = 0; i < sizeof l->cached / sizeof *l->cached; i++)
		free(l->cached[i]);
	free(l);
}
