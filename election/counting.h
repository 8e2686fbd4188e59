/* election/counting.h - from markings to lines, and the split of combinations.
 *
 * Spec    spec/tally.md#counting
 */
#ifndef ELECTION_COUNTING_H
#define ELECTION_COUNTING_H

#include "election/manifest.h"

/* Votes of one contest or group. */
struct tally {
	uint64_t line[MAX_LINES]; /* as the manifest's lines */
	uint64_t total, outside;  /* outside: elements outside the table or infinity, counted as null */
	uint64_t party[MAX_EMBLEMS]; /* of tally_split, as the contest's parties */
};

/* Count a decoded marking: i from 1, 0 for what is no marking. */
void tally_add(struct tally *t, const struct contest *c, size_t marking);
/* Of a group whose votes are all counted: LGIPE 311.1 c, a combination's votes in equal shares between its parties, the
 * rest one by one to the parties with most votes; ties: registration order. */
void tally_split(struct tally *t, const struct contest *c);
/* Add a group, its split too: what a contest's parties have is the sum of what they have in its groups. */
void tally_sum(struct tally *t, const struct tally *part);
/* A number in Spanish words, upper case: 328 -> "TRESCIENTOS VEINTIOCHO". Below 10^9. */
void number_words(char *out, size_t size, uint64_t n);

#endif
