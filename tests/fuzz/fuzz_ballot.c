/* tests/fuzz/fuzz_ballot.c - what is read is written back the same */
#include <stdlib.h>
#include <string.h>

#include "election/ballot.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ballot *b = malloc(sizeof *b);
	struct authorization *a = malloc(sizeof *a);
	struct buf out = {0};

	if (b != NULL && ballot_read(b, p, n) == OK) {
		ballot_write(&out, b);
		if (out.n != n || memcmp(out.p, p, n) != 0)
			abort();
	}
	buf_free(&out);
	if (a != NULL && authorization_read(a, p, n) == OK) {
		authorization_write(&out, a);
		if (out.n != n || memcmp(out.p, p, n) != 0)
			abort();
	}
	buf_free(&out);
	free(a);
	free(b);
	return 0;
}
