#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/headfile.h"
#include "ledger/internal.h"
#include "ledger/layout.h"
#include "ledger/mirror.h"

time_t
monotonic_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

void
put_index(uint8_t value[8], uint64_t index)
{
	for (int i = 0; i < 8; i++)
		value[i] = (uint8_t)(index >> (56 - 8 * i));
}

uint64_t
get_index(const void *value, size_t n)
{
	struct rd r = rd_init(value, n);

	return rd_u64(&r);
}

enum err
ledger_failed(struct ledger *l, enum err e, const char *what, struct why *why)
{
	struct why cause = *why;

	(void)pthread_mutex_lock(&l->lock);
	if (e == ERR_PROOF && l->broken != ERR_PROOF)
		(void)why_set(&l->broken_why, l->broken = ERR_PROOF, "%s (%.900s): nothing is signed any more", what, cause.text);
	else if (l->broken == OK)
		(void)why_set(&l->broken_why, l->broken = ERR_IO, "%s (%.900s): nothing is acknowledged; tried again every second", what, cause.text);
	l->broken_at = monotonic_seconds();
	*why = l->broken_why;
	e = l->broken;
	(void)pthread_mutex_unlock(&l->lock);
	return e;
}

/* ---- reading ------------------------------------------------------------------------------ */

enum err
ledger_get(struct ledger *l, const void *key, size_t n, struct buf *out, struct why *why)
{
	struct why said = {""};
	enum err e;

	(void)pthread_rwlock_rdlock(&l->store_lock);
	e = l->store == NULL ? why_set(&said, ERR_IO, "the store is being opened again") : store_get(l->store, key, n, out, &said);
	(void)pthread_rwlock_unlock(&l->store_lock);
	if (e == ERR_PROOF)
		e = ledger_failed(l, e, STORE_DAMAGED, &said);
	if (e != OK && e != ERR_ABSENT && why != NULL)
		*why = said;
	return e;
}

enum err
ledger_find(struct ledger *l, const uint8_t key[32], uint64_t *index)
{
	uint8_t k[STORE_KEY_BYTES];
	struct buf v = {0};
	enum err e = ledger_get(l, k, store_dedup_key(k, key), &v, NULL);

	if (e == OK)
		*index = get_index(v.p, v.n);
	buf_free(&v);
	return e;
}

enum err
ledger_read(struct ledger *l, uint64_t index, struct buf *entry, struct why *why)
{
	uint8_t key[STORE_KEY_BYTES];

	return ledger_get(l, key, store_entry_key(key, index), entry, why);
}

