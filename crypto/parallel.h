/* crypto/parallel.h - a loop over both cores. */
#ifndef CRYPTO_PARALLEL_H
#define CRYPTO_PARALLEL_H

#include <stddef.h>

/* Number of cores this process may use, 1..16. */
unsigned core_count(void);
/* Call body(ctx, begin, end) over pieces of [0, n), on `threads` threads
 * together; returns when all are done. The body must be thread-safe. */
void parallel(size_t n, unsigned threads, void (*body)(void *ctx, size_t begin, size_t end), void *ctx);

#endif
