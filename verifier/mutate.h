/* verifier/mutate.h - what the files verifier/mutate_*.c share, and the ways to spoil that the table in verifier/mutations.c names.
 *
 * Inside verifier/ alone.
 * Spec    spec/record.md#self-test
 */
#ifndef VERIFIER_MUTATE_H
#define VERIFIER_MUTATE_H

#include "verifier/mutations.h"

/* ---- verifier/mutate_paths.c --------------------------------------------------------------- */

/* The nth entry of this kind, from 0, or NULL. */
const struct event *mutant_entry(const struct record *r, const char *kind, unsigned nth);
/* The tile of a log of this size. */
void mutant_tile(char out[80], const char *log, int level, uint64_t size, uint64_t index);
/* A path with the record's own names in place of %g, %t, ...; 0 if the record has none of the kind. */
int mutant_path(char out[300], const struct mutant *m, const char *pattern);
/* The file's bytes, to be changed; NULL if there is no such file. */
struct buf *mutant_change(struct mutant *m, const char *pattern);

/* ---- verifier/mutate_files.c, verifier/mutate_logs.c: struct mutation's make ------------------ */

void spoil_flip(struct mutant *m, const struct mutation *it);
void spoil_one_byte_more(struct mutant *m, const struct mutation *it);
void spoil_gone(struct mutant *m, const struct mutation *it);
void spoil_extra(struct mutant *m, const struct mutation *it);
void spoil_text(struct mutant *m, const struct mutation *it);
void spoil_digit_after(struct mutant *m, const struct mutation *it);
void spoil_copied(struct mutant *m, const struct mutation *it);
void spoil_trustee_as_another(struct mutant *m, const struct mutation *it);
void spoil_flip_all(struct mutant *m, const struct mutation *it);
void spoil_line_gone(struct mutant *m, const struct mutation *it);
void spoil_lines_swapped(struct mutant *m, const struct mutation *it);
void spoil_vote_changed(struct mutant *m, const struct mutation *it);
void spoil_numbers_exchanged(struct mutant *m, const struct mutation *it);
void spoil_unsigned_by(struct mutant *m, const struct mutation *it);
void spoil_signatures_from(struct mutant *m, const struct mutation *it);
void spoil_cosignatures_gone(struct mutant *m, const struct mutation *it);
void spoil_voters_swapped(struct mutant *m, const struct mutation *it);
void spoil_voter_twice(struct mutant *m, const struct mutation *it);
void spoil_all_ones(struct mutant *m, const struct mutation *it);
void spoil_all_ones_all(struct mutant *m, const struct mutation *it);
void spoil_outputs_swapped(struct mutant *m, const struct mutation *it);
void spoil_other_pin(struct mutant *m, const struct mutation *it);
void spoil_head_handed_in(struct mutant *m, const struct mutation *it);
void spoil_entry_unmade(struct mutant *m, const struct mutation *it);
void spoil_entry_twice(struct mutant *m, const struct mutation *it);
void spoil_entries_swapped(struct mutant *m, const struct mutation *it);
void spoil_entry_signed_by_others(struct mutant *m, const struct mutation *it);
void spoil_ballots_of_log(struct mutant *m, const struct mutation *it);

/* ---- verifier/mutate_signed.c: its forge ------------------------------------------------------ */

void forge_fact(struct mutant *m, struct record *r, enum check after);
void forge_fact_more(struct mutant *m, struct record *r, enum check after);
void forge_few(struct mutant *m, struct record *r, enum check after);
void forge_hour_early(struct mutant *m, struct record *r, enum check after);
void forge_hour_dark(struct mutant *m, struct record *r, enum check after);
void forge_full_from_the_start(struct mutant *m, struct record *r, enum check after);
void forge_suspended_all_along(struct mutant *m, struct record *r, enum check after);
void forge_none_authorized(struct mutant *m, struct record *r, enum check after);
void forge_all_barred(struct mutant *m, struct record *r, enum check after);
void forge_cancelled(struct mutant *m, struct record *r, enum check after);
void forge_ballot_spoilt(struct mutant *m, struct record *r, enum check after);
void forge_last_ballot_gone(struct mutant *m, struct record *r, enum check after);
void forge_ballots_stuffed(struct mutant *m, struct record *r, enum check after);

#endif
