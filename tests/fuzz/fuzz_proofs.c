/* tests/fuzz/fuzz_proofs.c - proofs of shuffle and of decryption: a proof of which anything was changed does not verify
 *
 * Input: which file, where, and bytes that are XORed onto it; or, with the high bit, a file in its place.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/decryption.h"
#include "crypto/shuffle.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { N = 2 };

static struct session mix = {.sid = "E00", .auxsid = "S0001", .nopart = 3, .thres = 3, .ebitlen = 128, .vbitlen = 256};
static struct session dec = {.sid = "E00", .auxsid = "D0001T01", .nopart = 1, .thres = 1, .ebitlen = 128, .vbitlen = 256};
static struct ciphertext in[N], out[N];
static struct shuffle_proof shuffle;
static struct decryption_proof factors;
static struct point key;

static void
prepare(void)
{
	struct scalar x, r;
	struct point one;

	session_start(&mix);
	session_start(&dec);
	scalar_random(&x);
	point_mul_base(&key, &x);
	point_generator(&one);
	for (int i = 0; i < N; i++) {
		scalar_random(&r);
		elgamal_encrypt(&in[i], &one, &key, &r);
	}
	if (shuffle_prove(out, &shuffle, &mix, &key, in, N, 1) != OK || decryption_prove(&factors, &dec, &x, &key, out, N, 1) != OK)
		abort();
}

static int
shuffle_holds(void)
{
	return shuffle_verify(&mix, NULL, &key, in, out, N, &shuffle, 1, NULL) == OK;
}

static int
factors_hold(void)
{
	struct point *d = NULL;
	int good = decryption_verify(&d, &dec, &key, out, N, &factors, 1, NULL) == OK;

	free(d);
	return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf *file[] = {&shuffle.permutation_commitment, &shuffle.commitment, &shuffle.reply, &factors.factors, &factors.commitment, &factors.reply};
	struct buf whole, copy = {0};
	unsigned which;
	size_t at;

	if (key.inf || shuffle.reply.n == 0)
		prepare();
	if (n < 4)
		return 0;
	which = (p[0] & 0x7f) % 6;
	whole = *file[which];
	if (p[0] & 0x80) {
		buf_put(&copy, p + 1, n - 1);
	} else {
		buf_put(&copy, whole.p, whole.n);
		at = (size_t)(p[1] << 8 | p[2]) % whole.n;
		for (size_t i = 3; i < n && at < copy.n; i++, at++)
			copy.p[at] ^= p[i];
	}
	if (copy.n != whole.n || memcmp(copy.p, whole.p, whole.n) != 0) {
		*file[which] = copy;
		if (which < 3 ? shuffle_holds() : factors_hold())
			abort();
		*file[which] = whole;
	}
	buf_free(&copy);
	return 0;
}
