/* http/rate.h - how many requests one address may make: a bucket an address, refilled by the second.
 *
 * Kept in memory alone, in a table of fixed size; nothing of it is written or printed.
 * Spec    spec/http.md#limits
 */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include <stdint.h>
#include <sys/socket.h>

struct rate;

/* per_second at length, ten times that at once. NULL for 0 (no limit) and without memory. */
struct rate *rate_new(unsigned per_second);
void rate_free(struct rate *r);
/* 1 if this request may be served. now in milliseconds of a clock that only grows. */
int rate_allow(struct rate *r, const struct sockaddr *from, int64_t now);

#endif
