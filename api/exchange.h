/* api/exchange.h - one question to another authorizer over HTTP.
 *
 * Spec    spec/http.md#relay
 */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include "api/service.h"

enum outcome { ANSWERED, LATER, REFUSED };

/* POST a request (parsed in a, with its signature, sealed seed and our own answer in row) to the authorizer of this number
 * (from 2). ANSWERED: `answer` is true under its key; else `why` says what it did. */
enum outcome exchange(struct service *s, unsigned number, const struct buf *request, const struct authorization *a, const struct authorization_row *row,
    uint8_t answer[RSA_BYTES], struct why *why);
/* 1 if it says that it is ready. */
int probe(const struct party *authorizer);

#endif
