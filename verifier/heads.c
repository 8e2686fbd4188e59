#include "verifier/heads.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/tile.h"
#include "crypto/http_client.h"
#include "verifier/options.h"

enum err
head_take(struct signed_head *out, const void *p, size_t n, const struct vkey *log, struct why *why)
{
	struct signed_head h = {0};
	struct receipt r;
	enum err e;

	if (n > 5 && memcmp(p, "c2sp.", 5) == 0) {
		if ((e = receipt_read(&r, p, n, why)) != OK)
			return e;
		p = r.checkpoint;
		n = r.checkpoint_n;
	}
	if ((e = checkpoint_open(&h.head, p, n, log, why)) != OK)
		return e;
	buf_put(&h.note, p, n);
	if (h.note.failed)
		return ERR_NOMEM;
	*out = h;
	return OK;
}

enum err
head_load(struct signed_head *out, const char *where, const struct vkey *log, struct why *why)
{
	const char *slash = strrchr(where, '/');
	struct buf b = {0};
	enum err e;

	if (is_url(where)) {
		char base[2048];
		struct file_source src;

		if (slash - where >= (ptrdiff_t)sizeof base)
			return why_set(why, ERR_LENGTH, "%.200s...: address too long", where);
		memcpy(base, where, (size_t)(slash - where));
		base[slash - where] = '\0';
		src = source_http(base);
		e = source_read(&src, slash + 1, NOTE_MAX_BYTES, &b, why);
	} else
		e = file_read(&b, where, NOTE_MAX_BYTES, why);
	if (e == OK && (e = head_take(out, b.p, b.n, log, why)) != OK)
		e = why_prefix(why, e, "%.300s", where);
	buf_free(&b);
	return e;
}

enum err
head_thin(struct signed_head *h, const struct policy *p)
{
	struct vkey key[POLICY_MAX_LOGS + POLICY_MAX_WITNESSES];
	struct buf out = {0};
	struct note note;
	size_t n = 0;

	if (note_read(&note, h->note.p, h->note.n, NULL) != OK)
		return ERR_FORMAT;
	for (size_t i = 0; i < p->logs; i++)
		key[n++] = p->log[i].key;
	for (size_t i = 0; i < p->members; i++)
		if (p->member[i].threshold == 0) /* a witness */
			key[n++] = p->member[i].key;
	note_keep(&out, &note, key, n);
	if (out.failed) {
		buf_free(&out);
		return ERR_NOMEM;
	}
	buf_free(&h->note);
	h->note = out;
	return OK;
}

/* ---- tiles ------------------------------------------------------------------ */

void
tile_reader_free(struct tile_reader *r)
{
	for (size_t i = 0; i < r->n; i++)
		buf_free(&r->tile[i].bytes);
	free(r->tile);
	r->tile = NULL;
	r->n = r->room = 0;
}

static enum err
find_tile(struct tile_reader *r, int level, uint64_t index, const struct buf **out)
{
	uint64_t have = r->size >> (8 * level);
	unsigned width = index < have / TILE_WIDTH ? TILE_WIDTH : (unsigned)(have % TILE_WIDTH);
	struct tile_kept *t;
	enum err e;

	for (size_t i = 0; i < r->n; i++)
		if (r->tile[i].level == level && r->tile[i].index == index) {
			*out = &r->tile[i].bytes;
			return OK;
		}
	if (r->n == r->room) {
		size_t room = r->room == 0 ? 16 : 2 * r->room;
		struct tile_kept *more = realloc(r->tile, room * sizeof *more);

		if (more == NULL)
			return ERR_NOMEM;
		r->tile = more;
		r->room = room;
	}
	t = &r->tile[r->n];
	*t = (struct tile_kept){.level = level, .index = index};
	tile_path(t->path, level, index, width);
	e = source_read(r->src, t->path, TILE_WIDTH * HASH_BYTES, &t->bytes, r->why);
	if (e == ERR_ABSENT && width < TILE_WIDTH) { /* a log that grew may keep the full one only */
		struct why other;

		tile_path(t->path, level, index, TILE_WIDTH);
		e = source_read(r->src, t->path, TILE_WIDTH * HASH_BYTES, &t->bytes, &other);
		width = TILE_WIDTH;
	}
	if (e == OK && t->bytes.n != (size_t)width * HASH_BYTES)
		e = why_set(r->why, ERR_FORMAT, "%s: %zu bytes, not %u hashes", t->path, t->bytes.n, width);
	if (e != OK) {
		buf_free(&t->bytes);
		return e;
	}
	r->n++;
	*out = &t->bytes;
	return OK;
}

