/* election/draft.h - a draft of the manifest, from what the operator gives, the call and the places of the authority's list.
 *
 * Spec    spec/documents.md#draft
 */
#ifndef ELECTION_DRAFT_H
#define ELECTION_DRAFT_H

#include "election/manifest.h"

/* Where voters are: each is a ballot style. */
struct draft_place {
	char entity[17], district[17]; /* district: empty if the election has none */
	unsigned voters, line;	       /* how many, and where the first stands in the list */
};

struct draft {
	const void *given; /* an object with members of a draft; NULL: none */
	size_t given_n;
	const char *opens, *closes;	 /* times; NULL: they are given */
	const struct draft_place *place; /* ascending, each once */
	size_t places;
};

/* What is given stands as it is; call, hours, entities and styles are filled in, the rest is the example's. Whether the draft is
 * well formed, manifest_read says. ERR_FORMAT: what is given is no JSON, or has a member that no draft has; ERR_ABSENT: an hour;
 * ERR_RANGE: a place is in no entity of INE's 32, nor in one that is given. */
MUST_CHECK enum err manifest_draft(struct buf *out, const struct call *call, const struct draft *d, struct why *why);

#endif
