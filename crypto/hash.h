/* crypto/hash.h - SHA-256 and tagged hashes.
 *
 * Spec    spec/README.md#tagged-hashes
 * Source  FIPS 180-4; BIP 340 (tagged hash)
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/bytes.h"
#include "crypto/tags.h"

#define HASH_BYTES 32

struct hash {
	uint8_t b[HASH_BYTES];
};

/* SHA-256 of one byte string. */
void sha256(struct hash *out, const void *p, size_t n);
/* SHA-256 of up to three pieces laid end to end; unused pieces are NULL, 0. */
void sha256_3(struct hash *out, const void *a, size_t an, const void *b, size_t bn, const void *c, size_t cn);

/* A running SHA-256. hash_start allocates, and aborts without memory; hash_end gives
 * the digest (out may be NULL) and frees; NULL is fine. It must be called on every path. */
struct hash_run;
struct hash_run *hash_start(void);
void hash_more(struct hash_run *h, const void *p, size_t n);
void hash_end(struct hash_run *h, struct hash *out);

/* SHA-256(SHA-256(tag) || SHA-256(tag) || bytes). */
void tagged_hash(struct hash *out, enum tag tag, const void *p, size_t n);
/* The tag's text, e.g. "urna/v1/ballot". */
const char *tag_name(enum tag tag);

int hash_equal(const struct hash *a, const struct hash *b); /* constant time */
void hash_hex(char out[65], const struct hash *h);

#endif
