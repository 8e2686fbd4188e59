/* election/sums.h - what follows from a whole record: sums per style, mixes,
 * votes, acts, hash lists. Shared by who makes them and who verifies them.
 *
 * Spec    spec/tally.md#sums
 */
#ifndef ELECTION_SUMS_H
#define ELECTION_SUMS_H

#include "election/lists.h"
#include "election/record.h"

/* Per style: roll, authorizations, ballots. Verifies every signature and answer of the
 * authority's list and of those that entries of events name; names the first false one. lists_free(*lists). */
MUST_CHECK enum err sums_authorizations(struct record *r, struct style_sums *sums, struct lists **lists, struct lists_findings *findings, unsigned threads,
    struct why *why);
/* Per style: confirmations of indices that the authority's list shows. Each is by a credential of its index; names the first false one.
 * remarks (or NULL) gets a sentence on true ones of other indices, which are not counted. */
MUST_CHECK enum err sums_confirmations(struct record *r, struct style_sums *sums, const struct lists *lists, struct buf *remarks, unsigned threads, struct why *why);
/* Both. */
MUST_CHECK enum err sums_of_record(struct record *r, struct style_sums *sums, struct lists_findings *findings, unsigned threads, struct why *why);
/* The JSON that a mixer signs. */
void mix_statement(struct buf *out, const struct session *s, const char *mixer, unsigned position, const struct hash *in, const struct hash *result);

/* All votes and acts. acts: contests first, then groups, then the summary. */
struct count {
	struct buf csv;
	struct act act[MAX_CONTESTS + MAX_GROUPS + 1];
	char name[MAX_CONTESTS + MAX_GROUPS + 1][64]; /* under acts/ */
	size_t acts;
	struct tally group[MAX_GROUPS];
};
/* given: markings by group, as record_markings made them (record_group_size of each); NULL: from the published factors. */
MUST_CHECK enum err count_record(struct record *r, struct count *c, size_t *const *given, unsigned threads, struct why *why);
void count_free(struct count *c);
/* hashes.sha256, .sha512, .sha3-256 of every file but hashes.* and acts/handover.*, as sha256sum -c reads them. */
MUST_CHECK enum err hash_lists(struct record *r, struct buf list[3], struct why *why);
/* What the seal entry names: SHA-256 of the first of these lists without the files of `events`, to which the entry itself is added. */
void seal_hash(struct hash *out, const struct buf *sha256_list);

#endif
