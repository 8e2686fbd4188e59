/* tally/inventory.h - files of an installation by name and hash: what the auditor lists, and what is installed.
 *
 * Spec    spec/documents.md#dictamen
 */
#ifndef TALLY_INVENTORY_H
#define TALLY_INVENTORY_H

#include "election/dictamen.h"

/* A file under its own name, or every file of a folder as FOLDER/PATH, sorted. ERR_ABSENT, ERR_IO; ERR_FORMAT: something in
 * it that is no plain file; ERR_RANGE, ERR_LENGTH as dictamen_add. */
MUST_CHECK enum err inventory_add(struct dictamen *d, const char *path, struct why *why);
/* Print the verdict of each file of the dictamen and of each installed file that it does not list; 1 if all are "Correcto". */
int inventory_compare(const struct dictamen *dictamen, const struct dictamen *installed);

#endif
