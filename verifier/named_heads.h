/* verifier/named_heads.h - the heads of ballots that events names: how the box grew, and when.
 *
 * Spec    spec/record.md#heads-in-events
 */
#ifndef VERIFIER_NAMED_HEADS_H
#define VERIFIER_NAMED_HEADS_H

#include "election/record.h"
#include "verifier/report.h"

/* CHECK_HEADS, after both logs are read. */
void check_named_heads(struct report *report, const struct record *r);

#endif
