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

/* Store a share and read it back; ERR_EXISTS if the card holds one of this call. */
MUST_CHECK enum err token_share_store(struct token *t, const struct share_facts *facts, const uint8_t share[32], struct why *why);
/* Unseal the share of this call into `share` (secmem). ERR_ABSENT if there is none. */
MUST_CHECK enum err token_share_load(struct token *t, const struct hash *call, uint8_t share[32], struct share_facts *facts, struct why *why);
/* The card's memory of what it serves: note these 32 bytes under this name once; a
 * later call with other bytes is ERR_EXISTS, with the same ones OK. */
MUST_CHECK enum err token_remember(struct token *t, const char *name, const struct hash *call, const struct hash *value, struct why *why);

#endif
