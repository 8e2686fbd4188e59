/* tests/ct_secrets.c - run under valgrind (make ct): no branch or index depends on a secret scalar. */
#include <string.h>

#include "crypto/ct.h"
#include "crypto/decryption.h"
#include "crypto/schnorr.h"

#ifndef URNA_CT
#error "build this with make ct"
#endif

int
main(void)
{
	struct scalar a, b, r, x;
	struct point p, q;
	struct ciphertext c[20];
	struct session s = {.sid = "E00", .auxsid = "D0001T01", .nopart = 1, .thres = 1, .ebitlen = 128, .vbitlen = 256};
	struct decryption_proof proof = {{0}, {0}, {0}};
	struct hash m = {{1}};
	uint8_t sig[64], wide[64];

	session_start(&s);
	scalar_random(&a);
	scalar_random(&b);
	point_mul_base(&q, &b);
	for (int i = 0; i < 20; i++)
		elgamal_encrypt(&c[i], &q, &q, &a);
	x = a;
	point_mul_base(&p, &x);
	classify(&a, sizeof a);
	scalar_add(&r, &a, &b);
	scalar_mul(&r, &r, &a);
	scalar_neg(&r, &r);
	memset(wide, 1, sizeof wide);
	classify(wide, sizeof wide);
	scalar_reduce64(&r, wide);
	point_mul_base(&p, &r);
	point_mul(&p, &q, &a);
	elgamal_encrypt(&c[0], &q, &q, &r);
	if (schnorr_sign(sig, &a, &m) != OK)
		return 1;
	/* share use and decryption factors */
	point_mul_base(&p, &x);
	classify(&x, sizeof x);
	return decryption_prove(&proof, &s, &x, &p, c, 20, 1) == OK ? 0 : 1;
}
