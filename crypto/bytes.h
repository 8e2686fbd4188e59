/* crypto/bytes.h - byte strings: growing buffers, bounded readers, hex,
 * base64, whole files, wiping.
 *
 * Integers are big-endian, vectors carry their length (TLS presentation
 * language, RFC 8446 section 3).
 * Spec    spec/README.md#encoding
 */
#ifndef CRYPTO_BYTES_H
#define CRYPTO_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/err.h"

/* Overwrite n bytes in a way the compiler keeps. */
void wipe(void *p, size_t n);

/* 1 if equal, 0 if not, in time independent of the contents. */
int ct_equal(const void *a, const void *b, size_t n);

/* Fill with unpredictable bytes from OpenSSL's generator; aborts the process
 * if there is no randomness (never goes on with less). */
void random_bytes(void *p, size_t n);

/* ---- a growing buffer ---------------------------------------------------- */

/* Zero-initialise (`struct buf b = {0}`). After a failed allocation `failed` is
 * set, every further write is ignored, and the caller checks once at the end.
 * Growth wipes the old allocation, so a buffer may hold secrets. */
struct buf {
	uint8_t *p;
	size_t n, cap;
	int failed;
};

void buf_free(struct buf *b); /* wipes, frees, zeroes; NULL p is fine */
/* Room for n bytes more at once, where that is known. Without it a buffer grows by doubling. */
void buf_room(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_u8(struct buf *b, unsigned v);
void buf_u16(struct buf *b, unsigned v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_str(struct buf *b, const char *s); /* the characters, no length, no NUL */
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* opaque<0..255>, opaque<0..65535>, opaque<0..2^32-1>: length, then bytes */
void buf_vec8(struct buf *b, const void *p, size_t n);
void buf_vec16(struct buf *b, const void *p, size_t n);
void buf_vec32(struct buf *b, const void *p, size_t n);
/* A terminating NUL that is not counted in n, so that p is a C string. */
const char *buf_cstr(struct buf *b);

/* ---- a bounded reader ---------------------------------------------------- */

/* Reads from bytes it does not own. The first short read sets `failed`;
 * later reads give zeroes / NULL. Check rd_done() once at the end. */
struct rd {
	const uint8_t *p;
	size_t n; /* bytes left */
	int failed;
};

struct rd rd_init(const void *p, size_t n);
const uint8_t *rd_take(struct rd *r, size_t n); /* NULL if short */
void rd_copy(struct rd *r, void *out, size_t n);
unsigned rd_u8(struct rd *r);
unsigned rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
const uint8_t *rd_vec16(struct rd *r, size_t *n);
/* OK if nothing failed and nothing is left, else ERR_LENGTH. */
enum err rd_done(const struct rd *r);

/* ---- text forms ---------------------------------------------------------- */

/* Lower-case hex of n bytes and a NUL: out holds 2n + 1. */
void hex_encode(char *out, const void *p, size_t n);
/* Exactly 2n lower-case hex digits; ERR_LENGTH or ERR_FORMAT. */
MUST_CHECK enum err hex_decode(void *out, size_t n, const char *s, size_t slen);
/* Standard base64 with padding (RFC 4648 section 4). out holds
 * 4 * ((n + 2) / 3) + 1. */
void base64_encode(char *out, const void *p, size_t n);
/* Strict: canonical padding and zero trailing bits only. *n in: room of out,
 * out: bytes written. ERR_FORMAT, or ERR_LENGTH when out is too small. */
MUST_CHECK enum err base64_decode(void *out, size_t *n, const char *s, size_t slen);
/* 1 if p[0..n) is well-formed UTF-8 without NUL (RFC 3629), else 0. */
int utf8_valid(const void *p, size_t n);

/* ---- whole files --------------------------------------------------------- */

/* Append the file's contents to b; refuses more than max bytes (ERR_LENGTH).
 * ERR_ABSENT if there is none, ERR_IO otherwise. `why` names the path. */
MUST_CHECK enum err file_read(struct buf *b, const char *path, size_t max, struct why *why);
/* Replace path by these bytes: temporary file, fsync, rename, fsync of the
 * folder. After OK the bytes survive a power cut. mode e.g. 0644, 0600. */
MUST_CHECK enum err file_write(const char *path, const void *p, size_t n, unsigned mode, struct why *why);
/* The same of one of many files: it is there whole or not at all, but survives a power cut only after folder_flush of its folder. */
MUST_CHECK enum err file_write_unsynced(const char *path, const void *p, size_t n, unsigned mode, struct why *why);
/* All that was written in this folder, and else on its file system, is on the disk. ERR_IO. */
MUST_CHECK enum err folder_flush(const char *dir, struct why *why);
/* fsync of the folder that holds path, after a rename: 0, or -1 and errno. */
int folder_sync(const char *path);
/* mkdir -p, mode 0755. OK if it is there already. */
MUST_CHECK enum err dir_make(const char *path, struct why *why);

#endif
