/* tally/fetch_receipt.h - the same receipt again, from a later head: with the witnesses' cosignatures.
 *
 * Spec    spec/http.md#receipt
 */
#ifndef TALLY_FETCH_RECEIPT_H
#define TALLY_FETCH_RECEIPT_H

#include "tally/world.h"

/* `mine` and `receipt` are the files that were kept when the ballot was cast, the ballot beside the receipt (".ballot"). Asks the
 * box by the ballot's one-time key, without a login; a receipt that is true takes the old one's place. *cosigned of the call's
 * witnesses have signed its head. ERR_NOT_NOW with the box's sentence; ERR_PROOF: the answer is false, and the old one stays. */
MUST_CHECK enum err fetch_receipt(const struct world *w, const struct voter_message *m, const char *mine, const char *receipt, size_t *cosigned, struct why *why);

#endif
