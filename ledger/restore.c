#include "ledger/restore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/headfile.h"
#include "ledger/layout.h"
#include "ledger/mirror.h"
#include "ledger/store.h"

enum { PIECE = 1000 };

/* The entries, wherever they came from; p NULL: missing. */
struct gathered {
	struct buf *entry;
	uint64_t n, room;
};

static enum err
take(struct gathered *g, uint64_t index, const uint8_t *p, size_t n, const char *from, struct why *why)
{
	struct buf *at;

	if (index >= g->room) {
		uint64_t room = g->room < 1024 ? 1024 : 2 * g->room;
		struct buf *more;

		while (room <= index)
			room *= 2;
		if ((more = realloc(g->entry, room * sizeof *more)) == NULL)
			return ERR_NOMEM;
		memset(more + g->room, 0, (room - g->room) * sizeof *more);
		g->entry = more;
		g->room = room;
	}
	at = &g->entry[index];
	if (at->p != NULL)
		return at->n == n && memcmp(at->p, p, n) == 0 ? OK : why_set(why, ERR_PROOF, "entry %" PRIu64 " of %s is not that of another source", index, from);
	buf_put(at, p, n);
	if (n == 0)
		buf_u8(at, 0), at->n = 0; /* an empty entry is there, too */
	if (index >= g->n)
		g->n = index + 1;
	return at->failed ? ERR_NOMEM : OK;
}

static enum err
from_backup(struct gathered *g, const char *path, struct why *why)
{
	struct store *s;
	uint8_t key[STORE_KEY_BYTES];
	char current[4200];
	enum err e;

	(void)snprintf(current, sizeof current, "%s/CURRENT", path);
	if (access(current, F_OK) != 0)
		return why_set(why, ERR_ABSENT, "%s holds no backup of a store", path);
	if ((e = store_open(&s, path, why)) != OK)
		return e;
	for (uint64_t i = 0; e == OK; i++) {
		struct buf b = {0};

		if ((e = store_get(s, key, store_entry_key(key, i), &b, why)) == OK)
			e = take(g, i, b.p, b.n, "the backup", why);
		buf_free(&b);
	}
	store_close(s);
	return e == ERR_ABSENT ? OK : e;
}

struct taking {
	struct gathered *g;
	struct why *why;
	uint64_t at;
	const char *from;
};

static enum err
on_mirror(void *ctx, uint64_t index, const uint8_t *p, size_t n)
{
	struct taking *t = ctx;

	return take(t->g, index, p, n, t->from, t->why);
}

static enum err
on_bundle(void *ctx, const uint8_t *p, size_t n)
{
	struct taking *t = ctx;

	return take(t->g, t->at++, p, n, t->from, t->why);
}

static enum err
from_mirror(struct gathered *g, const char *path, struct why *why)
{
	struct taking t = {g, why, 0, "the mirror"};
	struct mirror *m;
	enum err e;

	if (access(path, F_OK) != 0)
		return why_set(why, ERR_ABSENT, "%s: no such mirror", path);
	if ((e = mirror_open(&m, path, why)) != OK)
		return e;
	e = mirror_read(m, on_mirror, &t, why);
	mirror_close(m);
	return e;
}

/* Bundles that are missing or damaged are left out: what counts is the root. */
static enum err
from_published(struct gathered *g, const struct ledger_options *o, const char *dir, struct why *why)
{
	struct file_source src = source_dir(dir);
	struct taking t = {g, why, 0, "the published files"};
	struct buf b = {0};
	struct vkey key;
	struct head head;
	enum err e;

	if ((e = vkey_make(&key, o->key->name, NOTE_ED25519, o->key->key)) != OK || (e = source_read(&src, "checkpoint", NOTE_MAX_BYTES, &b, why)) != OK)
		return e;
	e = checkpoint_open(&head, b.p, b.n, &key, why);
	for (uint64_t i = 0; e == OK && i * TILE_WIDTH < head.size; i++) {
		unsigned width = head.size - i * TILE_WIDTH < TILE_WIDTH ? (unsigned)(head.size % TILE_WIDTH) : TILE_WIDTH;
		char path[64];

		tile_path(path, TILE_ENTRIES, i, width);
		buf_free(&b);
		t.at = i * TILE_WIDTH;
		if (source_read(&src, path, (size_t)TILE_WIDTH * (TILE_MAX_ENTRY + 2), &b, NULL) == OK) {
			e = bundle_read(b.p, b.n, width, on_bundle, &t);
			if (e == ERR_FORMAT)
				e = OK;
		}
	}
	buf_free(&b);
	return e;
}

/* Which of the first n are not there: "3, 7-9 and 12"; at most a line of them. */
static uint64_t
missing(const struct gathered *g, uint64_t n, char text[400])
{
	uint64_t count = 0;
	size_t at = 0;

	text[0] = '\0';
	for (uint64_t i = 0; i < n; i++) {
		uint64_t from = i;

		while (i < n && (i >= g->n || g->entry[i].p == NULL))
			i++;
		if (i == from)
			continue;
		count += i - from;
		if (at < 340)
			at += (size_t)snprintf(text + at, 400 - at, i - from == 1 ? "%s%" PRIu64 : "%s%" PRIu64 "-%" PRIu64, at > 0 ? ", " : "", from, i - 1);
		else if (at < 395)
			at += (size_t)snprintf(text + at, 400 - at, ", ...") + 100;
	}
	return count;
}

