/* tally/show.h - every fact of a document in Spanish, for who is asked to sign it.
 *
 * Spec    spec/tally.md#signing
 */
#ifndef TALLY_SHOW_H
#define TALLY_SHOW_H

#include "election/roll.h"

/* Every member of a JSON document on a line of its own, under a Spanish label, nothing left out; `_comment` too, which is signed
 * with the rest. What would disturb a terminal stands as \u and four hex digits. ERR_FORMAT: no JSON. */
MUST_CHECK enum err show_document(struct buf *out, const void *p, size_t n, struct why *why);
/* A roll: of which call and styles, how many voters, and how many of each style and entity. */
void show_roll(struct buf *out, const struct roll *roll, const struct manifest *m);

#endif
