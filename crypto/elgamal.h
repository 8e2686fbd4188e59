/* crypto/elgamal.h - ElGamal over the group, a marking as a group element.
 *
 * Spec    spec/README.md#elgamal-and-markings
 */
#ifndef CRYPTO_ELGAMAL_H
#define CRYPTO_ELGAMAL_H

#include "crypto/group.h"

struct ciphertext {
	struct point c1; /* r*G */
	struct point c2; /* M + r*Y */
};

/* Encrypt the element m under key with exponent r (secret, not 0). Constant
 * time in r; m is public to whoever calls. */
void elgamal_encrypt(struct ciphertext *out, const struct point *m, const struct point *key, const struct scalar *r);

/* i*G for i = 1..n into table[0..n-1]. */
void marking_table(struct point *table, size_t n);
/* The i (from 1) with table[i-1] == m; 0 for everything else and infinity. O(n). */
size_t marking_find(const struct point *table, size_t n, const struct point *m);

#endif
