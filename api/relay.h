/* api/relay.h - the authority and the other authorizers: requests go to all of them, answers come back, lists after closing.
 *
 * Spec    spec/http.md#relay, spec/http.md#lists-of-the-other-authorizers
 */
#ifndef API_RELAY_H
#define API_RELAY_H

#include "api/service.h"

/* Start the threads, when an opening is loaded. Requests in the registry that lack an answer are relayed again. */
MUST_CHECK enum err relay_start(struct relay **out, struct service *s, struct why *why);
void relay_stop(struct relay *r);
/* A request that stands in the registry with our own answer is given to all others; `fresh`: it was not before. Waits until
 * `row` holds the answers of `set` (bits), or milliseconds have passed; what came is in `row` and in the registry. Others
 * are asked until they answer. Without the roll's lock. */
void relay_request(struct relay *r, uint32_t index, struct authorization_row *row, int fresh, unsigned set, unsigned milliseconds);
/* The set to be in use: `now` as long as each of its members answered within `patience` seconds, else another of
 * members that do, if there are enough. 0 for now: the first set. */
unsigned relay_set(struct relay *r, unsigned now, unsigned patience);
/* For /metrics: 1 if authorizer a (from 1) answers; *pending: requests that lack its answer. */
int relay_answers(struct relay *r, unsigned a, uint64_t *pending);

#endif
