/* ledger/sequence.c - how entries become part of the log: pooled, put in order, hashed, signed, made durable, answered.
 *
 * Spec    spec/ledger.md#appending
 *
 * Four threads, so that a disk that is syncing one batch does not keep the processor from the next. Batches go through
 * them one after the other, in order:
 *   sequencer   takes the pool, removes duplicates, builds the tree, signs        steps 1, 2
 *   writer      into the store                                                   step 3
 *   syncer      the store on disk                                                step 3
 *   finisher    mirror, receipts, head file, answers                             steps 4 to 6
 *
 * What a crash just after each step of a batch leaves:
 *   1. the fence: the head file says what was written last    -> nothing happened
 *   2. the new head is signed, in memory                      -> nobody saw it; signed again, perhaps over other entries
 *   3. entries, keys, tiles and head in one batch of the store, -> before the sync: there or not, like 2 or like after it, and never
 *      and the store synced                                     without the batch before; after it: durable, and on start the
 *                                                               head file is brought up (it is behind)
 *   4. the mirror, if there is one                            -> as after 3; on start the mirror is brought up
 *   5. the head file, compared and swapped                    -> done, but nobody was told; a second cast gives the receipt
 *   6. answers
 * A receipt leaves only after 5: one for a head that a restored store does not know would otherwise not be noticed. It is made
 * before 5, while the next batch's write is being synced: two syncs of one disk at the same time would wait for each other.
 * While a batch is between 3 and 5 the next may be written; if the former then fails, both are unacknowledged, and both are
 * found, and taken up, when the store is opened again: what is stored is always a prefix of what was signed in memory. */
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ledger/headfile.h"
#include "ledger/internal.h"
#include "ledger/layout.h"
#include "ledger/mirror.h"

/* The deduplication keys of a batch, by value: the batch's callers may be gone when the next one looks them up. */
struct key_table {
	struct key_slot {
		uint8_t key[32];
		uint64_t index_1; /* of the entry, plus 1; 0: free */
	} *slot;
	size_t room; /* a power of two, or 0 */
};

struct batch {
	struct ledger_append *first; /* all who are answered together */
	struct ledger_append **kept; /* those whose entries are new, in the order of the log */
	size_t n, room;
	struct ledger_append **keyed; /* those that have a key, in the order of the keys: cheaper to look up and to store */
	size_t keyed_n;
	struct key_table keys;
	struct store_batch *writes;
	struct tile_builder *edge; /* right edge with this batch */
	struct head head;
	struct buf checkpoint, mirrored;
	enum err result;
	struct why why;
};

/* ---- deduplication -------------------------------------------------------------------- */

static struct key_slot *
key_slot(const struct ledger *l, const struct key_table *t, const uint8_t key[32])
{
	uint64_t h;
	size_t at;

	memcpy(&h, key, sizeof h);
	h = (h ^ l->seed) * 0x9e3779b97f4a7c15u;
	for (at = (size_t)(h >> 20) & (t->room - 1); t->slot[at].index_1 != 0 && memcmp(t->slot[at].key, key, 32) != 0;)
		at = (at + 1) & (t->room - 1);
	return &t->slot[at];
}

static void
key_table_make(struct key_table *t, size_t n)
{
	size_t room = 64;

	while (room < 2 * n)
		room *= 2;
	if (room > t->room) {
		free(t->slot);
		if ((t->slot = malloc(room * sizeof *t->slot)) == NULL)
			abort();
		t->room = room;
	}
	memset(t->slot, 0, t->room * sizeof *t->slot);
}

static void
on_known(void *ctx, size_t i, const void *value, size_t n)
{
	struct ledger_append *const *asked = ctx;

	asked[i]->result = ERR_EXISTS;
	asked[i]->index = get_index(value, n);
}

static int
by_key(const void *a, const void *b)
{
	return memcmp((*(struct ledger_append *const *)a)->key, (*(struct ledger_append *const *)b)->key, 32);
}

