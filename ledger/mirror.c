#include "ledger/mirror.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"

/* A frame: u32 length of what follows up to the hash; u32 count; u32 length and entries; u32 length and checkpoint; SHA-256
 * of all that. */
enum { FRAME_MAX = 1 << 30, HEADER = 4 };

struct mirror {
	int fd;
	char path[4096];
	uint64_t size; /* entries */
	off_t end;
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

/* The frame at *at into b (without length and hash). ERR_ABSENT: it ends too early, or is not what was written. */
static enum err
read_frame(const struct mirror *m, off_t *at, struct buf *b, struct why *why)
{
	uint8_t header[HEADER], *p;
	struct hash h;
	struct rd r;
	size_t n;
	enum err e;

	buf_free(b);
	if ((e = read_all(m, header, sizeof header, *at, why)) != OK)
		return e;
	r = rd_init(header, sizeof header);
	n = rd_u32(&r);
	if (n > FRAME_MAX)
		return ERR_ABSENT;
	if ((p = malloc(n + HASH_BYTES)) == NULL)
		return ERR_NOMEM;
	if ((e = read_all(m, p, n + HASH_BYTES, *at + HEADER, why)) == OK) {
		sha256(&h, p, n);
		if (memcmp(h.b, p + n, HASH_BYTES) != 0)
			e = ERR_ABSENT;
		else
			buf_put(b, p, n);
	}
	free(p);
	if (e == OK)
		*at += (off_t)(HEADER + n + HASH_BYTES);
	return e == OK && b->failed ? ERR_NOMEM : e;
}

/* Every frame from the start; `entry` may be NULL. *last is where the last good one begins, *end where it ends. */
static enum err
walk(const struct mirror *m, uint64_t *size, off_t *last, off_t *end, enum err (*entry)(void *ctx, uint64_t index, const uint8_t *p, size_t n), void *ctx, struct why *why)
{
	struct buf b = {0};
	off_t at = 0, begun = 0;
	enum err e;

	*size = 0;
	*last = 0;
	while (begun = at, (e = read_frame(m, &at, &b, why)) == OK) {
		struct rd r = rd_init(b.p, b.n), in;
		uint32_t count = rd_u32(&r);
		size_t n = rd_u32(&r), one;
		const uint8_t *p = rd_take(&r, n);

		in = rd_init(p, p != NULL ? n : 0);
		for (uint32_t i = 0; i < count && e == OK; i++, (*size)++) {
			const uint8_t *x = rd_vec16(&in, &one);

			if (x == NULL)
				e = why_set(why, ERR_PROOF, "mirror %s: entry %" PRIu64 " is not whole", m->path, *size);
			else if (entry != NULL)
				e = entry(ctx, *size, x, one);
		}
		if (e != OK)
			break;
		*last = begun;
	}
	buf_free(&b);
	*end = at;
	return e == ERR_ABSENT ? OK : e;
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
write_again(const struct mirror *m, off_t last, struct why *why)
{
	size_t n = (size_t)(m->end - last);
	uint8_t *p = malloc(n + 1);
	enum err e = p == NULL ? ERR_NOMEM : read_all(m, p, n, last, why);

	if (e == OK && (e = write_all(m, p, n, last, why)) == OK && fdatasync(m->fd) != 0)
		e = io(m, why);
	free(p);
	return e;
}

enum err
mirror_open(struct mirror **out, const char *path, struct why *why)
{
	struct mirror *m = calloc(1, sizeof *m);
	struct stat st;
	off_t last = 0;
	enum err e;

	if (m == NULL)
		return ERR_NOMEM;
	if (strlen(path) >= sizeof m->path) {
		free(m);
		return why_set(why, ERR_LENGTH, "%.200s...: path too long", path);
	}
	(void)strcpy(m->path, path);
	m->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (m->fd < 0 || fstat(m->fd, &st) != 0)
		e = io(m, why);
	else if ((e = walk(m, &m->size, &last, &m->end, NULL, NULL, why)) == OK && st.st_size > m->end) {
		/* appended frames are synced one by one: only the last can be torn, and it is smaller than what one append may write */
		uint8_t header[HEADER];
		struct rd r = rd_init(header, sizeof header);
		off_t claimed = st.st_size;

		if (read_all(m, header, sizeof header, m->end, NULL) == OK)
			claimed = m->end + HEADER + (off_t)rd_u32(&r) + HASH_BYTES;
		if (claimed < st.st_size)
			e = why_set(why, ERR_PROOF, "mirror %s is damaged behind entry %" PRIu64 ": keep it, it is evidence, and give the log a new one", path, m->size);
		else if (ftruncate(m->fd, m->end) != 0 || fdatasync(m->fd) != 0)
			e = io(m, why);
	}
	if (e == OK)
		e = write_again(m, last, why);
	if (e != OK)
		mirror_close(m);
	else
		*out = m;
	return e;
}

void
mirror_close(struct mirror *m)
{
	if (m == NULL)
		return;
	if (m->fd >= 0)
		(void)close(m->fd);
	free(m);
}

uint64_t
mirror_size(const struct mirror *m)
{
	return m->size;
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
	if (e == OK && (e = write_all(m, head.p, head.n, m->end, why)) == OK && (e = write_all(m, entries->p, entries->n, m->end + (off_t)head.n, why)) == OK)
		e = write_all(m, tail.p, tail.n, m->end + (off_t)(head.n + entries->n), why);
	if (e == OK && fdatasync(m->fd) != 0)
		e = io(m, why);
	if (e == OK) {
		m->end += (off_t)(head.n + entries->n + tail.n);
		m->size += count;
	} else
		m->broken = 1;
	buf_free(&head);
	buf_free(&tail);
	return e;
}

enum err
mirror_read(struct mirror *m, enum err (*entry)(void *ctx, uint64_t index, const uint8_t *p, size_t n), void *ctx, struct why *why)
{
	uint64_t size;
	off_t last, end;

	return walk(m, &size, &last, &end, entry, ctx, why);
}
