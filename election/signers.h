/* election/signers.h - whose signature a document needs: no other key is let sign it.
 *
 * Spec    spec/documents.md#detached-signatures
 */
#ifndef ELECTION_SIGNERS_H
#define ELECTION_SIGNERS_H

#include "election/event.h"

/* The signer has one of the keys with which the call lets a document of this purpose be signed, by its name and itself (of a
 * replaced notary: with the call as it then stands). ERR_DENIED names the parties that may; ERR_RANGE: no such purpose. */
MUST_CHECK enum err signer_allowed(const struct call *call, const char *purpose, const struct signer *by, struct why *why);
/* The same of an entry's document: event_authorized counts the signature. */
MUST_CHECK enum err signer_allowed_event(const struct call *call, const struct event *e, const struct signer *by, struct why *why);
/* The signer has the notary's key. ERR_DENIED. */
MUST_CHECK enum err signer_is_notary(const struct call *call, const struct signer *by, struct why *why);

#endif