enum err
ledger_receipt(struct ledger *l, uint64_t index, struct buf *receipt, struct why *why)
{
	struct log_view view = {.l = l};
	struct node_source nodes = {&view, read_node, NULL};
	struct why said;
	struct head head;
	struct buf checkpoint = {0};
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	view.edge = l->edge;
	if (index < l->public_head.size) {
		head = l->public_head;
		buf_put(&checkpoint, l->public_checkpoint.p, l->public_checkpoint.n);
	} else {
		head = l->head;
		buf_put(&checkpoint, l->checkpoint.p, l->checkpoint.n);
	}
	e = checkpoint.failed ? ERR_NOMEM : l->store == NULL ? ERR_IO : make_receipt(&nodes, index, &head, &checkpoint, receipt);
	(void)pthread_mutex_unlock(&l->lock);
	buf_free(&checkpoint);
	if (e == OK)
		return OK;
	(void)why_set(&said, e, "no receipt for entry %" PRIu64, index);
	if (e == ERR_PROOF)
		(void)ledger_failed(l, e, STORE_DAMAGED, &said);
	return why_set(why, e, "%s", said.text);
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

/* The public checkpoint, on disk and then in memory; takes the note's bytes. With the lock held. */
static enum err
set_public(struct ledger *l, const struct head *head, struct buf *note, struct why *why)
{
	struct store_batch *b = store_batch_new(l->store);
	enum err e;

	store_batch_put(b, "p", 1, note->p, note->n);
	e = note->failed ? ERR_NOMEM : store_write(l->store, b, why);
	store_batch_free(b);
	if (e == OK) {
		buf_free(&l->public_checkpoint);
		l->public_checkpoint = *note;
		l->public_head = *head;
		memset(note, 0, sizeof *note);
	}
	return e;
}

/* After set_public has failed, without the lock. */
static enum err
not_public(struct ledger *l, enum err e, struct why *said, struct why *why)
{
	if (e != ERR_NOMEM)
		e = ledger_failed(l, e, e == ERR_PROOF ? STORE_DAMAGED : "the store cannot be written", said);
	if (why != NULL)
		*why = *said;
	return e;
}

uint64_t
ledger_batches(struct ledger *l)
{
	uint64_t n;

	(void)pthread_mutex_lock(&l->lock);
	n = l->batches;
	(void)pthread_mutex_unlock(&l->lock);
	return n;
}

enum err
ledger_publish(struct ledger *l, struct why *why)
{
	struct buf note = {0};
	struct why said = {""};
	enum err e = OK;
	int failed = 0;

	(void)pthread_mutex_lock(&l->lock);
	if (l->broken != OK) {
		e = l->broken;
		if (why != NULL)
			*why = l->broken_why;
	} else if (l->public_head.size != l->head.size || l->public_checkpoint.n == 0) {
		buf_put(&note, l->checkpoint.p, l->checkpoint.n);
		failed = (e = set_public(l, &l->head, &note, &said)) != OK;
	}
	(void)pthread_mutex_unlock(&l->lock);
	buf_free(&note);
	return failed ? not_public(l, e, &said, why) : e;
}

enum err
ledger_consistency(struct ledger *l, uint64_t old, uint64_t size, struct hash path[MERKLE_MAX_PATH], size_t *n, struct why *why)
{
	struct log_view view = {.l = l};
	struct node_source src = {&view, read_node, NULL};
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	view.edge = l->edge;
	e = l->store == NULL ? ERR_IO : size > l->head.size ? ERR_RANGE : consistency_path(path, n, old, size, &src);
	(void)pthread_mutex_unlock(&l->lock);
	return e == OK ? OK : why_set(why, e, "no consistency proof from %" PRIu64 " to %" PRIu64, old, size);
}

/* The public checkpoint with this line in the place of one of the same name and id. With the lock held. */
static enum err
with_line(struct buf *out, const struct ledger *l, const struct buf *line)
{
	const struct note one = {.lines = (const char *)line->p, .lines_n = line->n};
	struct note_signature new, s;
	struct note note;

	if (note_signature(&one, 0, &new) != OK || new.line_n != line->n || note_read(&note, l->public_checkpoint.p, l->public_checkpoint.n, NULL) != OK)
		return ERR_FORMAT;
	buf_put(out, note.text, note.text_n);
	buf_u8(out, '\n');
	for (size_t i = 0; i < note.signatures && note_signature(&note, i, &s) == OK; i++) {
		if (s.line_n == new.line_n && memcmp(s.line, new.line, s.line_n) == 0)
			return ERR_EXISTS;
		if (strcmp(s.name, new.name) != 0 || memcmp(s.id, new.id, sizeof s.id) != 0)
			buf_put(out, s.line, s.line_n);
	}
	buf_put(out, line->p, line->n);
	return out->failed ? ERR_NOMEM : note_read(&note, out->p, out->n, NULL) == OK ? OK : ERR_RANGE;
}

enum err
ledger_cosigned(struct ledger *l, const struct head *head, const struct buf *line, struct why *why)
{
	struct buf note = {0};
	struct why said = {""};
	int failed = 0;
	enum err e;

	(void)pthread_mutex_lock(&l->lock);
	if (l->broken != OK || l->public_head.size != head->size || !hash_equal(&l->public_head.root, &head->root))
		e = ERR_NOT_NOW;
	else if ((e = with_line(&note, l, line)) == OK)
		failed = (e = set_public(l, head, &note, &said)) != OK;
	else if (e == ERR_FORMAT || e == ERR_RANGE)
		e = why_set(why, e, e == ERR_FORMAT ? "not a signature line" : "the checkpoint would have more than %d signature lines", NOTE_MAX_SIGNATURES);
	(void)pthread_mutex_unlock(&l->lock);
	buf_free(&note);
	return failed ? not_public(l, e, &said, why) : e;
}

/* The first `width` hashes of a tile: a stored one, or that of the right edge. ERR_ABSENT if it has fewer. */
static enum err
read_hashes(struct ledger *l, int level, uint64_t index, unsigned width, struct buf *out, struct why *why)
{
	uint8_t key[STORE_KEY_BYTES];
	struct buf b = {0};
	enum err e = ERR_ABSENT;

	(void)pthread_mutex_lock(&l->lock);
	if (l->edge->level[level].index == index && l->edge->level[level].n >= width) {
		buf_put(out, l->edge->level[level].hash, width * HASH_BYTES);
		e = OK;
	}
	(void)pthread_mutex_unlock(&l->lock);
	if (e == OK)
		return OK;
	if ((e = ledger_get(l, key, store_tile_key(key, level, index), &b, why)) == OK) {
		if (b.n < width * HASH_BYTES)
			e = ERR_ABSENT;
		else
			buf_put(out, b.p, width * HASH_BYTES);
	}
	buf_free(&b);
	return e;
}

/* The bytes of a tile or bundle of the first `size` entries. */
static enum err
read_tile(struct ledger *l, int level, uint64_t index, unsigned width, struct buf *out, struct why *why)
{
	struct buf b = {0};
	enum err e = level != TILE_ENTRIES ? read_hashes(l, level, index, width, out, why) : OK;

	for (uint64_t i = 0; i < width && e == OK && level == TILE_ENTRIES; i++) {
		b.n = 0;
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
	if (!tile_path_served(path, head.size) || tile_path_read(path, &level, &index, &width) != OK)
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
	int exact;
};

/* A partial tile of an earlier size belongs to a copy that is served until there is the full tile (c2sp.org/tlog-tiles). */
static int
still_served(const char *path, uint64_t size)
{
	char full[64];
	uint64_t index;
	unsigned width;
	int level;

	if (tile_path_read(path, &level, &index, &width) != OK || !tile_path_served(path, size))
		return 0;
	tile_path(full, level, index, TILE_WIDTH);
	return !tile_path_served(full, size);
}

static void
drop_old(void *arg, const char *path)
{
	struct cleanup *c = arg;
	char full[4200];

	if (strncmp(path, "tile/", 5) != 0 || tile_path_expected(path, c->size) || (!c->exact && still_served(path, c->size)))
		return;
	(void)snprintf(full, sizeof full, "%.2000s/%.2000s", c->dir, path);
	(void)unlink(full);
	*strrchr(full, '/') = '\0';
	(void)rmdir(full); /* an empty "NNN.p" */
}

static enum err
export(struct ledger *l, const char *dir, int exact, struct why *why)
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
		entry.n = 0;
		if ((e = ledger_read(l, i, &entry, why)) == OK)
			e = tile_builder_add(b, entry.p, entry.n, NULL);
	}
	if (e == OK)
		e = tile_builder_finish(b);
	(void)snprintf(full, sizeof full, "%.4000s/checkpoint", dir);
	if (e == OK && checkpoint.n > 0)
		e = file_write(full, checkpoint.p, checkpoint.n, 0644, why);
	if (e == OK) {
		struct cleanup c = {dir, head.size, exact};
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
ledger_export(struct ledger *l, const char *dir, struct why *why)
{
	return export(l, dir, 0, why);
}

enum err
ledger_record(struct ledger *l, const char *dir, struct why *why)
{
	return export(l, dir, 1, why);
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
	e = l->broken != OK ? l->broken : l->refused;
	if (e != OK && why != NULL)
		*why = l->broken != OK ? l->broken_why : l->refused_why;
	(void)pthread_mutex_unlock(&l->lock);
	return e;
}

/* ---- opening and closing ------------------------------------------------------------------- */

/* A tile that is full goes into the batch being made. */
static enum err
put_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct ledger *l = ctx;
	uint8_t key[STORE_KEY_BYTES];

	(void)width;
	store_batch_put(l->writes, key, store_tile_key(key, level, index), p, n);
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
		if ((e = store_get(l->store, key, store_entry_key(key, i), &entry, why)) != OK)
			break;
		buf_vec16(&entries, entry.p, entry.n);
		if (++count == MOST_FRAME || i + 1 == l->head.size) {
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
sign_head(struct ledger *l, struct why *why)
{
	enum err e = checkpoint_sign(&l->checkpoint, &l->head, l->key);

	return e == OK ? OK : why_set(why, e, "the log's key %s does not sign", l->key->name);
}

/* A log without entries: sign the empty tree. */
static enum err
load_new(struct ledger *l, struct why *why)
{
	struct store_batch *b = store_batch_new(l->store);
	enum err e;

	if ((e = head_file_make(l->head_file, NULL, &l->head, why)) == OK && (e = sign_head(l, why)) == OK) {
		store_batch_put(b, "h", 1, l->checkpoint.p, l->checkpoint.n);
		e = store_write(l->store, b, why);
	}
	store_batch_free(b);
	return e == OK ? load_mirror(l, why) : e;
}

static enum err
load(struct ledger *l, struct why *why)
{
	struct log_view view = {l, l->edge};
	struct node_source src = {&view, read_node, NULL};
	struct head fence;
	struct vkey key;
	struct hash root;
	enum err e, f;

	if ((e = vkey_make(&key, l->key->name, NOTE_ED25519, l->key->key)) != OK)
		return why_set(why, e, "the log's key is not one for checkpoints");
	l->head.size = 0;
	empty_root(&l->head.root);
	f = head_file_read(l->head_file, &fence, why);
	e = store_get(l->store, "h", 1, &l->checkpoint, why);
	if (e == ERR_ABSENT && f == ERR_ABSENT)
		return load_new(l, why);
	if (f != OK)
		return why_set(why, ERR_NOT_NOW, "the head file %s is missing or damaged: without it nothing is signed; put it back from its own place", l->head_file);
	if (e == ERR_ABSENT && fence.size > 0)
		return why_set(why, ERR_NOT_NOW, "the store is empty, but %" PRIu64 " entries were signed (head file %s): restore the store", fence.size, l->head_file);
	if (e == ERR_ABSENT) {
		if ((e = sign_head(l, why)) != OK)
			return e;
	} else if (e != OK || (e = checkpoint_open(&l->head, l->checkpoint.p, l->checkpoint.n, &key, why)) != OK)
		return why_prefix(why, e, "the store's head");
	if (l->head.size < fence.size)
		return why_set(why, ERR_NOT_NOW, "the store has %" PRIu64 " entries, but %" PRIu64 " were signed: it is an older copy; restore the newest", l->head.size, fence.size);
	if ((e = load_edge(l, why)) != OK)
		return e;
	if ((e = tree_root(&root, fence.size, &src)) == ERR_IO || e == ERR_NOMEM)
		return why_set(why, e, "the store cannot be read");
	if (e != OK || !hash_equal(&root, &fence.root))
		return why_set(why, ERR_PROOF, "the store's first %" PRIu64 " entries are not those that were signed: wrong store", fence.size);
	/* written in any case: after a failed sync it may say on disk what it does not say when read */
	if ((e = load_mirror(l, why)) != OK || (e = head_file_make(l->head_file, &fence, &l->head, why)) != OK)
		return e;
	empty_root(&l->public_head.root);
	if ((e = store_get(l->store, "p", 1, &l->public_checkpoint, why)) == ERR_ABSENT)
		return OK;
	if (e == OK)
		e = checkpoint_open(&l->public_head, l->public_checkpoint.p, l->public_checkpoint.n, &key, why);
	return e == OK ? OK : why_prefix(why, e, "the store's public head");
}

static enum err
open_store(struct ledger *l, struct why *why)
{
	enum err e = store_open(&l->store, l->store_path, why);

	return e == ERR_PROOF ? why_prefix(why, e, STORE_DAMAGED) : e;
}

/* What the disk did not give to the full check, it gives now. */
static enum err
read_unread(struct ledger *l, struct why *why)
{
	struct buf b = {0};
	enum err e = l->unread_n > 0 ? store_get(l->store, l->unread, l->unread_n, &b, why) : OK;

	buf_free(&b);
	if (e == ERR_IO || e == ERR_PROOF)
		return e;
	l->unread_n = 0;
	return OK;
}

/* The heads that are known, while the store is opened again; put back if that fails, for who reads meanwhile. */
struct known {
	struct head head, public_head;
	struct buf checkpoint, public_checkpoint;
};

static enum err
load_again(struct ledger *l, struct why *why)
{
	struct known was = {l->head, l->public_head, l->checkpoint, l->public_checkpoint};
	enum err e;

	memset(&l->checkpoint, 0, sizeof l->checkpoint);
	memset(&l->public_checkpoint, 0, sizeof l->public_checkpoint);
	store_close(l->store);
	l->store = NULL;
	mirror_close(l->mirror);
	l->mirror = NULL;
	forget_nodes(l);
	memset(l->tree.level, 0, sizeof l->tree.level);
	memset(&l->tree.frontier, 0, sizeof l->tree.frontier);
	if ((e = open_store(l, why)) == OK && (e = load(l, why)) == OK)
		e = read_unread(l, why);
	if (e != OK) {
		struct known tried = {l->head, l->public_head, l->checkpoint, l->public_checkpoint};

		l->head = was.head;
		l->public_head = was.public_head;
		l->checkpoint = was.checkpoint;
		l->public_checkpoint = was.public_checkpoint;
		was = tried;
	}
	buf_free(&was.checkpoint);
	buf_free(&was.public_checkpoint);
	return e;
}

void
ledger_heal(struct ledger *l)
{
	struct why why = {""};

	(void)pthread_mutex_lock(&l->lock);
	if (l->broken != ERR_PROOF) { /* the full check may have said so meanwhile */
		(void)pthread_rwlock_wrlock(&l->store_lock);
		l->broken = load_again(l, &why);
		(void)pthread_rwlock_unlock(&l->store_lock);
		l->broken_why = why;
		l->broken_at = monotonic_seconds();
	}
	(void)pthread_mutex_unlock(&l->lock);
}

enum err
ledger_open(struct ledger **out, const struct ledger_options *o, struct why *why)
{
	struct ledger *l = calloc(1, sizeof *l);
	pthread_condattr_t by_monotonic;
	char path[4200];
	enum err e;

	if (l == NULL)
		return ERR_NOMEM;
	if (strlen(o->store) >= sizeof l->store_path || strlen(o->head_file) >= sizeof l->head_file || (o->mirror != NULL && strlen(o->mirror) >= sizeof l->mirror_path)) {
		free(l);
		return why_set(why, ERR_LENGTH, "a path has at most %zu bytes", sizeof l->store_path - 1);
	}
	l->key = o->key;
	l->pool_ms = o->pool_ms;
	l->pool_end = &l->pool;
	l->edge = calloc(1, sizeof *l->edge);
	random_bytes(&l->seed, sizeof l->seed);
	l->tree.ctx = l;
	l->tree.emit = put_tile;
	(void)snprintf(l->head_file, sizeof l->head_file, "%s", o->head_file);
	(void)snprintf(l->store_path, sizeof l->store_path, "%s", o->store);
	(void)snprintf(l->mirror_path, sizeof l->mirror_path, "%s", o->mirror != NULL ? o->mirror : "");
	(void)pthread_rwlock_init(&l->store_lock, NULL);
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_condattr_init(&by_monotonic); /* a clock that is set back must not keep a batch waiting */
	(void)pthread_condattr_setclock(&by_monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&l->work, &by_monotonic);
	(void)pthread_condattr_destroy(&by_monotonic);
	(void)pthread_cond_init(&l->moved, NULL);
	(void)pthread_mutex_init(&l->pool_lock, NULL);
	(void)snprintf(path, sizeof path, "%s.lock", l->head_file);
	l->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->lock_fd < 0 || flock(l->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		e = why_set(why, ERR_NOT_NOW, "%s: %s", path, l->lock_fd < 0 ? strerror(errno) : "another process runs this log");
		ledger_close(l);
		return e;
	}
	if ((e = l->edge == NULL ? ERR_NOMEM : open_store(l, why)) != OK || (e = load(l, why)) != OK) {
		ledger_close(l);
		return e;
	}
	if ((e = sequence_start(l)) != OK) {
		ledger_close(l);
		return e;
	}
	l->opened = l->head;
	if (pthread_create(&l->checker, NULL, check_behind, l) != 0) {
		ledger_close(l);
		return why_set(why, ERR_NOMEM, "no thread for the full check");
	}
	l->checker_runs = 1;
	*out = l;
	return OK;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	sequence_stop(l);
	l->check_stops = 1;
	if (l->checker_runs)
		(void)pthread_join(l->checker, NULL);
	store_close(l->store);
	mirror_close(l->mirror);
	if (l->lock_fd >= 0)
		(void)close(l->lock_fd);
	free(l->edge);
	buf_free(&l->checkpoint);
	buf_free(&l->public_checkpoint);
	(void)pthread_mutex_destroy(&l->lock);
	(void)pthread_rwlock_destroy(&l->store_lock);
	(void)pthread_cond_destroy(&l->work);
	(void)pthread_cond_destroy(&l->moved);
	(void)pthread_mutex_destroy(&l->pool_lock);
	for (size_t i = 0; i < CACHED_TILES; i++)
		free(l->cached[i]);
	free(l);
}
