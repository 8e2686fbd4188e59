/* witness/config.h - the configuration of urna-witness: strict JSON.
 *
 * Spec    spec/witness.md#configuration
 */
#ifndef WITNESS_CONFIG_H
#define WITNESS_CONFIG_H

#include "election/call.h"

struct witness_config {
	char address[64], control[108], key[1024], pass_file[1024], state[1024], call[1024], certificate[1024], tls_key[1024];
	unsigned port, connections, per_address;
	struct vkey *log; /* those of the list, or the two logs of the call */
	size_t logs;
	struct call *election; /* the call, if one is named */
	/* of the authorizer, if its owner wants one; else empty */
	char authorizer_key[1024], authorizer_pass[1024], rsa_keys[1024], registry[1024], fence[1024];
};

/* Read it, and the call it may name. ERR_FORMAT or ERR_RANGE with path, line and reason; ERR_ABSENT, ERR_IO. */
MUST_CHECK enum err witness_config_read(struct witness_config *out, const char *path, struct why *why);
void witness_config_free(struct witness_config *c);
/* A commented example. */
void witness_config_example(struct buf *out);

#endif