/* Mark those whose keys are in the store. */
static enum err
find_stored(struct ledger *l, struct batch *b)
{
	const char **keys = calloc(b->n + 1, sizeof *keys);
	size_t *keys_n = calloc(b->n + 1, sizeof *keys_n);
	uint8_t(*bytes)[STORE_KEY_BYTES] = calloc(b->n + 1, sizeof *bytes);
	enum err e = ERR_NOMEM;

	b->keyed_n = 0;
	if (keys != NULL && keys_n != NULL && bytes != NULL) {
		for (size_t i = 0; i < b->n; i++)
			if (b->kept[i]->key != NULL && b->kept[i]->result == OK)
				b->keyed[b->keyed_n++] = b->kept[i];
		qsort(b->keyed, b->keyed_n, sizeof *b->keyed, by_key);
		for (size_t i = 0; i < b->keyed_n; i++) {
			keys_n[i] = store_dedup_key(bytes[i], b->keyed[i]->key);
			keys[i] = (const char *)bytes[i];
		}
		if ((e = store_find(l->store, keys, keys_n, b->keyed_n, on_known, b->keyed, &b->why)) == ERR_IO || e == ERR_PROOF)
			e = ledger_failed(l, e, e == ERR_PROOF ? STORE_DAMAGED : "the store cannot be read", &b->why);
	}
	free(keys);
	free(keys_n);
	free(bytes);
	return e;
}

/* The batch that is `back` batches before the one being prepared; it may still be under way. */
static struct batch *
earlier(const struct ledger *l, unsigned back)
{
	return l->batch[(l->prepared + IN_FLIGHT - back) % IN_FLIGHT];
}

/* Mark those whose keys are in a batch that may not be in the store yet. */
static void
find_under_way(struct ledger *l, struct batch *b)
{
	for (unsigned back = 1; back < IN_FLIGHT; back++) {
		const struct key_table *t = &earlier(l, back)->keys;

		for (size_t i = 0; i < b->n && t->room > 0; i++) {
			const struct key_slot *s = b->kept[i]->key != NULL ? key_slot(l, t, b->kept[i]->key) : NULL;

			if (s != NULL && s->index_1 != 0) {
				b->kept[i]->result = ERR_EXISTS;
				b->kept[i]->index = s->index_1 - 1;
			}
		}
	}
}

/* Take out of b->kept what has a key that is in the log or twice in this batch. The rest stays in order and gets its index. */
static enum err
deduplicate(struct ledger *l, struct batch *b)
{
	size_t kept = 0;
	enum err e;

	find_under_way(l, b);
	if ((e = find_stored(l, b)) != OK)
		return e;
	key_table_make(&b->keys, b->n);
	for (size_t i = 0; i < b->n; i++) {
		struct ledger_append *a = b->kept[i];
		struct key_slot *s = a->key != NULL && a->result == OK ? key_slot(l, &b->keys, a->key) : NULL;
		uint64_t index = l->tree.frontier.size + kept;

		if (s != NULL && s->index_1 != 0) {
			a->result = ERR_EXISTS;
			a->index = s->index_1 - 1;
		}
		if (a->result != OK)
			continue;
		if (s != NULL) {
			memcpy(s->key, a->key, 32);
			s->index_1 = index + 1;
		}
		a->index = index;
		b->kept[kept++] = a;
	}
	b->n = kept;
	return OK;
}

/* ---- the sequencer: steps 1 and 2 ---------------------------------------------------------- */

static int
by_leaf(const void *a, const void *b)
{
	return memcmp((*(struct ledger_append *const *)a)->leaf.b, (*(struct ledger_append *const *)b)->leaf.b, HASH_BYTES);
}

/* Everyone waiting, in the order of the leaf hashes: the log does not tell who came first within a batch. */
static void
collect(struct batch *b, struct ledger_append *first, unsigned count)
{
	if (count > b->room) {
		free(b->kept);
		free(b->keyed);
		b->kept = calloc(count, sizeof *b->kept);
		b->keyed = calloc(count, sizeof *b->keyed);
		if (b->kept == NULL || b->keyed == NULL)
			abort();
		b->room = count;
	}
	b->first = first;
	b->n = 0;
	for (struct ledger_append *a = first; a != NULL; a = a->next)
		b->kept[b->n++] = a;
	qsort(b->kept, b->n, sizeof *b->kept, by_leaf);
}

