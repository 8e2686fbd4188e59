#include "ledger/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"

/* A frame: u32 length of what follows up to the hash; u32 count; u32 length and entries; u32 length and checkpoint; SHA-256
 * of all that. NOTE_EVERY: bytes between two notes of how far the file is whole, and so what a start reads at most. */
enum { FRAME_MAX = 1 << 30, HEADER = 4, BODY_LEAST = 12, PIECE = 1 << 20, NOTE_EVERY = 32 << 20 };

/* The last whole frame. */
struct place {
	off_t last, end; /* where it begins, and ends */
	uint64_t size;   /* entries up to its end */
	struct hash hash;
};

struct mirror {
	int fd;
	char path[4096];
	struct place at;
	off_t noted;
	int broken;
};

static enum err
io(const struct mirror *m, struct why *why)
{
	return why_set(why, ERR_IO, "mirror %s: %s", m->path, strerror(errno));
}

static enum err
read_all(const struct mirror *m, uint8_t *p, size_t n, off_t at, struct why *why)
{
	while (n > 0) {
		ssize_t k = pread(m->fd, p, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? io(m, why) : ERR_ABSENT;
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return OK;
}

/* The frame at `at` into b (without length and hash). ERR_ABSENT: it ends too early, or is not what was written. */
static enum err
read_frame(const struct mirror *m, off_t at, struct buf *b, struct hash *h, struct why *why)
{
	uint8_t header[HEADER], *p;
	struct rd r;
	size_t n;
	enum err e;

	buf_free(b);
	if ((e = read_all(m, header, sizeof header, at, why)) != OK)
		return e;
	r = rd_init(header, sizeof header);
	n = rd_u32(&r);
	if (n > FRAME_MAX)
		return ERR_ABSENT;
	if ((p = malloc(n + HASH_BYTES)) == NULL)
		return ERR_NOMEM;
	if ((e = read_all(m, p, n + HASH_BYTES, at + HEADER, why)) == OK) {
		sha256(h, p, n);
		if (memcmp(h->b, p + n, HASH_BYTES) != 0)
			e = ERR_ABSENT;
		else
			buf_put(b, p, n);
	}
	free(p);
	return e == OK && b->failed ? ERR_NOMEM : e;
}

/* Every frame from *at on, which moves behind the last good one; `entry` may be NULL. */
static enum err
walk(const struct mirror *m, struct place *at, enum err (*entry)(void *ctx, uint64_t index, const uint8_t *p, size_t n), void *ctx, struct why *why)
{
	struct buf b = {0};
	struct hash h;
	enum err e;

	while ((e = read_frame(m, at->end, &b, &h, why)) == OK) {
		struct rd r = rd_init(b.p, b.n), in;
		uint32_t count = rd_u32(&r);
		size_t n = rd_u32(&r), one;
		const uint8_t *p = rd_take(&r, n);

		in = rd_init(p, p != NULL ? n : 0);
		for (uint32_t i = 0; i < count && e == OK; i++, at->size++) {
			const uint8_t *x = rd_vec16(&in, &one);

			if (x == NULL)
				e = why_set(why, ERR_PROOF, "mirror %s: entry %" PRIu64 " is not whole", m->path, at->size);
			else if (entry != NULL)
				e = entry(ctx, at->size, x, one);
		}
		if (e != OK)
			break;
		at->last = at->end;
		at->end += (off_t)(HEADER + b.n + HASH_BYTES);
		at->hash = h;
	}
	buf_free(&b);
	return e == ERR_ABSENT ? OK : e;
}

/* Does a whole frame begin in one of these bytes? */
static enum err
frame_among(const struct mirror *m, const uint8_t *p, size_t n, off_t at, off_t end, int *there, struct why *why)
{
	for (size_t i = 0; i < n; i++) {
		struct rd r = rd_init(p + i, HEADER + 8), last;
		uint8_t length[4];
		uint64_t body = rd_u32(&r), count = rd_u32(&r), entries = rd_u32(&r);
		off_t begin = at + (off_t)i;
		struct buf b = {0};
		struct hash h;
		enum err e;

		if (body < BODY_LEAST || body > FRAME_MAX || entries > body - BODY_LEAST || count == 0 || 2 * count > entries || begin + HEADER + (off_t)body + HASH_BYTES > end)
			continue;
		if ((e = read_all(m, length, sizeof length, begin + HEADER + 8 + (off_t)entries, why)) != OK)
			return e;
		last = rd_init(length, sizeof length);
		if (BODY_LEAST + entries + rd_u32(&last) != body)
			continue;
		e = read_frame(m, begin, &b, &h, why);
		buf_free(&b);
		if (e != ERR_ABSENT) {
			*there = e == OK;
			return e;
		}
	}
	return OK;
}

/* Is there a whole frame anywhere in [from, end)? Then what stands before it was not torn by the last append. */
static enum err
frame_behind(const struct mirror *m, off_t from, off_t end, int *there, struct why *why)
{
	uint8_t *p = malloc(PIECE);
	enum err e = p == NULL ? ERR_NOMEM : OK;

	*there = 0;
	while (e == OK && !*there && end - from >= HEADER + BODY_LEAST) {
		size_t n = end - from < PIECE ? (size_t)(end - from) : PIECE;

		if ((e = read_all(m, p, n, from, why)) == OK)
			e = frame_among(m, p, n - (HEADER + 8) + 1, from, end, there, why);
		from += (off_t)n - (HEADER + 8) + 1;
	}
	free(p);
	return e;
}

/* All of it, from `at` on. */
static enum err
write_all(const struct mirror *m, const void *p, size_t n, off_t at, struct why *why)
{
	const uint8_t *from = p;

	while (n > 0) {
		ssize_t k = pwrite(m->fd, from, n, at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return io(m, why);
		from += k;
		n -= (size_t)k;
		at += k;
	}
	return OK;
}

/* After a failed sync a frame may be read that is not on the disk: the last one is written again, and synced. */
static enum err
write_again(const struct mirror *m, struct why *why)
{
	size_t n = (size_t)(m->at.end - m->at.last);
	uint8_t *p = malloc(n + 1);
	enum err e = p == NULL ? ERR_NOMEM : read_all(m, p, n, m->at.last, why);

	if (e == OK && (e = write_all(m, p, n, m->at.last, why)) == OK && fdatasync(m->fd) != 0)
		e = io(m, why);
	free(p);
	return e;
}

/* ---- the note: how far the file is whole ------------------------------------------------------ */

/* "LAST END SIZE HEX-HASH HEX-SHA-256 of what stands before it". */
static void
note_text(char out[256], const struct place *at)
{
	char hash[65], sum[65];
	struct hash h;
	int n;

	hash_hex(hash, &at->hash);
	n = snprintf(out, 256, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s", (uint64_t)at->last, (uint64_t)at->end, at->size, hash);
	sha256(&h, out, (size_t)n);
	hash_hex(sum, &h);
	(void)snprintf(out + n, 256 - (size_t)n, " %s\n", sum);
}

static void
note_path(char out[4200], const struct mirror *m)
{
	(void)snprintf(out, 4200, "%s.end", m->path);
}

/* Written when the frames are synced. It may be missing, torn or of another file: then all is read from the start. */
static void
note(struct mirror *m)
{
	char path[4200], text[256];

	note_path(path, m);
	note_text(text, &m->at);
	if (m->at.end == 0 || file_write(path, text, strlen(text), 0600, NULL) != OK)
		(void)unlink(path);
	m->noted = m->at.end;
}

/* 1 if there is a note of a file of at least that size. */
static int
noted(const struct mirror *m, struct place *out, off_t size)
{
	char path[4200], again[256], hash[65];
	struct buf b = {0};
	uint64_t last, end;
	int good;

	note_path(path, m);
	good = file_read(&b, path, 255, NULL) == OK && sscanf(buf_cstr(&b), "%" SCNu64 " %" SCNu64 " %" SCNu64 " %64[0-9a-f] ", &last, &end, &out->size, hash) == 4 &&
	    hex_decode(out->hash.b, HASH_BYTES, hash, strlen(hash)) == OK && end <= (uint64_t)size && last < end;
	if (good) {
		out->last = (off_t)last;
		out->end = (off_t)end;
		note_text(again, out);
		good = strcmp(again, (const char *)b.p) == 0;
	}
	buf_free(&b);
	return good;
}

/* 1 if the frame that the note names is in this file. */
static int
note_fits(const struct mirror *m, const struct place *at)
{
	struct buf b = {0};
	struct hash h;
	int fits = read_frame(m, at->last, &b, &h, NULL) == OK && hash_equal(&h, &at->hash) && at->last + (off_t)(HEADER + b.n + HASH_BYTES) == at->end;

	buf_free(&b);
	return fits;
}

/* ---- opening, appending, reading -------------------------------------------------------------- */

/* Frames are synced one by one, so that only the last can be torn; all others were whole once. */
static enum err
cut(const struct mirror *m, off_t size, off_t whole_once, struct why *why)
{
	int there = whole_once > m->at.end;
	enum err e = there ? OK : frame_behind(m, m->at.end + 1, size, &there, why);

	if (e != OK)
		return e;
	if (there)
		return why_set(why, ERR_PROOF, "mirror %s is damaged behind entry %" PRIu64 ": keep it, it is evidence, and give the log a new one", m->path, m->at.size);
	return ftruncate(m->fd, m->at.end) != 0 || fdatasync(m->fd) != 0 ? io(m, why) : OK;
}

static enum err
open_file(struct mirror *m, const char *path, int flags, off_t *size, struct why *why)
{
	struct stat st;

	m->fd = -1;
	if (strlen(path) >= sizeof m->path)
		return why_set(why, ERR_LENGTH, "%.200s...: path too long", path);
	(void)strcpy(m->path, path);
	if ((m->fd = open(path, flags | O_CLOEXEC, 0600)) < 0 || fstat(m->fd, &st) != 0)
		return io(m, why);
	*size = st.st_size;
	return OK;
}

enum err
mirror_open(struct mirror **out, const char *path, struct why *why)
{
	struct mirror *m = calloc(1, sizeof *m);
	struct place place = {0};
	int known, fits;
	off_t size = 0;
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	if ((e = open_file(m, path, O_RDWR | O_CREAT, &size, why)) != OK) {
		mirror_close(m);
		return e;
	}
	known = noted(m, &place, size);
	fits = known && note_fits(m, &place);
	if (fits) {
		m->at = place;
		m->noted = place.end;
	}
	if ((e = walk(m, &m->at, NULL, NULL, why)) == OK && size > m->at.end)
		e = cut(m, size, known ? place.end : 0, why);
	if (e == OK)
		e = write_again(m, why);
	if (e != OK) {
		m->broken = 1;
		mirror_close(m);
		return e;
	}
	if (!fits || m->at.end != m->noted)
		note(m);
	*out = m;
	return OK;
}

void
mirror_close(struct mirror *m)
{
	if (m == NULL)
		return;
	if (m->fd >= 0 && !m->broken && m->at.end != m->noted)
		note(m);
	if (m->fd >= 0)
		(void)close(m->fd);
	free(m);
}

uint64_t
mirror_size(const struct mirror *m)
{
	return m->at.size;
}

/* The frame is on the disk. */
static void
advance(struct mirror *m, uint32_t count, size_t n, const struct hash *h)
{
	m->at.last = m->at.end;
	m->at.end += (off_t)n;
	m->at.size += count;
	m->at.hash = *h;
	if (m->at.end - m->noted > NOTE_EVERY)
		note(m);
}

enum err
mirror_append(struct mirror *m, uint32_t count, const struct buf *entries, const struct buf *checkpoint, struct why *why)
{
	struct buf head = {0}, tail = {0};
	struct hash_run *run = hash_start();
	struct hash h;
	enum err e = OK;

	if (m->broken) {
		hash_end(run, NULL);
		return why_set(why, ERR_IO, "mirror %s: an earlier write failed", m->path);
	}
	buf_u32(&head, (uint32_t)(4 + 4 + entries->n + 4 + checkpoint->n));
	buf_u32(&head, count);
	buf_u32(&head, (uint32_t)entries->n);
	buf_vec32(&tail, checkpoint->p, checkpoint->n);
	hash_more(run, head.p + HEADER, head.n - HEADER);
	hash_more(run, entries->p, entries->n);
	hash_more(run, tail.p, tail.n);
	hash_end(run, &h);
	buf_put(&tail, h.b, HASH_BYTES);
	if (head.failed || tail.failed)
		e = ERR_NOMEM;
	if (e == OK && (e = write_all(m, head.p, head.n, m->at.end, why)) == OK && (e = write_all(m, entries->p, entries->n, m->at.end + (off_t)head.n, why)) == OK)
		e = write_all(m, tail.p, tail.n, m->at.end + (off_t)(head.n + entries->n), why);
	if (e == OK && fdatasync(m->fd) != 0)
		e = io(m, why);
	if (e == OK)
		advance(m, count, head.n + entries->n + tail.n, &h);
	else
		m->broken = 1;
	buf_free(&head);
	buf_free(&tail);
	return e;
}

enum err
mirror_read(const char *path, enum err (*entry)(void *ctx, uint64_t index, const uint8_t *p, size_t n), void *ctx, uint64_t *size, struct why *why)
{
	struct mirror *m = calloc(1, sizeof *m);
	off_t bytes = 0;
	enum err e;

	*size = 0;
	if (m == NULL)
		return ERR_NOMEM;
	if ((e = open_file(m, path, O_RDONLY, &bytes, why)) == OK && (e = walk(m, &m->at, entry, ctx, why)) == OK && m->at.end < bytes)
		e = why_set(why, ERR_FORMAT, "mirror %s: what stands behind entry %" PRIu64 " is damaged or cut short", path, m->at.size);
	*size = m->at.size;
	m->broken = 1; /* nothing to note */
	mirror_close(m);
	return e;
}
