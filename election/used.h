/* election/used.h - what was signed once serves once: the documents that stand in the log of events.
 *
 * Spec    spec/documents.md#events
 */
#ifndef ELECTION_USED_H
#define ELECTION_USED_H

#include "election/event.h"

struct used {
	struct hash *slot; /* open addressing; an all-zero slot is empty */
	size_t n, room;
};

/* Note the document of a signed entry (others have none). ERR_EXISTS with a sentence: it stands in the log already. */
MUST_CHECK enum err used_add(struct used *u, const struct event *e, struct why *why);
/* The same question without noting it. */
MUST_CHECK enum err used_check(const struct used *u, const struct event *e, struct why *why);
void used_free(struct used *u);

#endif
