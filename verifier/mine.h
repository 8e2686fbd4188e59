/* verifier/mine.h - that a ballot of the record is the voter's own: the voter's last check.
 *
 * Spec    spec/vote.md#it-is-mine
 */
#ifndef VERIFIER_MINE_H
#define VERIFIER_MINE_H

#include "election/record.h"

/* From the private file (.mine) and the password, without any server: derive one-time key and blinding factors
 * again; the request published under the own roll index must be for that key, and the record must hold a ballot
 * under it. *index: its position; letters: its commitment, to compare with the one noted before the choice.
 * ERR_DENIED (password), ERR_ABSENT (no ballot, or no request published), ERR_PROOF with a sentence that is evidence. */
MUST_CHECK enum err mine_check(uint64_t *index, char letters[40], struct record *r, const void *mine, size_t n, const char *user, const char *password, struct why *why);
/* The one-time key that the private file and the password open. ERR_DENIED. Wipe `one_time`. */
MUST_CHECK enum err mine_key(struct scalar *one_time, uint8_t key[XONLY_BYTES], const struct record *r, const void *mine, size_t n, const char *user,
    const char *password, struct why *why);

#endif
