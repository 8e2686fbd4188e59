/* election/dictamen.h - the auditor's inventory of programs and pages, and the zero report that is made from it.
 *
 * Spec    spec/documents.md#dictamen
 */
#ifndef ELECTION_DICTAMEN_H
#define ELECTION_DICTAMEN_H

#include "crypto/checkpoint.h"
#include "election/manifest.h"

enum { DICTAMEN_MAX_BYTES = 1 << 24, DICTAMEN_MAX_FILES = 1000, DICTAMEN_MAX_NAME = 200 };

/* Files by name; also those that are installed. Zero-initialise; dictamen_free(). */
struct dictamen {
	struct dictamen_file {
		char name[DICTAMEN_MAX_NAME + 1];
		struct hash sha256;
	} *file;
	size_t n;
};

/* One file more. ERR_LENGTH: too many, or too long a name; ERR_RANGE: that name is there. */
MUST_CHECK enum err dictamen_add(struct dictamen *d, const char *name, const struct hash *sha256, struct why *why);
/* The file of this name, or NULL. */
const struct dictamen_file *dictamen_find(const struct dictamen *d, const char *name);
/* Of this call, and nothing else in it. ERR_FORMAT, ERR_RANGE, ERR_LENGTH. */
MUST_CHECK enum err dictamen_read(struct dictamen *out, const void *p, size_t n, const struct hash *call, struct why *why);
MUST_CHECK enum err dictamen_write(struct buf *out, const struct dictamen *d, const struct hash *call);
void dictamen_free(struct dictamen *d);

/* What an empty service reports before it opens: every store and counter zero, its head of events, and each file of the
 * dictamen as it is installed, which must be "Correcto" (spec/documents.md#zero-report). */
MUST_CHECK enum err zero_report_write(struct buf *out, const struct hash *call, const struct manifest *m, const struct head *events, const struct dictamen *d);
/* The head of events is all that a report says by itself. ERR_FORMAT: none is to be read; ERR_PROOF: the rest is not what
 * zero_report_write makes of it, and the head is set all the same. */
MUST_CHECK enum err zero_report_read(struct head *events, const void *p, size_t n, const struct hash *call, const struct manifest *m, const struct dictamen *d, struct why *why);

#endif
