/* tally/make_act.h - the acts that are signed, from a record: the same functions serve who writes them and who signs them.
 *
 * Spec    spec/tally.md#acts
 */
#ifndef TALLY_MAKE_ACT_H
#define TALLY_MAKE_ACT_H

#include "election/record.h"

/* acts/key, of a record that was read as far as its key. */
MUST_CHECK enum err make_key_act(struct act *out, const struct record *r, struct why *why);
/* opening.json over the files that it names, and acts/opening; of a record that was read as far as its manifest. */
MUST_CHECK enum err make_opening(struct buf *document, struct act *out, struct record *r, struct why *why);
/* acts/start-of-decryption, once `events` has the comparison; file: SHA-256 of encrypted-votes.bin as it lies there, box: the
 * recomputed head of `ballots`. ERR_PROOF: one of them, or what the comparison says, is not the closing's. */
MUST_CHECK enum err make_start_act(struct act *out, const struct record *r, const struct hash *file, const struct head *box, struct why *why);
/* hashes.sha256, .sha512, .sha3-256 and acts/handover, of a sealed record. ERR_PROOF: the files are not those that were sealed. */
MUST_CHECK enum err make_handover(struct buf list[3], struct act *out, struct record *r, struct why *why);

extern const char *const hash_list_names[3];

#endif