enum err
tile_reader_node(void *reader, unsigned level, uint64_t index, struct hash *out)
{
	struct tile_reader *r = reader;
	unsigned within = level % 8;
	uint64_t first = index << within;
	struct frontier f = {0};
	const struct buf *b;
	struct hash h;
	enum err e;

	if (index >= r->size >> level)
		return ERR_RANGE;
	if ((e = find_tile(r, (int)(level / 8), first / TILE_WIDTH, &b)) != OK)
		return e;
	for (uint64_t i = 0; i < (uint64_t)1 << within; i++) {
		memcpy(h.b, b->p + (first % TILE_WIDTH + i) * HASH_BYTES, HASH_BYTES);
		frontier_append(&f, &h);
	}
	frontier_root(out, &f);
	return OK;
}

enum err
tile_reader_save(const struct tile_reader *r, const char *dir, struct why *why)
{
	enum err e = OK;

	for (size_t i = 0; e == OK && i < r->n; i++) {
		char path[1024];

		(void)snprintf(path, sizeof path, "%.900s/%s", dir, r->tile[i].path);
		*strrchr(path, '/') = '\0';
		if ((e = dir_make(path, why)) != OK)
			break;
		(void)snprintf(path, sizeof path, "%.900s/%s", dir, r->tile[i].path);
		e = file_write(path, r->tile[i].bytes.p, r->tile[i].bytes.n, 0644, why);
	}
	return e;
}

/* ---- two heads -------------------------------------------------------------- */

enum err
heads_relate(enum relation *out, const struct head *small, const struct head *big, struct tile_reader *tiles, struct why *why)
{
	struct node_source nodes = {tiles, tile_reader_node, NULL};
	struct hash path[MERKLE_MAX_PATH], was;
	size_t n;
	enum err e;

	if (small->size == big->size) {
		*out = hash_equal(&small->root, &big->root) ? RELATION_SAME : RELATION_FORK;
		return OK;
	}
	if (small->size == 0) { /* every tree grows from the empty one, which has one root */
		empty_root(&was);
		*out = hash_equal(&small->root, &was) ? RELATION_GROWS : RELATION_FORK;
		return OK;
	}
	if (tiles == NULL)
		return why_set(why, ERR_ABSENT, "heads of %" PRIu64 " and %" PRIu64 " entries need tiles to be compared: give --log", small->size, big->size);
	tiles->why = why;
	if ((e = tree_root(&was, small->size, &nodes)) != OK || (e = consistency_path(path, &n, small->size, big->size, &nodes)) != OK)
		return e;
	/* the proof shows that `was`, and no other root, stands at small's size under big's root */
	if (consistency_check(small->size, big->size, path, n, &was, &big->root) != OK)
		return why_set(why, ERR_PROOF, "the tiles are not those of the head of %" PRIu64 " entries", big->size);
	*out = hash_equal(&was, &small->root) ? RELATION_GROWS : RELATION_FORK;
	return OK;
}

enum err
evidence_write(char folder[512], const char *dir, const char *kind, const struct buf *checkpoint, const struct buf *other,
    const struct tile_reader *tiles, struct why *why)
{
	struct hash h;
	char hex[65], path[600];
	enum err e;

	sha256_3(&h, checkpoint->p, checkpoint->n, other->p, other->n, NULL, 0);
	hash_hex(hex, &h);
	if (snprintf(folder, 512, "%s/%s-%.8s", dir, kind, hex) >= 512)
		return why_set(why, ERR_LENGTH, "%.200s...: path too long", dir);
	if ((e = dir_make(folder, why)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "%s/checkpoint", folder);
	if (checkpoint->n > 0 && (e = file_write(path, checkpoint->p, checkpoint->n, 0644, why)) != OK)
		return e;
	(void)snprintf(path, sizeof path, "%s/other", folder);
	if (other->n > 0 && (e = file_write(path, other->p, other->n, 0644, why)) != OK)
		return e;
	return tiles == NULL ? OK : tile_reader_save(tiles, folder, why);
}
