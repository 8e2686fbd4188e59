/* crypto/group.h - the group secp256k1 and its scalars, with zero and infinity.
 *
 * libsecp256k1's public API only. Functions whose name ends in _var take time
 * that depends on their inputs: public data only. The others are constant time
 * in their scalars. The library's context is made on first use, randomised, and
 * kept for the life of the process; all functions are thread-safe.
 *
 * Spec    spec/README.md#group
 * Source  SEC 2 section 2.4.1 (curve); design: libsecp256k1's public interface
 */
#ifndef CRYPTO_GROUP_H
#define CRYPTO_GROUP_H

#include <secp256k1.h>

#include "crypto/hash.h"

#define SCALAR_BYTES 32
#define POINT_BYTES 33        /* compressed, SEC 1 */
#define POINT_UNCOMPRESSED 65 /* 04, x, y */
#define XONLY_BYTES 32

/* An integer modulo the group order n, big-endian, always below n; may be 0. */
struct scalar {
	uint8_t b[SCALAR_BYTES];
};

/* A group element. `inf` set: the neutral element, and `pk` is not read. */
struct point {
	secp256k1_pubkey pk;
	int inf;
};

const secp256k1_context *group_context(void);

/* ---- scalars (constant time unless _var) ---- */
extern const struct scalar SCALAR_ZERO, SCALAR_ONE;
/* 32 bytes, below n, else ERR_RANGE. Zero is accepted. */
MUST_CHECK enum err scalar_read(struct scalar *out, const uint8_t b[SCALAR_BYTES]);
void scalar_u64(struct scalar *out, uint64_t v);
/* Uniform without bias by rejection; never zero. */
void scalar_random(struct scalar *out);
/* 64 uniform bytes reduced mod n: bias below 2^-256. Constant time. */
void scalar_reduce64(struct scalar *out, const uint8_t wide[64]);
/* Any big-endian integer of n bytes (n <= 64) reduced mod n; constant time in the value. */
void scalar_reduce(struct scalar *out, const uint8_t *p, size_t n);
void scalar_add(struct scalar *r, const struct scalar *a, const struct scalar *b);
void scalar_sub(struct scalar *r, const struct scalar *a, const struct scalar *b);
void scalar_mul(struct scalar *r, const struct scalar *a, const struct scalar *b);
void scalar_neg(struct scalar *r, const struct scalar *a);
/* a^-1; ERR_RANGE if a is 0. */
MUST_CHECK enum err scalar_inv(struct scalar *r, const struct scalar *a);
int scalar_is_zero(const struct scalar *a);
int scalar_equal(const struct scalar *a, const struct scalar *b);

/* ---- points ---- */
extern const struct point POINT_INFINITY;
/* G itself. */
void point_generator(struct point *out);
/* Compressed (33 bytes); refuses what is not on the curve (ERR_RANGE), another
 * prefix than 02 or 03 (ERR_FORMAT). Infinity has no such encoding. */
MUST_CHECK enum err point_read(struct point *out, const uint8_t b[POINT_BYTES]);
/* Compressed; ERR_RANGE for infinity. */
MUST_CHECK enum err point_write(uint8_t out[POINT_BYTES], const struct point *p);
/* Affine coordinates, 32 bytes each; on-curve checked; x, y < p. */
MUST_CHECK enum err point_read_xy(struct point *out, const uint8_t x[32], const uint8_t y[32]);
/* ERR_RANGE for infinity. */
MUST_CHECK enum err point_write_xy(uint8_t x[32], uint8_t y[32], const struct point *p);
int point_equal(const struct point *a, const struct point *b);
void point_neg(struct point *r, const struct point *a);
void point_add(struct point *r, const struct point *a, const struct point *b);
/* s*G, constant time in s (zero included: gives infinity by selection on a public result). */
void point_mul_base(struct point *r, const struct scalar *s);
/* s*P, constant time in s through secp256k1_ecdh. */
void point_mul(struct point *r, const struct point *p, const struct scalar *s);
/* s*P, variable time. */
void point_mul_var(struct point *r, const struct point *p, const struct scalar *s);
/* Sum of n points, one inversion for all. */
void point_sum(struct point *r, const struct point *p, size_t n);
/* sum s_i*P_i, variable time, Pippenger (crypto/msm.c); bits = 128 promises all
 * scalars < 2^128 (checked), else 256. threads >= 1. ERR_NOMEM. O(n / log n). */
MUST_CHECK enum err point_msm_var(struct point *r, const struct point *p, const struct scalar *s, size_t n, unsigned bits, unsigned threads);

#endif
