/* crypto/bytetree.h - Verificatum's byte trees: every file and every hash input
 * of a mix or decryption session.
 *
 * Writers append to a buffer. Readers take exactly what writers make: exact
 * lengths, scalars below n, coordinates below p and on the curve; any failure
 * is sticky in the reader (struct rd) and seen by rd_done().
 * Spec    spec/mixnet.md#byte-trees
 */
#ifndef CRYPTO_BYTETREE_H
#define CRYPTO_BYTETREE_H

#include "crypto/elgamal.h"

enum { BT_POINT_BYTES = 81, BT_SCALAR_BYTES = 38 };

void bt_node(struct buf *b, size_t children);
void bt_leaf(struct buf *b, const void *p, size_t n);
void bt_text(struct buf *b, const char *s);
void bt_int(struct buf *b, uint32_t v);
void bt_scalar(struct buf *b, const struct scalar *s);
void bt_point(struct buf *b, const struct point *p);
void bt_points(struct buf *b, const struct point *p, size_t n);
/* node(all c1, all c2) */
void bt_ciphertexts(struct buf *b, const struct ciphertext *c, size_t n);

/* A node with exactly this many children follows. */
void bt_read_node(struct rd *r, size_t children);
/* A leaf of exactly n bytes; NULL after a failure. */
const uint8_t *bt_read_leaf(struct rd *r, size_t n);
void bt_read_scalar(struct rd *r, struct scalar *out);
void bt_read_scalars(struct rd *r, struct scalar *out, size_t n);
/* `infinity` set: infinity is accepted, else it is a failure. */
void bt_read_point(struct rd *r, struct point *out, int infinity);
void bt_read_points(struct rd *r, struct point *out, size_t n, int infinity);
void bt_read_ciphertexts(struct rd *r, struct ciphertext *out, size_t n);
/* How many ciphertexts a file of this list holds, by its length; 0 if no list has that length. */
size_t bt_ciphertexts_count(size_t bytes);
/* Allocate and read a list of n ciphertexts that fills p[0..bytes). ERR_FORMAT, ERR_NOMEM. Free it. */
MUST_CHECK enum err bt_ciphertexts_read(struct ciphertext **out, size_t n, const void *p, size_t bytes);

#endif
