/* tests/fuzz/example.h - the worked example's record, read once: what a target holds outside bytes against. */
#ifndef FUZZ_EXAMPLE_H
#define FUZZ_EXAMPLE_H

#include <stdlib.h>

#include "election/record.h"

#define EXAMPLE "spec/vectors/record"

static inline struct record *
example_record(void)
{
	struct record *r = calloc(1, sizeof *r);
	struct why why;

	if (r == NULL)
		abort();
	r->src = source_dir(EXAMPLE);
	if (record_call(r, &why) != OK || record_key(r, &why) != OK || record_setup(r, &why) != OK || record_opening(r, &why) != OK ||
	    record_events(r, &why) != OK || record_ballots(r, &why) != OK)
		abort();
	return r;
}

#endif
