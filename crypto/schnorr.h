/* crypto/schnorr.h - BIP 340 signatures: voters' credentials, ballots, and
 * proofs of knowledge of an exponent.
 *
 * Spec    spec/README.md#bip-340-signatures
 * Source  BIP 340, through libsecp256k1's schnorrsig module
 */
#ifndef CRYPTO_SCHNORR_H
#define CRYPTO_SCHNORR_H

#include "crypto/group.h"

#define SCHNORR_BYTES 64

/* The x coordinate of secret*G. ERR_RANGE if secret is 0. */
MUST_CHECK enum err schnorr_public(uint8_t key[XONLY_BYTES], const struct scalar *secret);
/* Sign 32 bytes (a tagged hash). Constant time in the secret; the nonce is
 * hedged with fresh randomness. ERR_RANGE if secret is 0. */
MUST_CHECK enum err schnorr_sign(uint8_t sig[SCHNORR_BYTES], const struct scalar *secret, const struct hash *message);
/* The same with given auxiliary randomness: for the published vectors alone. */
MUST_CHECK enum err schnorr_sign_with(uint8_t sig[SCHNORR_BYTES], const struct scalar *secret, const struct hash *message, const uint8_t aux[32]);
/* OK, ERR_RANGE (key is no x coordinate) or ERR_PROOF. Public data. */
MUST_CHECK enum err schnorr_verify(const uint8_t sig[SCHNORR_BYTES], const uint8_t key[XONLY_BYTES], const struct hash *message);

struct schnorr_item {
	const uint8_t *sig; /* 64 bytes */
	const uint8_t *key; /* 32 bytes, x-only */
	struct hash message;
	int bad; /* set to 1 by schnorr_verify_batch if it fails, else 0 */
};

/* Verify n signatures through one multi-scalar multiplication with
 * unpredictable 128-bit coefficients; a batch that fails is halved until the
 * bad items are known. O(n / log n) when all are good.
 * OK if none is bad, ERR_PROOF if some are (marked), ERR_NOMEM. */
MUST_CHECK enum err schnorr_verify_batch(struct schnorr_item *items, size_t n, unsigned threads);

#endif
