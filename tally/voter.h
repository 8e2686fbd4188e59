/* tally/voter.h - the voter's side of the protocol: login, authorization, token, receipt, confirmation.
 *
 * Spec    spec/vote.md#the-voters-steps
 */
#ifndef TALLY_VOTER_H
#define TALLY_VOTER_H

#include "election/ballot.h"
#include "tally/world.h"

enum { OTP_SIZE = 16 }; /* a one-time code with its zero byte */

/* Set world, message and take_code; the rest is zero. Wipe after use. */
struct voter {
	struct world *w;
	struct voter_message m;
	/* Where the one-time code of this login comes from: it exists only once the password was proved. */
	enum err (*take_code)(void *ctx, const struct voter *v, char code[OTP_SIZE], struct why *why);
	void *ctx;
	int quiet;
	/* after voter_login */
	uint32_t index; /* on the roll */
	unsigned style;
	int resumed; /* the service has this voter's request already: it is taken up, on whatever device that was made */
	uint8_t one_time_key[XONLY_BYTES];
	/* after voter_authorize */
	uint8_t sealed[SEALED_SEED_BYTES]; /* as the service has it */
	/* secrets */
	struct scalar credential, one_time;
	uint8_t key[32], seed_key[32], seed[32];
	char session[65];
};

/* Prove the password, give the one-time code, and take the seed of the stored request, or without one a fresh seed.
 * ERR_DENIED: password or code is wrong; ERR_PROOF: what the service answers is false. */
MUST_CHECK enum err voter_login(struct voter *v, struct why *why);
/* The token into the ballot: ask, and ask again while an authorizer of the set in use is silent (three minutes). ERR_EXISTS:
 * another request was authorized since the login. */
MUST_CHECK enum err voter_authorize(struct voter *v, struct ballot *b, struct why *why);
/* The receipt of these ballot bytes. */
MUST_CHECK enum err voter_check_receipt(const struct voter *v, const struct buf *ballot, const struct buf *receipt, struct why *why);
MUST_CHECK enum err voter_confirm(const struct voter *v, struct why *why);

#endif
