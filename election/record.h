/* election/record.h - reading a record: its documents, its logs, its groups.
 *
 * Each function reads one part and checks what must hold for the next to make
 * sense; the verifier adds its own checks around them.
 * Spec    spec/record.md#layout
 */
#ifndef ELECTION_RECORD_H
#define ELECTION_RECORD_H

#include "crypto/session.h"
#include "crypto/source.h"
#include "crypto/tile.h"
#include "election/acts.h"
#include "election/replace.h"
#include "election/roll.h"
#include "election/used.h"

enum { MAX_CARDS = 256 };

struct record {
	struct file_source src;
	struct call call; /* after record_events: with those who stand in others' places at its end */
	struct vkey first_notary; /* the one of call.json */
	struct buf call_bytes, transcript, custody, manifest_bytes, opening;
	struct joint_key joint;
	struct card card[MAX_CARDS];
	size_t cards;
	struct manifest *m;
	struct roll roll;
	struct rsa_public **key[MAX_AUTHORIZERS]; /* [authorizer][style - 1] */
	struct hash election;
	/* events */
	struct head events_head;
	struct event *entry; /* all entries */
	uint64_t entries;
	struct used used;
	struct progress progress;
	const struct event *close;
	/* What record_events was at when it failed: the log itself and the form of its entries; who signed one; who signed an amendment by the call's
	 * rule; whether it may come now, with what it changes. */
	enum { FAULT_LOG, FAULT_SIGNATURE, FAULT_AMENDMENT, FAULT_ORDER } fault;
	/* ballots */
	struct head ballots_head;
	struct buf ballot_bytes; /* all ballots one after the other, as they stand in the log */
	uint64_t *ballot_at;	 /* where each begins, and the end */
	uint64_t ballots;
	uint64_t of_style[MAX_STYLES + 1]; /* ballots by style; 0: of none of the manifest's */
};

void record_free(struct record *r);
MUST_CHECK enum err record_file(struct record *r, const char *name, size_t max, struct buf *out, struct why *why);
/* name.note carries key's signature of document for this purpose. */
MUST_CHECK enum err record_signed(struct record *r, const char *name, const char *purpose, const struct buf *document, const struct vkey *key, struct why *why);
/* call.json */
MUST_CHECK enum err record_call(struct record *r, struct why *why);
/* key/: transcript and custody; signatures of all trustees. */
MUST_CHECK enum err record_key(struct record *r, struct why *why);
/* manifest.json; then roll; then authorizers/. */
MUST_CHECK enum err record_manifest(struct record *r, struct why *why);
MUST_CHECK enum err record_roll(struct record *r, struct why *why);
MUST_CHECK enum err record_authorizers(struct record *r, struct why *why);
/* All three. */
MUST_CHECK enum err record_setup(struct record *r, struct why *why);
/* opening.json: the election id, all hashes it names, its two signatures. */
MUST_CHECK enum err record_opening(struct record *r, struct why *why);
/* events/: the whole log, every entry through the state machine and its signatures. Partial results stay on an error. */
MUST_CHECK enum err record_events(struct record *r, struct why *why);
/* Who was the notary when this entry was made: he signs the act that goes with it. */
void record_notary(const struct record *r, const struct event *at, struct vkey *out);
/* ballots/: the whole log; every entry is in canonical form. */
MUST_CHECK enum err record_ballots(struct record *r, struct why *why);
/* Ballot i (below r->ballots), parsed; its bytes stay in r. */
void record_ballot(const struct record *r, uint64_t i, struct ballot *out);
const uint8_t *record_ballot_bytes(const struct record *r, uint64_t i, size_t *n);
void record_leaf(const struct record *r, uint64_t i, struct hash *out);
/* ballots_check over all ballots, piece by piece; bad has r->ballots bytes. each (or NULL) hears how far it is. */
MUST_CHECK enum err record_check_ballots(const struct record *r, unsigned threads, uint8_t *bad, void (*each)(void *ctx, uint64_t done), void *ctx);
/* How many ciphertexts a group has. */
size_t record_group_size(const struct record *r, unsigned group);
/* 1 if `events` has a mix entry of this mixer: the last mixed lists descend from its output. */
int record_mix_of(const struct record *r, const char *mixer);
/* The ciphertexts of one group in log order (allocated). */
MUST_CHECK enum err record_group(struct record *r, unsigned group, struct ciphertext **list, size_t *n);
/* Session parameters of a group's mix, and of a trustee's decryption. */
void record_mix_session(struct session *s, const struct record *r, unsigned group);
void record_decryption_session(struct session *s, const struct record *r, unsigned group, unsigned trustee);
/* One group's last mixed list by its published files: activethreshold and ShuffledCiphertexts.bt. */
MUST_CHECK enum err record_mixed(struct record *r, unsigned group, struct ciphertext **list, size_t n, struct why *why);
/* Verify one trustee's session of a group; factors allocated. */
MUST_CHECK enum err record_factors(struct record *r, unsigned group, unsigned trustee, const struct ciphertext *list, size_t n, struct point **factors, unsigned threads, struct why *why);
/* The markings (from 1; 0: none) of a group in the mix's order, from the verified factors of t trustees, set ascending. */
MUST_CHECK enum err record_markings(struct record *r, unsigned group, const struct ciphertext *list, size_t n, const unsigned *set, struct point *const *factors, size_t *marking,
    unsigned threads);
/* The same by the first t trustees whose published factors are valid. */
MUST_CHECK enum err record_decode(struct record *r, unsigned group, const struct ciphertext *list, size_t n, size_t *marking, unsigned threads, struct why *why);
/* All file names of a source, sorted; free each and the list. ERR_ABSENT if it cannot be listed. */
MUST_CHECK enum err source_names(const struct file_source *src, char ***names, size_t *n, struct why *why);
/* The same of its empty folders, each with a slash behind it. */
MUST_CHECK enum err source_empty_folders(const struct file_source *src, char ***names, size_t *n, struct why *why);
MUST_CHECK enum err record_names(struct record *r, char ***names, size_t *n, struct why *why);

#endif
