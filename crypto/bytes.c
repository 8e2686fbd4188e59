#include "crypto/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

void
wipe(void *p, size_t n)
{
	if (p != NULL)
		OPENSSL_cleanse(p, n);
}

int
ct_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
random_bytes(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		int step = n > 1 << 20 ? 1 << 20 : (int)n;

		if (RAND_priv_bytes(at, step) != 1) {
			(void)fprintf(stderr, "no randomness from the system's generator; stopping\n");
			abort();
		}
		at += step;
		n -= (size_t)step;
	}
}

/* ---- a growing buffer ---------------------------------------------------- */

void
buf_free(struct buf *b)
{
	if (b->p != NULL)
		wipe(b->p, b->cap);
	free(b->p);
	memset(b, 0, sizeof *b);
}

/* Make the allocation cap bytes large; 0 if there is no memory. */
static int
grow(struct buf *b, size_t cap)
{
	uint8_t *p = malloc(cap);

	if (p == NULL) {
		b->failed = 1;
		return 0;
	}
	if (b->n > 0)
		memcpy(p, b->p, b->n);
	wipe(b->p, b->cap);
	free(b->p);
	b->p = p;
	b->cap = cap;
	return 1;
}

/* Room for n more bytes; 0 if there is none. */
static int
room(struct buf *b, size_t n)
{
	size_t cap = b->cap == 0 ? 64 : b->cap;

	if (b->failed)
		return 0;
	if (n <= b->cap - b->n)
		return 1;
	if (n > SIZE_MAX / 4 - b->n) {
		b->failed = 1;
		return 0;
	}
	while (cap < b->n + n)
		cap *= 2;
	return grow(b, cap);
}

