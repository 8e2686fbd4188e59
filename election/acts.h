/* election/acts.h - the acts: deterministic JSON and Spanish text from the record's facts.
 *
 * The same functions serve who writes the acts and who verifies them: same
 * record, same bytes, no clock.
 * Spec    spec/tally.md#acts
 */
#ifndef ELECTION_ACTS_H
#define ELECTION_ACTS_H

#include "election/ceremony.h"
#include "election/counting.h"
#include "election/event.h"

struct act {
	struct buf json, text;
};
void act_free(struct act *a);

struct act_facts {
	const struct call *call;
	const struct manifest *manifest; /* NULL before the opening */
	struct hash election;
};

/* acts/key: transcript, and key/cards.json (custodians and designations) as given. ERR_ABSENT, ERR_RANGE: it is not of these cards,
 * or one custodian has as many cards of one set as open the votes. */
MUST_CHECK enum err act_key(struct act *out, const struct call *call, const struct joint_key *key, const struct card *cards, size_t cards_n,
    const struct hash *transcript, const void *custody, size_t custody_n, struct why *why);
/* The latest designation of key/cards.json. */
MUST_CHECK enum err custody_dates(int64_t *latest, const void *custody, size_t n, struct why *why);
/* Article 20: each custodian was designated at least two calendar months before the opening; a simulacro may do otherwise.
 * ERR_RANGE: not. */
MUST_CHECK enum err custody_in_time(const struct call *call, const struct manifest *m, const void *custody, size_t n, struct why *why);
/* acts/opening */
MUST_CHECK enum err act_opening(struct act *out, const struct act_facts *f, const void *opening, size_t n, struct why *why);
/* acts/closing, from the close entry, which is one of the entries: amendments and interruptions before it are printed.
 * Amendments after it stand on the next act: start-of-decryption, count-summary or handover. */
struct style_sums {
	uint64_t roll, confirmations, ballots;
	uint64_t authorizations;     /* by the authority's list, which the close entry names */
	uint64_t authorizations_all; /* by all lists */
};
MUST_CHECK enum err act_closing(struct act *out, const struct act_facts *f, const struct event *close, const struct event *entry, uint64_t entries,
    const struct style_sums *sums);
/* acts/start-of-decryption: the comparison of article 36, and whose lists of authorizations are there (entries of `entry`). */
MUST_CHECK enum err act_start(struct act *out, const struct act_facts *f, const struct event *close, const struct event *entry, uint64_t entries, const struct hash *file,
    uint64_t size, const struct hash *root);
/* acts/count-<contest> (group NULL) or acts/count-<group's folder>. */
MUST_CHECK enum err act_count(struct act *out, const struct act_facts *f, unsigned contest, const struct group *group, const struct tally *t);
/* acts/count-summary: all contests by ámbito, type, entity. */
MUST_CHECK enum err act_summary(struct act *out, const struct act_facts *f, const struct tally *groups, const struct event *entry, uint64_t entries);
/* acts/handover; the seal, one of the entries, names the machine. */
MUST_CHECK enum err act_handover(struct act *out, const struct act_facts *f, const struct hash lists[3], const struct card *cards, size_t cards_n,
    const struct event *entry, uint64_t entries);

#endif
