/* crypto/digests.h - SHA-256, SHA-512 and SHA3-256 of a file as it goes by: the three that the law's documents show.
 */
#ifndef CRYPTO_DIGESTS_H
#define CRYPTO_DIGESTS_H

#include "crypto/hash.h"
#include "crypto/source.h"

struct digests {
	struct hash sha256;
	uint8_t sha512[64], sha3_256[32];
};

struct digest_run;
/* NULL: no memory. */
struct digest_run *digests_start(void);
void digests_more(struct digest_run *r, const void *p, size_t n);
/* Frees r (NULL is fine); out may be NULL. */
MUST_CHECK enum err digests_end(struct digest_run *r, struct digests *out);
/* Of a whole file, which need not fit into memory, of at most max bytes (source_stream). ERR_ABSENT, ERR_IO, ERR_LENGTH. */
MUST_CHECK enum err source_digests(const struct file_source *src, const char *path, size_t max, struct digests *out, struct why *why);

#endif
