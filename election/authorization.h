/* election/authorization.h - a voter's request for blind signatures, as every authorizer judges it, and what it keeps of it.
 *
 * Spec    spec/vote.md#judging-a-request, spec/vote.md#authorization
 */
#ifndef ELECTION_AUTHORIZATION_H
#define ELECTION_AUTHORIZATION_H

#include "election/roll.h"

/* What stands beside a request. */
struct authorization_row {
	uint8_t sig[SCHNORR_BYTES]; /* the credential's, over the request */
	uint8_t sealed[SEALED_SEED_BYTES];
	unsigned answers; /* bit a: the answer of authorizer a + 1 is there */
	uint8_t answer[MAX_AUTHORIZERS][RSA_BYTES];
};
enum { AUTHORIZATION_ROW_MAX_BYTES = SCHNORR_BYTES + SEALED_SEED_BYTES + 1 + MAX_AUTHORIZERS * RSA_BYTES };

/* Signature, sealed seed, answers u8, each answer. */
void authorization_row_write(struct buf *out, const struct authorization_row *row);
MUST_CHECK enum err authorization_row_read(struct authorization_row *out, const void *p, size_t n);

/* The request is canonical, of this election, of a roll index with its style, for so many authorizers; its signature is not
 * looked at. ERR_FORMAT, ERR_RANGE. */
MUST_CHECK enum err authorization_fits(struct authorization *out, const void *request, size_t n, const struct hash *election, const struct roll *roll,
    unsigned authorizers, struct why *why);
/* It fits, is signed by the index's credential (the one in force at `now`, or either if now is EITHER_CREDENTIAL), and every blinded
 * element is one that its authorizer can sign, under key[authorizer][style - 1]: what one answers, all can.
 * `sealed` (or NULL: not at hand) is the sealed seed that it names. ERR_FORMAT, ERR_RANGE, ERR_DENIED (excluded; only with a time), ERR_PROOF. */
enum { EITHER_CREDENTIAL = -1 };
MUST_CHECK enum err authorization_check(struct authorization *out, const void *request, size_t n, const uint8_t sig[SCHNORR_BYTES], const uint8_t *sealed,
    const struct hash *election, const struct roll *roll, struct rsa_public *const *const *key, unsigned authorizers, int64_t now, struct why *why);

#endif
