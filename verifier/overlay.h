/* verifier/overlay.h - a record with changes: reads as the record it lies over, but for the files that were changed,
 * added or taken away here. Nothing is written anywhere.
 */
#ifndef VERIFIER_OVERLAY_H
#define VERIFIER_OVERLAY_H

#include "crypto/source.h"

enum { OVERLAY_MOST = 8 };

/* Zero-initialise, set base. */
struct overlay {
	const struct file_source *base;
	struct overlay_file {
		char path[300];
		struct buf bytes;
		int gone;
	} file[OVERLAY_MOST];
	unsigned n;
	int failed; /* a file that is there could not be read to be changed: why */
	struct why why;
};

struct file_source overlay_source(struct overlay *o); /* o must outlive it */
/* The bytes of a file of the record, to be changed in place; NULL if there is none or too many were changed. */
struct buf *overlay_change(struct overlay *o, const char *path);
/* A new file; NULL as above. */
struct buf *overlay_add(struct overlay *o, const char *path);
/* 1 if it was there and is no more. */
int overlay_remove(struct overlay *o, const char *path);
void overlay_free(struct overlay *o);

#endif
