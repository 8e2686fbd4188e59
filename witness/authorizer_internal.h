/* witness/authorizer_internal.h - what the parts of an authorizer share: following the election (authorizer_follow.c), its
 * list after closing (authorizer_list.c), requests (authorizer_requests.c), opening and closing (authorizer.c).
 *
 * Spec    spec/witness.md#authorizing
 */
#ifndef WITNESS_AUTHORIZER_INTERNAL_H
#define WITNESS_AUTHORIZER_INTERNAL_H

#include <pthread.h>

#include "crypto/clock.h"
#include "election/authorizer.h"
#include "election/docnote.h"
#include "election/record.h"
#include "registry/refill.h"
#include "witness/authorizer.h"

enum { CLOCK_SKEW = 30 };

struct authorizer {
	const struct call *call;
	unsigned self; /* from 1 */
	struct signer key;
	struct passphrase pass;
	char rsa_keys[1024], registry_path[1024], fence[1024], box[256], account[256];
	int64_t (*clock)(void);
	int lock_fd;
	pthread_t thread;
	int thread_runs;
	pthread_mutex_t follow; /* one at a time reads the election; taken before `lock` */
	pthread_rwlock_t lock;	/* over what follows: requests read, the follower writes */
	int stopping;
	int loaded;
	struct record setup; /* the opening's documents; its roll is the one of the file */
	struct roll roll;    /* after the amendments so far */
	struct rsa_secret **rsa;
	struct rsa_public *const *keys[MAX_AUTHORIZERS];
	struct progress progress;
	struct hash close_list; /* of the authority's list, by the close entry */
	struct head head;	/* of events, as read last */
	struct registry *registry;
	int finished; /* the list is signed */
	int64_t close_seen;
	enum err broken; /* a fork of events: nothing is signed any more */
	struct why trouble; /* what the follower said last */
	uint64_t refused;
	/* the follower's own: */
	struct timespec tried; /* the RSA file of that time and inode was tried before an opening was known */
	uint64_t tried_inode;
	enum err try_failed;
	struct why try_why;
};

/* The path of a file that lies beside the registry: "REGISTRY.suffix". */
void authorizer_beside(const struct authorizer *a, const char *suffix, char out[1100]);
/* What the registry's functions need to know; points into a. */
void authorizer_rows(struct authorizer *a, struct authorizations *out);
/* The opening and all it names, held against our call. ERR_ABSENT: the day has not come. */
MUST_CHECK enum err authorizer_setup(struct authorizer *a, struct record *r, struct why *why);
/* Take the RSA keys that we hold, which must be those that the manifest shows for us. ERR_PROOF: they are not, and none is taken. */
MUST_CHECK enum err authorizer_own_keys(struct authorizer *a, const struct record *r, struct why *why);
/* Before the day: whether their file, if there is one, opens. Tried anew when it changes. */
MUST_CHECK enum err authorizer_try_keys(struct authorizer *a, struct why *why);
/* OK if it answers requests. ERR_NOT_NOW, ERR_IO as for authorizer_health. With the lock held. */
MUST_CHECK enum err authorizer_ready(struct authorizer *a, struct why *why);
/* One registry is of one election: its id stands beside it from the first day. ERR_PROOF: it is of another. */
MUST_CHECK enum err authorizer_same_election(const struct authorizer *a, const struct hash *election, struct why *why);
/* Read what is new. `size`: entries of events that somebody knows of; 0: whatever there is. Takes both locks. */
MUST_CHECK enum err authorizer_follow(struct authorizer *a, uint64_t size, struct why *why);
/* When the box is closed, once: complete what the authority has answered, then sign; nothing is authorized after. Takes both
 * locks: the roll does not change under it. */
MUST_CHECK enum err authorizer_finish(struct authorizer *a, struct why *why);

#endif
