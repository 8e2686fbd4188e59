/* tally/roll_csv.h - the authority's list of voters as it comes, and what the registrar makes of each.
 *
 * Spec    spec/roll.md#public-roll
 */
#ifndef TALLY_ROLL_CSV_H
#define TALLY_ROLL_CSV_H

#include "crypto/kdf.h"
#include "election/draft.h"
#include "election/roll.h"

struct enrolled {
	struct person person;
	char password[PASSWORD_LETTERS + 1];
	struct roll_row row;
	uint64_t order; /* random */
	unsigned line;	/* where he stands in the file */
};

/* Lines user,name,entity,district,modality,email,phone below a heading line of these names, in random order; *out is allocated,
 * also on an error. Each line that is wrong is printed. ERR_ABSENT, ERR_IO; ERR_FORMAT: at least one line is wrong. */
MUST_CHECK enum err roll_csv_read(struct enrolled **out, size_t *n, const char *file, const struct manifest *m, struct why *why);

/* Entities and districts of such a list, each once, ascending; *out is allocated, also on an error. Lines are judged as roll_csv_read
 * does, but for the style. ERR_ABSENT, ERR_IO; ERR_FORMAT: at least one line is wrong, or none is a voter. */
MUST_CHECK enum err roll_csv_places(struct draft_place **out, size_t *n, const char *file, struct why *why);

#endif
