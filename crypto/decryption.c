#include "crypto/decryption.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/ct.h"
#include "crypto/parallel.h"

void
decryption_proof_free(struct decryption_proof *p)
{
	buf_free(&p->factors);
	buf_free(&p->commitment);
	buf_free(&p->reply);
}

void
decryption_factor(struct scalar *pf, struct scalar *ipf, unsigned k)
{
	uint64_t lcm = 1;
	struct scalar l;

	for (uint64_t i = 2; i <= k; i++) {
		uint64_t a = lcm, b = i;

		while (b != 0) {
			uint64_t t = a % b;

			a = b;
			b = t;
		}
		lcm = lcm / a * i; /* lcm(1..25) fits 35 bits */
	}
	scalar_u64(&l, lcm);
	scalar_mul(pf, &l, &l);
	if (scalar_inv(ipf, pf) != OK)
		abort(); /* lcm(1..25)^2 is below the prime n */
}

enum err
decryption_coefficient(struct scalar *c, unsigned k, const unsigned *set, unsigned t, unsigned at)
{
	struct scalar pf, ipf, top, bottom = SCALAR_ONE, x, y;

	decryption_factor(&pf, &ipf, k);
	top = pf;
	for (unsigned i = 0; i < t; i++) {
		if (set[i] < 1 || set[i] > k || (i > 0 && set[i] <= set[i - 1]))
			return ERR_RANGE;
		if (i == at)
			continue;
		scalar_u64(&x, set[i]);
		scalar_mul(&top, &top, &x);
		scalar_u64(&y, set[at]);
		scalar_sub(&x, &x, &y);
		scalar_mul(&bottom, &bottom, &x);
	}
	if (at >= t || scalar_inv(&bottom, &bottom) != OK)
		return ERR_RANGE;
	scalar_mul(c, &top, &bottom);
	return OK;
}

/* The seed over list, key and factors; then the exponents and their sums are the same for both sides. */
static void
statement_seed(struct hash *seed, const struct session *s, const struct point *key, const struct ciphertext *list,
    size_t n, const struct buf *factors)
{
	struct buf b = {0};
	struct point g;

	point_generator(&g);
	buf_room(&b, 100 + (2 * n + 3) * BT_POINT_BYTES + factors->n);
	bt_node(&b, 2);
	bt_node(&b, 2);
	bt_point(&b, &g);
	bt_ciphertexts(&b, list, n);
	bt_node(&b, 2);
	bt_points(&b, key, 1);
	bt_node(&b, 1);
	buf_put(&b, factors->p, factors->n);
	if (b.failed)
		abort();
	oracle_seed(seed, s, &b);
	buf_free(&b);
}

static void
challenge(struct scalar *v, const struct session *s, const struct hash *seed, const struct buf *commitment)
{
	struct buf b = {0};

	bt_node(&b, 2);
	bt_leaf(&b, seed->b, HASH_BYTES);
	bt_node(&b, 1);
	buf_put(&b, commitment->p, commitment->n);
	if (b.failed)
		abort();
	oracle_challenge(v, s, &b);
	buf_free(&b);
}

/* sum e_i p_i; `stride` points apart, since c1 stands in ciphertexts. */
static enum err
batched(struct point *out, const struct session *s, const struct hash *seed, const struct point *first, size_t stride,
    size_t n, unsigned threads)
{
	struct scalar *e = calloc(n, sizeof *e);
	struct point *p = calloc(n, sizeof *p);
	struct prg g;
	enum err err = ERR_NOMEM;

	if (e != NULL && p != NULL) {
		prg_start(&g, seed);
		for (size_t i = 0; i < n; i++) {
			prg_scalar(&g, &e[i], s->ebitlen);
			p[i] = first[i * stride];
		}
		err = point_msm_var(out, p, e, n, s->ebitlen, threads);
	}
	free(e);
	free(p);
	return err;
}

/* HMAC-SHA-512(x; seed, fresh bytes) mod n: good while either x or the generator is. */
static enum err
hedged_nonce(struct scalar *w, const struct scalar *x, const struct hash *seed)
{
	struct {
		uint8_t data[64], wide[64];
	} s;
	unsigned len = 0;
	int good;

	memcpy(s.data, seed->b, 32);
	random_bytes(s.data + 32, 32);
	good = HMAC(EVP_sha512(), x->b, SCALAR_BYTES, s.data, sizeof s.data, s.wide, &len) != NULL && len == 64;
	scalar_reduce64(w, s.wide);
	wipe(&s, sizeof s);
	return good ? OK : ERR_CRYPTO;
}

struct factors {
	const struct scalar *minus_x;
	const struct ciphertext *list;
	struct point *out;
};

static void
make_factors(void *ctx, size_t begin, size_t end)
{
	struct factors *f = ctx;

	for (size_t i = begin; i < end; i++)
		point_mul(&f->out[i], &f->list[i].c1, f->minus_x);
}

