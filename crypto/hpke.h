/* crypto/hpke.h - HPKE base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
 *
 * Spec    spec/README.md#hpke
 * Source  RFC 9180, sections 4 to 6; suite of its appendix A.1
 */
#ifndef CRYPTO_HPKE_H
#define CRYPTO_HPKE_H

#include "crypto/kdf.h"

#define HPKE_OVERHEAD 48 /* encapsulated key 32, tag 16 */

/* Fresh X25519 key pair. */
MUST_CHECK enum err hpke_keypair(uint8_t secret[32], uint8_t key[32]);
MUST_CHECK enum err hpke_public(uint8_t key[32], const uint8_t secret[32]);
/* Append enc || ciphertext of one message. */
MUST_CHECK enum err hpke_seal(struct buf *out, const uint8_t key[32], const void *info, size_t info_n, const void *aad, size_t aad_n, const void *plain, size_t n);
/* Append the plaintext. ERR_PROOF if it was not made for this key, info and aad; ERR_LENGTH. */
MUST_CHECK enum err hpke_open(struct buf *out, const uint8_t secret[32], const void *info, size_t info_n, const void *aad, size_t aad_n, const void *sealed, size_t n);
/* As hpke_seal with a given ephemeral secret: for the published vectors alone. */
MUST_CHECK enum err hpke_seal_with(struct buf *out, const uint8_t ephemeral[32], const uint8_t key[32], const void *info, size_t info_n, const void *aad, size_t aad_n, const void *plain, size_t n);

#endif