void
buf_room(struct buf *b, size_t n)
{
	if (!b->failed && n > b->cap - b->n && n <= SIZE_MAX / 4 - b->n)
		(void)grow(b, b->n + n);
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

/* The low `bytes` bytes of v, big-endian. */
static void
put_be(struct buf *b, uint64_t v, size_t bytes)
{
	uint8_t t[8];

	for (size_t i = 0; i < bytes; i++)
		t[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	buf_put(b, t, bytes);
}

void
buf_u8(struct buf *b, unsigned v)
{
	if (v > UINT8_MAX)
		b->failed = 1;
	put_be(b, v, 1);
}

void
buf_u16(struct buf *b, unsigned v)
{
	if (v > UINT16_MAX)
		b->failed = 1;
	put_be(b, v, 2);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void
buf_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		b->failed = 1;
	else if (room(b, (size_t)n + 1)) {
		(void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, format, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void
buf_vec8(struct buf *b, const void *p, size_t n)
{
	if (n > UINT8_MAX) {
		b->failed = 1;
		return;
	}
	buf_u8(b, (unsigned)n);
	buf_put(b, p, n);
}

void
buf_vec16(struct buf *b, const void *p, size_t n)
{
	if (n > UINT16_MAX) {
		b->failed = 1;
		return;
	}
	buf_u16(b, (unsigned)n);
	buf_put(b, p, n);
}

void
buf_vec32(struct buf *b, const void *p, size_t n)
{
	if (n > UINT32_MAX) {
		b->failed = 1;
		return;
	}
	buf_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

const char *
buf_cstr(struct buf *b)
{
	if (!room(b, 1))
		return "";
	b->p[b->n] = 0;
	return (const char *)b->p;
}

/* ---- a bounded reader ---------------------------------------------------- */

struct rd
rd_init(const void *p, size_t n)
{
	struct rd r = {p, n, 0};

	return r;
}

const uint8_t *
rd_take(struct rd *r, size_t n)
{
	static const uint8_t nothing[1];
	const uint8_t *at = r->p;

	if (r->failed || n > r->n) {
		r->failed = 1;
		return NULL;
	}
	if (n == 0)
		return at != NULL ? at : nothing;
	r->p += n;
	r->n -= n;
	return at;
}

void
rd_copy(struct rd *r, void *out, size_t n)
{
	const uint8_t *p = rd_take(r, n);

	if (n == 0)
		return;
	if (p != NULL)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

static uint64_t
get_be(struct rd *r, size_t bytes)
{
	const uint8_t *p = rd_take(r, bytes);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

unsigned
rd_u8(struct rd *r)
{
	return (unsigned)get_be(r, 1);
}

unsigned
rd_u16(struct rd *r)
{
	return (unsigned)get_be(r, 2);
}

uint32_t
rd_u32(struct rd *r)
{
	return (uint32_t)get_be(r, 4);
}

uint64_t
rd_u64(struct rd *r)
{
	return get_be(r, 8);
}

const uint8_t *
rd_vec16(struct rd *r, size_t *n)
{
	size_t len = rd_u16(r);
	const uint8_t *p = rd_take(r, len);

	*n = p != NULL ? len : 0;
	return p;
}

enum err
rd_done(const struct rd *r)
{
	return r->failed || r->n != 0 ? ERR_LENGTH : OK;
}

/* ---- text forms ---------------------------------------------------------- */

void
hex_encode(char *out, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	*out = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum err
hex_decode(void *out, size_t n, const char *s, size_t slen)
{
	uint8_t *b = out;

	if (slen != 2 * n)
		return ERR_LENGTH;
	for (size_t i = 0; i < slen; i++)
		if (hex_digit(s[i]) < 0)
			return ERR_FORMAT;
	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]));
	return OK;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(char *out, const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t i = 0;

	for (; i + 3 <= n; i += 3, out += 4) {
		uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 | b[i + 2];

		out[0] = base64_digits[v >> 18];
		out[1] = base64_digits[v >> 12 & 63];
		out[2] = base64_digits[v >> 6 & 63];
		out[3] = base64_digits[v & 63];
	}
	if (i < n) {
		uint32_t v = (uint32_t)b[i] << 16 | (i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0);

		*out++ = base64_digits[v >> 18];
		*out++ = base64_digits[v >> 12 & 63];
		*out++ = i + 1 < n ? base64_digits[v >> 6 & 63] : '=';
		*out++ = '=';
	}
	*out = '\0';
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -1;
}

enum err
base64_decode(void *out, size_t *n, const char *s, size_t slen)
{
	uint8_t *b = out;
	size_t pad = 0, bytes;

	if (slen % 4 != 0)
		return ERR_FORMAT;
	if (slen > 0 && s[slen - 1] == '=')
		pad = s[slen - 2] == '=' ? 2 : 1;
	bytes = slen / 4 * 3 - pad;
	if (bytes > *n)
		return ERR_LENGTH;
	for (size_t i = 0; i < slen - pad; i++)
		if (base64_digit(s[i]) < 0)
			return ERR_FORMAT;
	/* The bits after the last byte must be zero: one encoding each. */
	if ((pad == 1 && (base64_digit(s[slen - 2]) & 3) != 0) || (pad == 2 && (base64_digit(s[slen - 3]) & 15) != 0))
		return ERR_FORMAT;
	for (size_t i = 0, at = 0; i < slen; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++)
			v = v << 6 | (i + k < slen - pad ? (uint32_t)base64_digit(s[i + k]) : 0);
		for (size_t k = 0; k < 3 && at < bytes; k++)
			b[at++] = (uint8_t)(v >> (16 - 8 * k));
	}
	*n = bytes;
	return OK;
}

int
utf8_valid(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n;) {
		uint32_t c = b[i], least;
		size_t more;

		if (c == 0)
			return 0;
		if (c < 0x80) {
			i++;
			continue;
		}
		if (c >= 0xc2 && c < 0xe0) {
			more = 1;
			least = 0x80;
			c &= 0x1f;
		} else if (c >= 0xe0 && c < 0xf0) {
			more = 2;
			least = 0x800;
			c &= 0x0f;
		} else if (c >= 0xf0 && c < 0xf5) {
			more = 3;
			least = 0x10000;
			c &= 0x07;
		} else
			return 0;
		if (n - i <= more)
			return 0;
		for (size_t k = 1; k <= more; k++) {
			if ((b[i + k] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (b[i + k] & 0x3fu);
		}
		if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return 0;
		i += more + 1;
	}
	return 1;
}

/* ---- whole files --------------------------------------------------------- */

enum err
file_read(struct buf *b, const char *path, size_t max, struct why *why)
{
	uint8_t chunk[16384];
	enum err e = OK;
	size_t total = 0;
	ssize_t n;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return why_set(why, errno == ENOENT || errno == ENOTDIR ? ERR_ABSENT : ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size <= max)
		buf_room(b, (size_t)st.st_size); /* a large file once, not twice */
	while ((n = read(fd, chunk, sizeof chunk)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			e = why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
			break;
		}
		total += (size_t)n;
		if (total > max) {
			e = why_set(why, ERR_LENGTH, "%s: longer than %zu bytes", path, max);
			break;
		}
		buf_put(b, chunk, (size_t)n);
	}
	if (e == OK && b->failed)
		e = why_set(why, ERR_NOMEM, "%s: out of memory", path);
	wipe(chunk, sizeof chunk);
	(void)close(fd);
	return e;
}

int
folder_sync(const char *path)
{
	char dir[4096];
	const char *slash = strrchr(path, '/');
	int fd, bad;

	if (slash == NULL)
		(void)snprintf(dir, sizeof dir, ".");
	else
		(void)snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	bad = fsync(fd);
	(void)close(fd);
	return bad;
}

static enum err
write_file(const char *path, const void *p, size_t n, unsigned mode, int sync, struct why *why)
{
	const uint8_t *at = p;
	char temporary[4096];
	int fd;

	if (snprintf(temporary, sizeof temporary, "%s.tmp-XXXXXX", path) >= (int)sizeof temporary)
		return why_set(why, ERR_LENGTH, "%s: path too long", path);
	if ((fd = mkstemp(temporary)) < 0)
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	while (n > 0) {
		ssize_t k = write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			goto fail;
		at += k;
		n -= (size_t)k;
	}
	if (fchmod(fd, (mode_t)mode) != 0 || (sync && fsync(fd) != 0))
		goto fail;
	if (close(fd) != 0) {
		fd = -1;
		goto fail;
	}
	fd = -1;
	if (rename(temporary, path) != 0 || (sync && folder_sync(path) != 0))
		goto fail;
	return OK;

fail:
	why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	(void)unlink(temporary);
	return ERR_IO;
}

enum err
file_write(const char *path, const void *p, size_t n, unsigned mode, struct why *why)
{
	return write_file(path, p, n, mode, 1, why);
}

enum err
file_write_unsynced(const char *path, const void *p, size_t n, unsigned mode, struct why *why)
{
	return write_file(path, p, n, mode, 0, why);
}

enum err
folder_flush(const char *dir, struct why *why)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = fd >= 0 && syncfs(fd) == 0 ? OK : why_set(why, ERR_IO, "%s: %s", dir, strerror(errno));

	if (fd >= 0)
		(void)close(fd);
	return e;
}

enum err
dir_make(const char *path, struct why *why)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof part)
		return why_set(why, ERR_LENGTH, "%s: path too long", path);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return why_set(why, ERR_IO, "%s: %s", part, strerror(errno));
	}
	return OK;
}
