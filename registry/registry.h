/* registry/registry.h - private state that must keep no order: one row a voter,
 * made beforehand, written in place.
 *
 * Spec    spec/ledger.md#registry
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "crypto/bytes.h"

struct registry;

#define UNCOUNTED UINT32_MAX

/* What a row holds; sizes are given at creation. */
struct registry_row {
	int authorized, confirmed;
	struct buf request, answer; /* answer: signature, sealed seed and blind answers together, as the caller lays them out */
	uint8_t confirmation[64];
};
void registry_row_free(struct registry_row *r);

/* Make a new file with n empty rows; request_max and answer_max bytes each. ERR_EXISTS. ERR_NOT_NOW: the fence says that rows
 * were filled in one that is lost. fence NULL: one that is lost is made anew to be refilled, and its fence stays as it is. */
MUST_CHECK enum err registry_create(const char *path, const char *fence, uint32_t n, size_t request_max, size_t answer_max, struct why *why);
/* Open it. `fence` is a file outside its backups with the number of filled rows: behind it (an
 * older copy), without it or while it is suspended, registry_authorize answers ERR_NOT_NOW for good. */
MUST_CHECK enum err registry_open(struct registry **out, const char *path, const char *fence, struct why *why);
void registry_close(struct registry *r);
/* Add one empty row at the end (a voter included by order). */
MUST_CHECK enum err registry_extend(struct registry *r, struct why *why);
uint32_t registry_rows(const struct registry *r);
/* Number of filled and confirmed rows. */
void registry_counts(struct registry *r, uint32_t *authorized, uint32_t *confirmed);
/* Commit the row of index before anything is answered; the first request wins. ERR_EXISTS:
 * there is one (*have is it). ERR_NOT_NOW: the fence. Thread-safe. */
MUST_CHECK enum err registry_authorize(struct registry *r, uint32_t index, const struct buf *request, const struct buf *answer, struct registry_row *have, struct why *why);
/* Put a fuller answer in the place of that of an authorized row. ERR_ABSENT: the row is not authorized. */
MUST_CHECK enum err registry_answer(struct registry *r, uint32_t index, const struct buf *answer, struct why *why);
/* ---- refilling ---- */
/* From here until registry_accept nobody is authorized, whatever comes into the rows and whatever is opened meanwhile. The fence
 * keeps its count; one that cannot be read refuses as it is. */
MUST_CHECK enum err registry_suspend(const char *fence, struct why *why);
/* As registry_authorize, whatever the fence says. */
MUST_CHECK enum err registry_refill(struct registry *r, uint32_t index, const struct buf *request, const struct buf *answer, struct why *why);
/* The registry is complete: the fence is written anew from its rows. */
MUST_CHECK enum err registry_accept(struct registry *r, struct why *why);
/* Whether somebody can be authorized: OK; ERR_NOT_NOW (the fence refuses: refill it); ERR_IO (rows or fence could not be written;
 * what was committed then is answered when they can, without anybody's help; tried again here, once a second at most). */
MUST_CHECK enum err registry_state(struct registry *r, struct why *why);
/* 1 if the fence refuses; *behind (may be NULL): how many rows fewer than it says, UNCOUNTED if it is not readable. */
int registry_refused(struct registry *r, uint32_t *behind);
/* Idempotent; the first confirmation stays. ERR_ABSENT: the row is not authorized. */
MUST_CHECK enum err registry_confirm(struct registry *r, uint32_t index, const uint8_t sig[64], struct why *why);
MUST_CHECK enum err registry_get(struct registry *r, uint32_t index, struct registry_row *out, struct why *why);

#endif
