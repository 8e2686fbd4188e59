/* crypto/shuffle.h - Terelius and Wikström's proof of a shuffle, in Verificatum's format.
 *
 * Spec    spec/mixnet.md#proof-of-shuffle
 */
#ifndef CRYPTO_SHUFFLE_H
#define CRYPTO_SHUFFLE_H

#include "crypto/bytetree.h"
#include "crypto/session.h"

/* The three files of one shuffle. */
struct shuffle_proof {
	struct buf permutation_commitment, commitment, reply;
};

void shuffle_proof_free(struct shuffle_proof *p);

/* Re-encrypt and permute in[0..n) (n >= 1) into out under `key`, and prove it. The permutation,
 * exponents and nonces are fresh and wiped; scalars take constant time, array
 * indexes follow the permutation (see spec/threats.md). About 220 us a
 * ciphertext and core. ERR_RANGE for n = 0, ERR_NOMEM. */
MUST_CHECK enum err shuffle_prove(struct ciphertext *out, struct shuffle_proof *proof, const struct session *s,
    const struct point *key, const struct ciphertext *in, size_t n, unsigned threads);

/* Verify one shuffle. `files` hold the bytes as published; h are the n generators of the session (session_generators), for who
 * verifies several mixes of it, or NULL. About 45 us a ciphertext at 10^4. OK, ERR_FORMAT (not canonical), ERR_PROOF, ERR_RANGE, ERR_NOMEM; `why` names the equation. */
MUST_CHECK enum err shuffle_verify(const struct session *s, const struct point *h, const struct point *key, const struct ciphertext *in,
    const struct ciphertext *out, size_t n, const struct shuffle_proof *files, unsigned threads, struct why *why);

#endif
