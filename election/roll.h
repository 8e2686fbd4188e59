/* election/roll.h - the public roll, the service's private roll, and the lists of closing.
 *
 * Spec    spec/roll.md#public-roll
 */
#ifndef ELECTION_ROLL_H
#define ELECTION_ROLL_H

#include "election/ballot.h"
#include "election/event.h"

struct roll_row {
	uint8_t key[XONLY_BYTES]; /* credential */
	unsigned style;		  /* from 1 */
	struct hash row;	  /* salted commitment to the voter's row */
	/* by amendments, not in the file: */
	int excluded, replaced;
	int barred; /* excluded when the box opened, and since */
	uint8_t next[XONLY_BYTES]; /* credential from next_from on, if replaced */
	int64_t next_from;
};

struct roll {
	struct hash hash, call, styles_hash;
	struct roll_row *row; /* by roll index */
	uint32_t n, replaced;
};

void roll_write(struct buf *out, const struct roll *r);
/* Keys valid and distinct, styles in range; allocates row (roll_free). */
MUST_CHECK enum err roll_read(struct roll *out, const void *p, size_t n, const struct hash *call, const struct manifest *m, struct why *why);
void roll_free(struct roll *r);
/* 1 if entries of this kind change the roll. */
int roll_amends(const struct event *e);
/* Carry out an entry of events that changes the roll (exclude, include, replace-credential;
 * others change nothing). Signatures are checked elsewhere. ERR_FORMAT, ERR_RANGE, ERR_NOT_NOW.
 * Spec: spec/roll.md#amendments */
MUST_CHECK enum err roll_amend(struct roll *r, const struct event *e, const struct call *call, const struct manifest *m, struct why *why);
/* The credential in force at this time. */
const uint8_t *roll_credential(const struct roll_row *row, int64_t now);
/* A voter's signature, by the first or the replaced credential: lists keep no times. */
MUST_CHECK enum err roll_signed(const struct roll_row *row, const uint8_t sig[SCHNORR_BYTES], const struct hash *message);
void roll_row_hash(struct hash *out, const struct hash *call, const uint8_t salt[32], const char *text);

/* The service's private roll, one person a roll index; a sealed file (crypto/kdf.h). */
struct person {
	char user[64], name[128], email[128], phone[32];
	uint8_t salt[32];
};
MUST_CHECK enum err private_roll_write(struct buf *out, const uint8_t key[32], const struct hash *call, const struct person *p, uint32_t n);
MUST_CHECK enum err private_roll_read(struct person **out, uint32_t *n, const uint8_t key[32], const struct hash *call, const void *p, size_t bytes, struct why *why);

/* ---- lists of closing: spec/vote.md#lists ---- */
/* Row i of authorizations/<authorizer>; points into what it was read from, or to what the writer has. */
struct list_row {
	int present; /* 0: no authorization, and nothing else is set */
	const uint8_t *request;
	size_t request_n;
	const uint8_t *sig;
	uint8_t answers; /* bit a: answer of authorizer a+1 is there */
	const uint8_t *answer[MAX_AUTHORIZERS];
};
void list_begin(struct buf *out, const struct hash *election, unsigned authorizer, unsigned authorizers, uint32_t n);
void list_row(struct buf *out, const struct list_row *row);
/* Walks a list strictly, given piece by piece. Zero-initialise, set the first six fields; list_feed every piece, list_end. */
struct list_walk {
	const struct hash *election;
	unsigned authorizer, authorizers;
	uint32_t rows;
	/* gets every row; what it points to stays until the next list_feed. An error ends the walk. */
	enum err (*each)(void *ctx, uint32_t index, const struct list_row *row);
	void *ctx;
	struct buf pending; /* from here on its own */
	size_t taken;
	uint32_t next;
	int begun;
};
MUST_CHECK enum err list_feed(struct list_walk *w, const uint8_t *p, size_t n, struct why *why);
/* Frees what it holds. ERR_LENGTH: the list is cut off; bytes after the last row are found by list_feed. */
MUST_CHECK enum err list_end(struct list_walk *w, struct why *why);
/* The same for a list at hand. */
MUST_CHECK enum err list_read(const void *p, size_t n, const struct hash *election, unsigned authorizer, unsigned authorizers, uint32_t rows,
    enum err (*each)(void *ctx, uint32_t index, const struct list_row *row), void *ctx, struct why *why);
/* confirmations: 0 or 1 and a signature for each index. */
void confirmations_begin(struct buf *out, const struct hash *election, uint32_t n);
void confirmations_row(struct buf *out, const uint8_t *sig); /* NULL: none */
MUST_CHECK enum err confirmations_read(const void *p, size_t n, const struct hash *election, uint32_t rows,
    enum err (*each)(void *ctx, uint32_t index, const uint8_t *sig), void *ctx, struct why *why);

/* ---- encrypted-votes.bin: spec/vote.md#encrypted-votes ---- */
void encrypted_votes_begin(struct buf *out, const struct hash *election, uint64_t n);

#endif
