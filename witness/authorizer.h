/* witness/authorizer.h - an authorizer of an election beside the authority: signs blindly, once per roll index, what the
 * authority has signed, and publishes its list after closing.
 *
 * It follows the election by what everybody can read: the opening's documents at the account origin of the call, and the
 * log `events` at the box origin.
 * Spec    spec/witness.md#authorizing
 */
#ifndef WITNESS_AUTHORIZER_H
#define WITNESS_AUTHORIZER_H

#include "election/call.h"
#include "http/server.h"

struct authorizer;

struct authorizer_options {
	const struct call *call;
	const char *key, *pass_file; /* the authorizer's Ed25519 key of the call; the passphrase also opens rsa_keys */
	const char *rsa_keys;	     /* sealed, made by `urna roll authorizer-keys` */
	const char *registry;	     /* file; made when the opening is seen first */
	const char *fence;	     /* file outside the registry's backups */
	int64_t (*clock)(void);
};

/* Open keys and what there is of the registry, and begin to follow the election. ERR_PROOF: not a key of the call's other
 * authorizers; ERR_NOT_NOW: another process has it. */
MUST_CHECK enum err authorizer_open(struct authorizer **out, const struct authorizer_options *o, struct why *why);
void authorizer_close(struct authorizer *a);

/* Routes of the public listener. */
void authorizer_on_request(void *ctx, const struct http_request *q, struct http_reply *r); /* POST /authorize */
void authorizer_on_rows(void *ctx, const struct http_request *q, struct http_reply *r);	 /* POST /rows */
void authorizer_on_ready(void *ctx, const struct http_request *q, struct http_reply *r);	 /* GET /ready */
void authorizer_on_list(void *ctx, const struct http_request *q, struct http_reply *r);	 /* GET /list, /list.note, /list.event */

/* For /health. OK: ready. With the reason: ERR_NOT_NOW, it is as it should be before the opening or after the list is signed;
 * ERR_IO: somebody must do something. */
MUST_CHECK enum err authorizer_health(struct authorizer *a, struct why *why);
/* For /metrics. */
void authorizer_counts(struct authorizer *a, uint32_t *authorizations, uint64_t *refused, int *ready);
/* Complete an older or empty registry from the other authorizers; the service must not be running. Prints what it did. */
MUST_CHECK enum err authorizer_restore(const struct authorizer_options *o, struct why *why);

#endif
