/* api/service.h - the state of the service and what the listeners may do with it.
 *
 * Spec    spec/http.md, spec/documents.md#events
 */
#ifndef API_SERVICE_H
#define API_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/config.h"
#include "api/reply.h"
#include "crypto/clock.h"
#include "election/authorizer.h"
#include "election/record.h"
#include "ledger/ledger.h"
#include "registry/refill.h"

struct login_table;
struct relay;

/* What entries said that later ones must agree with. Zero-initialise. */
struct said {
	char sha256[65], root[65]; /* of the close entry */
	char outputs[65];	   /* of the last mix entry */
	uint32_t mixed, opened;	   /* mixers with a mix entry, trustees with a factors entry (bits) */
	uint32_t stations;	   /* trustees whose station saw this root and these outputs (bits) */
};

/* Where the election stands, for the listeners, who do not wait for the lock. */
struct view {
	const char *stage; /* before, open, suspended, grace, closed, sealed, cancelled */
	int loaded;	   /* the opening's documents and stores are there, and stay as they are */
	struct progress progress;
	int64_t steady_gap; /* system clock minus steady clock when somebody looked last */
	int64_t grace;	    /* the manifest's */
};

/* What is wrong, and since when; since 0: nothing. */
struct trouble {
	int64_t since, until;
	int64_t seen; /* steady */
	char parts[64], text[1800];
};

struct service {
	struct config config;
	struct call call;
	struct signer ballots_key, events_key, authorizer_key;
	struct ledger *events, *ballots;
	pthread_rwlock_t roll_lock; /* over roll and person: the account's threads read, amendments write */
	pthread_rwlock_t box_lock; /* over view: a ballot enters under it, so that none is on its way when the stage has changed */
	struct view view;	   /* written with `lock` too */
	pthread_mutex_t lock; /* over progress and what follows, the call's parties that may be replaced, and used */
	struct progress progress;
	struct used used; /* signed documents in the log */
	struct said said;
	int loaded; /* the opening's documents are in memory */
	int second_noted; /* that somebody loaded an opening again stands in the log, once */
	struct manifest *manifest;
	struct hash election;
	struct joint_key joint;
	struct roll roll;
	struct person *person; /* room for the call's maximum of voters */
	uint32_t persons;
	uint8_t roll_key[32]; /* of the sealed private roll and its additions */
	int replaying;
	struct rsa_secret **rsa; /* our own, by style */
	struct rsa_public **rsa_public[MAX_AUTHORIZERS]; /* everybody's, by style */
	struct rsa_public *const *rsa_keys[MAX_AUTHORIZERS]; /* the same, as readers want it */
	struct relay *relay; /* to the other authorizers; NULL before an opening is loaded */
	struct registry *registry;
	struct login_table *logins;
	int64_t head_time;
	int64_t heartbeat_time; /* steady */
	int64_t steady_gap; /* system clock minus steady clock at opening */
	atomic_int outbox_fails; /* a message could not be written */
	uint64_t taken;	    /* entries of events that are carried out */
	int unexported;	    /* the record's copy of events is behind */
	struct trouble trouble;
	char files_stamp[400]; /* inodes, sizes and times of the files that an opening needs, when they were tried */
	enum err files_failed;
	struct why files_why;
	enum err tick_failed; /* what the clock asked for was not to be had */
	struct why tick_why;
	atomic_uint_fast64_t casts, authorizations, refusals; /* for /metrics */
};

/* Call and keys, checked against each other: what service_start and restoring need first. */
MUST_CHECK enum err service_open_keys(struct service *s, struct why *why);
/* Where a log ("ballots", "events") of this configuration lies; the strings and the key must outlive the ledger. */
struct log_place {
	char store[1200], head[1200], mirror[1200];
};
struct ledger_options service_log(const struct service *s, const char *log, struct log_place *at);
/* Open logs and take up where the record stands. */
MUST_CHECK enum err service_start(struct service *s, struct why *why);
void service_stop(struct service *s);
/* What the clock asks for: opening, heads, heartbeats, closing. Called several times a second. */
void service_tick(struct service *s);
/* Read the opening of the record folder and arm the opening hour. */
MUST_CHECK enum err service_load(struct service *s, struct why *why);
/* Where the election stands now. */
void service_view(struct service *s, struct view *out);
/* What the stage and the hour itself allow: the entry that ends a phase is late when the log fails just then. */
int view_authorizes(const struct view *v); /* who has not asked before */
int view_casts(const struct view *v);	   /* and takes up earlier requests, and confirms */
/* The hour: by the steady clock since the system's clock jumped. */
int64_t hour_by(int64_t steady_gap);
/* Append an entry after checking that it may come now. Takes the lock. */
MUST_CHECK enum err service_append(struct service *s, struct event *e, uint64_t *index, struct why *why);
/* Copy the public files of `events` (and after closing of `ballots`) to the record. */
MUST_CHECK enum err service_export(struct service *s, struct why *why);
/* What the registry's functions need to know of it; points into s. */
void service_authorizations(struct service *s, struct authorizations *out);
/* Complete the registry from the other authorizers (registry/refill.h); the service must not be running. */
MUST_CHECK enum err service_complete_registry(struct service *s, struct refill *done, struct why *why);
/* Put a message (a JSON object) into the outbox, under a random name and without a time. */
MUST_CHECK enum err outbox_put(struct service *s, const struct buf *message);

void account_handle(void *ctx, const struct http_request *q, struct http_reply *r);
void box_handle(void *ctx, const struct http_request *q, struct http_reply *r);
void control_handle(void *ctx, const struct http_request *q, struct http_reply *r);
void status_reply(struct service *s, struct http_reply *r);

struct login_table *logins_new(uint32_t voters);
void logins_free(struct login_table *t);

#endif