struct making {
	struct store_batch *batch;
};

static enum err
put_tile(void *ctx, int level, uint64_t index, unsigned width, const void *p, size_t n)
{
	struct making *m = ctx;
	uint8_t key[STORE_KEY_BYTES];

	if (level != TILE_ENTRIES && width == TILE_WIDTH) /* the right edge is made from these when the log is opened */
		store_batch_put(m->batch, key, store_tile_key(key, level, index), p, n);
	return OK;
}

static void
put_entry(struct store_batch *b, const struct ledger_options *o, uint64_t index, const struct buf *entry)
{
	uint8_t key[STORE_KEY_BYTES], dedup[32], value[8];

	store_batch_put(b, key, store_entry_key(key, index), entry->p, entry->n);
	if (o->entry_key == NULL || !o->entry_key(entry->p, entry->n, dedup))
		return;
	for (int k = 0; k < 8; k++)
		value[k] = (uint8_t)(index >> (56 - 8 * k));
	store_batch_put(b, key, store_dedup_key(key, dedup), value, sizeof value);
}

static enum err
make_store(const struct ledger_options *o, const struct gathered *g, const struct head *fence, struct why *why)
{
	struct tile_builder *t = calloc(1, sizeof *t);
	struct making m = {0};
	struct store *s = NULL;
	struct buf checkpoint = {0};
	struct head head;
	struct hash root;
	enum err e;

	if (t == NULL)
		return ERR_NOMEM;
	t->ctx = &m;
	t->emit = put_tile;
	if ((e = store_open(&s, o->store, why)) != OK)
		goto done;
	m.batch = store_batch_new(s);
	for (uint64_t i = 0; i < g->n && e == OK; i++) {
		if (i == fence->size) {
			frontier_root(&root, &t->frontier);
			if (!hash_equal(&root, &fence->root))
				break;
		}
		put_entry(m.batch, o, i, &g->entry[i]);
		if ((e = tile_builder_add(t, g->entry[i].p, g->entry[i].n, NULL)) == OK && i % PIECE == PIECE - 1 && (e = store_write(s, m.batch, why)) == OK)
			store_batch_clear(m.batch);
	}
	if (e == OK && fence->size == t->frontier.size)
		frontier_root(&root, &t->frontier);
	if (e == OK && (t->frontier.size < fence->size || !hash_equal(&root, &fence->root)))
		e = why_set(why, ERR_PROOF, "the entries found are not those that were signed (%s): a source is of another log, or was changed", o->head_file);
	if (e == OK && (e = tile_builder_finish(t)) == OK) {
		head.size = t->frontier.size;
		frontier_root(&head.root, &t->frontier);
		if ((e = checkpoint_sign(&checkpoint, &head, o->key)) == OK) {
			store_batch_put(m.batch, "h", 1, checkpoint.p, checkpoint.n);
			e = store_write(s, m.batch, why);
		}
	}
	store_batch_free(m.batch);
done:
	store_close(s);
	tile_builder_free(t);
	free(t);
	buf_free(&checkpoint);
	return e;
}

enum err
ledger_restore(const struct ledger_options *o, const struct restore_sources *from, uint64_t *size, struct why *why)
{
	struct gathered g = {0};
	char making[4200], text[400];
	struct ledger_options new = *o;
	struct head fence;
	uint64_t gone;
	enum err e;

	if (access(o->store, F_OK) == 0)
		return why_set(why, ERR_EXISTS, "%s is there: move it away first, nothing is overwritten", o->store);
	if ((e = head_file_read(o->head_file, &fence, why)) != OK)
		return why_prefix(why, e, "the head file says what was signed; without it nothing is restored");
	if ((from->backup != NULL && (e = from_backup(&g, from->backup, why)) != OK) || (from->mirror != NULL && (e = from_mirror(&g, from->mirror, why)) != OK) ||
	    (from->published != NULL && (e = from_published(&g, o, from->published, why)) != OK))
		goto done;
	if ((gone = missing(&g, fence.size, text)) > 0) {
		e = why_set(why, ERR_NOT_NOW, "%" PRIu64 " of %" PRIu64 " signed entries are in no source: %s; nothing is restored and nothing may be signed without them", gone, fence.size, text);
		goto done;
	}
	for (uint64_t i = fence.size; i < g.n; i++) /* behind the head file only what follows without a hole */
		if (g.entry[i].p == NULL)
			g.n = i;
	(void)snprintf(making, sizeof making, "%.4000s.restoring", o->store);
	new.store = making;
	if (access(making, F_OK) == 0)
		e = why_set(why, ERR_EXISTS, "%s is there, of a restore that was cut short: remove it", making);
	else if ((e = make_store(&new, &g, &fence, why)) == OK && rename(making, o->store) != 0)
		e = why_set(why, ERR_IO, "%s: cannot be renamed to %s", making, o->store);
	if (e == OK)
		*size = g.n;
done:
	for (uint64_t i = 0; i < g.room; i++)
		buf_free(&g.entry[i]);
	free(g.entry);
	return e;
}
