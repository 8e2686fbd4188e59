/* api/internal.h - what the parts of the service share: outbox.c, files.c, amendments.c, documents.c, judge.c, events.c, closing.c,
 * opening.c, health.c, hours.c, submit.c, control.c, and service.c, which starts and stops it all. Each calls those before it.
 *
 * With the lock: the caller holds s->lock.
 * Spec    spec/documents.md#events
 */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include "api/service.h"

/* ---- outbox.c ---- */

/* Files that wait in the outbox; -1 if it cannot be read. */
int64_t outbox_count(const struct service *s);
/* The same without notices, which may come before the hour. */
int64_t outbox_codes(const struct service *s);
/* Put a notice, which tells of an amendment and not of a login. */
MUST_CHECK enum err outbox_put_notice(struct service *s, const struct buf *message);
/* OK, or why messages cannot be written: after an error it is tried again here. */
MUST_CHECK enum err outbox_state(struct service *s, struct why *why);

/* ---- files.c: what an opening needs of this service ---- */

/* The private roll with its key, the secret RSA keys by style; ERR_... with the path of the file that is wrong. */
MUST_CHECK enum err files_people(const struct service *s, uint8_t key[32], struct person **people, uint32_t *n, struct why *why);
MUST_CHECK enum err files_rsa(const struct service *s, unsigned styles, struct rsa_secret ***rsa, struct why *why);
/* Before an opening is loaded: whether these files are good, as far as it can be said; once the manifest is there they must be.
 * Tried anew when one of them changes. With the lock. */
MUST_CHECK enum err files_state(struct service *s, struct why *why);

/* ---- amendments.c: entries that change the roll or the call's parties ---- */

/* Whether an entry that changes the roll or a party of the call can be carried out; nothing changes yet. With the lock. */
MUST_CHECK enum err amendment_prepare(struct service *s, const struct event *e, struct why *why);
/* What an entry changes in the roll and in the registry. Idempotent over a restart. With the lock. */
MUST_CHECK enum err amendment_carry_out(struct service *s, const struct event *e, struct why *why);
/* After a restart: what was amended since the opening. With the lock. */
MUST_CHECK enum err amendments_replay(struct service *s, struct why *why);
/* The sealed person (base64) of an `include` entry, kept before the entry. With the lock. */
MUST_CHECK enum err amendment_keep_person(struct service *s, const char *text, struct why *why);

/* ---- documents.c: the files of documents/ ---- */

/* Put the files (a list of base64 texts, or NULL) that come with an entry where they wait. ERR_RANGE: the entry does not name
 * one of them; ERR_ABSENT: it names one that is not here. With the lock. */
MUST_CHECK enum err documents_keep(const struct service *s, const struct json *files, const struct event *e, struct why *why);
/* The entry stands in the log: the files that it names go into the record. */
MUST_CHECK enum err documents_settle(const struct service *s, const struct event *e, struct why *why);
/* At the start, when all entries are settled: nothing names what still waits. */
void documents_drop(const struct service *s);

/* ---- judge.c: what a submitted entry repeats ---- */

/* Take note of an entry of the log. */
void judge_note(struct said *p, const struct event *e, const struct call *call);
/* ERR_RANGE, ERR_NOT_NOW with a sentence if the entry contradicts the log or the record. With the lock. */
MUST_CHECK enum err judge_entry(const struct service *s, const struct event *e, struct why *why);

/* ---- events.c: the log of events, all with the lock ---- */

/* A line with the time on stderr. */
void journal(const char *what, const char *text);
/* Let the listeners see where the election stands. Waits for ballots that are on their way into the log. */
void events_show(struct service *s);
/* Carry out what stands in the log and was not known to: after an append that failed. Nothing else is appended before.
 * ERR_NOT_NOW, ERR_IO, ERR_PROOF: see ledger_state. */
MUST_CHECK enum err events_take_up(struct service *s, struct why *why);
/* Append an entry, after checking that it may come now, with the heartbeats that must stand beside it; carry it out. */
MUST_CHECK enum err events_append(struct service *s, struct event *e, uint64_t *index, struct why *why);
/* The begin or end of phase n, with a head of all ballots so far; nothing if it stands in the log. */
MUST_CHECK enum err events_phase(struct service *s, int n, const char *edge, struct why *why);
/* The last public head; `force`: of all ballots so far. */
MUST_CHECK enum err events_heartbeat(struct service *s, int force, struct why *why);
/* The phases that begin and end by themselves after key, close and count, where they are not in the log: urnad may have
 * died between such an entry and what follows it. */
MUST_CHECK enum err events_follow(struct service *s, struct why *why);
/* Progress, used documents and replaced parties by what stands in the log. */
MUST_CHECK enum err events_replay(struct service *s, struct why *why);

/* ---- closing.c ---- */

/* encrypted-votes.bin, the authority's list, the confirmations, then the close entry. With the lock. */
MUST_CHECK enum err close_now(struct service *s, struct why *why);

/* ---- health.c: what keeps the service from acknowledging anything; with the lock ---- */

enum { HEALTH_PARTS = 6 };

/* The parts that are not well, and what is wrong with each. */
struct health {
	unsigned n;
	const char *part[HEALTH_PARTS]; /* "events", "ballots", "registry", "disk", "files", "service" */
	struct why why[HEALTH_PARTS];
};
void health_read(struct service *s, struct health *out);
/* Note what is wrong; some seconds after it is over, an incident entry tells it. */
MUST_CHECK enum err health_follow(struct service *s, struct why *why);

/* ---- submit.c ---- */

/* POST /event of the private socket: an entry signed elsewhere. */
void submit_entry(struct service *s, const struct http_request *q, struct http_reply *r);

#endif
