/* election/authorizer.h - the RSA keys of an authorizer, one a ballot style: published, and secret in a sealed file.
 *
 * Spec    spec/roll.md#authorizers-keys
 */
#ifndef ELECTION_AUTHORIZER_H
#define ELECTION_AUTHORIZER_H

#include "crypto/keyfile.h"
#include "crypto/rsablind.h"

/* authorizers/<name>.json */
struct authorizer_keys {
	struct hash hash;
	char name[128];
	unsigned styles;
	uint8_t (*modulus)[RSA_BYTES];
};
void authorizer_keys_write(struct buf *out, const struct hash *call, const char *name, const uint8_t (*modulus)[RSA_BYTES], unsigned styles);
MUST_CHECK enum err authorizer_keys_read(struct authorizer_keys *out, const void *p, size_t n, const struct hash *call, unsigned styles, struct why *why);

/* The secret keys, by style, sealed under a passphrase (crypto/kdf.h). Freed by authorizer_secrets_free.
 * ERR_DENIED: wrong passphrase or another call; ERR_FORMAT, ERR_LENGTH: not one key a style. */
MUST_CHECK enum err authorizer_secrets_write(struct buf *out, struct rsa_secret *const *key, unsigned styles, const struct passphrase *pass, const struct hash *call);
MUST_CHECK enum err authorizer_secrets_read(struct rsa_secret ***out, const void *p, size_t n, unsigned styles, const struct passphrase *pass,
    const struct hash *call, struct why *why);
void authorizer_secrets_free(struct rsa_secret **key, unsigned styles);

#endif
