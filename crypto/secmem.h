/* crypto/secmem.h - memory for secrets that live longer than a function.
 *
 * Spec    spec/threats.md#cards
 */
#ifndef CRYPTO_SECMEM_H
#define CRYPTO_SECMEM_H

#include <stddef.h>

/* Zeroed pages, locked (never swapped), left out of core dumps. NULL if there
 * are none or the limit on locked memory is reached. */
void *secmem_new(size_t n);
/* Wipe and give back; NULL is fine. n as given to secmem_new. */
void secmem_free(void *p, size_t n);
/* No core dumps, no tracing by others: for every program that meets secrets. */
void process_harden(void);

#endif
