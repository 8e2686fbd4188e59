/* election/replace.h - who stands in whose place from an entry of events on.
 *
 * Spec    spec/documents.md#replacements
 */
#ifndef ELECTION_REPLACE_H
#define ELECTION_REPLACE_H

#include "election/event.h"

/* 1 if entries of this kind change who the call's parties are. */
int replaces(const struct event *e);
/* Carry out replace-notary, replace-witness, mixer-waiver (others change nothing): the new notary also stands in the rules
 * that name the old one, a waived mixer is required no more. Nothing changes on an error: ERR_FORMAT, ERR_RANGE. */
MUST_CHECK enum err replace_apply(struct call *call, const struct event *e, struct why *why);

#endif
