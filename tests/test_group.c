/* tests/test_group.c - crypto/group.c, crypto/msm.c, crypto/elgamal.c
 *
 * Goal    scalars and points behave as a field and a group, at the edges too.
 * Method  identities on edge values and random ones; the multi-multiplication
 *         against the sum of single ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "crypto/elgamal.h"
#include "crypto/group.h"

static struct scalar
minus_one(void)
{
	struct scalar s;

	scalar_neg(&s, &SCALAR_ONE);
	return s;
}

static void
scalar_edges(void **state)
{
	static const char order[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
	struct scalar m1 = minus_one(), r;
	uint8_t n[32], wide[64];

	(void)state;
	assert_int_equal(hex_decode(n, 32, order, 64), OK);
	assert_int_equal(scalar_read(&r, n), ERR_RANGE);
	n[31]--;
	assert_int_equal(scalar_read(&r, n), OK);
	assert_true(scalar_equal(&r, &m1));
	scalar_add(&r, &m1, &SCALAR_ONE);
	assert_true(scalar_is_zero(&r));
	scalar_add(&r, &SCALAR_ZERO, &m1);
	assert_true(scalar_equal(&r, &m1));
	scalar_add(&r, &m1, &SCALAR_ZERO);
	assert_true(scalar_equal(&r, &m1));
	scalar_add(&r, &SCALAR_ZERO, &SCALAR_ZERO);
	assert_true(scalar_is_zero(&r));
	scalar_mul(&r, &m1, &m1);
	assert_true(scalar_equal(&r, &SCALAR_ONE));
	scalar_mul(&r, &m1, &SCALAR_ZERO);
	assert_true(scalar_is_zero(&r));
	scalar_neg(&r, &SCALAR_ZERO);
	assert_true(scalar_is_zero(&r));
	assert_int_equal(scalar_inv(&r, &SCALAR_ZERO), ERR_RANGE);
	/* 2^512 - 1 = (2^256 mod n)^2 - 1 */
	memset(wide, 0xff, sizeof wide);
	scalar_reduce64(&r, wide);
	scalar_add(&r, &r, &SCALAR_ONE);
	memset(wide, 0, sizeof wide);
	wide[31] = 1;
	struct scalar t;
	scalar_reduce64(&t, wide);
	scalar_mul(&t, &t, &t);
	assert_true(scalar_equal(&r, &t));
	/* n itself reduces to zero */
	n[31]++;
	scalar_reduce(&r, n, 32);
	assert_true(scalar_is_zero(&r));
}

static void
scalar_laws(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct scalar a, b, c, x, y;

		scalar_random(&a);
		scalar_random(&b);
		scalar_random(&c);
		scalar_add(&x, &a, &b);
		scalar_mul(&x, &x, &c);
		scalar_mul(&y, &a, &c);
		scalar_mul(&b, &b, &c);
		scalar_add(&y, &y, &b);
		assert_true(scalar_equal(&x, &y));
		scalar_sub(&x, &a, &a);
		assert_true(scalar_is_zero(&x));
		assert_int_equal(scalar_inv(&x, &a), OK);
		scalar_mul(&x, &x, &a);
		assert_true(scalar_equal(&x, &SCALAR_ONE));
	}
}

static void
point_edges(void **state)
{
	struct point g, m, s, inf = POINT_INFINITY;
	struct scalar m1 = minus_one(), k;
	uint8_t b[POINT_BYTES], x[32], y[32];

	(void)state;
	point_generator(&g);
	point_neg(&m, &g);
	point_mul_base(&s, &m1);
	assert_true(point_equal(&s, &m));
	point_add(&s, &g, &m);
	assert_true(s.inf);
	point_add(&s, &inf, &g);
	assert_true(point_equal(&s, &g));
	point_add(&s, &inf, &inf);
	assert_true(s.inf);
	point_mul_base(&s, &SCALAR_ZERO);
	assert_true(s.inf);
	point_mul(&s, &g, &SCALAR_ZERO);
	assert_true(s.inf);
	point_mul(&s, &inf, &m1);
	assert_true(s.inf);
	point_mul_var(&s, &g, &SCALAR_ZERO);
	assert_true(s.inf);
	assert_int_equal(point_write(b, &inf), ERR_RANGE);
	assert_int_equal(point_write_xy(x, y, &inf), ERR_RANGE);
	assert_int_equal(point_write(b, &g), OK);
	assert_int_equal(point_read(&s, b), OK);
	assert_true(point_equal(&s, &g));
	b[0] = 4;
	assert_int_equal(point_read(&s, b), ERR_FORMAT);
	b[0] = 2;
	memset(b + 1, 0xff, 32); /* not below p */
	assert_int_equal(point_read(&s, b), ERR_RANGE);
	memset(b + 1, 0, 32);
	b[32] = 5; /* x = 5 is not on the curve */
	assert_int_equal(point_read(&s, b), ERR_RANGE);
	assert_int_equal(point_write_xy(x, y, &g), OK);
	assert_int_equal(point_read_xy(&s, x, y), OK);
	y[31] ^= 1;
	assert_int_equal(point_read_xy(&s, x, y), ERR_RANGE);
	/* an unset element is refused, and stops nothing */
	memset(&s, 0, sizeof s);
	assert_int_equal(point_write(b, &s), ERR_RANGE);
	for (int i = 0; i < 20; i++) {
		struct point p, q;

		scalar_random(&k);
		point_mul_base(&p, &k);
		point_mul(&q, &g, &k);
		assert_true(point_equal(&p, &q));
		point_mul_var(&q, &g, &k);
		assert_true(point_equal(&p, &q));
	}
}

