#include "ledger/restore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/headfile.h"
#include "ledger/internal.h"
#include "ledger/layout.h"
#include "ledger/mirror.h"
#include "ledger/store.h"

enum { PIECE = 1000 };

/* The store being made: entries first, from each source what the ones before did not have; then what is made of them. */
struct making {
	const struct ledger_options *o;
	struct head fence;
	struct store *store;
	struct store_batch *batch;
	unsigned batched;
	uint64_t size; /* entries: those that were signed, and those behind them that follow without a hole */
	uint64_t at;   /* the next entry of a bundle */
	const char *from;
	struct why damage; /* the first thing in a source that could not be read */
	struct why *why;
};

static enum err
write_batch(struct making *m)
{
	enum err e = m->batched > 0 ? store_write(m->store, m->batch, m->why) : OK;

	store_batch_clear(m->batch);
	m->batched = 0;
	return e;
}

static enum err
take(struct making *m, uint64_t index, const uint8_t *p, size_t n)
{
	uint8_t key[STORE_KEY_BYTES];
	size_t key_n = store_entry_key(key, index);
	struct buf have = {0};
	enum err e;

	if (index > m->size)
		return OK;
	e = store_get(m->store, key, key_n, &have, m->why);
	if (e == OK && (have.n != n || memcmp(have.p, p, n) != 0))
		e = why_set(m->why, ERR_PROOF, "entry %" PRIu64 " of %s is not that of another source", index, m->from);
	else if (e == ERR_ABSENT) {
		store_batch_put(m->batch, key, key_n, p, n);
		m->size += index == m->size;
		e = ++m->batched == PIECE ? write_batch(m) : OK;
	}
	buf_free(&have);
	return e;
}

/* What cannot be read may be in another source; said if it is not. */
static void
note_damage(struct making *m, const struct why *damage)
{
	if (damage != NULL && m->damage.text[0] == '\0')
		m->damage = *damage;
}

static enum err
from_backup(struct making *m, const char *path)
{
	struct store *s;
	uint8_t key[STORE_KEY_BYTES];
	char current[4200];
	enum err e;

	(void)snprintf(current, sizeof current, "%s/CURRENT", path);
	if (access(current, F_OK) != 0)
		return why_set(m->why, ERR_ABSENT, "%s holds no backup of a store", path);
	if ((e = store_open_read(&s, path, m->why)) != OK)
		return e;
	for (uint64_t i = 0; e == OK && i <= m->size; i++) {
		struct buf b = {0};

		if ((e = store_get(s, key, store_entry_key(key, i), &b, m->why)) == OK)
			e = take(m, i, b.p, b.n);
		else if (e == ERR_PROOF) {
			note_damage(m, m->why);
			e = OK;
		}
		buf_free(&b);
	}
	store_close(s);
	return e == ERR_ABSENT ? OK : e;
}

static enum err
on_mirror(void *ctx, uint64_t index, const uint8_t *p, size_t n)
{
	return take(ctx, index, p, n);
}

static enum err
on_bundle(void *ctx, const uint8_t *p, size_t n)
{
	struct making *m = ctx;

	return take(m, m->at++, p, n);
}

static enum err
from_mirror(struct making *m, const char *path)
{
	uint64_t size;
	enum err e;

	if (access(path, F_OK) != 0)
		return why_set(m->why, ERR_ABSENT, "%s: no such mirror", path);
	if ((e = mirror_read(path, on_mirror, m, &size, m->why)) != ERR_FORMAT)
		return e;
	note_damage(m, m->why);
	return OK;
}

/* Bundles that are missing or damaged are left out: what counts is the root. */
static enum err
from_published(struct making *m, const char *dir)
{
	struct file_source src = source_dir(dir);
	struct buf b = {0};
	struct vkey key;
	struct head head;
	enum err e;

	if ((e = vkey_make(&key, m->o->key->name, NOTE_ED25519, m->o->key->key)) != OK || (e = source_read(&src, "checkpoint", NOTE_MAX_BYTES, &b, m->why)) != OK)
		return e;
	e = checkpoint_open(&head, b.p, b.n, &key, m->why);
	for (uint64_t i = 0; e == OK && i * TILE_WIDTH < head.size; i++) {
		unsigned width = head.size - i * TILE_WIDTH < TILE_WIDTH ? (unsigned)(head.size % TILE_WIDTH) : TILE_WIDTH;
		char path[64];

		tile_path(path, TILE_ENTRIES, i, width);
		buf_free(&b);
		m->at = i * TILE_WIDTH;
		if (source_read(&src, path, (size_t)TILE_WIDTH * (TILE_MAX_ENTRY + 2), &b, NULL) == OK) {
			e = bundle_read(b.p, b.n, width, on_bundle, m);
			if (e == ERR_FORMAT)
				e = OK;
		}
	}
	buf_free(&b);
	return e;
}

static enum err
take_all(struct making *m, const struct restore_sources *from)
{
	const char *const path[] = {from->backup, from->mirror, from->published};
	static const char *const name[] = {"the backup", "the mirror", "the published files"};
	enum err (*const take_from[])(struct making *, const char *) = {from_backup, from_mirror, from_published};
	enum err e = OK;

	for (size_t i = 0; i < sizeof path / sizeof *path && e == OK; i++) {
		m->from = name[i];
		if (path[i] != NULL && (e = take_from[i](m, path[i])) == OK)
			e = write_batch(m);
	}
	return e;
}

