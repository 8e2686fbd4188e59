/* tests/fuzz/fuzz_bytetree.c - lists of ciphertexts have one encoding */
#include <stdlib.h>
#include <string.h>

#include "crypto/bytetree.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	size_t k = bt_ciphertexts_count(n);
	struct ciphertext *c;
	struct scalar s;
	struct rd r = rd_init(p, n);
	struct buf out = {0};

	if (bt_ciphertexts_read(&c, k, p, n) == OK) {
		bt_ciphertexts(&out, c, k);
		if (out.n != n || memcmp(out.p, p, n) != 0)
			abort();
		free(c);
	}
	buf_free(&out);
	bt_read_scalar(&r, &s);
	if (rd_done(&r) == OK) {
		bt_scalar(&out, &s);
		if (out.n != n || memcmp(out.p, p, n) != 0)
			abort();
	}
	buf_free(&out);
	return 0;
}
