/* registry/authorizations.h - an election's authorizations in a registry: what the authority and every other authorizer do alike.
 *
 * Spec    spec/vote.md#lists, spec/http.md#rows, spec/ledger.md#refilling-a-registry
 */
#ifndef REGISTRY_AUTHORIZATIONS_H
#define REGISTRY_AUTHORIZATIONS_H

#include "crypto/outfile.h"
#include "election/authorization.h"
#include "registry/registry.h"

/* Whose registry, of which election. Points to what its owner keeps. */
struct authorizations {
	struct registry *registry;
	const struct call *call;
	const struct manifest *manifest;
	const struct roll *roll;
	const struct hash *election;
	struct rsa_public *const *const *key; /* [authorizer][style - 1] */
	unsigned self; /* from 1 */
};

/* registry_create with the sizes that a row needs. */
MUST_CHECK enum err authorizations_create(const char *path, const char *fence, uint32_t rows, struct why *why);
/* A row as structures. have->request.n is 0 if the index has not authorized. */
MUST_CHECK enum err authorizations_get(struct registry *r, uint32_t index, struct buf *request, struct authorization_row *row, struct why *why);
/* The request is in order (authorization_check with either credential), and so is every answer of the row; *a is it. */
MUST_CHECK enum err authorizations_true(const struct authorizations *x, const struct buf *request, const struct authorization_row *row, int sealed,
    struct authorization *a, struct why *why);

/* Write the list of closing to `path` and its signature by `by` to path.note. */
MUST_CHECK enum err authorizations_list(const struct authorizations *x, const char *path, const struct signer *by, struct hash *list, struct why *why);

/* ---- refilling ---- */
/* Rows from `from` on that are filled, as many as fit into a page: u32 next index (the number of rows: no more), then per row
 * u32 index, vec16 request, vec16 row. ERR_NOT_NOW: the fence refuses this registry. */
MUST_CHECK enum err authorizations_page(struct registry *r, uint32_t from, struct buf *out, struct why *why);
/* Fill empty rows from a page of another authorizer; every row is checked first, and must carry the authority's answer; one of an
 * authorizer's own is signed anew where it is not at hand by `sign` (NULL: it must be at hand). *next: where the following
 * page begins; *filled is counted up. ERR_FORMAT, ERR_PROOF: the page is false; rows before the false one stay. */
MUST_CHECK enum err authorizations_fill(const struct authorizations *x, const void *page, size_t n, struct rsa_secret *const *secret, uint32_t *next,
    uint32_t *filled, struct why *why);
/* The signed text by which an authorizer asks another for its rows, and its check: of this election, by an authorizer of the
 * call, not `x->self`, not more than five minutes from `now`. *from: the index to begin at. */
void rows_request(struct buf *out, const struct hash *election, const char *name, uint32_t from, int64_t now);
MUST_CHECK enum err rows_request_check(const struct authorizations *x, const char *document, const char *note, int64_t now, uint32_t *from, struct why *why);

#endif
