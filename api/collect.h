/* api/collect.h - after closing: the lists of the other authorizers are taken into the record and events.
 *
 * Spec    spec/http.md#lists-of-the-other-authorizers
 */
#ifndef API_COLLECT_H
#define API_COLLECT_H

#include "api/service.h"

/* The signed list of an authorizer (number from 2) and its entry. A false one is refused, does not stay in the record, and
 * leaves an incident, the first time: *told counts. ERR_NOT_NOW: it is not there yet. Takes the lock. */
MUST_CHECK enum err list_collect(struct service *s, unsigned number, atomic_int *told, struct why *why);

#endif