static int
head_equal(const struct head *a, const struct head *b)
{
	return a->size == b->size && hash_equal(&a->root, &b->root);
}

/* The head file must say what was written last: the head that was answered last, or that of a batch still under way. */
static enum err
check_fence(struct ledger *l, struct why *why)
{
	struct head now, fence;
	int good;

	(void)pthread_mutex_lock(&l->lock);
	now = l->head; /* before the file is read: it may advance meanwhile, but only to a batch under way */
	(void)pthread_mutex_unlock(&l->lock);
	if (head_file_read(l->head_file, &fence, why) == OK) {
		good = head_equal(&fence, &now);
		for (unsigned back = 1; back < IN_FLIGHT; back++)
			good |= head_equal(&fence, &earlier(l, back)->head);
		if (good)
			return OK;
	}
	return why_set(why, ERR_NOT_NOW, "the head file %s is gone or was changed by another process: nothing is signed", l->head_file);
}

static enum err
sign(const struct ledger *l, struct buf *checkpoint, const struct head *head, struct why *why)
{
	enum err e = checkpoint_sign(checkpoint, head, l->key);

	return e == OK ? OK : why_set(why, e, "the log's key %s does not sign", l->key->name);
}

/* Entries, keys, full tiles and the new head into one batch of the store; the tree and its signed head. */
static enum err
build(struct ledger *l, struct batch *b)
{
	uint8_t key[STORE_KEY_BYTES], value[8];
	enum err e = OK;

	if (b->writes == NULL)
		b->writes = store_batch_new(l->store);
	store_batch_clear(b->writes);
	l->writes = b->writes;
	for (size_t i = 0; i < b->n && e == OK; i++) {
		const struct ledger_append *a = b->kept[i];

		store_batch_put(b->writes, key, store_entry_key(key, a->index), a->entry, a->n);
		e = tile_builder_leaf(&l->tree, &a->leaf);
	}
	for (size_t i = 0; i < b->keyed_n; i++) {
		const struct ledger_append *a = b->keyed[i];

		put_index(value, a->index);
		if (a->result == OK)
			store_batch_put(b->writes, key, store_dedup_key(key, a->key), value, sizeof value);
	}
	b->head.size = l->tree.frontier.size;
	frontier_root(&b->head.root, &l->tree.frontier);
	if (e == OK)
		e = sign(l, &b->checkpoint, &b->head, &b->why);
	store_batch_put(b->writes, "h", 1, b->checkpoint.p, b->checkpoint.n);
	return e;
}

/* Nothing may be under way: a batch that is sees that the log is broken, and ends soon. */
static void
wait_for_all(struct ledger *l)
{
	(void)pthread_mutex_lock(&l->pool_lock);
	while (l->finished != l->prepared)
		(void)pthread_cond_wait(&l->moved, &l->pool_lock);
	(void)pthread_mutex_unlock(&l->pool_lock);
}

static enum err
broken(struct ledger *l, struct why *why, time_t *since)
{
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	if ((e = l->broken) != OK)
		*why = l->broken_why;
	if (since != NULL)
		*since = l->broken_at;
	(void)pthread_mutex_unlock(&l->lock);
	return e;
}

static void
forget_batch(struct batch *b)
{
	store_batch_free(b->writes); /* it belongs to the store that is closed now */
	b->writes = NULL;
	if (b->keys.room > 0)
		memset(b->keys.slot, 0, b->keys.room * sizeof *b->keys.slot);
	memset(&b->head, 0, sizeof b->head);
}

