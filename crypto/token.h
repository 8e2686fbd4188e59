/* crypto/token.h - smart cards and HSMs by PKCS#11: a trustee's share, and the card's memory.
 *
 * The share is a private data object, sealed besides under a key from the PIN
 * and the card's serial, so that a token's files alone do not hold it in clear.
 * Spec    spec/README.md#shares-on-cards
 * Source  PKCS #11 v2.40, through p11-kit's header; RFC 7512 for names of tokens
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "crypto/hash.h"
#include "crypto/keyfile.h"

/* The module used when NULL is given: SoftHSM2 where Debian installs it. */
#define TOKEN_DEFAULT_MODULE "/usr/lib/softhsm/libsofthsm2.so"

struct token; /* an open session with one card, logged in */

struct token_info {
	char label[33], serial[17], model[17];
};

/* What lies on a card beside the share. */
struct share_facts {
	struct hash call;
	uint32_t trustee; /* from 1 */
	uint32_t set;	  /* from 1 */
};

/* Make a new token with this label in a free slot (SoftHSM2: always one).
 * ERR_EXISTS if the label is taken. */
MUST_CHECK enum err token_init(const char *module, const char *label, const struct passphrase *so_pin, const struct passphrase *pin, struct token_info *out, struct why *why);
/* Open the token with this label and log in. `serial` not NULL: it must be
 * this card (ERR_PROOF: swapped). ERR_ABSENT: no such card. ERR_DENIED: wrong PIN. */
MUST_CHECK enum err token_open(struct token **out, const char *module, const char *label, const char *serial, const struct passphrase *pin, struct why *why);
void token_close(struct token *t);
const struct token_info *token_info(const struct token *t);

/* Make an Ed25519 key on the token under this object name, which never leaves it. ERR_EXISTS. */
MUST_CHECK enum err token_key_make(struct token *t, const char *name, struct vkey *out, struct why *why);
/* A signer over the key of this name; it owns the token from here on (signer_close closes both). ERR_ABSENT;
 * signing fails with ERR_CRYPTO while the token is gone, and goes on when the same one is back. */
MUST_CHECK enum err token_signer(struct signer *out, struct token *t, const char *name, struct why *why);

/* Store a share and read it back; ERR_EXISTS if the card holds one of this call. */
MUST_CHECK enum err token_share_store(struct token *t, const struct share_facts *facts, const uint8_t share[32], struct why *why);
/* Unseal the share of this call into `share` (secmem). ERR_ABSENT if there is none. */
MUST_CHECK enum err token_share_load(struct token *t, const struct hash *call, uint8_t share[32], struct share_facts *facts, struct why *why);
/* Label, object name and module (empty: the default) of a name like
 * pkcs11:token=LABEL;object=KEY?module-path=LIB (RFC 7512; other attributes are ignored). ERR_FORMAT. */
MUST_CHECK enum err token_uri(const char *uri, char label[33], char object[128], char module[512], struct why *why);
/* A signer by name: a key file with its passphrase, or a pkcs11: name with the token's PIN, which
 * its attribute pin-source=file:PATH may give instead of pass. */
MUST_CHECK enum err key_signer(struct signer *out, const char *path, const struct passphrase *pass, struct why *why);
/* The card's memory of what it serves: note these 32 bytes under this name once; a
 * later call with other bytes is ERR_EXISTS, with the same ones OK. */
MUST_CHECK enum err token_remember(struct token *t, const char *name, const struct hash *call, const struct hash *value, struct why *why);

#endif
