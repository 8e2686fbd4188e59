/* election/call.h - the call (convocatoria): who takes part, with which keys.
 *
 * Spec    spec/documents.md#call
 */
#ifndef ELECTION_CALL_H
#define ELECTION_CALL_H

#include "crypto/note.h"
#include "election/json.h"

enum { CALL_MAX_BYTES = 1 << 20, MAX_TRUSTEES = 25, MAX_AUTHORIZERS = 8, MAX_PARTIES = 32, MAX_AMEND = 16 };

struct party {
	char person[128];
	char url[200];	 /* authorizers and witnesses that are reached over a network; else empty */
	char mixer[128]; /* of a trustee: the mixer of the same body, by its key's name; else empty */
	struct vkey key; /* key.name is the party's name in all documents */
};

struct amend_rule {
	char kind[32];
	unsigned quorum, n;
	char key[8][128];
};

struct call {
	struct hash hash; /* SHA-256 of the file */
	int simulacro;
	char process[200], ambito[40], fundamento[400];
	char acuerdo[101]; /* the first one's id */
	char account[200], box[200]; /* origins */
	unsigned ebitlen, replaceable_percent, minimum_mixers, witness_quorum, quorum, threshold;
	int64_t maximum_voters;
	char roll_destroyed_on[11];
	int tries_in_hardware;
	struct party trustee[MAX_TRUSTEES], authorizer[MAX_AUTHORIZERS], mixer[MAX_PARTIES], witness[MAX_PARTIES];
	unsigned trustees, authorizers, mixers, witnesses;
	int required[MAX_PARTIES]; /* mixer i must mix */
	struct vkey log_ballots, log_events;
	struct party registrar, notary, operator, auditor, replacement;
	struct amend_rule amend[MAX_AMEND];
	unsigned amends;
};

/* Read and check everything about it. ERR_FORMAT (not well formed, unknown or
 * missing field) or ERR_RANGE (a value that may not be), with line and reason. */
MUST_CHECK enum err call_read(struct call *out, const void *p, size_t n, struct why *why);
/* The same of a file of another name, by which it is called in `why`. */
MUST_CHECK enum err call_read_file(struct call *out, const char *file, const void *p, size_t n, struct why *why);
/* A commented example with the keys of an empty hand: what to fill in. */
void call_example(struct buf *out);
/* The position (from 1) of the party with this key name; 0 if there is none. */
unsigned call_trustee(const struct call *c, const char *name);
unsigned call_mixer(const struct call *c, const char *name);
unsigned call_authorizer(const struct call *c, const char *name);
/* The key of the party of this name that signs documents (a log or a witness
 * does not); NULL if there is none. Points into c. */
const struct vkey *call_party(const struct call *c, const char *name);
/* No two of all its keys are equal or have one name. ERR_RANGE. */
MUST_CHECK enum err call_distinct(const struct call *c, struct why *why);
/* 1 for "https://host" or "http://host", with perhaps a port and a path that does not end in "/". */
int url_valid(const char *s);
/* 1 if the call may give this kind of entry to keys of its choice: suspend, resume, ... */
int amend_kind(const char *kind);

#endif
