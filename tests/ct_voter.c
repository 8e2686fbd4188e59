/* tests/ct_voter.c - run under valgrind (make ct): what a voter marked, and what hides it, reach no branch and no index. */
#include "crypto/ct.h"
#include "election/ballot.h"

#ifndef URNA_CT
#error "build this with make ct"
#endif

int
main(void)
{
	static struct ballot b;
	struct scalar exponents[2], one, x;
	struct point table[9], marks[2], joint;
	struct hash election = {{1}};
	uint8_t key[32];

	scalar_random(&x);
	point_mul_base(&joint, &x);
	scalar_random(&one);
	if (schnorr_public(key, &one) != OK)
		return 1;
	marking_table(table, 9);
	for (int i = 0; i < 2; i++) {
		marks[i] = table[7 * i];
		classify(&marks[i].pk, sizeof marks[i].pk);
	}
	if (ballot_mark(&b, exponents, &election, 1, key, marks, 2, &joint) != OK)
		return 1;
	classify(exponents, sizeof exponents);
	classify(&one, sizeof one);
	return ballot_finish(&b, exponents, &one) == OK ? 0 : 1;
}
