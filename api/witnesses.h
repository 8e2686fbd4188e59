/* api/witnesses.h - asks the call's witnesses for cosignatures of the public heads.
 *
 * A thread for each witness: a slow, absent or lying one delays nobody.
 * Spec    spec/witness.md#asking-for-cosignatures
 * Source  c2sp.org/tlog-witness v1.0.0, the client's side
 */
#ifndef API_WITNESSES_H
#define API_WITNESSES_H

#include "api/service.h"

struct witnesses;

/* Start after service_start; nothing to do (and *out NULL) if the call names no witness with an address. ERR_NOMEM. */
MUST_CHECK enum err witnesses_start(struct witnesses **out, struct service *s);
/* Waits for requests under way (seconds). NULL is fine. */
void witnesses_stop(struct witnesses *w);

#endif
