/* crypto/decryption.h - one trustee's decryption factors with their proof, and
 * their combination.
 *
 * Spec    spec/mixnet.md#decryption-sessions
 */
#ifndef CRYPTO_DECRYPTION_H
#define CRYPTO_DECRYPTION_H

#include "crypto/bytetree.h"
#include "crypto/session.h"

/* PF = lcm(1..k)^2 mod n and its inverse. k 1..25. */
void decryption_factor(struct scalar *pf, struct scalar *ipf, unsigned k);
/* c_l = PF * prod_{j in S, j != l} j / (j - l) for l = set[at]; set ascending. ERR_RANGE. */
MUST_CHECK enum err decryption_coefficient(struct scalar *c, unsigned k, const unsigned *set, unsigned t, unsigned at);

/* The files of one trustee's session. */
struct decryption_proof {
	struct buf factors, commitment, reply;
};
void decryption_proof_free(struct decryption_proof *p);

/* Factors D_i = -x u_i and their proof. x = x_l * iPF (secret), key = x G. Constant
 * time in x. About 34 us a ciphertext and core. n >= 1. */
MUST_CHECK enum err decryption_prove(struct decryption_proof *proof, const struct session *s, const struct scalar *x,
    const struct point *key, const struct ciphertext *list, size_t n, unsigned threads);
/* Verify; the factors come out (n points, allocated, to be freed) if OK. Strict
 * bytes; infinity is refused. ERR_FORMAT, ERR_PROOF, ERR_NOMEM. */
MUST_CHECK enum err decryption_verify(struct point **factors, const struct session *s, const struct point *key,
    const struct ciphertext *list, size_t n, const struct decryption_proof *files, unsigned threads, struct why *why);
/* M_i = v_i + sum over the set of c_l D_l,i. */
MUST_CHECK enum err decryption_combine(struct point *out, const struct ciphertext *list, size_t n, unsigned k,
    const unsigned *set, unsigned t, struct point *const *factors, unsigned threads);

#endif
