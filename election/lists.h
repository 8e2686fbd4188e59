/* election/lists.h - the authorizers' lists of closing, checked one by one and held against each other.
 *
 * Spec    spec/vote.md#the-lists-together
 */
#ifndef ELECTION_LISTS_H
#define ELECTION_LISTS_H

#include "election/authorization.h"

struct lists_of {
	const struct call *call;
	const struct manifest *manifest;
	const struct roll *roll; /* after all amendments */
	const struct hash *election;
	struct rsa_public *const *const *key; /* [authorizer][style - 1] */
	unsigned threads;
};

struct lists;
/* What it points to must outlive it. */
MUST_CHECK enum err lists_new(struct lists **out, const struct lists_of *of);
void lists_free(struct lists *l);

/* Take in the list of authorizer `a` (from 1), each once: begin, every piece of it, end. Every request must be canonical, of its
 * index and signed by its credential, every answer true, and each row carry the authority's answer and the authorizer's own.
 * ERR_FORMAT, ERR_LENGTH, ERR_PROOF name the row; ERR_EXISTS: taken in already. After any other error the lists are of no use, and take
 * in no other (ERR_NOT_NOW): signatures are verified many at a time, at the latest by lists_end. */
MUST_CHECK enum err lists_begin(struct lists *l, unsigned a, struct why *why);
MUST_CHECK enum err lists_feed(struct lists *l, const uint8_t *p, size_t n, struct why *why);
MUST_CHECK enum err lists_end(struct lists *l, struct why *why);
/* The same for a list at hand. */
MUST_CHECK enum err lists_add(struct lists *l, unsigned a, const void *p, size_t n, struct why *why);

/* What follows from the lists taken in so far. Index i authorized if one of its requests has a true answer of the authority, in whatever list. */
struct lists_findings {
	unsigned lists;	      /* taken in, bits */
	uint64_t authorized;  /* indices */
	uint64_t partial;     /* requests without a quorum of answers */
	uint64_t two_requests; /* indices that signed more than one request */
	uint32_t first_two;    /* one of them */
	uint64_t equal;	       /* blinded elements that stand in requests of two indices */
	uint64_t lacking[MAX_AUTHORIZERS]; /* answers of this authorizer that other lists show and its own, taken in, lacks */
	uint64_t signed_two[MAX_AUTHORIZERS]; /* indices for which it answered two requests with different elements */
	unsigned doublers;     /* authorizers that did */
};
MUST_CHECK enum err lists_findings(struct lists *l, struct lists_findings *out);
/* 1 if the index authorized. */
int lists_authorized(const struct lists *l, uint32_t index);
/* 1 if the list of authorizer `a` (from 1), taken in, has a row of the index. */
int lists_shows(const struct lists *l, unsigned a, uint32_t index);
/* Sentences on what deserves a name, "; " between them; nothing if nothing does. */
void lists_remarks(struct buf *out, const struct lists_findings *f, const struct call *call);

#endif
