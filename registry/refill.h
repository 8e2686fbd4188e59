/* registry/refill.h - an older copy of a registry is completed from the other authorizers' before it authorizes anybody.
 *
 * Spec    spec/ledger.md#refilling-a-registry
 */
#ifndef REGISTRY_REFILL_H
#define REGISTRY_REFILL_H

#include "registry/authorizations.h"

struct refill {
	unsigned asked, answered; /* other authorizers */
	uint32_t filled;	  /* rows that were empty here */
	uint32_t behind; /* rows that the fence says were committed, and that nobody who answered has; UNCOUNTED: it was gone */
};

/* Open a registry to be completed, with so many rows at least; one that is not there is made anew, and a line says so. What its
 * fence refuses is suspended until registry_complete: after a crash it is begun again, and the fence still has its count. After an
 * error *out may be open. */
MUST_CHECK enum err refill_open(struct registry **out, const char *path, const char *fence, uint32_t rows, struct why *why);

/* Ask every other authorizer of the call (the authority at the account origin) for its rows, signed by `by`; fill; and if at
 * least n - t + 1 of them gave all, accept the registry: of every token that can exist one of them has the request.
 * Lines on progress go to stderr. ERR_NOT_NOW: too few answered; what was filled stays, nothing is accepted. */
MUST_CHECK enum err registry_complete(const struct authorizations *x, const struct signer *by, struct rsa_secret *const *secret, struct refill *out, struct why *why);

/* What was done, in a line to stdout. */
void refill_say(const struct refill *done);

#endif
