/* tests/fuzz/fuzz_documents.c - call, manifest and entries of events: refused or read, never worse; an entry has one spelling */
#include <stdlib.h>
#include <string.h>

#include "election/event.h"
#include "election/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct call *c = malloc(sizeof *c);
	struct event *e = calloc(1, sizeof *e);
	struct manifest *m = NULL;
	struct buf out = {0};
	struct why why;

	if (c != NULL && call_read(c, p, n, &why) == OK && c->threshold > c->trustees)
		abort();
	if (manifest_read(&m, p, n, &why) == OK) {
		if (m->groups == 0 && m->styles == 0)
			abort();
		free(m);
	}
	if (e != NULL && event_read(e, p, n, &why) == OK && (event_write(&out, e) != OK || out.n != n))
		abort();
	if (e != NULL)
		event_free(e);
	free(e);
	free(c);
	buf_free(&out);
	return 0;
}
