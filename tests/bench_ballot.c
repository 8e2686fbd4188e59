/* tests/bench_ballot.c - ballots, proofs and tokens, in processor time; the library's own multiplications first, since
 * everything is made of them: figures of different machines compare as multiples of those. "Design": measured before this tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/decryption.h"
#include "crypto/rsablind.h"
#include "crypto/shuffle.h"
#include "election/ballot.h"

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
units(void)
{
	enum { K = 3000 };
	struct scalar s;
	struct point p, q;
	double t[4];

	scalar_random(&s);
	point_generator(&p);
	t[0] = now();
	for (int i = 0; i < K; i++)
		point_mul_base(&p, &s);
	t[1] = now();
	for (int i = 0; i < K; i++)
		point_mul(&q, &p, &s);
	t[2] = now();
	for (int i = 0; i < K; i++)
		point_mul_var(&q, &p, &s);
	t[3] = now();
	printf("unit: one multiplication: of the base, of a point in constant time, of a public point: %.1f, %.1f, %.1f us\n", (t[1] - t[0]) / K * 1e6,
	    (t[2] - t[1]) / K * 1e6, (t[3] - t[2]) / K * 1e6);
}

int
main(void)
{
	enum { N = 10000, M = 2000 };
	struct manifest *m = calloc(1, sizeof *m);
	struct ballot *b = calloc(N, sizeof *b);
	struct ciphertext *in = calloc(N, sizeof *in), *out = calloc(N, sizeof *out);
	uint8_t *bad = calloc(N, 1), key[32];
	struct hash election = {{1}};
	struct scalar x, r, one;
	struct point joint, table[17], *factors;
	struct shuffle_proof proof = {{0}, {0}, {0}};
	struct decryption_proof dec = {{0}, {0}, {0}};
	struct session s = {.sid = "E00", .auxsid = "S0001", .nopart = 3, .thres = 3, .ebitlen = 128, .vbitlen = 256};
	double t, single, batch;

	if (m == NULL || b == NULL || in == NULL || out == NULL || bad == NULL)
		return 1;
	m->styles = m->contests = m->style[0].contests = 1;
	marking_table(table, 17);
	units();
	scalar_random(&x);
	point_mul_base(&joint, &x);
	t = now();
	for (int i = 0; i < N; i++) {
		scalar_random(&one);
		if (schnorr_public(key, &one) != OK || ballot_mark(&b[i], &r, &election, 1, key, &table[i % 17], 1, &joint) != OK || ballot_finish(&b[i], &r, &one) != OK)
			return 1;
	}
	printf("ballot, 1 contest: make (encrypt, prove, sign)        %8.1f us\n", (now() - t) / N * 1e6);
	t = now();
	for (int i = 0; i < M; i++)
		if (ballot_check(&b[i], &election, m, NULL) != OK)
			return 1;
	single = (now() - t) / M * 1e6;
	t = now();
	if (ballots_check(b, N, &election, m, 1, bad) != OK)
		return 1;
	batch = (now() - t) / N * 1e6;
	printf("ballot: verify one by one                             %8.1f us   (target: under 100, without the RSA checks)\n", single);
	printf("ballot: verify %d in batches                       %8.1f us   %.2f of one by one (design: 43 us)\n", N, batch, batch / single);
	session_start(&s);
	for (int i = 0; i < N; i++)
		if (point_read(&in[i].c1, b[i].vote[0].c1) != OK || point_read(&in[i].c2, b[i].vote[0].c2) != OK)
			return 1;
	t = now();
	if (shuffle_prove(out, &proof, &s, &joint, in, M, 1) != OK)
		return 1;
	printf("shuffle: re-encrypt and prove, a ciphertext of %d    %8.1f us   (design: 270)\n", M, (now() - t) / M * 1e6);
	shuffle_proof_free(&proof);
	if (shuffle_prove(out, &proof, &s, &joint, in, N, 2) != OK)
		return 1;
	t = now();
	if (shuffle_verify(&s, NULL, &joint, in, out, N, &proof, 1, NULL) != OK)
		return 1;
	printf("shuffle: verify, a ciphertext of %d                %8.1f us   (design: 44)\n", N, (now() - t) / N * 1e6);
	t = now();
	if (decryption_prove(&dec, &s, &x, &joint, out, N, 1) != OK)
		return 1;
	printf("decryption factors and proof, a ciphertext            %8.1f us   (design: 34 the factor alone)\n", (now() - t) / N * 1e6);
	t = now();
	if (decryption_verify(&factors, &s, &joint, out, N, &dec, 1, NULL) != OK)
		return 1;
	printf("decryption: verify a trustee, a ciphertext            %8.1f us   (design: 4 to 7)\n", (now() - t) / N * 1e6);
	return 0;
}
