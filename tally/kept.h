/* tally/kept.h - a source that reads each file of another one once and keeps it in memory: whatever is checked of a file is
 * true of what is used of it, and nothing lies on a disk.
 */
#ifndef TALLY_KEPT_H
#define TALLY_KEPT_H

#include "crypto/source.h"

/* Zero-initialise, set base. For one thread at a time. */
struct kept {
	struct file_source base;
	struct kept_file {
		char *path;
		struct buf bytes;
	} *file;
	size_t n;
};

struct file_source kept_source(struct kept *k); /* k must outlive it; a file that is not there is asked for again */
void kept_free(struct kept *k);

#endif