enum err
decryption_prove(struct decryption_proof *proof, const struct session *s, const struct scalar *x, const struct point *key,
    const struct ciphertext *list, size_t n, unsigned threads)
{
	struct {
		struct scalar minus_x, w, t;
	} k;
	struct factors f = {.minus_x = &k.minus_x, .list = list, .out = calloc(n + 1, sizeof *f.out)};
	struct point a, wg, wa;
	struct scalar v;
	struct hash seed;
	enum err e = ERR_NOMEM;

	if (f.out == NULL)
		return e;
	if (n == 0) {
		e = ERR_RANGE;
		goto done;
	}
	scalar_neg(&k.minus_x, x);
	parallel(n, threads, make_factors, &f);
	declassify(f.out, n * sizeof *f.out); /* factors are published */
	bt_points(&proof->factors, f.out, n);
	statement_seed(&seed, s, key, list, n, &proof->factors);
	if ((e = batched(&a, s, &seed, &list[0].c1, sizeof *list / sizeof(struct point), n, threads)) != OK ||
	    (e = hedged_nonce(&k.w, x, &seed)) != OK)
		goto done;
	point_mul_base(&wg, &k.w);
	point_mul(&wa, &a, &k.w);
	declassify(&wg, sizeof wg);
	declassify(&wa, sizeof wa);
	bt_node(&proof->commitment, 2);
	bt_point(&proof->commitment, &wg);
	bt_point(&proof->commitment, &wa);
	challenge(&v, s, &seed, &proof->commitment);
	scalar_mul(&k.t, x, &v);
	scalar_sub(&k.t, &k.w, &k.t);
	declassify(&k.t, sizeof k.t);
	bt_scalar(&proof->reply, &k.t);
	e = proof->factors.failed || proof->commitment.failed || proof->reply.failed ? ERR_NOMEM : OK;
done:
	wipe(&k, sizeof k);
	free(f.out);
	return e;
}

enum err
decryption_verify(struct point **factors, const struct session *s, const struct point *key, const struct ciphertext *list,
    size_t n, const struct decryption_proof *files, unsigned threads, struct why *why)
{
	struct point *d = calloc(n + 1, sizeof *d), wg, wa, a, b, left, right, t;
	struct rd r = rd_init(files->factors.p, files->factors.n);
	struct scalar v, k, minus;
	struct hash seed;
	enum err e = ERR_NOMEM;

	if (d == NULL)
		return e;
	if (n == 0 || key->inf) {
		e = why_set(why, ERR_RANGE, "no ciphertexts, or no key");
		goto done;
	}
	bt_read_points(&r, d, n, 0);
	if (rd_done(&r) != OK) {
		e = why_set(why, ERR_FORMAT, "decryption factors: not %zu points in canonical form", n);
		goto done;
	}
	r = rd_init(files->commitment.p, files->commitment.n);
	bt_read_node(&r, 2);
	bt_read_point(&r, &wg, 0);
	bt_read_point(&r, &wa, 0);
	if (rd_done(&r) != OK) {
		e = why_set(why, ERR_FORMAT, "commitment of the decryption factors: not canonical");
		goto done;
	}
	r = rd_init(files->reply.p, files->reply.n);
	bt_read_scalar(&r, &k);
	if (rd_done(&r) != OK) {
		e = why_set(why, ERR_FORMAT, "reply of the decryption factors: not canonical");
		goto done;
	}
	statement_seed(&seed, s, key, list, n, &files->factors);
	challenge(&v, s, &seed, &files->commitment);
	if ((e = batched(&a, s, &seed, &list[0].c1, sizeof *list / sizeof(struct point), n, threads)) != OK ||
	    (e = batched(&b, s, &seed, d, 1, n, threads)) != OK)
		goto done;
	/* -v y + wG = k G   and   v B + wA = k A */
	scalar_neg(&minus, &v);
	point_mul_var(&left, key, &minus);
	point_add(&left, &left, &wg);
	point_mul_base(&right, &k);
	e = point_equal(&left, &right) ? OK : why_set(why, ERR_PROOF, "the decryption factors are not made with this trustee's share (key)");
	point_mul_var(&t, &b, &v);
	point_add(&left, &t, &wa);
	point_mul_var(&right, &a, &k);
	if (e == OK && !point_equal(&left, &right))
		e = why_set(why, ERR_PROOF, "the decryption factors are not made with this trustee's share (list)");
	if (e == OK) {
		*factors = d;
		d = NULL;
	}
done:
	free(d);
	return e;
}

struct combination {
	const struct ciphertext *list;
	struct point *const *factors;
	const struct scalar *c;
	unsigned t;
	struct point *out;
};

static void
combine(void *ctx, size_t begin, size_t end)
{
	struct combination *x = ctx;

	for (size_t i = begin; i < end; i++) {
		struct point term[26];

		term[x->t] = x->list[i].c2;
		for (unsigned l = 0; l < x->t; l++) /* c_l is a small integer or its negative: a short multiplication */
			point_mul_var(&term[l], &x->factors[l][i], &x->c[l]);
		point_sum(&x->out[i], term, x->t + 1);
	}
}

enum err
decryption_combine(struct point *out, const struct ciphertext *list, size_t n, unsigned k, const unsigned *set, unsigned t,
    struct point *const *factors, unsigned threads)
{
	struct scalar c[25];
	struct combination x = {list, factors, c, t, out};
	enum err e;

	if (t > 25)
		return ERR_RANGE;
	for (unsigned l = 0; l < t; l++)
		if ((e = decryption_coefficient(&c[l], k, set, t, l)) != OK)
			return e;
	parallel(n, threads, combine, &x);
	return OK;
}
