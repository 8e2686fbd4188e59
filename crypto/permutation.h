/* crypto/permutation.h - a secret permutation, drawn and applied without a secret index.
 *
 * Items are moved by a sorting network whose comparisons depend on their number
 * alone: no address and no branch tells where an item went. O(n log^2 n) conditional swaps.
 * Spec    spec/mixnet.md#proof-of-shuffle
 * Source  Batcher's merge exchange, as in Knuth, TAOCP volume 3, section 5.2.2, algorithm M
 */
#ifndef CRYPTO_PERMUTATION_H
#define CRYPTO_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/err.h"

struct permutation;

/* A uniform one of n items. ERR_NOMEM. Free with permutation_free, which wipes. */
MUST_CHECK enum err permutation_new(struct permutation **out, size_t n);
void permutation_free(struct permutation *p);
/* Item i goes to position pi(i). items: n of `size` bytes. ERR_NOMEM. */
MUST_CHECK enum err permutation_apply(const struct permutation *p, void *items, size_t size);
/* Position i gets the item that was at pi(i). */
MUST_CHECK enum err permutation_undo(const struct permutation *p, void *items, size_t size);

#endif
