/* election/signatures.h - signatures of the roll's credentials, gathered and verified many at a time.
 *
 * Spec    spec/README.md#bip-340-signatures
 */
#ifndef ELECTION_SIGNATURES_H
#define ELECTION_SIGNATURES_H

#include "election/roll.h"

struct signatures;
/* The roll must outlive it. */
MUST_CHECK enum err signatures_new(struct signatures **out, const struct roll *roll, unsigned threads);
void signatures_free(struct signatures *s);
/* A signature of roll index `index` over message, by either of its credentials (roll_signed). It is judged at the latest by
 * signatures_end. ERR_PROOF: one of those given so far is false; *false_index is its roll index. ERR_NOMEM. */
MUST_CHECK enum err signatures_add(struct signatures *s, uint32_t index, const uint8_t sig[SCHNORR_BYTES], const struct hash *message, uint32_t *false_index);
/* Judge all that wait; more may follow. Errors as above. */
MUST_CHECK enum err signatures_end(struct signatures *s, uint32_t *false_index);

#endif
