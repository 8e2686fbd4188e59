/* crypto/rsablind.h - blind RSA signatures: RSABSSA-SHA384-PSSZERO-Deterministic.
 *
 * Spec    spec/README.md#blind-signatures
 * Source  RFC 9474; RFC 8017 section 9.1.1 (EMSA-PSS, empty salt)
 */
#ifndef CRYPTO_RSABLIND_H
#define CRYPTO_RSABLIND_H

#include "crypto/hash.h"

#define RSA_BYTES 384	   /* 3072 bits */
#define RSA_BLINDING_BYTES 400 /* 3200 bits, reduced mod N: bias below 2^-128 */

/* A key pair in memory; opaque. */
struct rsa_secret;

/* Fresh 3072-bit key, e = 65537. About half a second. */
MUST_CHECK enum err rsa_generate(struct rsa_secret **out);
/* PKCS#8 DER to and from; 3072 bits and e = 65537 demanded. */
MUST_CHECK enum err rsa_secret_write(struct buf *out, const struct rsa_secret *k);
MUST_CHECK enum err rsa_secret_read(struct rsa_secret **out, const void *der, size_t n);
void rsa_secret_free(struct rsa_secret *k);
/* Big-endian modulus. */
void rsa_modulus(uint8_t n[RSA_BYTES], const struct rsa_secret *k);
/* Odd, top bit set, 384 bytes: ERR_RANGE if not. */
MUST_CHECK enum err rsa_modulus_check(const uint8_t n[RSA_BYTES]);

/* A public key made ready for many verifications. */
struct rsa_public;
MUST_CHECK enum err rsa_public_make(struct rsa_public **out, const uint8_t n[RSA_BYTES]);
void rsa_public_free(struct rsa_public *k);
/* 1 if the two are of one key. */
int rsa_same_key(const struct rsa_public *public, const struct rsa_secret *k);

/* Blind a 32-byte message; the blinding factor is `random` (400 secret bytes)
 * mod N, so that its owner can derive it again. ERR_RANGE in the
 * negligible case of a factor without an inverse. */
MUST_CHECK enum err rsa_blind(uint8_t blinded[RSA_BYTES], const struct rsa_public *k, const struct hash *message, const uint8_t random[RSA_BLINDING_BYTES]);
/* 0 < blinded < N, as what is to be signed must be: OK or ERR_RANGE. */
MUST_CHECK enum err rsa_blinded_check(const struct rsa_public *k, const uint8_t blinded[RSA_BYTES]);
/* The signer's part; checks its own result. ERR_RANGE if blinded >= N. */
MUST_CHECK enum err rsa_blind_sign(uint8_t answer[RSA_BYTES], const struct rsa_secret *k, const uint8_t blinded[RSA_BYTES]);
/* Unblind and verify; ERR_PROOF if the answer was no signature. */
MUST_CHECK enum err rsa_finalize(uint8_t sig[RSA_BYTES], const struct rsa_public *k, const struct hash *message, const uint8_t answer[RSA_BYTES], const uint8_t random[RSA_BLINDING_BYTES]);
/* OK or ERR_PROOF. Public. */
MUST_CHECK enum err rsa_verify(const struct rsa_public *k, const struct hash *message, const uint8_t sig[RSA_BYTES]);
/* answer^e = blinded mod N: that an answer belongs to a request. OK or ERR_PROOF. */
MUST_CHECK enum err rsa_answer_check(const struct rsa_public *k, const uint8_t blinded[RSA_BYTES], const uint8_t answer[RSA_BYTES]);

/* The pieces with any modulus and message, for the RFC's vectors: EMSA-PSS
 * encoding with an empty salt; m^e mod N; unblinding. Big-endian, n_bytes each. */
MUST_CHECK enum err pss_encode(uint8_t *em, size_t em_bits, const void *message, size_t n);
MUST_CHECK enum err rsa_blind_raw(uint8_t *blinded, const uint8_t *modulus, size_t n_bytes, const void *message, size_t n, const uint8_t *factor_inverse);

#endif