/* OK, or why nothing can be signed; after an error it is tried again now and then. */
static enum err
ready(struct ledger *l, struct why *why)
{
	time_t since;
	enum err e = broken(l, why, &since);

	if (e == OK || e == ERR_PROOF || monotonic_seconds() - since < HEAL_SECONDS)
		return e;
	wait_for_all(l);
	for (size_t i = 0; i < IN_FLIGHT; i++)
		forget_batch(l->batch[i]);
	ledger_heal(l);
	return broken(l, why, NULL);
}

/* The state tells why nothing is signed although nothing is broken, until something could be. */
static void
set_refused(struct ledger *l, enum err e, const struct why *why)
{
	if (e == OK && !l->refusing)
		return;
	(void)pthread_mutex_lock(&l->lock);
	l->refused = e;
	l->refused_why = *why;
	(void)pthread_mutex_unlock(&l->lock);
	l->refusing = e != OK;
}

static void
prepare(struct ledger *l, struct batch *b)
{
	b->why.text[0] = '\0';
	if ((b->result = ready(l, &b->why)) == OK)
		b->result = deduplicate(l, b);
	if (b->result == OK && b->n > 0) {
		l->saved = l->tree;
		if ((b->result = check_fence(l, &b->why)) == OK)
			b->result = build(l, b);
		if (b->result != OK)
			l->tree = l->saved;
		set_refused(l, b->result, &b->why);
	}
	if (b->result == OK)
		*b->edge = l->tree;
	else
		b->n = 0;
	if (b->n == 0) { /* the batches after this one must find nothing here that will not come */
		if (b->keys.room > 0)
			memset(b->keys.slot, 0, b->keys.room * sizeof *b->keys.slot);
		b->head = earlier(l, 1)->head;
	}
}

/* Until the first one has waited its time, or there is company enough. With the pool's lock. */
static void
wait_for_company(struct ledger *l)
{
	struct timespec until = l->pooled_since;

	until.tv_nsec += (long)(l->pool_ms % 1000) * 1000000;
	until.tv_sec += (time_t)(l->pool_ms / 1000) + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (l->pool_ms > 0 && l->pooled < COMPANY && !l->stopping)
		if (pthread_cond_timedwait(&l->work, &l->pool_lock, &until) != 0)
			break;
}

/* Could the log sign? After an error it is opened again; after a refusal its head, which is signed, is signed once more. */
static void
look(struct ledger *l)
{
	struct buf checkpoint = {0};
	struct why why = {""};
	struct head head;
	enum err e;

	if (ready(l, &why) != OK)
		return;
	if ((e = check_fence(l, &why)) == OK && l->refusing) {
		ledger_head(l, &head, NULL);
		e = sign(l, &checkpoint, &head, &why);
	}
	set_refused(l, e, &why);
	buf_free(&checkpoint);
}

/* Until something comes, or a second is over in which nothing was under way. With the pool's lock. */
static void
wait_for_work(struct ledger *l)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += HEAL_SECONDS;
	if (pthread_cond_timedwait(&l->work, &l->pool_lock, &until) == 0 || l->finished != l->prepared)
		return;
	(void)pthread_mutex_unlock(&l->pool_lock);
	look(l);
	(void)pthread_mutex_lock(&l->pool_lock);
}

static void *
sequence(void *arg)
{
	struct ledger *l = arg;

	(void)pthread_setname_np(pthread_self(), "sequencer");
	(void)pthread_mutex_lock(&l->pool_lock);
	for (;;) {
		while (l->pool == NULL && !l->stopping)
			wait_for_work(l);
		if (l->pool == NULL)
			break;
		wait_for_company(l);
		while (l->prepared - l->finished == IN_FLIGHT) /* and more company comes */
			(void)pthread_cond_wait(&l->moved, &l->pool_lock);
		struct batch *b = l->batch[l->prepared % IN_FLIGHT];
		struct ledger_append *first = l->pool;
		unsigned count = l->pooled;

		l->pool = NULL;
		l->pool_end = &l->pool;
		l->pooled = 0;
		l->preparing = 1;
		(void)pthread_mutex_unlock(&l->pool_lock);
		collect(b, first, count);
		prepare(l, b);
		(void)pthread_mutex_lock(&l->pool_lock);
		l->preparing = 0;
		l->prepared++;
		(void)pthread_cond_broadcast(&l->moved);
	}
	(void)pthread_mutex_unlock(&l->pool_lock);
	return NULL;
}