static void
msm_matches(size_t n, unsigned bits, unsigned threads)
{
	struct point *p = malloc(n * sizeof *p), want = POINT_INFINITY, got, term;
	struct scalar *s = malloc(n * sizeof *s), k;

	assert_true(n == 0 || (p != NULL && s != NULL));
	for (size_t i = 0; i < n; i++) {
		scalar_random(&k);
		point_mul_base(&p[i], &k);
		scalar_random(&s[i]);
		if (bits == 128)
			memset(s[i].b, 0, 16);
		switch (i % 16) { /* zero, one, n-1, repeats, cancelling pairs, infinity, half digits */
		case 1:
			s[i] = SCALAR_ZERO;
			break;
		case 2:
			s[i] = SCALAR_ONE;
			break;
		case 3:
			if (bits == 256)
				s[i] = minus_one();
			break;
		case 4:
			p[i] = p[i - 1];
			break;
		case 5:
			point_neg(&p[i], &p[i - 1]);
			s[i] = s[i - 1];
			break;
		case 6:
			p[i] = POINT_INFINITY;
			break;
		case 7:
			memset(s[i].b + 16, 0x80, 16);
			break;
		case 8:
			memset(s[i].b + 16, 0xff, 16);
			break;
		default:
			break;
		}
		point_mul_var(&term, &p[i], &s[i]);
		point_add(&want, &want, &term);
	}
	assert_int_equal(point_msm_var(&got, p, s, n, bits, threads), OK);
	assert_true(point_equal(&got, &want));
	free(p);
	free(s);
}

static void
msm_agrees(void **state)
{
	(void)state;
	for (size_t n = 0; n < 100; n += 7) {
		msm_matches(n, 256, 1);
		msm_matches(n, 128, 1);
	}
	msm_matches(1000, 256, 2);
	msm_matches(1003, 128, 2);
	msm_matches(5000, 256, 2);
}

static void
msm_refuses_long_scalars(void **state)
{
	struct point p, r;
	struct scalar s = minus_one();

	(void)state;
	point_generator(&p);
	assert_int_equal(point_msm_var(&r, &p, &s, 1, 128, 1), ERR_RANGE);
	assert_int_equal(point_msm_var(&r, &p, &s, 1, 200, 1), ERR_RANGE);
}

static void
elgamal_decrypts(void **state)
{
	struct point table[20], key, m, mask;
	struct ciphertext c;
	struct scalar x, r;

	(void)state;
	marking_table(table, 20);
	scalar_random(&x);
	point_mul_base(&key, &x);
	for (size_t i = 1; i <= 20; i++) {
		scalar_random(&r);
		elgamal_encrypt(&c, &table[i - 1], &key, &r);
		point_mul(&mask, &c.c1, &x);
		point_neg(&mask, &mask);
		point_add(&m, &c.c2, &mask);
		assert_int_equal(marking_find(table, 20, &m), i);
	}
	assert_int_equal(marking_find(table, 20, &POINT_INFINITY), 0);
	assert_int_equal(marking_find(table, 20, &key), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scalar_edges),
	    cmocka_unit_test(scalar_laws),
	    cmocka_unit_test(point_edges),
	    cmocka_unit_test(msm_agrees),
	    cmocka_unit_test(msm_refuses_long_scalars),
	    cmocka_unit_test(elgamal_decrypts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
