#include "crypto/elgamal.h"

#include "crypto/ct.h"

void
elgamal_encrypt(struct ciphertext *out, const struct point *m, const struct point *key, const struct scalar *r)
{
	struct {
		struct point mask;
	} s;
	struct ciphertext c;

	point_mul_base(&c.c1, r);
	point_mul(&s.mask, key, r);
	point_add(&c.c2, m, &s.mask);
	declassify(&c, sizeof c); /* a ciphertext is public */
	wipe(&s, sizeof s);
	*out = c;
}

void
marking_table(struct point *table, size_t n)
{
	struct point g, sum = POINT_INFINITY;

	point_generator(&g);
	for (size_t i = 0; i < n; i++) {
		point_add(&sum, &sum, &g);
		table[i] = sum;
	}
}

size_t
marking_find(const struct point *table, size_t n, const struct point *m)
{
	for (size_t i = 0; i < n; i++)
		if (!m->inf && point_equal(&table[i], m))
			return i + 1;
	return 0;
}