/* 1 if it is there, 0 if not; -1: the store cannot be read. */
static int
has_entry(struct making *m, uint64_t index)
{
	uint8_t key[STORE_KEY_BYTES];
	struct buf b = {0};
	enum err e = store_get(m->store, key, store_entry_key(key, index), &b, m->why);

	buf_free(&b);
	return e == OK ? 1 : e == ERR_ABSENT ? 0 : -1;
}

/* Which of the signed ones are not there: "3, 7-9, 12"; at most a line of them. */
static enum err
check_missing(struct making *m)
{
	uint64_t n = m->fence.size, count = 0;
	char text[400] = "";
	size_t at = 0;
	int there = 1;

	for (uint64_t i = 0; i < n && there >= 0; i++) {
		uint64_t from = i;

		while (i < n && (there = has_entry(m, i)) == 0)
			i++;
		if (i == from)
			continue;
		count += i - from;
		if (at < 340)
			at += (size_t)snprintf(text + at, sizeof text - at, i - from == 1 ? "%s%" PRIu64 : "%s%" PRIu64 "-%" PRIu64, at > 0 ? ", " : "", from, i - 1);
		else if (at < 395)
			at += (size_t)snprintf(text + at, sizeof text - at, ", ...") + 100;
	}
	if (there < 0)
		return ERR_IO;
	if (count > 0)
		return why_set(m->why, ERR_NOT_NOW, "%" PRIu64 " of %" PRIu64 " signed entries are in no source: %s; nothing is restored and nothing may be signed without them%s%.400s", count, n, text, m->damage.text[0] != '\0' ? "; " : "",
		    m->damage.text);
	return OK;
}

/* The right edge is made from these when the log is opened. */
static enum err
put_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct making *m = ctx;
	uint8_t key[STORE_KEY_BYTES];

	if (level != TILE_ENTRIES && width == TILE_WIDTH)
		store_batch_put(m->batch, key, store_tile_key(key, level, index), p, n);
	return OK;
}

/* The deduplication key and the tiles that come with an entry. */
static enum err
add_entry(struct making *m, struct tile_builder *t, uint64_t index)
{
	uint8_t key[STORE_KEY_BYTES], dedup[32], value[8];
	struct buf entry = {0};
	enum err e;

	if ((e = store_get(m->store, key, store_entry_key(key, index), &entry, m->why)) == OK) {
		put_index(value, index);
		if (m->o->entry_key != NULL && m->o->entry_key(entry.p, entry.n, dedup))
			store_batch_put(m->batch, key, store_dedup_key(key, dedup), value, sizeof value);
		e = tile_builder_add(t, entry.p, entry.n, NULL);
	}
	if (e == OK && ++m->batched == PIECE)
		e = write_batch(m);
	buf_free(&entry);
	return e;
}

/* Keys and tiles of all entries; at the size of the head file the tree must have its root. Then the head. */
static enum err
make_tree(struct making *m)
{
	struct tile_builder *t = calloc(1, sizeof *t);
	struct buf checkpoint = {0};
	struct hash root;
	struct head head;
	enum err e = OK;

	if (t == NULL)
		return ERR_NOMEM;
	t->ctx = m;
	t->emit = put_tile;
	for (uint64_t i = 0; e == OK && i <= m->size; i++) {
		frontier_root(&root, &t->frontier);
		if (i == m->fence.size && !hash_equal(&root, &m->fence.root))
			e = why_set(m->why, ERR_PROOF, "the entries found are not those that were signed (%s): a source is of another log, or was changed", m->o->head_file);
		else if (i < m->size)
			e = add_entry(m, t, i);
	}
	head.size = m->size;
	head.root = root;
	if (e == OK && (e = tile_builder_finish(t)) == OK && (e = checkpoint_sign(&checkpoint, &head, m->o->key)) == OK) {
		store_batch_put(m->batch, "h", 1, checkpoint.p, checkpoint.n);
		m->batched++;
		e = write_batch(m);
	}
	tile_builder_free(t);
	free(t);
	buf_free(&checkpoint);
	return e;
}

enum err
ledger_restore(const struct ledger_options *o, const struct restore_sources *from, uint64_t *size, struct why *why)
{
	struct making m = {.o = o, .why = why};
	char making[4200];
	enum err e;

	if (access(o->store, F_OK) == 0)
		return why_set(why, ERR_EXISTS, "%s is there: move it away first, nothing is overwritten", o->store);
	if ((e = head_file_read(o->head_file, &m.fence, why)) != OK)
		return why_prefix(why, e, "the head file says what was signed; without it nothing is restored");
	(void)snprintf(making, sizeof making, "%.4000s.restoring", o->store);
	if (access(making, F_OK) == 0)
		return why_set(why, ERR_EXISTS, "%s is there, of a restore that was cut short: remove it", making);
	if ((e = store_open(&m.store, making, why)) != OK)
		return e;
	m.batch = store_batch_new(m.store);
	m.size = m.fence.size;
	if ((e = take_all(&m, from)) == OK && (e = check_missing(&m)) == OK)
		e = make_tree(&m);
	store_batch_free(m.batch);
	store_close(m.store);
	if (e == OK && rename(making, o->store) != 0)
		e = why_set(why, ERR_IO, "%s: cannot be renamed to %s", making, o->store);
	if (e == OK)
		*size = m.size;
	else
		store_remove(making);
	return e;
}
