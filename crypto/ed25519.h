/* crypto/ed25519.h - Ed25519 signatures, and a signer that hides where its key is.
 *
 * Source  RFC 8032, by OpenSSL
 */
#ifndef CRYPTO_ED25519_H
#define CRYPTO_ED25519_H

#include "crypto/bytes.h"

#define ED25519_BYTES 64
#define ED25519_KEY_BYTES 32

/* Public key of a 32-byte seed. ERR_CRYPTO if OpenSSL fails. */
MUST_CHECK enum err ed25519_public(uint8_t key[32], const uint8_t seed[32]);
MUST_CHECK enum err ed25519_sign(uint8_t sig[64], const uint8_t seed[32], const void *message, size_t n);
/* 1 if the key is one of the eight points of small order, in any encoding: under such a key anybody
 * can make signatures that verify for many messages. */
int ed25519_small_order(const uint8_t key[32]);
/* OK, ERR_RANGE (no such key, or one of small order) or ERR_PROOF. */
MUST_CHECK enum err ed25519_verify(const uint8_t sig[64], const uint8_t key[32], const void *message, size_t n);

/* A key that signs, in a file or on a card. Owned by whoever made it; signer_close()
 * wipes and frees what it holds. */
struct signer {
	char name[128]; /* key name as in its verifier key; no space, no '+' */
	uint8_t key[32];
	enum err (*sign)(void *ctx, uint8_t sig[64], const void *message, size_t n);
	void (*close)(void *ctx);
	void *ctx;
};

/* A signer over a seed in memory (copied; wiped at close). ERR_RANGE for a bad
 * name, ERR_NOMEM, ERR_CRYPTO. */
MUST_CHECK enum err signer_of_seed(struct signer *out, const char *name, const uint8_t seed[32]);
void signer_close(struct signer *s); /* a zeroed signer is fine */

/* 1 if the name may stand in a verifier key: not empty, no white space, no
 * '+', no control character, valid UTF-8, below 128 bytes. */
int signer_name_valid(const char *name);
/* The same of n bytes, however many: names of signers that nobody here knows. */
int signer_name_shape(const char *name, size_t n);

#endif
