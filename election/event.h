/* election/event.h - entries of the log `events`, and the state machine of the phases.
 *
 * Spec    spec/documents.md#events
 */
#ifndef ELECTION_EVENT_H
#define ELECTION_EVENT_H

#include "election/call.h"

enum { EVENT_MAX_FACTS = 24, EVENT_MAX_BYTES = 65535 };

struct event {
	struct hash scope; /* election id; before the opening: the call's hash */
	char kind[24];
	int64_t time;
	struct {
		char *name, *value; /* one piece of memory, as long as they are: a record may have 100,000 entries */
	} fact[EVENT_MAX_FACTS];
	unsigned facts;
	enum err fault; /* a fact was too long, or memory lacked: such an event is not written */
	char *document, *note; /* whole, for submitted ones; else NULL */
};

/* A fact more; event_free(). */
void event_add(struct event *e, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Another value for fact i. */
void event_set(struct event *e, unsigned i, const char *value);
/* 1 if it is of this kind. */
int event_is(const struct event *e, const char *kind);
/* "" if there is none. */
const char *event_fact(const struct event *e, const char *name);
/* The file of documents/ that fact i names (file1, file2, ...), or NULL if it names none. */
const char *event_file(const struct event *e, unsigned i);
/* What it holds, not itself. e may be NULL. */
void event_free(struct event *e);
/* ERR_LENGTH: a fact, or the entry, is too long; ERR_RANGE: a fact holds a control or direction character (text_disturbs); ERR_NOMEM. */
MUST_CHECK enum err event_write(struct buf *out, const struct event *e);
/* For a submitted one, kind and facts are read from the document inside. Allocates. */
MUST_CHECK enum err event_read(struct event *out, const void *p, size_t n, struct why *why);
/* A document to be submitted: the JSON that is signed with purpose "event". Each has a serial number of its own, drawn
 * here, since what was signed once serves once (election/used.h). ERR_LENGTH, ERR_RANGE as event_write(). */
MUST_CHECK enum err event_document(struct buf *out, const struct event *e);
/* Kind and facts of e->document, which is such a document and of e->scope. ERR_FORMAT, ERR_RANGE. */
MUST_CHECK enum err event_document_read(struct event *e, struct why *why);
/* 1 if the service makes such an entry itself, without a signed document. */
int event_by_service(const struct event *e);
/* 1 for an amendment (protocol: extend, suspend, ..., replace-credential); it is printed on the closing act. */
int event_amends(const struct event *e);
/* The key that alone signs such an entry; NULL where several do, or nobody. Points into the call. */
const struct vkey *event_one_signer(const struct event *e, const struct call *call);
/* Signed by enough of those who may submit this kind: one party for the steps of the count, the keys of the
 * call's rule for an amendment, registrar and replacement signer for a credential. ERR_ABSENT (no document),
 * ERR_DENIED (nobody may), ERR_PROOF. */
MUST_CHECK enum err event_authorized(const struct event *e, const struct call *call, struct why *why);

/* Where a record stands. Zero-initialise; apply every entry in order. */
struct progress {
	unsigned begun, ended; /* bit n: phase n */
	int key, opened, closed, compared, counted, sealed, cancelled;
	int suspended; /* by order */
	int clock;     /* suspended by the service: its clock jumped */
	int64_t last, closes; /* closes: after extensions; 0 before the opening */
	unsigned set;	      /* authorizers in use, bits */
	uint8_t announced[32]; /* every set that was in use: bit s of the 256 */
	unsigned lists;	      /* other authorizers whose list is there, bits */
	unsigned mixes, factors;
	int after_suspend, after_heartbeat; /* what the last entry was: a head stands at both ends of a suspension */
	int64_t head_time;		    /* of the last entry of the service that names a head of ballots */
	struct hash election;
};
/* 1 if this set of authorizers (bits) was ever announced. Spec: spec/vote.md#the-set-in-use */
int progress_announced(const struct progress *p, unsigned set);
/* ERR_NOT_NOW with a sentence if this entry may not come now. */
MUST_CHECK enum err progress_apply(struct progress *p, const struct event *e, const struct call *call, struct why *why);

#endif
