/* tests/ct_shuffle.c - run under valgrind (make ct): neither exponents nor the permutation of a mix reach a branch or an index.
 *
 * shuffle_prove and permutation_new mark what they draw as secret themselves.
 */
#include "crypto/shuffle.h"

#ifndef URNA_CT
#error "build this with make ct"
#endif

int
main(void)
{
	enum { N = 21 };
	struct session s = {.sid = "E00", .auxsid = "S0001", .nopart = 3, .thres = 2, .ebitlen = 128, .vbitlen = 256};
	struct ciphertext in[N], out[N];
	struct shuffle_proof proof = {{0}, {0}, {0}};
	struct scalar a, r;
	struct point key;

	session_start(&s);
	scalar_random(&a);
	point_mul_base(&key, &a);
	for (int i = 0; i < N; i++) {
		scalar_random(&r);
		elgamal_encrypt(&in[i], &key, &key, &r);
	}
	if (shuffle_prove(out, &proof, &s, &key, in, N, 1) != OK || shuffle_verify(&s, NULL, &key, in, out, N, &proof, 1, NULL) != OK)
		return 1;
	shuffle_proof_free(&proof);
	return 0;
}
