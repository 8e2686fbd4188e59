/* witness/witness.h - a C2SP tlog-witness without its listener: requests in, answers out, one state file a log.
 *
 * It cosigns a checkpoint of a log it knows if that is consistent with the last one it cosigned, and remembers
 * the new one on disk before the cosignature leaves.
 * Spec    spec/witness.md#adding-a-checkpoint, spec/witness.md#reading, spec/witness.md#state
 * Source  c2sp.org/tlog-witness v1.0.0 (same size with another root: 422, as in the text after that tag)
 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

#include "crypto/checkpoint.h"

enum { WITNESS_MAX_LOGS = 4096, WITNESS_MAX_BODY = 262144, WITNESS_MAX_PROOF = 63 };

struct witness;

struct witness_options {
	const char *folder;	  /* of the state; made if it is not there */
	const struct vkey *log;	  /* trusted keys of logs; keys of one name are keys of one log, whose origin is the name */
	size_t logs;
	const struct signer *key; /* of this witness; must outlive it */
	int64_t (*clock)(void);	  /* seconds since 1970 */
};

/* What goes back to the client. Zero-initialise; buf_free the body. */
struct witness_answer {
	unsigned status;
	const char *type; /* Content-Type, static */
	struct buf body;
};

struct witness_counts {
	size_t logs;
	uint64_t cosigned, conflicts, refused, failed; /* answers 200; 409; other 4xx; 5xx */
};

/* Take the state folder (one process at a time) and read what was cosigned. ERR_NOT_NOW: another process has
 * it, or a log's state is lost; ERR_FORMAT, ERR_PROOF: a state file is damaged; ERR_RANGE: no log, or a key that no
 * log may have. The sentence says what to do. */
MUST_CHECK enum err witness_open(struct witness **out, const struct witness_options *o, struct why *why);
void witness_close(struct witness *w);

/* The body of POST /add-checkpoint. May be called from many threads. */
void witness_add_checkpoint(struct witness *w, const void *body, size_t n, struct witness_answer *out);
/* GET /HEX/checkpoint, hex = SHA-256 of the origin: the last cosigned checkpoint with the cosignature, or 404. */
void witness_checkpoint(struct witness *w, const char *hex, struct witness_answer *out);
void witness_counts(struct witness *w, struct witness_counts *out);
/* OK, or why the last attempt to write state failed. */
enum err witness_health(struct witness *w, struct why *why);

#endif
