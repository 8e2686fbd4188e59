/* crypto/kdf.h - HKDF and authenticated encryption.
 *
 * Spec    spec/README.md#key-derivation and spec/README.md#sealing
 * Source  RFC 5869; NIST SP 800-38D; by OpenSSL
 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/hash.h"

/* HKDF-SHA-256, extract and expand. salt may be empty. ERR_LENGTH above 255 * 32 bytes. */
MUST_CHECK enum err hkdf(void *out, size_t n, const void *secret, size_t secret_n, const void *salt, size_t salt_n, const void *info, size_t info_n);
MUST_CHECK enum err hkdf_extract(struct hash *prk, const void *secret, size_t secret_n, const void *salt, size_t salt_n);
MUST_CHECK enum err hkdf_expand(void *out, size_t n, const struct hash *prk, const void *info, size_t info_n);
/* scrypt (RFC 7914), N = 2^15, r = 8, p = 1: 82 ms, 32 MiB. */
MUST_CHECK enum err slow_hash(uint8_t out[32], const void *password, size_t n, const void *salt, size_t salt_n);

#define SEAL_OVERHEAD 28
/* AES-256-GCM: nonce[12] || ciphertext || tag[16], the nonce random. */
MUST_CHECK enum err seal(struct buf *out, const uint8_t key[32], const void *plain, size_t n, const void *aad, size_t aad_n);
/* ERR_PROOF if key, bytes or aad are not those of the sealing. Appends to out. */
MUST_CHECK enum err unseal(struct buf *out, const uint8_t key[32], const void *sealed, size_t n, const void *aad, size_t aad_n);
/* AES-128-GCM or AES-256-GCM (key_n 16 or 32) under a given nonce; out holds n + 16. */
MUST_CHECK enum err gcm_encrypt(uint8_t *out, const uint8_t *key, size_t key_n, const uint8_t nonce[12], const void *plain, size_t n, const void *aad, size_t aad_n);
/* n counts the tag; out holds n - 16. ERR_PROOF, ERR_LENGTH. */
MUST_CHECK enum err gcm_decrypt(uint8_t *out, const uint8_t *key, size_t key_n, const uint8_t nonce[12], const void *sealed, size_t n, const void *aad, size_t aad_n);

#endif