/* ---- the writer and the syncer: step 3 --------------------------------------------------------- */

/* After an error it is stored or not: only a store that is opened again can tell. */
static void
store_failed(struct ledger *l, struct batch *b, enum err e)
{
	b->result = ledger_failed(l, e, e == ERR_PROOF ? STORE_DAMAGED : "the store cannot be written", &b->why);
}

static void
write_batch(struct ledger *l, struct batch *b)
{
	enum err e = OK;

	if ((b->result = broken(l, &b->why, NULL)) == OK && (e = store_put(l->store, b->writes, &b->why)) != OK)
		store_failed(l, b, e);
}

static void
sync_batch(struct ledger *l, struct batch *b)
{
	enum err e = OK;

	if ((b->result = broken(l, &b->why, NULL)) == OK && (e = store_sync(l->store, &b->why)) != OK)
		store_failed(l, b, e);
}

/* ---- the finisher: steps 4 to 6 ------------------------------------------------------------- */

static enum err
mirror_batch(struct ledger *l, struct batch *b)
{
	b->mirrored.n = 0;
	for (size_t i = 0; i < b->n; i++)
		buf_vec16(&b->mirrored, b->kept[i]->entry, b->kept[i]->n);
	return b->mirrored.failed ? ERR_NOMEM : mirror_append(l->mirror, (uint32_t)b->n, &b->mirrored, &b->checkpoint, &b->why);
}

static enum err
make_receipts(struct ledger *l, struct batch *b)
{
	struct log_view view = {l, b->edge};
	struct range_memo memo = {0};
	struct node_source nodes = {&view, read_node, &memo};
	enum err e = OK;

	(void)pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < b->n && e == OK; i++)
		if (b->kept[i]->receipt != NULL)
			e = make_receipt(&nodes, b->kept[i]->index, &b->head, &b->checkpoint, b->kept[i]->receipt);
	(void)pthread_mutex_unlock(&l->lock);
	return e == OK ? OK : why_set(&b->why, e, "no receipts");
}

/* They do not leave. */
static void
drop_receipts(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->kept[i]->receipt != NULL)
			b->kept[i]->receipt->n = 0;
}

/* The batch's head is the log's head from here on. */
static void
advance(struct ledger *l, struct batch *b)
{
	struct tile_builder *edge = l->edge;
	struct buf old = l->checkpoint;

	(void)pthread_mutex_lock(&l->lock);
	l->head = b->head;
	l->edge = b->edge;
	l->checkpoint = b->checkpoint;
	l->batches++;
	(void)pthread_mutex_unlock(&l->lock);
	b->edge = edge;
	buf_free(&old);
	memset(&b->checkpoint, 0, sizeof b->checkpoint);
}

static void
finish_batch(struct ledger *l, struct batch *b)
{
	enum err e;

	if ((b->result = broken(l, &b->why, NULL)) != OK)
		return;
	if (l->mirror != NULL && mirror_batch(l, b) != OK)
		b->result = ledger_failed(l, ERR_IO, "the mirror cannot be written", &b->why);
	else if ((e = make_receipts(l, b)) != OK)
		b->result = ledger_failed(l, e, e == ERR_PROOF ? STORE_DAMAGED : "the store cannot be read", &b->why);
	else if (head_file_swap(l->head_file, &l->head, &b->head, &b->why) != OK)
		b->result = ledger_failed(l, ERR_IO, "the head file cannot be written", &b->why);
	if (b->result == OK)
		advance(l, b);
	else
		drop_receipts(b);
}

