/* ledger/internal.h - what the parts of the ledger share: reading (nodes.c), sequencing (sequence.c), checking (check.c), and
 * the rest (ledger.c).
 */
#ifndef LEDGER_INTERNAL_H
#define LEDGER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "ledger/layout.h"
#include "ledger/ledger.h"
#include "ledger/store.h"

/* COMPANY: when so many wait, a batch waits no longer. IN_FLIGHT: batches under way, one being made ready, one going into the
 * store, one to the disk, one being answered, and two between them, so that a step that is slow once holds up no other.
 * MOST_FRAME: entries in a frame when the mirror is brought up. */
enum { COMPANY = 128, MOST_FRAME = 4096, HEAL_SECONDS = 1, IN_FLIGHT = 6, ANSWERS = 8, CACHED_TILES = 256 };

/* For ledger_failed with ERR_PROOF. */
#define STORE_DAMAGED "the store is damaged, restore it"

struct batch;
struct tile_nodes;
struct mirror;

struct ledger {
	/* set when opened */
	const struct signer *key;
	char store_path[4096], mirror_path[4096], head_file[4096];
	int lock_fd;
	unsigned pool_ms;
	uint64_t seed; /* of the tables of keys, so that nobody can choose keys that collide */
	pthread_t sequencer, writer, syncer, finisher, checker;
	unsigned threads;
	int checker_runs;
	atomic_int check_stops;
	struct head opened; /* what the full check must find */

	pthread_rwlock_t store_lock; /* readers of the store; written while it is opened again after an error */
	struct store *store;
	struct mirror *mirror;

	/* What waits, and how far the batches are: prepared >= written >= synced >= finished. Taken before `lock`, or alone. */
	pthread_mutex_t pool_lock;
	pthread_cond_t work, moved;
	struct ledger_append *pool, **pool_end;
	unsigned pooled;
	struct timespec pooled_since;
	int stopping, sealed, preparing, drained;
	uint64_t prepared, written, synced, finished;
	_Atomic uint32_t answered[ANSWERS]; /* a batch's callers wait until it is in its place: number n, plus 1, at n % ANSWERS */

	/* the sequencer's alone */
	struct batch *batch[IN_FLIGHT]; /* batch number n is batch[n % IN_FLIGHT]; handed on by the three counts */
	struct tile_builder tree, saved; /* right edge after the batch prepared last; and before it */
	int refusing; /* l->refused is not OK */
	struct store_batch *writes;

	pthread_mutex_t lock; /* over everything below */
	struct tile_nodes *cached[CACHED_TILES]; /* tiles that proofs were made from, 4 MB at most */
	enum err broken; /* ERR_PROOF: for good */
	struct why broken_why;
	time_t broken_at; /* monotonic; opened again after HEAL_SECONDS */
	enum err refused; /* why the last batch was not signed, although nothing is broken */
	struct why refused_why;
	uint8_t unread[STORE_KEY_BYTES]; /* a key that the disk does not give, for ledger_heal */
	size_t unread_n;
	struct tile_builder *edge; /* right edge of `head` */
	struct head head, public_head;
	struct buf checkpoint, public_checkpoint;
	uint64_t batches;
};

/* ---- nodes.c: what is in the log. With the lock held; the store is open. ---- */

/* A state of the log: what is stored and its right edge, that of l->head or of the batch that will be. */
struct log_view {
	struct ledger *l;
	const struct tile_builder *edge;
};
/* For struct node_source, with a log_view. */
MUST_CHECK enum err read_node(void *view, unsigned level, uint64_t index, struct hash *out);
void forget_nodes(struct ledger *l);
/* The receipt of an entry in a head of the tree that `nodes` reads. */
MUST_CHECK enum err make_receipt(const struct node_source *nodes, uint64_t index, const struct head *head, const struct buf *checkpoint, struct buf *out);
/* Make the right edge of the stored tree from entries and full tiles, and hold it against its head. */
MUST_CHECK enum err load_edge(struct ledger *l, struct why *why);

/* ---- sequence.c ---- */

MUST_CHECK enum err sequence_start(struct ledger *l);
/* Finish what is pooled and end the threads. */
void sequence_stop(struct ledger *l);

/* ---- check.c ---- */

/* The thread of it; its result is in ledger_state. */
void *check_behind(void *ledger);

/* ---- ledger.c ---- */

/* A value of the store; ERR_IO while it is opened again. A damaged one stops signing. */
MUST_CHECK enum err ledger_get(struct ledger *l, const void *key, size_t n, struct buf *out, struct why *why);
/* Store, mirror or head file failed: nothing is signed, for good if what is on the disk is false (ERR_PROOF), else until
 * ledger_heal (ERR_IO); the first reason stays, unless one for good comes. `why` says what went wrong, and then the state,
 * whose code is returned. Without the lock. */
enum err ledger_failed(struct ledger *l, enum err e, const char *what, struct why *why);
/* After an error only the store on disk can tell what it holds: open it again, and everything is checked as at a start.
 * No batch may be under way. */
void ledger_heal(struct ledger *l);
time_t monotonic_seconds(void);
void put_index(uint8_t value[8], uint64_t index);
uint64_t get_index(const void *value, size_t n);

#endif
