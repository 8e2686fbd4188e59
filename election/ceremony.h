/* election/ceremony.h - the key ceremony's messages and transcript.
 *
 * Each round is a pure function from what a trustee knows to its message; the
 * programs carry the messages as files.
 * Spec    spec/ceremony.md#rounds
 */
#ifndef ELECTION_CEREMONY_H
#define ELECTION_CEREMONY_H

#include "crypto/schnorr.h"
#include "election/call.h"

/* An attempt is numbered from 1 to this. */
enum { ATTEMPTS = 1000000 };

/* A signed message: the JSON text and its note. */
struct message {
	struct buf text, note;
};
void message_free(struct message *m);

/* What a trustee keeps between the rounds: secret, wiped by ceremony_forget. */
struct ceremony_state {
	unsigned index, attempt, t, k;
	struct scalar a[MAX_TRUSTEES];
	uint8_t transport[32];
	uint8_t transport_key[32];
	struct point c[MAX_TRUSTEES];
	uint8_t possession[SCHNORR_BYTES];
};
void ceremony_forget(struct ceremony_state *s);
/* The state as a file between rounds on separate machines, sealed under key. ERR_DENIED: another key, or not of this call. */
MUST_CHECK enum err ceremony_save(struct buf *out, const struct ceremony_state *s, const struct call *call, const uint8_t key[32]);
MUST_CHECK enum err ceremony_load(struct ceremony_state *out, const struct call *call, const uint8_t key[32], const void *p, size_t n, struct why *why);

/* Round 1: fresh polynomial and transport key, committed to. */
MUST_CHECK enum err ceremony_round1(struct ceremony_state *s, struct message *out, const struct call *call, unsigned index, unsigned attempt, const struct signer *by, struct why *why);
/* Round 2: the reveal, bound to all round-1 messages (in the order of the trustees). */
MUST_CHECK enum err ceremony_round2(const struct ceremony_state *s, struct message *out, const struct call *call, const struct message *round1, const struct signer *by, struct why *why);
/* Round 3: the sealed share for trustee `to`, after all reveals agree. */
MUST_CHECK enum err ceremony_round3(const struct ceremony_state *s, struct message *out, const struct call *call, const struct message *round1, const struct message *round2, unsigned to, const struct signer *by, struct why *why);
/* The own share from the k messages for this trustee. *liar (may be NULL): the dealer whose signed envelope
 * is at fault, then a complaint can be made; 0 for any other error (a message missing, unsigned, of another attempt). */
MUST_CHECK enum err ceremony_finish(const struct ceremony_state *s, struct scalar *share, const struct call *call, const struct message *round1, const struct message *round2, const struct message *round3, unsigned *liar, struct why *why);
/* A signed complaint against a dealer's envelope. It publishes this attempt's transport key, so that everyone can
 * open the envelope; the attempt is over for all. Spec: spec/ceremony.md#complaints */
MUST_CHECK enum err ceremony_complain(struct message *out, const struct ceremony_state *s, const struct call *call, unsigned dealer, const struct message *envelope, const struct signer *by, struct why *why);
/* Who lied: *liar is the dealer if the complaint is founded, else the accuser. */
MUST_CHECK enum err ceremony_judge(unsigned *liar, unsigned *accuser, unsigned *dealer, const struct message *complaint, const struct call *call, const struct message *round1, const struct message *round2, struct why *why);

/* What follows from the reveals. */
struct joint_key {
	unsigned k, t, attempt;
	struct point key, share_key[MAX_TRUSTEES]; /* Y and y_1..y_k */
};
/* Check all messages of rounds 1 and 2; names who is wrong. */
MUST_CHECK enum err ceremony_agree(struct joint_key *out, const struct call *call, const struct message *round1, const struct message *round2, unsigned attempt, struct why *why);

/* One trustee's cards after the last round, signed: the transcript lists them. */
struct card {
	char serial[33], label[33];
	unsigned trustee, set;
};

MUST_CHECK enum err ceremony_cards(struct message *out, const struct call *call, unsigned index, unsigned attempt, const struct card *cards, size_t n, const struct signer *by, struct why *why);
/* Append the cards of such a message at cards[*n]. */
MUST_CHECK enum err ceremony_cards_read(struct card *cards, size_t *n, size_t room, const struct message *m, const struct call *call, unsigned index, unsigned attempt, struct why *why);

/* key/transcript.json */
MUST_CHECK enum err transcript_write(struct buf *out, const struct call *call, const struct message *round1, const struct message *round2, const struct joint_key *key, const struct card *cards, size_t cards_n);
/* Recompute everything in it. cards: room for *cards_n; set to how many there are. */
MUST_CHECK enum err transcript_read(struct joint_key *out, struct card *cards, size_t *cards_n, const void *p, size_t n, const struct call *call, struct why *why);

/* A card's PIN of digits alone is tried in no time where the card does not count the tries. ERR_RANGE: so it is, by the call.
 * Spec: spec/ceremony.md#pins */
MUST_CHECK enum err pin_allowed(const struct call *call, const char *pin, size_t n, struct why *why);

#endif
