/* crypto/clock.h - the hour of the day, which may be set, and a clock that only grows.
 */
#ifndef CRYPTO_CLOCK_H
#define CRYPTO_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds since 1970 by the system's clock. */
int64_t now_seconds(void);
/* Since some moment in the past, by a clock that nobody sets: good for differences alone. */
int64_t steady_seconds(void);
int64_t steady_ms(void); /* never 0 */
/* The system's time so many milliseconds from now, as pthread_cond_timedwait wants it. */
struct timespec deadline_ms(unsigned ms);

#endif
