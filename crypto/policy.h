/* crypto/policy.h - policy files: by which log a checkpoint must be signed, and by how many of which witnesses.
 *
 * Spec    spec/logs.md#policies
 * Source  c2sp.org/tlog-policy
 */
#ifndef CRYPTO_POLICY_H
#define CRYPTO_POLICY_H

#include "crypto/checkpoint.h"

enum { POLICY_MAX_LOGS = 64, POLICY_MAX_WITNESSES = 64, POLICY_MAX_GROUPS = 64, POLICY_MAX_MEMBERS = POLICY_MAX_WITNESSES + POLICY_MAX_GROUPS };
#define POLICY_MAX_BYTES (1 << 18)

struct policy_log {
	struct vkey key; /* plain Ed25519; its name is the log's origin */
	char url[256];	 /* may be empty */
};

/* A witness, or a group of members that stand before it. */
struct policy_member {
	char name[128];		  /* of the file alone */
	unsigned threshold, size; /* of a group: so many of so many; of a witness 0 */
	int group;		  /* the one group that it is in, by position; -1: in none */
	struct vkey key;	  /* of a witness: type 04 */
	char url[256];		  /* of a witness; may be empty */
};

/* About 100 kB: not for the stack. */
struct policy {
	struct policy_log log[POLICY_MAX_LOGS];
	struct policy_member member[POLICY_MAX_MEMBERS]; /* each after its own members */
	size_t logs, members, witnesses, groups;
	int quorum; /* the member that must have witnessed a checkpoint; -1: none need */
};

/* Read a policy file. ERR_LENGTH, ERR_FORMAT (syntax, not a key) or ERR_RANGE (a name unknown or twice, a key twice, a bound), with the line;
 * *out is of no use then. */
MUST_CHECK enum err policy_read(struct policy *out, const void *p, size_t n, struct why *why);
/* Append the policy as a file: logs, members in their order, quorum. policy_read makes the same policy of it. */
void policy_write(struct buf *out, const struct policy *p);

/* Or put together by hand, from a policy without logs and witnesses, whose quorum is none: */
void policy_init(struct policy *p);
/* url may be NULL. ERR_FORMAT (another type of key, white space), ERR_RANGE (the name or the key is there already, too many). */
MUST_CHECK enum err policy_add_log(struct policy *p, const struct vkey *key, const char *url, struct why *why);
MUST_CHECK enum err policy_add_witness(struct policy *p, const char *name, const struct vkey *key, const char *url, struct why *why);
/* `threshold` of the n members at these positions. ERR_RANGE also: no member, one that is in a group, threshold not from 1 to n. */
MUST_CHECK enum err policy_add_group(struct policy *p, const char *name, unsigned threshold, const int *member, size_t n, struct why *why);
/* The quorum is any k of all witnesses, by a group named "k-of-n"; 0: none. ERR_RANGE. */
MUST_CHECK enum err policy_any(struct policy *p, unsigned k, struct why *why);
/* Position of the member of this name, -1 if there is none. */
int policy_find(const struct policy *p, const char *name);

/* What a checkpoint shows under a policy. */
struct policy_view {
	struct head head;
	size_t log;	 /* which of the policy's logs signed it */
	size_t cosigned; /* by how many of its witnesses */
	uint64_t newest; /* time of the newest of these cosignatures, in seconds since 1970; 0: there is none */
	int quorum;	 /* 1: they suffice */
};

/* Judge a checkpoint. OK also if the quorum is not reached: see the view. ERR_FORMAT (not a checkpoint, extension lines), ERR_ABSENT (of no log of
 * the policy, or not signed by it), ERR_PROOF (a signature by a log or witness of the policy is false). */
MUST_CHECK enum err policy_open(struct policy_view *out, const struct policy *p, const void *checkpoint, size_t n, struct why *why);
/* The quorum's name, "none" if there is none. */
const char *policy_quorum(const struct policy *p);

#endif