/* Everyone is told at once, in one call of the kernel; after that the batch's callers may be gone. */
static void
answer(struct ledger *l, struct batch *b, uint32_t number)
{
	_Atomic uint32_t *answered = &l->answered[number % ANSWERS];
	uint64_t sure = l->head.size; /* changed by this thread only, and when nothing is under way */

	for (struct ledger_append *a = b->first; a != NULL; a = a->next) {
		if (a->result == ERR_EXISTS && a->index >= sure && b->result == OK) /* of a batch that failed before this one */
			b->result = broken(l, &b->why, NULL) != OK ? ERR_IO : why_set(&b->why, ERR_IO, "the batch before failed");
		if (b->result != OK && (a->result != ERR_EXISTS || a->index >= sure)) {
			a->result = b->result;
			a->why = b->why;
		}
	}
	atomic_store(answered, number + 1);
	(void)syscall(SYS_futex, answered, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ---- the three threads behind the sequencer ---------------------------------------------------- */

/* The next batch of those between `done` and `ready`; NULL: there will be none. With the pool's lock. */
static struct batch *
next_batch(struct ledger *l, const uint64_t *done, const uint64_t *ready_ones)
{
	while (*done == *ready_ones && !l->drained)
		(void)pthread_cond_wait(&l->moved, &l->pool_lock);
	return *done == *ready_ones ? NULL : l->batch[*done % IN_FLIGHT];
}

static void *
write_batches(void *arg)
{
	struct ledger *l = arg;
	struct batch *b;

	(void)pthread_setname_np(pthread_self(), "writer");
	(void)pthread_mutex_lock(&l->pool_lock);
	while ((b = next_batch(l, &l->written, &l->prepared)) != NULL) {
		(void)pthread_mutex_unlock(&l->pool_lock);
		if (b->n > 0)
			write_batch(l, b);
		(void)pthread_mutex_lock(&l->pool_lock);
		l->written++;
		(void)pthread_cond_broadcast(&l->moved);
	}
	(void)pthread_mutex_unlock(&l->pool_lock);
	return NULL;
}

static void *
sync_batches(void *arg)
{
	struct ledger *l = arg;
	struct batch *b;

	(void)pthread_setname_np(pthread_self(), "syncer");
	(void)pthread_mutex_lock(&l->pool_lock);
	while ((b = next_batch(l, &l->synced, &l->written)) != NULL) {
		(void)pthread_mutex_unlock(&l->pool_lock);
		if (b->n > 0 && b->result == OK)
			sync_batch(l, b);
		(void)pthread_mutex_lock(&l->pool_lock);
		l->synced++;
		(void)pthread_cond_broadcast(&l->moved);
	}
	(void)pthread_mutex_unlock(&l->pool_lock);
	return NULL;
}

static void *
finish_batches(void *arg)
{
	struct ledger *l = arg;
	struct batch *b;

	(void)pthread_setname_np(pthread_self(), "finisher");
	(void)pthread_mutex_lock(&l->pool_lock);
	while ((b = next_batch(l, &l->finished, &l->synced)) != NULL) {
		(void)pthread_mutex_unlock(&l->pool_lock);
		if (b->n > 0 && b->result == OK)
			finish_batch(l, b);
		answer(l, b, (uint32_t)l->finished);
		(void)pthread_mutex_lock(&l->pool_lock);
		l->finished++;
		(void)pthread_cond_broadcast(&l->moved);
	}
	(void)pthread_mutex_unlock(&l->pool_lock);
	return NULL;
}

enum err
sequence_start(struct ledger *l)
{
	for (size_t i = 0; i < IN_FLIGHT; i++)
		if ((l->batch[i] = calloc(1, sizeof **l->batch)) == NULL || (l->batch[i]->edge = calloc(1, sizeof *l->batch[i]->edge)) == NULL)
			return ERR_NOMEM;
	if (pthread_create(&l->sequencer, NULL, sequence, l) != 0)
		return ERR_NOMEM;
	l->threads = 1;
	if (pthread_create(&l->writer, NULL, write_batches, l) != 0)
		return ERR_NOMEM;
	l->threads = 2;
	if (pthread_create(&l->syncer, NULL, sync_batches, l) != 0)
		return ERR_NOMEM;
	l->threads = 3;
	if (pthread_create(&l->finisher, NULL, finish_batches, l) != 0)
		return ERR_NOMEM;
	l->threads = 4;
	return OK;
}

void
sequence_stop(struct ledger *l)
{
	(void)pthread_mutex_lock(&l->pool_lock);
	l->stopping = 1;
	(void)pthread_cond_signal(&l->work);
	(void)pthread_mutex_unlock(&l->pool_lock);
	if (l->threads > 0)
		(void)pthread_join(l->sequencer, NULL);
	(void)pthread_mutex_lock(&l->pool_lock);
	l->drained = 1;
	(void)pthread_cond_broadcast(&l->moved);
	(void)pthread_mutex_unlock(&l->pool_lock);
	if (l->threads > 1)
		(void)pthread_join(l->writer, NULL);
	if (l->threads > 2)
		(void)pthread_join(l->syncer, NULL);
	if (l->threads > 3)
		(void)pthread_join(l->finisher, NULL);
	for (size_t i = 0; i < IN_FLIGHT; i++) {
		struct batch *b = l->batch[i];

		if (b == NULL)
			continue;
		store_batch_free(b->writes);
		free(b->edge);
		free(b->kept);
		free(b->keyed);
		free(b->keys.slot);
		buf_free(&b->checkpoint);
		buf_free(&b->mirrored);
		free(b);
	}
}

/* ---- the callers' side -------------------------------------------------------------------------- */

enum err
ledger_submit(struct ledger *l, struct ledger_append *a, struct why *why)
{
	enum err e = OK;

	if (a->n > TILE_MAX_ENTRY)
		return why_set(why, ERR_LENGTH, "an entry has at most %d bytes", TILE_MAX_ENTRY);
	leaf_hash(&a->leaf, a->entry, a->n);
	a->result = OK;
	a->index = 0;
	a->why.text[0] = '\0';
	a->next = NULL;
	a->log = l;
	(void)pthread_mutex_lock(&l->pool_lock);
	if (l->sealed || l->stopping)
		e = why_set(why, ERR_NOT_NOW, "the log is closed");
	else {
		if (l->pool == NULL) {
			(void)clock_gettime(CLOCK_MONOTONIC, &l->pooled_since);
			(void)pthread_cond_signal(&l->work);
		}
		a->batch = (uint32_t)l->prepared + (uint32_t)l->preparing;
		*l->pool_end = a;
		l->pool_end = &a->next;
		if (++l->pooled == COMPANY)
			(void)pthread_cond_signal(&l->work);
	}
	(void)pthread_mutex_unlock(&l->pool_lock);
	return e;
}

enum err
ledger_wait(struct ledger_append *a)
{
	_Atomic uint32_t *answered = &a->log->answered[a->batch % ANSWERS];
	uint32_t now;

	while ((int32_t)((now = atomic_load(answered)) - a->batch) <= 0)
		(void)syscall(SYS_futex, answered, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
	return a->result;
}

enum err
ledger_append(struct ledger *l, const void *entry, size_t n, const uint8_t *key, uint64_t *index, struct buf *receipt, struct why *why)
{
	struct ledger_append a;
	enum err e;

	a.entry = entry;
	a.n = n;
	a.key = key;
	a.receipt = receipt;
	if ((e = ledger_submit(l, &a, why)) != OK)
		return e;
	e = ledger_wait(&a);
	if (e == OK || e == ERR_EXISTS) {
		if (index != NULL)
			*index = a.index;
	} else if (why != NULL)
		*why = a.why;
	return e;
}

void
ledger_seal(struct ledger *l)
{
	(void)pthread_mutex_lock(&l->pool_lock);
	l->sealed = 1;
	while (l->pool != NULL || l->preparing || l->finished != l->prepared)
		(void)pthread_cond_wait(&l->moved, &l->pool_lock);
	(void)pthread_mutex_unlock(&l->pool_lock);
}
